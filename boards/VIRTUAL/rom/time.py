"""`time` as a board has it: ticks that wrap at 2^30, wall-clock time from the RTC."""

import struct

import wire
from board_link import exchange
from micropython import const
from utime import gmtime, sleep, sleep_ms, sleep_us
from utime import ticks_cpu as _ticks_cpu
from utime import ticks_ms as _ticks_ms
from utime import ticks_us as _ticks_us

_MASK = const(0x3FFFFFFF)  # a small int of a 32-bit board has 31 bits
_HALF = const(0x20000000)
_DAYS_BEFORE_MONTH = b"\x00\x1f\x3b\x5a\x78\x97\xb5\xd4\xf3\x11\x30\x4e"  # modulo 256


def ticks_ms() -> int:
    """Return milliseconds, 0 .. 2^30 - 1, from an arbitrary start."""
    return _ticks_ms() & _MASK


def ticks_us() -> int:
    """Return microseconds, 0 .. 2^30 - 1, from an arbitrary start."""
    return _ticks_us() & _MASK


def ticks_cpu() -> int:
    """Return the finest ticks, 0 .. 2^30 - 1, from an arbitrary start."""
    return _ticks_cpu() & _MASK


def ticks_add(ticks: int, delta: int) -> int:
    """Return the tick `delta` after `ticks`."""
    return (ticks + delta) & _MASK


def ticks_diff(later: int, earlier: int) -> int:
    """Return later - earlier, -2^29 .. 2^29 - 1."""
    return ((later - earlier + _HALF) & _MASK) - _HALF


def mktime(fields: tuple) -> int:
    """Return seconds since 1970-01-01 of (year, month, day, hour, minute, second, ...)."""
    year, month, day, hour, minute, second = fields[:6]
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    days = (year - 1970) * 365 + (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
    days += _DAYS_BEFORE_MONTH[month - 1] + (256 if month > 9 else 0) + day - 1
    if leap and month > 2:
        days += 1
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def time() -> int:
    """Return the RTC's seconds since 1970-01-01."""
    raw = bytearray(16)
    exchange(wire.OP_RTC_GET, 0, 0, 0, None, raw)
    year, month, day, _, hour, minute, second, _ = struct.unpack("<8H", raw)
    return mktime((year, month, day, hour, minute, second))


def time_ns() -> int:
    """Return the RTC's time in nanoseconds since 1970-01-01."""
    return time() * 1_000_000_000


def localtime(seconds: int | None = None) -> tuple:
    """Return (year, month, day, hour, minute, second, weekday, yearday); a board has no zone."""
    return gmtime(time() if seconds is None else seconds)
