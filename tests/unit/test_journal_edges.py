"""The journal before its first record, at its numbers' ends, and where reading fails once."""

import unittest

from fake_flash import FakeFlash
from journal_helpers import PER_BLOCK, RING, fill, opened

from detector.journal import Journal
from detector.raw_flash import FlashError, raw_blocks


class OneBadRead(FakeFlash):
    """A flash of which one read fails, the `bad`-th from when that is set; 0: none."""

    def __init__(self):
        super().__init__()
        self.bad = 0

    def readblocks(self, number, buf, offset=0):
        self.bad -= 1
        if self.bad == 0:
            raise OSError(5)
        return super().readblocks(number, buf, offset)


class TestBadRead(unittest.TestCase):
    """A boot goes on where the journal cannot be read; its loop settles what is unsettled."""

    def test_boot_that_cannot_read_once_destroys_no_key(self):
        """The next boot, which can, finds the key behind the last record."""
        flash = OneBadRead()
        fill(opened(flash), RING + PER_BLOCK + 3)
        before = flash.operations
        reads = flash.reads
        opened(flash)
        reads = flash.reads - reads
        for bad in range(1, reads + 1):
            journal = Journal(raw_blocks(flash))
            flash.bad = bad
            with self.assertRaises(FlashError):
                journal.recover()
            self.assertFalse(journal.ready)
            self.assertEqual(journal.unsettled, 0, bad)
            journal.settle()
        self.assertEqual(flash.operations, before)
        self.assertTrue(opened(flash).ready)


if __name__ == "__main__":
    unittest.main()
