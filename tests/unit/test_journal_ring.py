"""The journal's ring: what is kept, what is erased ahead, and a flash that fails or lies."""

import unittest

from fake_flash import FakeFlash
from journal_helpers import FIRST_BLOCK, PER_BLOCK, RING, tidy

from detector.crypto import HmacKey
from detector.journal_ring import KEPT_RECORDS, JournalRing
from detector.journal_slots import SLOT_BYTES, JournalSlots, slot_of
from detector.raw_flash import FlashError, raw_blocks

BLOCKS = RING // PER_BLOCK
AHEAD = 4  # blocks erased beyond the one being written
REST = 1000  # calls left out after the flash failed
KEY = b"k" * 32
MAC_KEY = HmacKey(KEY)


def put(flash, number):
    """Write a whole record of that number."""
    raw = raw_blocks(flash)
    rest = (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, bytes(12))
    JournalSlots(raw).write(slot_of(number), (1, 0, number) + rest, MAC_KEY, KEY)


def first_of(turn):
    """Return the number that begins a block, counted over all rounds."""
    return turn * PER_BLOCK + 1


def begun(turns):
    """Return a flash with one record in each of these blocks, and the last one of the last."""
    flash = FakeFlash()
    for turn in turns:
        put(flash, first_of(turn))
    put(flash, first_of(turns[-1]) + PER_BLOCK - 1)
    return flash


def ring_on(flash):
    """Return the ring as a boot finds it."""
    raw = raw_blocks(flash)
    ring = JournalRing(raw, JournalSlots(raw))
    ring.recover()
    return ring


def told(ring):
    """Return all that a ring says of itself."""
    return ring.next, ring.first, ring.ahead, ring.failing


NOTHING = (1, 1, -1, False)


class TestFinding(unittest.TestCase):
    def test_ring_knows_nothing_until_it_has_looked(self):
        raw = raw_blocks(FakeFlash())
        ring = JournalRing(raw, JournalSlots(raw))
        self.assertEqual(told(ring), NOTHING)
        self.assertEqual(ring.recover(), 0)
        self.assertEqual(told(ring), (1, 1, 0, False))

    def test_ring_knows_nothing_where_it_could_not_look(self):
        """Whatever it knew, and however it failed before."""
        flash = begun(range(5, 45))
        ring = ring_on(flash)
        flash.failing = range(FIRST_BLOCK + BLOCKS)
        ring.housekeep()
        self.assertEqual(told(ring), (first_of(45), first_of(5), -1, True))
        flash.unreadable = flash.failing
        with self.assertRaises(FlashError):
            ring.recover()
        self.assertEqual(told(ring), NOTHING)

    def test_boot_does_not_rest_because_of_what_failed_before(self):
        flash = begun(range(5, 45))
        ring = ring_on(flash)
        flash.failing = range(FIRST_BLOCK + BLOCKS)
        ring.housekeep()
        flash.failing = ()
        self.assertEqual(ring.recover(), first_of(45) - 1)
        self.assertTrue(ring.housekeep())

    def test_rubbish_in_the_block_behind_does_not_hide_the_room_in_this_one(self):
        """A cut erase may leave anything there; the number that follows is the next one."""
        flash = begun(range(5, 44))
        put(flash, first_of(44))
        flash.blocks[FIRST_BLOCK + 5] = bytearray(PER_BLOCK * SLOT_BYTES)
        ring = ring_on(flash)
        self.assertEqual(told(ring), (first_of(44) + 1, first_of(6), 0, False))
        self.assertTrue(ring.has_blank())

    def test_without_an_erased_block_there_is_no_blank_slot(self):
        """And the next record's number stays what it is until there is one."""
        ring = ring_on(begun(range(5, 45)))
        for _ in range(2):
            self.assertFalse(ring.has_blank())
        while not ring.has_blank():
            self.assertTrue(ring.housekeep())
        self.assertEqual(told(ring), (first_of(45), first_of(6), 0, False))

    def test_older_copy_put_back_makes_the_ring_no_longer(self):
        """Who lists the journal asks for as many numbers as there are slots, not for millions."""
        flash = begun([2] + list(range(205, 242)))
        ring = ring_on(flash)
        self.assertEqual(ring.next, first_of(242))
        self.assertEqual(ring.first, ring.next - RING)


