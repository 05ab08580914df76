"""What a boot of the journal promises where one read of the flash fails."""

import unittest

from fake_flash import MOST, FakeFlash, PowerCut
from journal_helpers import (
    KEY_PIECES,
    NOTHING,
    PER_BLOCK,
    RING,
    check,
    fill,
    key_of,
    numbers,
    opened,
    tidy,
    told,
    write,
)

from detector import codes
from detector.journal import Journal, JournalError
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

    def copied(self):
        """Return another flash that holds the same."""
        other = OneBadRead()
        other.blocks = {number: bytearray(block) for number, block in self.blocks.items()}
        return other


def booted(flash, bad):
    """Return the journal of a boot whose `bad`-th read fails, and whether `recover` raised."""
    journal = Journal(raw_blocks(flash))
    flash.bad = bad
    try:
        journal.recover()
    except FlashError:
        return journal, True
    return journal, False


def reads_of_boot(flash):
    """Return how many reads a boot takes."""
    flash = flash.copied()
    booted(flash, 0)
    return flash.reads


def loop(journal):
    """Do what the superloop does while nothing happens."""
    for _ in range(20):
        try:
            journal.settle()
        except JournalError:
            pass
        journal.housekeep()


class TestFullRing(unittest.TestCase):
    """More than a round of records, and blocks to be erased ahead."""

    def setUp(self):
        self.flash = OneBadRead()
        journal = opened(self.flash)
        fill(journal, RING + PER_BLOCK + 3)
        tidy(journal)
        journal.armed = True
        journal.faults = codes.FAULT_CAMERA
        journal.day = 2500
        while journal.ahead > 2:
            write(journal, codes.JR_ALARM)
        self.reads = reads_of_boot(self.flash)

    def test_boot_that_cannot_read_once_writes_and_erases_nothing(self):
        """Neither key nor record: the next boot, which can read, finds all of them."""
        before = numbers(opened(self.flash))
        operations = self.flash.operations
        for bad in range(1, self.reads + 1):
            journal, has_raised = booted(self.flash, bad)
            self.assertTrue(has_raised, bad)
            self.assertEqual((journal.ready, journal.failing), (False, True))
            self.assertEqual(journal.unsettled, 0)
            with self.assertRaises(JournalError):
                journal.append(codes.JR_BOOT)
            loop(journal)
            self.assertEqual(self.flash.operations, operations, bad)
        again = opened(self.flash)
        self.assertEqual((again.ready, again.failing), (True, False))
        self.assertEqual(numbers(again), before)

    def test_boot_that_cannot_read_once_says_all_of_the_last_record_or_nothing(self):
        """Never that the detector was armed, and not since when."""
        whole = told(opened(self.flash))
        seen = []
        for bad in range(1, self.reads + 1):
            said = told(booted(self.flash, bad)[0])
            self.assertIn(said[:-1], (whole[:-1], NOTHING[:-1]), bad)
            seen.append(said == whole)
        self.assertIn(True, seen)
        self.assertIn(False, seen)


class TestUnsettled(unittest.TestCase):
    """Keys to be destroyed, or to be made again, by the boot."""

    def cut(self, count, how):
        """Return a flash with so many unsettled records; with `how`, the last one was cut."""
        flash = OneBadRead()
        journal = opened(flash)
        for _ in range(3):
            write(journal)
        for _ in range(count):
            journal.append(codes.JR_TRIP)
        if how is not None:
            flash.cut(1, how)
            with self.assertRaises(PowerCut):
                journal.append(codes.JR_ARM)
            flash.power_on()
        return flash

    def check_whole(self, journal, flash, last):
        """See that all records are there, and of the keys the next one alone."""
        self.assertEqual((journal.ready, journal.failing), (True, False))
        self.assertEqual(numbers(journal), list(range(1, last + 1)))
        check(self, journal)
        for link in range(1, last + 1):
            key = key_of(link)
            self.assertFalse(any(flash.holds(key[at : at + 8]) for at in KEY_PIECES), link)
        self.assertTrue(flash.holds(key_of(last + 1)))

    def test_boot_destroys_just_the_keys_that_are_left(self):
        """One program each, and none where none is left."""
        for count in range(6):
            flash = self.cut(count, None)
            before = flash.operations
            self.check_whole(opened(flash), flash, 3 + count)
            self.assertEqual(flash.operations - before, count)

    def test_boot_after_the_one_that_could_not_read_finishes_what_was_cut(self):
        raised = []
        for count, how in ((0, None), (3, None), (0, MOST), (3, MOST)):
            flash = self.cut(count, how)
            last = 3 + count + (how is not None)
            for bad in range(1, reads_of_boot(flash) + 1):
                one = flash.copied()
                journal, has_raised = booted(one, bad)
                raised.append(has_raised)
                self.assertTrue(journal.failing, bad)
                loop(journal)
                self.assertTrue(journal.failing, bad)
                self.check_whole(opened(one), one, last)
        self.assertIn(True, raised)
        self.assertIn(False, raised)

    def test_journal_whose_boot_knew_the_key_goes_on_although_a_read_failed(self):
        """The record of the boot is written, and the old keys are destroyed behind it."""
        went_on = 0
        for how in (None, MOST):
            flash = self.cut(3, how)
            for bad in range(1, reads_of_boot(flash) + 1):
                one = flash.copied()
                journal, _has_raised = booted(one, bad)
                if not journal.ready:
                    continue
                went_on += 1
                write(journal, codes.JR_BOOT)
                self.check_whole(journal, one, 7 + (how is not None))
        self.assertGreater(went_on, 4)


if __name__ == "__main__":
    unittest.main()
