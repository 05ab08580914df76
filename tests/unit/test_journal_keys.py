"""The journal's keys in flash: one at a time, never the one of a record that is there."""

import unittest

from fake_flash import AFTER, BEFORE, HALF, MOST, FakeFlash, PowerCut
from journal_helpers import (
    FIRST_BLOCK,
    KEY,
    KEY_PIECES,
    PER_BLOCK,
    check,
    key_of,
    numbers,
    opened,
    tidy,
    write,
)

from detector import codes, crypto, ticks
from detector.clock import Clock
from detector.journal import Journal, JournalError
from detector.journal_slots import SLOT_BYTES, JournalSlots
from detector.raw_flash import FlashError, raw_blocks
from detector.record import Record

CUTS = (BEFORE, HALF, MOST, AFTER)


def is_left(flash, key):
    """Say whether any eight bytes of a key are in the flash."""
    return any(flash.holds(key[at : at + 8]) for at in KEY_PIECES)


def live(flash, count):
    """Return of which of the first `count` records any part of the key is in the flash."""
    return [link for link in range(1, count + 1) if is_left(flash, key_of(link))]


def rebooted(flash):
    """Return the journal after the power came back."""
    flash.power_on()
    journal = Journal(raw_blocks(flash))
    journal.recover()
    return journal


class TestRatchet(unittest.TestCase):
    """The witness looks at the whole flash."""

    def setUp(self):
        self.flash = FakeFlash()
        self.journal = opened(self.flash)

    def test_only_the_next_record_s_key_is_in_the_flash(self):
        """Before each record its key is there, afterwards it is not; the first never was."""
        for link in range(1, 2 * PER_BLOCK + 3):
            self.assertEqual(self.flash.holds(key_of(link)), link > 1)
            write(self.journal)
            self.assertFalse(is_left(self.flash, key_of(link)))
            self.assertTrue(self.flash.holds(key_of(link + 1)))
        self.assertEqual(live(self.flash, self.journal.seq + 1), [self.journal.seq + 1])

    def test_key_goes_on_over_a_reset(self):
        """And nothing is written for it where nothing was cut."""
        write(self.journal)
        before = self.flash.operations
        journal = rebooted(self.flash)
        self.assertEqual(self.flash.operations, before)
        write(journal, codes.JR_BOOT)
        self.assertEqual(live(self.flash, 4), [3])
        self.assertEqual(check(self, journal), key_of(3))

    def test_records_of_one_pass_are_settled_one_by_one_the_oldest_first(self):
        """Until then their keys are there: the positive control."""
        for _ in range(3):
            self.journal.append(codes.JR_TRIP)
        self.assertEqual(live(self.flash, 4), [2, 3, 4])
        self.assertEqual(self.journal.unsettled, 2)
        self.journal.settle()
        self.assertEqual(live(self.flash, 4), [3, 4])
        self.assertEqual(self.journal.unsettled, 1)
        self.journal.settle()
        self.assertEqual(live(self.flash, 4), [4])
        self.assertEqual(self.journal.unsettled, 0)
        before = self.flash.operations
        self.journal.settle()
        self.assertEqual(self.flash.operations, before)

    def test_what_is_told_of_a_record_holds_no_key(self):
        """Not even of the last one, whose slot holds the next key."""
        self.journal.append(codes.JR_TRIP)
        buf = bytearray(92)
        self.journal.read(1, buf)
        self.assertFalse(any(key_of(2)[at : at + 4] in bytes(buf) for at in range(28)))

    def test_end_proof_is_that_of_the_key_behind_the_last_record(self):
        """It changes with each record."""
        self.assertEqual(Journal(raw_blocks(FakeFlash())).end_proof(), b"")
        for link in (2, 3):
            self.journal.append(codes.JR_TRIP)
            wanted = crypto.hmac_sha256(key_of(link), b"sluss journal end")[:16]
            self.assertEqual(self.journal.end_proof(), wanted)

    def test_head_is_the_beginning_of_the_last_mac(self):
        """Also after a reset."""
        self.journal.append(codes.JR_TRIP)
        buf = bytearray(92)
        self.journal.read(1, buf)
        self.assertEqual(self.journal.head, bytes(buf[56:68]))
        self.assertEqual(rebooted(self.flash).head, self.journal.head)


