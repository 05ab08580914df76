"""The journal on a NOR flash: chain, recovery, power cuts, the ring, and what fails."""

import unittest

from fake_flash import AFTER, BEFORE, HALF, MOST, FakeFlash, PowerCut, allocated
from journal_helpers import (
    FIRST_BLOCK,
    PER_BLOCK,
    RING,
    check,
    fill,
    numbers,
    opened,
    records,
    tidy,
    write,
)

from detector import codes, flash_map
from detector.journal import Journal, JournalError
from detector.journal_ring import KEPT_RECORDS
from detector.journal_slots import RECORD_BYTES
from detector.raw_flash import raw_blocks


class TestAppending(unittest.TestCase):
    """What a record carries over a reset."""

    def setUp(self):
        self.flash = FakeFlash()
        self.journal = opened(self.flash)

    def test_blank_flash_takes_a_record_without_housekeeping(self):
        """A first boot must be able to write down that it booted."""
        self.assertTrue(self.journal.ahead >= 0)
        self.journal.append(codes.JR_BOOT)
        self.assertEqual(self.journal.seq, 1)
        self.assertEqual(self.flash.erased, [])

    def test_state_comes_back_after_a_reset(self):
        """Armed, faults, time and the last event are in the last record."""
        journal = self.journal
        journal.append(codes.JR_TRIP, 41)
        journal.armed = True
        journal.faults = 0x181
        journal.day = 2500
        journal.second = 86399
        journal.append(codes.JR_ARM)
        again = opened(self.flash)
        self.assertEqual(again.seq, 2)
        self.assertTrue(again.armed)
        self.assertEqual(again.faults, 0x181)
        self.assertEqual((again.day, again.second), (2500, 86399))
        self.assertEqual(again.last_event, 41)
        self.assertEqual(again.boot, 2)

    def test_alarm_without_its_end_is_known_after_a_reset(self):
        """Whatever came after it."""
        self.journal.append(codes.JR_ALARM, 1, codes.TRIP_PANIC)
        self.journal.append(codes.JR_CAPTURE, 1, 5)
        self.assertTrue(opened(self.flash).last_was_alarm)

    def test_ended_alarm_is_no_alarm_after_a_reset(self):
        """Nor is one that a boot has told of."""
        for kind in (codes.JR_ALARM_END, codes.JR_BOOT):
            self.journal.append(codes.JR_ALARM, 1)
            self.journal.append(kind, 1)
            self.assertFalse(opened(self.flash).last_was_alarm)

    def test_record_is_read_back_by_its_number(self):
        """And none is read that is not there."""
        self.journal.append(codes.JR_TRIP, 7, 0xFFFFFFFF, 9)
        buf = bytearray(RECORD_BYTES)
        self.assertTrue(self.journal.read(1, buf))
        self.assertEqual(bytes(buf[24:36]), b"\x07\0\0\0\xff\xff\xff\xff\x09\0\0\0")
        self.assertFalse(self.journal.read(0, buf))
        self.assertFalse(self.journal.read(2, buf))

    def test_record_is_one_page_program_and_no_erase(self):
        """0.4 ms on a Pico; another to zero its key, when it is settled."""
        write(self.journal)
        before = self.flash.operations
        self.journal.append(codes.JR_GATE_INTENT, 1)
        self.assertEqual(self.flash.operations - before, 1)
        self.journal.settle()
        self.assertEqual(self.flash.operations - before, 2)
        self.assertEqual(self.flash.erased, [])

    def test_what_the_last_record_says_of_time_is_known(self):
        """The owner's own fields run on; these do not."""
        self.journal.day = 2500
        self.journal.unclocked_min = 77
        self.journal.append(codes.JR_TRIP)
        self.journal.day = 2501
        self.journal.unclocked_min = 78
        for journal in (self.journal, opened(self.flash)):
            self.assertEqual((journal.last_day, journal.last_unclocked_min), (2500, 77))


