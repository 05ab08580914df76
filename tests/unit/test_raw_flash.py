"""Raw blocks: where they are, what is refused, and the guard that keeps littlefs out."""

import unittest

from fake_flash import BLOCK_COUNT, FakeFlash

from detector.flash_map import RAW_BLOCKS
from detector.raw_flash import FlashError, RawFlash, raw_blocks
from flash_guard import GuardedFlash

FIRST = BLOCK_COUNT - RAW_BLOCKS


class TestRawFlash(unittest.TestCase):
    """Reading, programming and erasing."""

    def setUp(self):
        self.flash = FakeFlash()
        self.raw = raw_blocks(self.flash)

    def test_raw_blocks_are_the_last_of_the_region(self):
        """Raw block 0 is block 96 of a Pico's 352."""
        self.raw.program(0, 256, bytearray(b"\x55" * 256))
        self.assertEqual(list(self.flash.blocks), [FIRST])
        self.assertEqual(self.flash.blocks[FIRST][255:257], b"\xff\x55")

    def test_read_returns_what_was_programmed(self):
        """At an offset within the page."""
        self.raw.program(3, 0, bytearray(range(256)))
        buf = bytearray(4)
        self.raw.read_into(3, 10, buf)
        self.assertEqual(buf, bytes((10, 11, 12, 13)))

    def test_partial_page_is_refused(self):
        """A page is the unit of programming."""
        with self.assertRaises(ValueError):
            self.raw.program(0, 0, bytearray(100))

    def test_block_outside_the_region_is_refused_before_any_operation(self):
        """Neither the file system below nor anything above is reached."""
        for block in (-1, RAW_BLOCKS):
            with self.assertRaises(ValueError):
                self.raw.erase(block)
        self.assertEqual(self.flash.erased, [])

    def test_failing_flash_raises_flash_error(self):
        """OSError of the block device."""
        self.flash.failing = (FIRST,)
        with self.assertRaises(FlashError):
            self.raw.program(0, 0, bytearray(256))
        with self.assertRaises(FlashError):
            self.raw.erase(0)

    def test_negative_answer_raises_flash_error(self):
        """A block device may also answer with a negative errno."""
        raw = RawFlash(_Negative(), 0, 1)
        with self.assertRaises(FlashError):
            raw.read_into(0, 0, bytearray(1))

    def test_make_blank_erases_only_what_is_not_blank(self):
        """A cleared bit anywhere counts."""
        self.raw.make_blank(0)
        self.assertEqual(self.flash.erased, [])
        self.raw.program(0, 4096 - 256, bytearray(b"\xff" * 255 + b"\xfe"))
        self.assertFalse(self.raw.is_blank(0))
        self.raw.make_blank(0)
        self.assertTrue(self.raw.is_blank(0))


class _Negative:
    def readblocks(self, _number, _buf, _offset):
        return -5


class TestGuard(unittest.TestCase):
    """GuardedFlash."""

    def setUp(self):
        self.flash = FakeFlash()
        self.guard = GuardedFlash(self.flash)

    def test_block_of_the_file_system_passes(self):
        """The last one below the raw blocks."""
        self.assertEqual(self.guard.writeblocks(FIRST - 1, bytearray(256), 0), 0)
        self.assertEqual(self.guard.ioctl(6, FIRST - 1), 0)

    def test_raw_block_is_answered_as_a_bad_block_and_left_alone(self):
        """Erase, program and erase-and-write alike."""
        self.assertEqual(self.guard.writeblocks(FIRST, bytearray(256), 0), -84)
        self.assertEqual(self.guard.writeblocks(FIRST, bytearray(4096)), -84)
        self.assertEqual(self.guard.ioctl(6, FIRST), -84)
        self.assertEqual(self.flash.operations, 0)

    def test_size_is_the_whole_regions(self):
        """As in the superblock that the stock boot made."""
        self.assertEqual(self.guard.ioctl(4, 0), BLOCK_COUNT)


if __name__ == "__main__":
    unittest.main()