class TestPowerCuts(unittest.TestCase):
    """Before, within and after every program of a record, and of the recovery that follows."""

    def work(self, flash):
        """Boot and append until the power goes; return the numbers told, and whether it went."""
        told = []
        try:
            journal = Journal(raw_blocks(flash))
            journal.recover()
            for count in (1, 2, 3):
                for _ in range(count):
                    journal.append(codes.JR_TRIP)
                    told.append(journal.seq)
                while journal.unsettled:
                    journal.settle()
        except PowerCut:
            return told, True
        return told, False

    def cut_recovery(self, flash, how):
        """Boot with another cut at the first thing that the recovery writes, if any."""
        flash.power_on()
        flash.cut(1, how)
        try:
            Journal(raw_blocks(flash)).recover()
        except PowerCut:
            return 1
        return 0

    def check(self, flash, before, told):
        """See that all told is there under its own key, and one key in all of the flash."""
        journal = rebooted(flash)
        self.assertTrue(journal.ready)
        self.assertFalse(journal.failing)
        found = numbers(journal)
        self.assertEqual(found[: len(before)], before)
        for number in told:
            self.assertIn(number, found)
        # One step ahead at most: a record that nobody was told of.
        self.assertIn(len(found) - len(before) - len(told), (0, 1))
        check(self, journal)
        self.assertEqual(live(flash, len(found)), [])
        self.assertTrue(flash.holds(key_of(len(found) + 1)))
        return found

    def test_every_cut_leaves_one_key_and_an_unbroken_chain(self):
        """Also where the recovery is cut in its turn."""
        points = 0
        in_recovery = 0
        for how in CUTS:
            for again in (None,) + CUTS:
                flash = FakeFlash()
                write(opened(flash), codes.JR_PROVISIONED)
                found = [1]
                cut = 0
                was_cut = True
                while was_cut:
                    cut += 1
                    flash.cut(cut, how)
                    told, was_cut = self.work(flash)
                    points += was_cut
                    if was_cut and again is not None:
                        in_recovery += self.cut_recovery(flash, again)
                    found = self.check(flash, found, told)
                self.assertGreater(cut, 10)
        self.assertGreaterEqual(points, 220)
        self.assertGreater(in_recovery, 50)

    def test_cut_between_record_and_zeroing_is_finished_by_the_boot(self):
        """The positive control: until then both keys are there."""
        self.flash = FakeFlash()
        journal = opened(self.flash)
        for _ in range(3):
            write(journal)
        self.flash.cut(2, BEFORE)
        with self.assertRaises(PowerCut):
            write(journal, codes.JR_ARM)
        self.assertEqual(live(self.flash, 6), [4, 5])
        self.assertEqual(rebooted(self.flash).seq, 4)
        self.assertEqual(live(self.flash, 6), [5])

    def test_parts_of_a_key_in_torn_slots_are_zeroed_with_the_next_record(self):
        """Several torn ones in a row, over the end of a block."""
        flash = FakeFlash()
        journal = opened(flash)
        for _ in range(PER_BLOCK - 2):
            write(journal)
        # A whole key in a slot whose record is torn: what a chip may do that loses its power.
        for _ in range(4):
            flash.cut(1, HALF)
            with self.assertRaises(PowerCut):
                journal.append(codes.JR_ARM)
            flash.power_on()
            slots = JournalSlots(raw_blocks(flash))
            torn = journal._ring.next
            slots.write_key(torn - 1, key_of(PER_BLOCK))
            journal = rebooted(flash)
            self.assertEqual(journal._ring.next, torn + 1)
        self.assertEqual(live(flash, PER_BLOCK + 1), [PER_BLOCK - 1, PER_BLOCK])
        write(journal, codes.JR_BOOT)
        self.assertEqual(live(flash, PER_BLOCK + 1), [PER_BLOCK])
        for slot in range(journal.seq - 1):
            slots.read(slot)
            self.assertTrue(slots.is_key_destroyed(), slot)
        check(self, journal)


