"""The time of day: trusted from the hub only, carried on by ticks.

A stock board's RTC starts in 2021 at each boot (rp2 port), so it is never asked. Days count from
2020-01-01 and fit a small int; day 0xFFFF means that the time is not known.
"""

from detector import ticks
from detector.compat import const

DAY_UNKNOWN = const(0xFFFF)
SECONDS_A_DAY = const(86400)
_MS_A_SECOND = const(1000)


class Clock:
    """max(last journaled time, hub's time) + ticks; never goes back.

    `known` is True once the hub has set it in this boot; before that it is only a lower bound.
    """

    def __init__(self, now_ms: int, day: int, second: int) -> None:
        """Start from the journal's last time (day DAY_UNKNOWN where it has none)."""
        self.day = day
        self.second = second
        self.known = False
        self._at_ms = now_ms

    def tick(self, now_ms: int) -> None:
        """Carry the time on; allocates nothing. Call at least once in 2^29 ms (six days)."""
        passed_ms = ticks.diff_ms(now_ms, self._at_ms)
        if passed_ms < _MS_A_SECOND or self.day == DAY_UNKNOWN:
            return
        seconds = passed_ms // _MS_A_SECOND
        self._at_ms = ticks.add_ms(self._at_ms, seconds * _MS_A_SECOND)
        self.second += seconds
        while self.second >= SECONDS_A_DAY:
            self.second -= SECONDS_A_DAY
            self.day += 1

    def set(self, now_ms: int, day: int, second: int) -> bool:
        """Take the hub's time; False (and no change) where it would go back or is no time."""
        if not (0 < day < DAY_UNKNOWN and 0 <= second < SECONDS_A_DAY):
            return False
        self.tick(now_ms)
        if self.day != DAY_UNKNOWN and (day, second) < (self.day, self.second):
            return False
        self.day = day
        self.second = second
        self.known = True
        self._at_ms = now_ms
        return True
