"""What every record carries, what a failing journal does, and when a record is made final."""

import unittest

from fake_board import FakeJournal
from fake_parts import Parts

from detector import codes
from detector.clock import DAY_UNKNOWN, Clock
from detector.journal import JournalError, JournalFull
from detector.record import Record


class FailingJournal(FakeJournal):
    """Its records cannot be made final."""

    def settle(self) -> None:
        """Fail."""
        raise JournalError


class TestRecord(unittest.TestCase):
    def setUp(self) -> None:
        self.journal = FakeJournal()
        self.clock = Clock(0, DAY_UNKNOWN, 0, 17)
        self.record = Record(self.journal, self.clock)

    def test_a_record_alone_is_about_no_event_and_has_no_numbers(self) -> None:
        self.assertEqual(self.record.write(5, codes.JR_CLOCK), True)
        self.assertEqual(self.journal.records, [(codes.JR_CLOCK, 0, 0, 0)])

    def test_every_record_carries_time_and_faults_and_whether_it_is_armed(self) -> None:
        self.record.write(6, codes.JR_CLOCK)
        self.assertEqual((self.journal.time_known, self.journal.unclocked_min), (False, 18))
        self.clock.set(0, 2500, 99)
        self.record.latch(codes.FAULT_CAMERA)
        self.record.set_armed(True)
        self.record.write(7, codes.JR_CLOCK)
        journal = self.journal
        self.assertEqual((journal.ticks_ms, journal.day, journal.second), (7, 2500, 99))
        self.assertEqual((journal.time_known, journal.unclocked_min), (True, 0))
        self.assertEqual((journal.faults, journal.armed), (codes.FAULT_CAMERA, True))
        self.record.set_armed(False)
        self.assertEqual(journal.armed, False)

    def test_clearing_forgets_all_faults_and_says_which_they_were(self) -> None:
        self.record.latch(codes.FAULT_CAMERA)
        self.record.latch(codes.FAULT_STORE)
        self.record.clear(5)
        both = codes.FAULT_CAMERA | codes.FAULT_STORE
        self.assertEqual(self.journal.records, [(codes.JR_FAULT_CLEARED, 0, both, 0)])
        self.assertEqual((self.record.faults, self.journal.faults), (0, 0))
        self.record.clear(6)
        self.assertEqual(len(self.journal.records), 1)

    def test_no_room_is_no_fault_and_is_over_with_the_next_record(self) -> None:
        self.assertEqual(self.record.full, False)
        self.journal.broken = True
        self.journal.error = JournalFull
        self.assertEqual(self.record.write(5, codes.JR_CLOCK), False)
        self.assertEqual((self.record.full, self.record.faults), (True, 0))
        self.journal.broken = False
        self.assertEqual(self.record.write(6, codes.JR_CLOCK), True)
        self.assertEqual(self.record.full, False)

    def test_a_record_that_cannot_be_written_is_a_fault(self) -> None:
        self.journal.broken = True
        self.journal.error = JournalError
        self.assertEqual(self.record.write(5, codes.JR_CLOCK), False)
        self.assertEqual((self.record.full, self.record.faults), (False, codes.FAULT_JOURNAL))


class TestSettling(unittest.TestCase):
    def setUp(self) -> None:
        self.journal = FakeJournal()
        self.record = Record(self.journal, Clock(0, DAY_UNKNOWN, 0))

    def settled_at(self, waiting: int, receiving: bool, first_ms: int = 1000) -> list:
        """Look each millisecond from the first record on; return when one was made final."""
        self.record.settle(first_ms - 1, receiving)
        self.journal.unsettled = waiting
        seen = []
        for now_ms in range(first_ms, first_ms + 205):
            before = self.journal.unsettled
            self.record.settle(now_ms, receiving)
            if self.journal.unsettled < before:
                seen.append(now_ms - first_ms + 1)
            if self.journal.unsettled < waiting - 1:
                break
        return seen

    def test_one_waits_ten_milliseconds(self) -> None:
        self.assertEqual(self.settled_at(2, False), [10, 20])

    def test_one_alone_waits_as_long(self) -> None:
        self.assertEqual(self.settled_at(1, False)[:1], [10])

    def test_while_the_hub_says_something_a_hundred(self) -> None:
        self.assertEqual(self.settled_at(2, True), [100, 200])

    def test_eight_do_not_wait_and_seven_do(self) -> None:
        self.assertEqual(self.settled_at(9, False), [1, 2])
        self.setUp()
        self.assertEqual(self.settled_at(7, False), [10, 20])

    def test_eight_wait_while_the_hub_says_something(self) -> None:
        self.assertEqual(self.settled_at(8, True), [100, 200])

    def test_the_first_pass_of_a_boot_begins_the_wait(self) -> None:
        self.journal.unsettled = 1  # left by recovery
        self.record.settle(5000, False)
        self.record.settle(5009, False)
        self.assertEqual(self.journal.unsettled, 1)
        self.record.settle(5010, False)
        self.assertEqual(self.journal.unsettled, 0)

    def test_with_nothing_to_do_nothing_is_done(self) -> None:
        for now_ms in range(300):
            self.record.settle(now_ms, False)
        self.assertEqual(self.journal.unsettled, 0)

    def test_a_record_that_cannot_be_made_final_is_a_fault(self) -> None:
        journal = FailingJournal()
        journal.unsettled = 9
        record = Record(journal, Clock(0, DAY_UNKNOWN, 0))
        record.settle(0, False)
        self.assertEqual(record.faults, codes.FAULT_JOURNAL)


class TestParts(unittest.TestCase):
    def test_a_tick_carries_the_time_on_into_every_record(self) -> None:
        parts = Parts()
        parts.controller.set_clock(parts.board.now_ms, 2500, 99)
        parts.run(1000)
        self.assertEqual(parts.clock.second, 100)
        self.assertEqual(parts.journal.ticks_ms, parts.board.now_ms)


if __name__ == "__main__":
    unittest.main()