class TestFailing(unittest.TestCase):
    """No record without the end of its key."""

    def setUp(self):
        self.flash = FakeFlash()
        self.journal = opened(self.flash)
        for _ in range(PER_BLOCK):
            write(self.journal)

    def test_key_that_cannot_be_destroyed_is_a_fault(self):
        """The next record, in another block, is written; a blocking fault shuts the gate."""
        record = Record(self.journal, Clock(0, 2500, 0))
        self.flash.failing = (FIRST_BLOCK,)
        record.settle(0, False)
        self.assertTrue(record.write(0, codes.JR_GATE_INTENT, 1))
        self.assertEqual(record.faults, 0)
        record.settle(10, False)
        self.assertEqual(record.faults, codes.FAULT_JOURNAL)
        self.assertTrue(self.journal.failing)
        self.assertTrue(self.flash.holds(key_of(PER_BLOCK + 1)))
        self.flash.failing = ()
        record.settle(20, False)  # not again and again
        self.assertTrue(self.flash.holds(key_of(PER_BLOCK + 1)))
        self.assertTrue(record.write(20, codes.JR_FAULT))
        for now_ms in (30, 40):
            self.assertTrue(self.journal.unsettled)
            record.settle(now_ms, False)
        self.assertEqual(self.journal.unsettled, 0)
        self.assertFalse(self.journal.failing)
        self.assertEqual(live(self.flash, PER_BLOCK + 3), [PER_BLOCK + 3])
        check(self, opened(self.flash))

    def test_records_become_final_one_each_ten_milliseconds_and_many_faster(self):
        """Also where the last one was written so long ago that the ticks went round."""
        record = Record(self.journal, Clock(0, 2500, 0))
        for start_ms in (5, 0x20000000, 0x3FFFFFF0):
            record.settle(start_ms, False)
            for _ in range(3):
                record.write(start_ms, codes.JR_TRIP)
            left = []
            for ms in range(1, 32):
                record.settle(ticks.add_ms(start_ms, ms), False)
                left.append(self.journal.unsettled)
            self.assertEqual(left, [3] * 9 + [2] * 10 + [1] * 10 + [0] * 2)
        for _ in range(10):
            record.write(start_ms, codes.JR_DELETE)
        for _ in range(3):
            record.settle(ticks.add_ms(start_ms, 33), False)
        self.assertEqual(self.journal.unsettled, 7)

    def test_first_record_becomes_final_whatever_the_ticks_are_at_the_start(self):
        """A board that was on for days and started again: its uplink would wait for days."""
        for start_ms in (0, 0x1FFFFFFF, 0x20000000, 0x3FFFF000):
            record = Record(self.journal, Clock(start_ms, 2500, 0))
            record.write(start_ms, codes.JR_BOOT)
            for ms in (1, 2, 11):
                record.settle(ticks.add_ms(start_ms, ms), False)
            self.assertEqual(self.journal.unsettled, 0)

    def test_records_wait_for_what_the_hub_says_and_not_for_ever(self):
        """A flash operation would deafen the chip; noise must not keep them open."""
        record = Record(self.journal, Clock(0, 2500, 0))
        record.settle(0, False)
        for _ in range(9):
            record.write(0, codes.JR_TRIP)
        for now_ms in range(1, 100):
            record.settle(now_ms, True)
        self.assertEqual(self.journal.unsettled, 9)
        record.settle(100, True)
        self.assertEqual(self.journal.unsettled, 8)

    def test_boot_that_cannot_destroy_a_key_is_failing_and_no_crash(self):
        """Until a record could."""
        self.journal.append(codes.JR_TRIP)
        self.flash.failing = (FIRST_BLOCK,)
        journal = rebooted(self.flash)
        self.assertTrue(journal.failing)
        self.flash.failing = ()
        write(journal, codes.JR_BOOT)
        self.assertFalse(journal.failing)
        self.assertEqual(live(self.flash, journal.seq), [])

    def test_flash_that_does_not_take_the_zeros_is_found_out(self):
        """Although it says that it did."""
        really_write = self.flash.writeblocks

        def lie(number, buf, offset=None):
            return 0 if number == FIRST_BLOCK else really_write(number, buf, offset)

        self.flash.writeblocks = lie
        self.journal.append(codes.JR_TRIP)
        with self.assertRaises(JournalError):
            self.journal.settle()
        with self.assertRaises(FlashError):
            JournalSlots(raw_blocks(self.flash)).write_key(PER_BLOCK - 2, KEY)

    def test_rotten_key_is_told_and_nothing_is_written_with_it(self):
        """One bit of 256: the records stay readable, no record follows, no opening either."""
        for at in (92, 110, 123, 125):
            self.setUp()
            last = (self.journal.seq - 1) * SLOT_BYTES
            self.flash.blocks[FIRST_BLOCK][last + at] ^= 4
            journal = rebooted(self.flash)
            self.assertTrue(journal.failing)
            self.assertFalse(journal.ready)
            self.assertEqual(numbers(journal), list(range(1, PER_BLOCK + 1)))
            before = self.flash.operations
            with self.assertRaises(JournalError):
                journal.append(codes.JR_BOOT)
            self.assertEqual(self.flash.operations, before)
            tidy(journal)
            self.assertTrue(journal.failing)

    def test_rotten_record_is_none(self):
        """A boot goes by the CRC."""
        for at in (3, 20, 60, 89):
            self.setUp()
            self.flash.blocks[FIRST_BLOCK][5 * SLOT_BYTES + at] ^= 1
            self.assertEqual(numbers(rebooted(self.flash)), [1, 2, 3, 4, 5] + list(range(7, 33)))

    def test_more_torn_numbers_than_a_record_can_count_are_refused(self):
        """65535; the flash is worn out long before."""
        slots = JournalSlots(raw_blocks(FakeFlash()))
        rest = (0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        mac_key = crypto.HmacKey(KEY)
        slots.write(0, rest + (0xFFFF, 0, bytes(12)), mac_key, KEY)
        with self.assertRaises(FlashError):
            slots.write(1, rest + (0x10000, 0, bytes(12)), mac_key, KEY)


if __name__ == "__main__":
    unittest.main()