class TestFailing(unittest.TestCase):
    """No record, no opening: the caller must learn it."""

    def setUp(self):
        self.flash = FakeFlash()
        self.journal = opened(self.flash)
        self.journal.append(codes.JR_BOOT)

    def test_failing_flash_raises_journal_error(self):
        """And the number is not counted."""
        self.flash.failing = (FIRST_BLOCK,)
        with self.assertRaises(JournalError):
            self.journal.append(codes.JR_GATE_INTENT, 1)
        self.assertEqual(self.journal.seq, 1)

    def test_unreadable_flash_raises_journal_error(self):
        """What cannot be read back is not written."""
        self.flash.unreadable = (FIRST_BLOCK,)
        with self.assertRaises(JournalError):
            self.journal.append(codes.JR_GATE_INTENT, 1)

    def test_cell_that_does_not_take_the_data_raises_journal_error(self):
        """A slot whose bits were cleared already is not blank; one that lies is found out."""
        self.flash.writeblocks = lambda number, buf, offset=None: 0
        with self.assertRaises(JournalError):
            self.journal.append(codes.JR_GATE_INTENT, 1)

    def test_journal_goes_on_when_the_flash_works_again(self):
        """With an unbroken chain."""
        self.flash.failing = (FIRST_BLOCK,)
        with self.assertRaises(JournalError):
            self.journal.append(codes.JR_TRIP)
        self.flash.failing = ()
        self.journal.append(codes.JR_TRIP)
        self.assertEqual(opened(self.flash).seq, 2)

    def test_record_written_whole_although_the_flash_said_no_stays_in_the_chain(self):
        """Its successor must point to it; so also where its key was torn."""
        for how in (AFTER, MOST):
            self.setUp()
            self.flash.cut(1, how)
            with self.assertRaises(PowerCut):
                self.journal.append(codes.JR_TRIP)
            self.flash.power_on()  # only the answer was lost: the journal object lives on
            self.journal.append(codes.JR_ARM)
            self.assertEqual(self.journal.seq, 3)
            again = opened(self.flash)
            self.assertEqual(numbers(again), [1, 2, 3])
            check(self, again)

    def test_without_an_erased_block_it_raises_and_does_not_erase(self):
        """Only housekeep erases."""
        while self.journal.seq < RING:
            self.journal.append(codes.JR_TRIP)
        with self.assertRaises(JournalError):
            self.journal.append(codes.JR_TRIP)
        self.assertTrue(self.journal.ahead < 0)
        self.assertEqual(self.flash.erased, [])

    def test_housekeep_leaves_a_failing_flash_alone_for_a_while(self):
        """One attempt, then a long rest; `failing` says so."""
        while self.journal.seq < RING:
            self.journal.append(codes.JR_TRIP)
        self.flash.failing = range(FIRST_BLOCK, FIRST_BLOCK + 40)
        self.assertTrue(self.journal.housekeep())
        self.assertTrue(self.journal.failing)
        reads = self.flash.reads
        self.assertFalse(self.journal.housekeep())
        self.assertEqual(self.flash.reads, reads)


class TestRing(unittest.TestCase):
    """More records than the ring holds."""

    def test_two_turns_of_the_ring_keep_the_newest_thousand(self):
        """All of them readable, chained, and found by a boot."""
        flash = FakeFlash()
        journal = opened(flash)
        tidy(journal)
        fill(journal, 2 * RING + 77)
        again = opened(flash)
        self.assertEqual(again.seq, 2 * RING + 77)
        self.assertEqual(again.first_seq, journal.first_seq)
        self.assertGreaterEqual(again.seq - again.first_seq + 1, KEPT_RECORDS)
        check(self, again)
        buf = bytearray(RECORD_BYTES)
        self.assertTrue(again.read(again.first_seq, buf))
        self.assertTrue(again.read(again.seq, buf))
        self.assertFalse(again.read(again.first_seq - 1, buf))

    def test_boot_finds_the_end_in_few_reads(self):
        """At every fill of a block, also a full one: the first records, and one block or two."""
        flash = FakeFlash()
        journal = opened(flash)
        tidy(journal)
        fill(journal, RING + 3 * PER_BLOCK - 2)
        for _ in range(4):
            fill(journal, 1)
            flash.reads = 0
            self.assertEqual(opened(flash).seq, journal.seq)
            self.assertLess(flash.reads, 95)

    def test_two_blocks_are_kept_erased_ahead(self):
        """64 records of an alarm need no erase."""
        flash = FakeFlash()
        journal = opened(flash)
        tidy(journal)
        fill(journal, RING + 5)
        tidy(journal)
        erased = len(flash.erased)
        for _ in range(64):
            journal.append(codes.JR_TRIP)
        self.assertEqual(len(flash.erased), erased)

    def test_foreign_data_in_the_blocks_is_erased_by_housekeep(self):
        """Until then there is no room, and no record is half written."""
        flash = FakeFlash()
        raw = raw_blocks(flash)
        for block in range(40):
            for page in range(0, 4096, 256):
                raw.program(flash_map.JOURNAL_BLOCK + block, page, bytearray(256))
        journal = opened(flash)
        self.assertTrue(journal.ahead < 0)
        tidy(journal)
        journal.append(codes.JR_BOOT)
        self.assertEqual(opened(flash).seq, journal.seq)


