"""The journal before its first record, each field of one, and what a failed write left behind."""

import unittest

from fake_flash import HALF, FakeFlash, PowerCut
from journal_helpers import (
    CHAIN_AT,
    KEY,
    MAC_AT,
    NAME,
    NOTHING,
    TORN_AT,
    body,
    check,
    numbers,
    opened,
    records,
    told,
    write,
)

from detector import codes, crypto
from detector.clock import DAY_UNKNOWN
from detector.journal import Journal
from detector.journal_slots import JournalSlots
from detector.raw_flash import raw_blocks


class TestBlank(unittest.TestCase):
    """Nothing is known of an alarm, a day, a key, where no record is."""

    def setUp(self):
        self.journal = Journal(raw_blocks(FakeFlash()))

    def dirty(self):
        """Let the owner set what it sets."""
        journal = self.journal
        journal.armed = journal.time_known = journal.last_was_alarm = True
        journal.faults = journal.ticks_ms = journal.day = journal.second = 5
        journal.unclocked_min = journal.boot = journal.last_event = 5
        journal.last_day = journal.last_unclocked_min = 5

    def test_new_journal_knows_nothing(self):
        self.assertEqual(told(self.journal), NOTHING)
        self.assertEqual(self.journal.head, bytes(12))
        self.assertEqual((self.journal.ready, self.journal.failing), (False, True))
        self.assertEqual(self.journal.end_proof(), b"")

    def test_blank_flash_tells_nothing_whatever_was_known(self):
        self.dirty()
        self.journal.recover()
        self.assertEqual(told(self.journal), NOTHING)
        self.assertEqual((self.journal.ready, self.journal.failing), (False, True))

    def test_begin_forgets_too_and_is_ready(self):
        """Also where nobody called `recover`."""
        self.dirty()
        self.journal.begin(KEY, NAME)
        self.assertEqual(told(self.journal), NOTHING)
        self.assertEqual((self.journal.ready, self.journal.failing), (True, False))
        self.assertFalse(self.journal.read(0, bytearray(92)))


class TestFields(unittest.TestCase):
    """Each field of a record in its place."""

    def setUp(self):
        self.flash = FakeFlash()
        self.journal = opened(self.flash)

    def last(self):
        """Return the last record's fields but for the chain."""
        return body(records(self.journal)[-1][1])[:-1]

    def test_what_is_not_given_is_zero(self):
        self.journal.append(codes.JR_DISARM)
        rest = (DAY_UNKNOWN, 0, 0, 0, 0, 0, 0, 0, 0)
        self.assertEqual(self.last(), (0x53, 2, codes.JR_DISARM, 0, 1, 1, 0) + rest)

    def test_all_that_is_given_is_there(self):
        journal = self.journal
        journal.append(codes.JR_TRIP, 9)
        journal.ticks_ms = 0x3FFFFFFF
        journal.day, journal.second, journal.faults = 2500, 86399, 0x181
        journal.unclocked_min = 777
        journal.append(codes.JR_TRIP, 7, -1, (1 << 32) + 5)
        rest = (2500, 0x181, 86399, 7, 0xFFFFFFFF, 5, 9, 0, 777)
        self.assertEqual(self.last(), (0x53, 2, codes.JR_TRIP, 0, 2, 1, 0x3FFFFFFF) + rest)
        journal.append(codes.JR_TRIP, 10, 3, 0xFFFFFFFF)
        self.assertEqual(self.last()[10:14], (10, 3, 0xFFFFFFFF, 10))

    def test_flags_are_armed_1_time_known_2_alarm_4(self):
        journal = self.journal
        for is_alarm in (0, 4):
            for is_known in (0, 2):
                for is_armed in (0, 1):
                    journal.armed, journal.time_known = bool(is_armed), bool(is_known)
                    journal.append(codes.JR_ALARM if is_alarm else codes.JR_TRIP)
                    self.assertEqual(self.last()[3], is_alarm + is_known + is_armed)

    def test_boot_takes_armed_and_alarm_from_the_flags_whatever_the_kind(self):
        """JR_ALARM alone begins an alarm; JR_ALARM_END and JR_BOOT end it."""
        is_alarm = False
        for kind in list(range(1, 25)) + [codes.JR_ALARM, codes.JR_CLOCK, codes.JR_BOOT]:
            is_alarm = (is_alarm or kind == codes.JR_ALARM) and kind not in (
                codes.JR_ALARM_END,
                codes.JR_BOOT,
            )
            for is_armed in (False, True):
                self.journal.armed = is_armed
                write(self.journal, kind)
                again = opened(self.flash)
                wanted = (is_armed, is_alarm, is_alarm)
                was = self.journal.last_was_alarm
                self.assertEqual((again.armed, again.last_was_alarm, was), wanted, kind)

    def test_last_event_is_the_highest_so_far(self):
        for event_id, highest in ((1, 1), (9, 9), (4, 9), (0, 9), (10, 10)):
            self.journal.append(codes.JR_TRIP, event_id)
            self.assertEqual(self.journal.last_event, highest)
            self.assertEqual(opened(self.flash).last_event, highest)

    def test_boot_with_nothing_unsettled_writes_nothing(self):
        """However many keys were zeroed before."""
        for _ in range(5):
            write(self.journal)
            before = self.flash.operations
            self.assertEqual(opened(self.flash).boot, 2)
            self.assertEqual(self.flash.operations, before)


class TestSkipping(unittest.TestCase):
    """The same boot goes on behind a slot that is neither blank nor its own record."""

    def setUp(self):
        self.flash = FakeFlash()
        self.journal = opened(self.flash)
        write(self.journal)

    def test_half_a_record_is_skipped_and_counted_as_torn(self):
        self.flash.cut(1, HALF)
        with self.assertRaises(PowerCut):
            self.journal.append(codes.JR_TRIP)
        self.flash.power_on()  # only the flash lost its power: the journal object lives on
        write(self.journal, codes.JR_ARM)
        self.assertEqual(numbers(self.journal), [1, 3])
        self.assertEqual(records(self.journal)[-1][1][TORN_AT], 1)
        check(self, opened(self.flash))

    def test_record_under_another_key_is_skipped_and_is_no_link(self):
        """Its CRC fits; nothing follows from it."""
        slots = JournalSlots(raw_blocks(self.flash))
        fields = (codes.JR_TRIP, 0, 2) + (0,) * 11 + (bytes(12),)
        slots.write(1, fields, crypto.HmacKey(b"x" * 32), b"y" * 32)
        write(self.journal, codes.JR_ARM)
        first, _foreign, third = [data for _number, data in records(self.journal)]
        self.assertEqual(self.journal.seq, 3)
        self.assertEqual(third[TORN_AT], 1)
        self.assertEqual(third[CHAIN_AT:MAC_AT], first[MAC_AT : MAC_AT + 12])


if __name__ == "__main__":
    unittest.main()
