"""One record of a detector's journal, in words."""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

from detector import clock, codes
from detector import journal_slots as slots

_BODY = struct.Struct(slots.BODY)
_BEGIN = bytes((slots.MAGIC, slots.VERSION))


class RecordError(Exception):
    """These bytes are no record; args: one sentence."""


@dataclass(frozen=True)
class JournalRecord:
    """One record's fields."""

    number: int
    kind: int
    boot: int
    ticks_ms: int
    day: int | None  # since 2020-01-01
    second: int
    time_known: bool  # told by the hub in this boot; else a lower bound
    unclocked_min: int  # minutes powered without being told the time, rounded up
    armed: bool
    in_alarm: bool
    event_id: int
    a: int
    b: int
    faults: int
    torn: int  # numbers up to this one that power cuts tore
    previous: bytes  # the beginning of the MAC before
    body: bytes
    mac: bytes
    is_whole: bool  # by its checksum, which is what the detector goes by

    @property
    def name(self) -> str:
        """The kind in words, e.g. "gate-intent"."""
        return codes.journal_name(self.kind)

    @property
    def link(self) -> int:
        """Which whole record it is, from 1 on: as often, less one, has the key moved on."""
        return self.number - self.torn

    @property
    def head(self) -> bytes:
        """The beginning of its MAC: what the next record and the detector's status say."""
        return self.mac[: slots.CHAIN_BYTES]


def parse(data: bytes) -> JournalRecord:
    """Return one record's fields, unchecked; raise RecordError where it is none."""
    if len(data) != slots.RECORD_BYTES:
        raise RecordError(f"a record has {len(data)} bytes instead of {slots.RECORD_BYTES}")
    body = data[: slots.BODY_BYTES]
    fields = _BODY.unpack(body)
    magic, version, kind, flags, number, boot, ticks_ms, day, faults, second = fields[:10]
    event_id, a, b, _last_event, torn, unclocked_min, previous = fields[10:]
    if magic != slots.MAGIC or version != slots.VERSION:
        raise RecordError(f"this is no journal record of version {slots.VERSION}")
    return JournalRecord(
        number=number,
        kind=kind,
        boot=boot,
        ticks_ms=ticks_ms,
        day=None if day == clock.DAY_UNKNOWN else day,
        second=second,
        time_known=bool(flags & slots.FLAG_TIME_KNOWN),
        unclocked_min=unclocked_min,
        armed=bool(flags & slots.FLAG_ARMED),
        in_alarm=bool(flags & slots.FLAG_ALARM),
        event_id=event_id,
        a=a,
        b=b,
        faults=faults,
        torn=torn,
        previous=previous,
        body=body,
        mac=data[slots.BODY_BYTES : slots.BODY_BYTES + 32],
        is_whole=is_whole(data),
    )


def is_whole(data: bytes) -> bool:
    """Say whether these are the bytes of a whole record by their CRC, as the detector does."""
    return data[:2] == _BEGIN and binascii.crc32(data[:-4]) == int.from_bytes(data[-4:], "little")