class TestAhead(unittest.TestCase):
    def test_four_blocks_are_kept_erased_beyond_the_one_being_written(self):
        ring = ring_on(FakeFlash())
        tidy(ring)
        for turn in range(2 * BLOCKS):
            for number in (first_of(turn), first_of(turn + 1) - 1):
                ring.next = number
                self.assertEqual(ring.ahead, AHEAD)
            ring.next = first_of(turn + 1)
            self.assertEqual(ring.ahead, AHEAD - 1)
            tidy(ring)

    def test_so_many_records_are_kept_whatever_is_erased_ahead(self):
        """Fewest where a block has just been filled."""
        flash = begun(range(5, 45))
        ring = ring_on(flash)
        kept = []
        for number in range(first_of(45), first_of(46) + 1):
            ring.next = number
            tidy(ring)
            kept.append(number - ring.first)
        full = (BLOCKS - 1 - AHEAD) * PER_BLOCK
        self.assertEqual(kept, list(range(full, full + PER_BLOCK)) + [full])
        self.assertEqual(KEPT_RECORDS, full)
        self.assertEqual(flash.erased, [FIRST_BLOCK + turn % BLOCKS for turn in range(45, 51)])


class LyingFlash(FakeFlash):
    """A flash that says it has erased, and counts how often it was asked."""

    def __init__(self):
        super().__init__()
        self.lies = 0
        self.is_lying = False

    def ioctl(self, operation, argument):
        if operation == 6 and self.is_lying:
            self.lies += 1
            return 0
        return super().ioctl(operation, argument)


class TestErasing(unittest.TestCase):
    """A flash that fails is left alone for a while, then asked again."""

    def setUp(self):
        self.flash = LyingFlash()
        self.flash.blocks = begun(range(5, 45)).blocks
        self.ring = ring_on(self.flash)

    def rest(self):
        """See that nothing is done for so many calls."""
        reads = self.flash.reads
        for call in range(REST):
            self.assertFalse(self.ring.housekeep(), call)
            self.assertTrue(self.ring.failing)
        self.assertEqual(self.flash.reads, reads)

    def test_refused_erase_is_asked_for_again_after_a_thousand_calls(self):
        self.flash.failing = (FIRST_BLOCK + 5,)
        for _ in range(2):
            self.assertTrue(self.ring.housekeep())
            self.rest()
        self.flash.failing = ()
        self.assertTrue(self.ring.housekeep())
        self.assertFalse(self.ring.failing)
        self.assertEqual(self.flash.erased, [FIRST_BLOCK + 5])
        tidy(self.ring)
        self.assertEqual(self.ring.ahead, AHEAD)

    def test_erase_that_changed_nothing_is_a_failure(self):
        """One erase in a thousand calls: it wears the flash, and nothing is said of a success."""
        self.flash.is_lying = True
        for count in (1, 2):
            self.assertTrue(self.ring.housekeep())
            self.assertFalse(self.ring.failing)
            self.assertEqual(self.flash.lies, count)
            self.assertTrue(self.ring.housekeep())
            self.assertEqual(self.flash.lies, count)
            self.rest()
            self.assertEqual(self.ring.ahead, -1)
        self.flash.is_lying = False
        tidy(self.ring)
        self.assertEqual(self.ring.ahead, AHEAD)
        self.assertFalse(self.ring.failing)

    def test_block_that_a_record_took_first_is_no_failed_erase(self):
        """Erased in one call, needed before the next: the block behind it is another one."""
        self.assertTrue(self.ring.housekeep())
        self.assertTrue(self.ring.has_blank())
        self.assertTrue(self.ring.housekeep())
        self.assertFalse(self.ring.failing)
        self.assertEqual(self.flash.erased, [FIRST_BLOCK + 5, FIRST_BLOCK + 6])


if __name__ == "__main__":
    unittest.main()
