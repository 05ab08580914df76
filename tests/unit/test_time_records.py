"""The time in the journal: daily, and without a clock often enough; never more than need be."""

import unittest

from journal_helpers import fill
from retention_helpers import DAY_MIN, MINUTE_MS, Detector

from detector import codes, ticks

DAY = 2500


class TestTimeRecords(unittest.TestCase):
    def setUp(self):
        self.detector = Detector()

    def times(self):
        """Return how many records of the time there are."""
        return self.detector.kinds().count(codes.JR_TIME)

    def test_each_day_is_on_record(self):
        detector = self.detector
        detector.tell(DAY)
        for day in range(1, 8):
            detector.pass_days(1)
            self.assertEqual(detector.journal.last_day, DAY + day)
        self.assertEqual(self.times(), 7)

    def test_a_day_with_another_record_needs_none(self):
        detector = self.detector
        detector.tell(DAY, 86000)
        detector.now_ms = ticks.add_ms(detector.now_ms, 401000)
        detector.clock.tick(detector.now_ms)
        detector.record.write(detector.now_ms, codes.JR_TRIP)
        detector.settle()
        self.assertEqual(self.times(), 0)

    def test_after_a_power_off_the_clock_starts_at_most_a_day_too_early(self):
        detector = self.detector
        detector.tell(DAY, 43200)
        detector.pass_days(45)
        detector.boot()
        self.assertEqual(detector.clock.day, DAY + 45)

    def test_24_hours_without_a_clock_are_29_records(self):
        detector = self.detector
        detector.pass_minutes(DAY_MIN)
        self.assertEqual(self.times(), 29)
        detector.pass_minutes(DAY_MIN)
        self.assertEqual(self.times(), 29)

    def test_with_a_clock_there_are_none_between(self):
        detector = self.detector
        detector.tell(DAY, 0)
        detector.pass_minutes(DAY_MIN - 1)
        self.assertEqual(self.times(), 0)

    def test_the_last_room_of_the_journal_is_left_to_others(self):
        detector = self.detector
        detector.tell(DAY, 0)
        while detector.journal.ready:
            detector.record.write(detector.now_ms, codes.JR_TRIP)
        detector.now_ms = ticks.add_ms(detector.now_ms, DAY_MIN * MINUTE_MS)
        detector.clock.tick(detector.now_ms)
        detector.settle()
        self.assertEqual(self.times(), 0)
        self.assertFalse(detector.record.full)
        detector.tidy()
        detector.settle()
        self.assertEqual(self.times(), 1)

    def test_sixty_days_of_time_leave_the_rest_of_the_journal_alone(self):
        detector = self.detector
        fill(detector.journal, 1000)
        detector.tell(DAY)
        detector.pass_days(60)
        self.assertEqual(self.times(), 60)
        self.assertEqual(detector.kinds().count(codes.JR_TRIP), 1000)


if __name__ == "__main__":
    unittest.main()
