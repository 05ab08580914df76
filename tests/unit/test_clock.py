"""The clock: carried by ticks, set by the hub, never backwards."""

import unittest

from detector.clock import DAY_UNKNOWN, Clock


class TestClock(unittest.TestCase):
    def test_an_unknown_time_stays_unknown_until_it_is_set(self) -> None:
        clock = Clock(0, DAY_UNKNOWN, 0)
        clock.tick(5000)
        self.assertEqual((clock.day, clock.second, clock.known), (DAY_UNKNOWN, 0, False))
        self.assertTrue(clock.set(6000, 2000, 10))
        self.assertEqual((clock.day, clock.second, clock.known), (2000, 10, True))

    def test_ticks_carry_it_over_seconds_midnight_and_their_own_wrap(self) -> None:
        clock = Clock(0x3FFFFFFF - 500, 2000, 86398)
        clock.tick(1000)
        self.assertEqual((clock.day, clock.second), (2000, 86399))
        clock.tick(2000)
        self.assertEqual((clock.day, clock.second), (2001, 0))

    def test_parts_of_a_second_are_not_lost(self) -> None:
        clock = Clock(0, 2000, 0)
        for now_ms in range(0, 10001, 333):
            clock.tick(now_ms)
        clock.tick(10000)
        self.assertEqual(clock.second, 10)

    def test_a_time_before_the_one_it_has_is_refused(self) -> None:
        clock = Clock(0, 2000, 100)
        self.assertFalse(clock.set(0, 2000, 99))
        self.assertFalse(clock.set(0, 1999, 86399))
        self.assertEqual((clock.day, clock.second, clock.known), (2000, 100, False))

    def test_what_is_no_time_is_refused(self) -> None:
        clock = Clock(0, 2000, 100)
        for day, second in ((DAY_UNKNOWN, 0), (2001, 86400), (2001, -1), (-1, 0)):
            self.assertFalse(clock.set(0, day, second))


if __name__ == "__main__":
    unittest.main()
