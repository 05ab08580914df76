"""Arithmetic on wrapping millisecond ticks.

A board's `time.ticks_ms()` wraps at 2^30 (MicroPython docs, `time.ticks_diff`). Every time in the
firmware is such a tick, handed in as an argument; nobody subtracts or compares two ticks but here.
"""

from detector.compat import const

TICKS_PERIOD = const(0x40000000)
_TICKS_MASK = const(0x3FFFFFFF)
_TICKS_HALF = const(0x20000000)


def diff_ms(later_ms: int, earlier_ms: int) -> int:
    """Return later - earlier in ms, -2^29 .. 2^29 - 1, right across a wrap."""
    return ((later_ms - earlier_ms + _TICKS_HALF) & _TICKS_MASK) - _TICKS_HALF


def add_ms(ticks_ms: int, delta_ms: int) -> int:
    """Return the tick `delta_ms` after `ticks_ms` (|delta| < 2^29)."""
    return (ticks_ms + delta_ms) & _TICKS_MASK


def reached(now_ms: int, deadline_ms: int) -> bool:
    """Say whether `now_ms` is at or past `deadline_ms` (at most 2^29 ms apart)."""
    return diff_ms(now_ms, deadline_ms) >= 0
