"""The clock: carried by ticks, told by the hub, never backwards; powered time with and without."""

import unittest

from fake_flash import allocated

from detector import ticks
from detector.clock import DAY_UNKNOWN, KEPT, REFUSED, TOLD, Clock


def run(clock: Clock, now_ms: int, minutes: int) -> int:
    """Let time pass, with a tick each minute at most; return the new now."""
    for _ in range(minutes):
        now_ms = ticks.add_ms(now_ms, 60000)
        clock.tick(now_ms)
    return now_ms


class TestTime(unittest.TestCase):
    def test_an_unknown_time_stays_unknown_until_it_is_set(self) -> None:
        clock = Clock(0, DAY_UNKNOWN, 0)
        clock.tick(5000)
        self.assertEqual((clock.day, clock.second, clock.known), (DAY_UNKNOWN, 0, False))
        self.assertEqual(clock.set(6000, 2000, 10), TOLD)
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
        clock = Clock(0, 2000, 1000)
        for day, second in ((2000, 399), (1999, 86399), (1900, 86399), (1, 0)):
            self.assertEqual(clock.set(0, day, second), REFUSED)
        self.assertEqual((clock.day, clock.second, clock.known), (2000, 1000, False))

    def test_a_hub_behind_by_no_more_than_drift_makes_it_known_and_does_not_move_it(self) -> None:
        for day, second, wanted in (
            (2000, 300, TOLD),
            (2000, 0, TOLD),
            (1999, 86100, TOLD),
            (1999, 86099, REFUSED),
        ):
            clock = Clock(0, 2000, 300)
            self.assertEqual(clock.set(0, day, second), wanted)
            self.assertEqual((clock.day, clock.second), (2000, 300))
            self.assertEqual(clock.known, wanted == TOLD)

    def test_telling_it_again_is_news_only_where_it_is_more_than_drift(self) -> None:
        clock = Clock(0, 2000, 86000)
        self.assertEqual(clock.set(0, 2000, 86000), TOLD)
        self.assertEqual(clock.set(0, 2001, 200), KEPT)
        self.assertEqual((clock.day, clock.second), (2001, 200))
        self.assertEqual(clock.set(0, 2001, 0), KEPT)
        self.assertEqual(clock.set(0, 2001, 801), TOLD)
        self.assertEqual(clock.set(0, 2003, 0), TOLD)
        self.assertEqual(clock.set(0, 2001, 801), REFUSED)

    def test_what_is_no_time_is_refused(self) -> None:
        clock = Clock(0, 2000, 100)
        for day, second in (
            (DAY_UNKNOWN, 0),
            (0x8001, 0),  # in 2109: nothing could grow old behind it
            (0, 5),
            (2001, 86400),
            (2001, -1),
            (-1, 0),
        ):
            self.assertEqual(clock.set(0, day, second), REFUSED)
        self.assertEqual(clock.set(0, 0x8000, 0), TOLD)


class TestPoweredTime(unittest.TestCase):
    def test_days_of_this_boot_are_counted_with_and_without_a_time(self) -> None:
        for day in (2000, DAY_UNKNOWN):
            clock = Clock(0, day, 80000)
            now_ms = run(clock, 0, 1439)
            self.assertEqual(clock.up_days, 0)
            now_ms = run(clock, now_ms, 1)
            self.assertEqual(clock.up_days, 1)
            clock.set(now_ms, 2500, 0)  # a jump of the date is none of the power
            run(clock, now_ms, 1440 * 20)  # over a wrap of the ticks
            self.assertEqual(clock.up_days, 21)

    def test_a_hub_that_tells_the_time_all_the_time_does_not_stop_the_days(self) -> None:
        clock = Clock(0, DAY_UNKNOWN, 0)
        for now_ms in range(0, 120000, 700):
            clock.set(now_ms, 2500, 0)
        clock.tick(120000)
        self.assertEqual(clock._up_second, 120)

    def test_minutes_without_a_clock_go_on_over_boots_until_it_is_told(self) -> None:
        clock = Clock(0, 2000, 0, 77)
        self.assertEqual(clock.unclocked_min, 77)
        now_ms = run(clock, 0, 1441)
        self.assertEqual(clock.unclocked_min, 77 + 1441)
        clock.set(now_ms, 2500, 0)
        run(clock, now_ms, 5)
        self.assertEqual((clock.unclocked_min, clock.charged_min), (0, 0))

    def test_a_record_charges_ahead_what_may_pass_before_the_next_one(self) -> None:
        clock = Clock(0, 2000, 0, 100)
        now_ms = 0
        for up_min, charged in (
            (0, 1),
            (1, 2),
            (2, 4),
            (32, 64),
            (60, 120),
            (64, 124),
            (900, 960),
        ):
            now_ms = run(clock, now_ms, up_min - clock.unclocked_min + 100)
            self.assertEqual(clock.charged_min, 100 + charged)
        clock = Clock(0, 2000, 0, 0xFFFF)
        self.assertEqual(clock.charged_min, 0xFFFF)

    def test_a_tick_allocates_nothing(self) -> None:
        clock = Clock(0, 2000, 86399)

        def tick() -> None:
            clock.tick(5000)
            clock.unclocked_min
            clock.charged_min

        self.assertEqual(allocated(tick), 0)


if __name__ == "__main__":
    unittest.main()
