"""The capture block of a jig's chip: PIO programs that are known, and what they would store.

The jig's script (firmware/jig/) lets one state machine sample all nets every microsecond, one tell
when a UART has let its wire go, four count the bytes on wires, and a chain of DMA channels store a
record at each change and each 993 samples. This is a model of exactly that: of a program with
other words, another clock or other pins it knows nothing and refuses it. Times are the board's,
and every change is stored with the time that it had, however late it is read; only the silence of
a UART is told with the next record.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Protocol

SAMPLER, SILENCE = 0, 1
COUNTERS = (4, 5, 6, 7)
RECORDS = 1024  # as many as the rings hold
TICK_US = 993
SILENT_US = 128
_HZ = 7_000_000
_SILENCE_HZ = 1_000_000
_CYCLES_A_BIT = 16
_NO_PIN = 31
_JOIN_RX = 0x8000
_OUT_LOW = 2
_RECORD = struct.Struct("<6I")
_HEAD = struct.Struct("<I")
_WORD = 0xFFFFFFFF

# Instructions, first and last of the wrapped part, FIFOs joined, what a set pin begins with.
_SAMPLES_19_PINS = (
    0xA0E3,  # mov osr, null
    0x4013,  # sample: in pins, 19
    0xA046,  # mov y, isr
    0x00A6,  # jmp x!=y, push
    0xA047,  # mov y, osr
    0x008E,  # jmp y--, quiet
    0xA026,  # push: mov x, isr
    0x8020,  # push block
    0xE05F,  # set y, 31
    0x4045,  # in y, 5
    0x4065,  # in null, 5
    0xA0E6,  # mov osr, isr
    0xA0C3,  # mov isr, null
    0x0001,  # jmp sample
    0xA0E2,  # quiet: mov osr, y
    0xA0C3,  # mov isr, null
    *(1, 15, _JOIN_RX, 0),
)
_COUNTS_BYTES = (
    0x2020,  # start: wait 0 pin, 0
    0xE628,  # set x, 8 [6]
    0x0F42,  # bit: jmp x--, bit [15]
    0x00C6,  # jmp pin, whole
    0x20A0,  # wait 1 pin, 0
    0x0000,  # jmp start
    0x8020,  # whole: push block
    *(0, 6, _JOIN_RX, 0),
)
_TELLS_SILENCE = (
    0xE000,  # set pins, 0
    0x2020,  # high: wait 0 pin, 0
    0xE03F,  # set x, 31
    0x00C1,  # low: jmp pin, high
    0x0243,  # jmp x--, low [2]
    0xE001,  # set pins, 1
    0x20A0,  # wait 1 pin, 0
    *(0, 6, 0, _OUT_LOW),
)


class Wires(Protocol):
    """What the block's pins are connected with."""

    bauds: tuple[int, int, int, int]
    first_wire: int
    hub_tx: int
    silent: int  # the sampled pin that tells of it

    def levels(self) -> int:
        """Return the levels of the sampled pins now, but for `silent`."""

    def low_since_us(self) -> int | None:
        """Return since when no UART drives the hub link's wire; None while one does."""

    def counts(self, now_us: int) -> tuple[int, int, int, int]:
        """Return how many bytes each wire has carried by now."""

    def settle(self, now_us: int) -> None:
        """Let everything happen that is due by now."""


class Capture:
    """Stores records from the moment that all state machines run."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self.stop()

    def stop(self) -> None:
        """Reset the chip."""
        self._known: set[int] = set()
        self._active: set[int] = set()
        self._records: deque[bytes] = deque(maxlen=RECORDS)
        self._fresh = 0  # records since the last take(), also those that are lost
        self._levels = 0
        self._at_us = 0
        self._zero: tuple[int, ...] = (0, 0, 0, 0)
        self._counts: tuple[int, ...] = (0, 0, 0, 0)

    def set_up(self, number: int, hz: int, pins: tuple[int, int, int], program: bytes) -> None:
        """Take a state machine's program; raise ValueError for one that is not known."""
        wires = self._wires
        words = struct.unpack(f"<{len(program) // 2}H", program)
        known: tuple[tuple[int, ...], int, tuple[int, int, int]]
        if number == SAMPLER:
            known = (_SAMPLES_19_PINS, _HZ, (0, _NO_PIN, _NO_PIN))
        elif number == SILENCE:
            known = (_TELLS_SILENCE, _SILENCE_HZ, (wires.hub_tx, wires.hub_tx, wires.silent))
        else:
            wire = COUNTERS.index(number)
            pin = wires.first_wire + wire
            known = (_COUNTS_BYTES, wires.bauds[wire] * _CYCLES_A_BIT, (pin, pin, _NO_PIN))
        is_known = (words, hz, pins) == known
        if not is_known:
            raise ValueError(f"no model of what state machine {number} shall do")
        self._known.add(number)

    def set_active(self, number: int, is_on: bool, now_us: int) -> None:
        """Start or stop a state machine; raise ValueError for one without a program."""
        if number not in self._known:
            raise ValueError(f"state machine {number} has no program")
        if not is_on:
            self._active.discard(number)
            return
        self._active.add(number)
        if self.is_running:
            self._zero = self._wires.counts(now_us)
            self._counts = (0, 0, 0, 0)
            self._levels = self._wires.levels()
            self._at_us = now_us
            self._store(now_us)

    @property
    def is_running(self) -> bool:
        """Whether all state machines run."""
        return len(self._active) == 2 + len(COUNTERS)

    def sample(self, now_us: int) -> None:
        """Something may have changed, now."""
        if not self.is_running:
            return
        self._tick_to(now_us)
        levels = self._wires.levels()
        if levels != self._levels:
            self._levels = levels
            self._counts = self._counted(now_us)
            self._store(max(now_us, self._at_us))

    def before_settle(self, now_ns: int) -> None:
        """Bytes are about to be moved up to now: store the ticks before, with their own counts."""
        if self.is_running:
            self._tick_to(now_ns // 1000)

    def take(self, now_us: int) -> bytes:
        """Return how many records there are since the last time, and the newest that are left."""
        if self.is_running:
            self._wires.settle(now_us)
            self._tick_to(now_us)
        answer = _HEAD.pack(self._fresh) + b"".join(self._records)
        self._records.clear()
        self._fresh = 0
        return answer

    def _counted(self, now_us: int) -> tuple[int, ...]:
        counts = self._wires.counts(now_us)
        return tuple(count - zero for count, zero in zip(counts, self._zero, strict=True))

    def _tick_to(self, now_us: int) -> None:
        while now_us - self._at_us >= TICK_US:
            t_us = self._at_us + TICK_US
            self._counts = self._counted(t_us)
            self._store(t_us)

    def _store(self, t_us: int) -> None:
        self._at_us = t_us
        low_us = self._wires.low_since_us()
        is_silent = low_us is not None and t_us - low_us >= SILENT_US
        levels = self._levels | is_silent << self._wires.silent
        self._records.append(_RECORD.pack(levels, t_us & _WORD, *self._counts))
        self._fresh += 1
