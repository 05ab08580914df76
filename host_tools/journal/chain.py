"""Checks the chain of a journal's records.

Each record carries the beginning of the MAC of the one before, and its own MAC over all of it. Who
has the journal key can tell an altered, a missing, a swapped and an inserted record. What no chain
shows is that its newest records were cut off: compare the last number with the detector's status.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from detector import codes

RECORD_BYTES = 128
_BODY_BYTES = 96
_CHAIN_BYTES = 16
_MAGIC = 0x4A53
_VERSION = 1
# As in the firmware's journal.py; a test packs there and unpacks here.
_BODY = struct.Struct("<HBBIIIHHIIIIBBBx32s16sI4x")
_FLAG_ARMED = 1
_FLAG_TIME_KNOWN = 2
_FLAG_ALARM = 4
_FLAG_AFTER_TORN = 8
_DAY_UNKNOWN = 0xFFFF


class JournalVerifyError(Exception):
    """The journal does not hold; `number` is the first bad record's, 0 where it has none."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"record {number}: {reason}" if number else reason)
        self.number = number
        self.reason = reason


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
    armed: bool
    in_alarm: bool
    after_torn: bool
    event_id: int
    a: int
    b: int
    faults: int
    text: bytes
    previous: bytes  # the beginning of the MAC before
    mac: bytes

    @property
    def name(self) -> str:
        """The kind in words, e.g. "gate-intent"."""
        return codes.journal_name(self.kind)


@dataclass(frozen=True)
class VerifiedJournal:
    """Records that form one unbroken chain, oldest first."""

    records: tuple[JournalRecord, ...]
    is_complete: bool  # begins with the detector's first record
    torn: int  # numbers that power cuts tore

    @property
    def first(self) -> int:
        """The first record's number, 0 for none."""
        return self.records[0].number if self.records else 0

    @property
    def last(self) -> int:
        """The last record's number, 0 for none."""
        return self.records[-1].number if self.records else 0


def parse(data: bytes) -> JournalRecord:
    """Return one record's fields; raise JournalVerifyError where it is none."""
    if len(data) != RECORD_BYTES:
        raise JournalVerifyError(0, f"a record has {len(data)} bytes instead of {RECORD_BYTES}")
    fields = _BODY.unpack(data[:_BODY_BYTES])
    magic, version, kind, number, boot, ticks_ms, day, flags, second = fields[:9]
    event_id, a, b, faults, text_bytes, more_faults, text, previous, _last_event = fields[9:]
    if magic != _MAGIC or version != _VERSION:
        raise JournalVerifyError(0, "this is no journal record of version 1")
    return JournalRecord(
        number=number,
        kind=kind,
        boot=boot,
        ticks_ms=ticks_ms,
        day=None if day == _DAY_UNKNOWN else day,
        second=second,
        time_known=bool(flags & _FLAG_TIME_KNOWN),
        armed=bool(flags & _FLAG_ARMED),
        in_alarm=bool(flags & _FLAG_ALARM),
        after_torn=bool(flags & _FLAG_AFTER_TORN),
        event_id=event_id,
        a=a,
        b=b,
        faults=faults | more_faults << 8,
        text=text[:text_bytes],
        previous=previous,
        mac=data[_BODY_BYTES:],
    )


def is_record(data: bytes, key: bytes) -> bool:
    """Say whether 128 bytes are a whole record under `key`; torn and foreign ones are not."""
    mac = hmac.digest(key, data[:_BODY_BYTES], hashlib.sha256)
    magic = int.from_bytes(data[:2], "little")
    return magic == _MAGIC and hmac.compare_digest(mac, data[_BODY_BYTES:])


def verify(records: Iterable[bytes], key: bytes, device_id: str) -> VerifiedJournal:
    """Check records, oldest first, under a device's journal key; raise JournalVerifyError.

    The error names the first bad record.
    """
    checked: list[JournalRecord] = []
    torn = 0
    start = hmac.digest(key, b"sluss journal" + device_id.encode(), hashlib.sha256)[:_CHAIN_BYTES]
    for place, data in enumerate(records, start=1):
        try:
            record = parse(data)
        except JournalVerifyError as error:
            before = checked[-1].number if checked else 0
            reason = f"{error.reason} (place {place} of the file, after record {before})"
            raise JournalVerifyError(before + 1, reason) from error
        if not is_record(data, key):
            raise JournalVerifyError(record.number, "its MAC is wrong: altered, or another key")
        torn += _check_link(checked[-1] if checked else None, record, start)
        checked.append(record)
    return VerifiedJournal(
        records=tuple(checked),
        is_complete=bool(checked) and checked[0].previous == start,
        torn=torn,
    )


def _check_link(before: JournalRecord | None, record: JournalRecord, start: bytes) -> int:
    """Check that a record follows the one before; return how many torn numbers lie between."""
    if before is None:
        if record.number == 1 and record.previous != start:
            raise JournalVerifyError(1, "it does not begin this device's chain")
        return record.number - 1 if record.previous == start else 0
    missing = record.number - before.number - 1
    if missing < 0:
        raise JournalVerifyError(record.number, f"it comes after record {before.number}")
    if record.previous != before.mac[:_CHAIN_BYTES]:
        if missing:
            raise JournalVerifyError(before.number + 1, "it is missing")
        raise JournalVerifyError(record.number, "it does not follow the record before it")
    if missing and not record.after_torn:
        raise JournalVerifyError(before.number + 1, "it is missing, and no power cut tore it")
    return missing
