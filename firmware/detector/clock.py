"""The time of day: trusted from the hub only, carried on by ticks.

A stock board's RTC starts in 2021 at each boot (rp2 port), so it is never asked. Days count from
2020-01-01 and fit a small int; day 0xFFFF means that the time is not known.
"""

from detector import ticks
from detector.compat import const

DAY_UNKNOWN = const(0xFFFF)
SECONDS_A_DAY = const(86400)
# What `set` returns.
REFUSED = const(0)
KEPT = const(1)  # it was known, and the hub's time is the same but for the clocks' drift
TOLD = const(2)  # it was not known, or is another

_LAST_DAY = const(0x8000)  # in 2109; there must be days behind it for images to grow old in
# Two clocks may differ by so much (50 ppm in five months): then none of them is wrong.
_DRIFT_SECONDS = const(600)
_MS_A_SECOND = const(1000)
_MINUTES_A_DAY = const(1440)
_STEP_MIN = const(60)


class Clock:
    """max(last journaled time, hub's time) + ticks; never goes back.

    `known` is True once the hub has told it in this boot; before that it is only a lower bound.
    `up_days` are the whole days of this boot, whether or not the time is known.
    """

    def __init__(self, now_ms: int, day: int, second: int, unclocked_min: int = 0) -> None:
        """Start from the journal's last time (day DAY_UNKNOWN where it has none).

        `unclocked_min` is what it says of the minutes before this boot without a clock.
        """
        self.day = day
        self.second = second
        self.known = False
        self.up_days = 0
        self._up_second = 0
        self._before_min = unclocked_min
        self._at_ms = now_ms

    def tick(self, now_ms: int) -> None:
        """Carry the time on; allocates nothing. Call at least once in 2^29 ms (six days)."""
        passed_ms = ticks.diff_ms(now_ms, self._at_ms)
        if passed_ms < _MS_A_SECOND:
            return
        seconds = passed_ms // _MS_A_SECOND
        self._at_ms = ticks.add_ms(self._at_ms, seconds * _MS_A_SECOND)
        self._up_second += seconds
        while self._up_second >= SECONDS_A_DAY:
            self._up_second -= SECONDS_A_DAY
            self.up_days += 1
        if self.day == DAY_UNKNOWN:
            return
        self.second += seconds
        while self.second >= SECONDS_A_DAY:
            self.second -= SECONDS_A_DAY
            self.day += 1

    def set(self, now_ms: int, day: int, second: int) -> int:
        """Take the hub's time; REFUSED (and no change) where it would go back or is no time.

        A hub that is behind by no more than drift makes the time known and does not move it.
        """
        if not (0 < day <= _LAST_DAY and 0 <= second < SECONDS_A_DAY):
            return REFUSED
        self.tick(now_ms)
        ahead = SECONDS_A_DAY
        if self.day != DAY_UNKNOWN:
            ahead = self._seconds_ahead(day, second)
        if ahead < -_DRIFT_SECONDS:
            return REFUSED
        result = KEPT if self.known and ahead <= _DRIFT_SECONDS else TOLD
        if ahead > 0:
            self.day = day
            self.second = second
        self.known = True
        return result

    def _seconds_ahead(self, day: int, second: int) -> int:
        """Return how far a time is ahead of this one; more than a day as one day."""
        days = day - self.day
        if -1 <= days <= 1:
            return days * SECONDS_A_DAY + second - self.second
        return SECONDS_A_DAY if days > 0 else -SECONDS_A_DAY

    @property
    def unclocked_min(self) -> int:
        """Minutes powered without being told the time, over all boots; 0 once it is known."""
        return 0 if self.known else self._before_min + self._up_min()

    @property
    def charged_min(self) -> int:
        """`unclocked_min` as a record says it: ahead, up to when the next record is due.

        At least one minute a boot, at most as much again as it has been or an hour, so that the
        power, cut again and again before the next record, stops no more than half of that time.
        """
        if self.known:
            return 0
        ahead_min = max(1, min(self._up_min(), _STEP_MIN))
        return min(self._before_min + self._up_min() + ahead_min, 0xFFFF)

    def _up_min(self) -> int:
        return self.up_days * _MINUTES_A_DAY + self._up_second // 60
