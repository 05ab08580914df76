"""What the witness sees: every change of a signal with its time, told to whoever subscribed.

Byte counts and the heartbeat change too often to be told one by one: each is told at most once a
millisecond, and always its last value before anything else that follows.
"""

from __future__ import annotations

from collections.abc import Callable

_QUIET_US = 1000

# ints of RESET: 1 and 3 are what machine.reset_cause() of the rp2 port says for them.
RESET_POWER_ON = 1
RESET_RUN_PIN = 2
RESET_WATCHDOG = 3
RESET_MACHINE = 4
RESET_SOFT = 5
RESET_CRASH = 6  # the interpreter ended by itself; no chip does that
RESET_DEAD = 7  # it did so again and again; the board gave up until the next reset
RESET_WORDS = {
    RESET_POWER_ON: "power-on",
    RESET_RUN_PIN: "RUN pin",
    RESET_WATCHDOG: "watchdog",
    RESET_MACHINE: "machine.reset()",
    RESET_SOFT: "soft reset",
    RESET_CRASH: "interpreter crashed",
    RESET_DEAD: "interpreter does not start",
}
COUNTERS = ("HUB_RX", "UPLINK_RX", "UPLINK_TX_WRITTEN", "UPLINK_TX_PASSED")


class Recorder:
    """Levels of all signals; changes go to the listeners as (t_us, signal, value)."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = dict.fromkeys((*COUNTERS, "RESET"), 0)
        self._last_us = 0
        self.listeners: list[Callable[[int, str, int], None]] = []
        self._told_us: dict[str, int] = {}
        self._untold: dict[str, tuple[int, int]] = {}

    def record(self, t_us: int, signal: str, value: int) -> None:
        """Record a change; no change is no event, but for RESET, where each one counts."""
        if self.levels.get(signal) == value and signal != "RESET":
            return
        if self._untold:
            self.flush()
        self.levels[signal] = value
        self._tell(t_us, signal, value)

    def record_often(self, t_us: int, signal: str, value: int) -> None:
        """Record a change of something that changes often."""
        if self.levels.get(signal) == value:
            return
        self.levels[signal] = value
        if t_us - self._told_us.get(signal, -_QUIET_US) < _QUIET_US:
            self._untold[signal] = (t_us, value)
            return
        self._untold.pop(signal, None)
        if self._untold:
            self.flush()
        self._told_us[signal] = t_us
        self._tell(t_us, signal, value)

    def next_us(self) -> int | None:
        """Return when flush() is due, or None."""
        if not self._untold:
            return None
        return min(t_us for t_us, _value in self._untold.values()) + _QUIET_US

    def flush(self) -> None:
        """Tell what has been held back, in the order of its times."""
        untold = sorted(self._untold.items(), key=lambda item: item[1][0])
        self._untold.clear()
        for signal, (t_us, value) in untold:
            self._told_us[signal] = t_us
            self._tell(t_us, signal, value)

    def _tell(self, t_us: int, signal: str, value: int) -> None:
        # The log never runs backwards, not by the part of a millisecond that a count may be late.
        self._last_us = t_us = max(t_us, self._last_us)
        for listener in self.listeners:
            listener(t_us, signal, value)
