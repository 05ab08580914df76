"""The chip's real-time clock: starts in 2021 at every start of the chip, as on a Pico."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta

START = datetime(2021, 1, 1)
FIELDS = struct.Struct("<8H")  # year month day weekday hour minute second ms


class Rtc:
    """A settable clock that runs on the board's microseconds; it can be stopped or stepped."""

    def __init__(self) -> None:
        self._base = START
        self._base_us = 0
        self._stopped = False

    def restart(self, now_us: int) -> None:
        """Start again in 2021."""
        self._base, self._base_us = START, now_us

    def now(self, now_us: int) -> datetime:
        """Return the date and time it shows."""
        if self._stopped:
            return self._base
        return self._base + timedelta(microseconds=now_us - self._base_us)

    def get(self, now_us: int) -> bytes:
        """Return the fields as the interpreter reads them."""
        time = self.now(now_us)
        return FIELDS.pack(
            time.year,
            time.month,
            time.day,
            time.weekday(),
            time.hour,
            time.minute,
            time.second,
            time.microsecond // 1000,
        )

    def set(self, fields: bytes, now_us: int) -> None:
        """Set it; raise ValueError if that is no date."""
        if len(fields) != FIELDS.size:
            raise ValueError("an RTC setting is eight 16-bit numbers")
        year, month, day, _weekday, hour, minute, second, ms = FIELDS.unpack(fields)
        self._base = datetime(year, month, day, hour, minute, second, ms * 1000)
        self._base_us = now_us

    def stop(self, stopped: bool, now_us: int) -> None:
        """Stop the clock where it is, or let it run on."""
        self._base = self.now(now_us)
        self._base_us = now_us
        self._stopped = stopped

    def step(self, seconds: float, now_us: int) -> None:
        """Move the clock by so many seconds."""
        self._base = self.now(now_us) + timedelta(seconds=seconds)
        self._base_us = now_us