class TestPowerCuts(unittest.TestCase):
    """A cut before, in the middle of, and just after any operation."""

    def test_cut_while_appending_loses_nothing_acknowledged(self):
        """And the chain goes on, for every slot of two blocks and both programs of a record."""
        for how in (BEFORE, HALF, MOST, AFTER):
            flash = FakeFlash()
            journal = opened(flash)
            acknowledged = []
            for turn in range(70):
                write(journal)
                acknowledged.append(journal.seq)
                flash.cut(1 + turn % 2, how)
                with self.assertRaises(PowerCut):
                    write(journal, codes.JR_ARM)
                flash.power_on()
                journal = opened(flash)
                self.assertTrue(journal.ahead >= 0)
            found = numbers(journal)
            for number in acknowledged:
                self.assertIn(number, found)
            check(self, journal)

    def test_torn_first_record_of_a_block_does_not_hide_the_block(self):
        """The end is found behind it, with no erase needed."""
        flash = FakeFlash()
        journal = opened(flash)
        for _ in range(PER_BLOCK):
            journal.append(codes.JR_TRIP)
        flash.cut(1, HALF)
        with self.assertRaises(PowerCut):
            journal.append(codes.JR_ARM)
        flash.power_on()
        journal = opened(flash)
        self.assertTrue(journal.ahead >= 0)
        journal.append(codes.JR_BOOT)
        self.assertEqual(opened(flash).seq, PER_BLOCK + 2)

    def test_cut_while_erasing_ahead_loses_nothing_newer(self):
        """The half-erased block is erased again."""
        for how in (BEFORE, HALF, AFTER):
            flash = FakeFlash()
            journal = opened(flash)
            tidy(journal)
            fill(journal, RING - 2 * PER_BLOCK)
            for _ in range(4):
                for _ in range(PER_BLOCK):
                    journal.append(codes.JR_TRIP)
                last = journal.seq
                flash.cut(1, how)
                with self.assertRaises(PowerCut):
                    tidy(journal)
                flash.power_on()
                journal = opened(flash)
                self.assertEqual(journal.seq, last)
                tidy(journal)
            self.assertGreater(len(numbers(journal)), 1000)
            check(self, journal)

    def test_cut_in_the_very_first_record_leaves_a_journal_without_a_key(self):
        """Provisioning was cut: there is no identity either, and nothing is ever recorded."""
        for how in (BEFORE, HALF):
            flash = FakeFlash()
            flash.cut(1, how)
            with self.assertRaises(PowerCut):
                opened(flash).append(codes.JR_PROVISIONED)
            flash.power_on()
            journal = Journal(raw_blocks(flash))
            journal.recover()
            self.assertFalse(journal.ready)
            self.assertTrue(journal.failing)
            with self.assertRaises(JournalError):
                journal.append(codes.JR_BOOT)

    def test_torn_numbers_are_counted_in_all_later_records(self):
        """So that nobody can pass a record that he took out off as torn."""
        flash = FakeFlash()
        journal = opened(flash)
        journal.append(codes.JR_BOOT)
        for _ in range(3):
            flash.cut(1, HALF)
            with self.assertRaises(PowerCut):
                journal.append(codes.JR_ARM)
            flash.power_on()
            journal = opened(flash)
        journal.append(codes.JR_BOOT)
        journal.append(codes.JR_ARM)
        self.assertEqual(numbers(journal), [1, 5, 6])
        self.assertEqual([data[40] for _number, data in records(journal)], [0, 3, 3])
        check(self, journal)


class TestIdle(unittest.TestCase):
    """housekeep is called in every quiet tick."""

    def test_idle_housekeeping_neither_reads_nor_allocates(self):
        """Heap measured where the interpreter can say."""
        flash = FakeFlash()
        journal = opened(flash)
        tidy(journal)
        reads = flash.reads
        self.assertEqual(allocated(journal.housekeep), 0)
        self.assertEqual(allocated(journal.settle), 0)
        self.assertEqual(flash.reads, reads)


if __name__ == "__main__":
    unittest.main()
