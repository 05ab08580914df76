"""Checks the records of a journal against each other, the first key, and what is known of its end.

Each record has its own key, made from the one before, and carries the beginning of the MAC before.
Who has the first key can name each record that was changed, taken out, put in or moved.

Its end: a flash and a console's answer prove theirs with the key behind the last record, which
nobody has who came later. What no file can show is that it is an old one, whole as it is: for that
give the number and head that the detector told of itself, in its status, at some later time.
"""

from __future__ import annotations

import hashlib
import hmac
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from detector import journal_slots as slots
from detector.journal_ring import KEPT_RECORDS
from host_tools.journal.records import JournalRecord, RecordError, parse

# The ring holds 1280 numbers: one that is this far from the others is not its own.
_SPREAD = 1 << 16
# Hundreds of records a day for a century; a number beyond it is none.
_LINK_LIMIT = 1 << 24


@dataclass(frozen=True)
class Problem:
    """What is wrong with one record, or with all from `number` to `last`."""

    number: int
    last: int
    kind: str  # in words, as the record says; "" where there is no record
    reason: str

    def __str__(self) -> str:
        if self.last > self.number:
            return f"records {self.number} to {self.last}: {self.reason}"
        kind = f" ({self.kind})" if self.kind else ""
        return f"record {self.number}{kind}: {self.reason}"


@dataclass(frozen=True)
class Head:
    """A record as the detector told of it: its number and the beginning of its MAC."""

    number: int
    mac: bytes


@dataclass(frozen=True)
class End:
    """What a file says of the journal's end: the last number (0: not told), and proofs for it."""

    number: int
    proofs: frozenset[bytes]


@dataclass(frozen=True)
class Dump:
    """Records as a file has them, oldest first, unchecked."""

    records: Sequence[bytes]
    end: End | None = None
    spoiled: frozenset[int] = frozenset()  # numbers whose slot in the flash holds no whole record


@dataclass(frozen=True)
class CheckedJournal:
    """The records that hold, in the order of their numbers, and everything that is wrong."""

    records: Sequence[JournalRecord]
    problems: Sequence[Problem]
    end_proved: bool

    @property
    def is_complete(self) -> bool:
        """It begins with the detector's first record."""
        return bool(self.records) and self.records[0].link == 1

    @property
    def torn(self) -> int:
        """How many numbers power cuts tore, since the detector was provisioned."""
        return self.records[-1].torn if self.records else 0

    @property
    def first(self) -> int:
        """The first record's number, 0 for none."""
        return self.records[0].number if self.records else 0

    @property
    def last(self) -> int:
        """The last record's number, 0 for none."""
        return self.records[-1].number if self.records else 0


def next_key(key: bytes) -> bytes:
    """Return the key of the record behind the one with this key."""
    return _mac(key, slots.NEXT_LABEL)


def end_proof(key: bytes) -> bytes:
    """Return what the holder of the key behind the last record says."""
    return _mac(key, slots.END_LABEL)[: slots.PROOF_BYTES]


def verify(
    dump: Dump, first_key: bytes, device_id: str, head: Head | None = None
) -> CheckedJournal:
    """Check a journal under a device's first key, and against a head that it told."""
    found = _Found(dump, first_key)
    problems = list(found.changed)
    records = found.good
    if not records:
        reason = "no record holds: it is another detector's journal, or another key"
        return CheckedJournal((), [Problem(0, 0, "", reason)], False)
    problems += _out_of_place(found.in_file)
    start = _mac(first_key, slots.FIRST_LABEL + device_id.encode())[: slots.CHAIN_BYTES]
    problems += _links(records, start)
    named = {problem.number for problem in found.changed}
    problems += _gaps(records, named, dump.spoiled)
    problems += _beginning(records, named)
    end_problems = list(_end(records[-1], dump.end, found.key_behind))
    problems += end_problems
    if head is not None:
        problems += _told(records, head)
    problems.sort(key=lambda problem: problem.number)
    return CheckedJournal(records, problems, dump.end is not None and not end_problems)


class _Found:
    """A file's records: those with the MAC of their own key, and the changed ones, named."""

    def __init__(self, dump: Dump, first_key: bytes) -> None:
        parsed = [_parsed(data) for data in dump.records]
        keys = _keys(first_key, [each.link for each in parsed if not isinstance(each, str)])
        held = [
            each if not isinstance(each, str) and _holds(each, keys) else None for each in parsed
        ]
        self.in_file = [record for record in held if record is not None]
        self.good = sorted({each.number: each for each in self.in_file}.values(), key=_number)
        self.changed: list[Problem] = []
        self.key_behind = b""
        if self.good:
            self.key_behind = next_key(keys[self.good[-1].link])
            # A changed record may lie about its number: it goes by its place in the file.
            number = self.in_file[0].number - held.index(self.in_file[0]) - 1
            for each, record in zip(parsed, held, strict=True):
                number = record.number if record is not None else number + 1
                if record is None:
                    self.changed.append(_changed(number, each))


def _parsed(data: bytes) -> JournalRecord | str:
    try:
        return parse(data)
    except RecordError as error:
        return str(error)


def _number(record: JournalRecord) -> int:
    return record.number


def _holds(record: JournalRecord, keys: Mapping[int, bytes]) -> bool:
    key = keys.get(record.link)
    has_mac = key is not None and hmac.compare_digest(_mac(key, record.body), record.mac)
    return has_mac and record.is_whole


def _changed(number: int, record: JournalRecord | str) -> Problem:
    if isinstance(record, str):
        return Problem(number, number, "", record)
    says = f"; it says that it is number {record.number}" if record.number != number else ""
    what = "MAC" if record.is_whole else "checksum"
    reason = f"its {what} is wrong: changed, or put in from elsewhere{says}"
    return Problem(number, number, record.name, reason)


def _keys(first_key: bytes, links: Sequence[int]) -> dict[int, bytes]:
    """Return the keys of these links; those far from the others, and no links, are left out."""
    if not links:
        return {}
    middle = statistics.median_low(links)
    wanted = {link for link in links if abs(link - middle) <= _SPREAD and link <= _LINK_LIMIT}
    keys = {}
    key = first_key
    for link in range(1, max(wanted, default=0) + 1):
        if link in wanted:
            keys[link] = key
        key = next_key(key)
    return keys


def _out_of_place(records: Sequence[JournalRecord]) -> Iterator[Problem]:
    seen: set[int] = set()
    highest = 0
    for record in records:
        if record.number in seen:
            yield _wrong(record, "it is there twice")
        elif record.number < highest:
            yield _wrong(record, f"out of order: it stands behind record {highest}")
        seen.add(record.number)
        highest = max(highest, record.number)


def _links(records: Sequence[JournalRecord], start: bytes) -> Iterator[Problem]:
    """Check what each record says of the one before: a flash put back goes on another way."""
    if records[0].link == 1 and records[0].previous != start:
        yield _wrong(records[0], "it does not begin the chain of this device's name")
    for before, record in pairwise(records):
        if record.link == before.link + 1 and record.previous != before.head:
            reason = f"it does not follow this record {before.number}, but another one"
            yield _wrong(record, reason)
        elif record.link <= before.link:
            yield _wrong(record, f"it does not count the records as record {before.number} does")


def _gaps(
    records: Sequence[JournalRecord], named: set[int], spoiled: frozenset[int]
) -> Iterator[Problem]:
    """Name the records that are not there; torn numbers, which later records count, are none."""
    for before, record in pairwise(records):
        numbers = range(before.number + 1, record.number)
        missing = record.link - before.link - 1 - len(named.intersection(numbers))
        if missing <= 0:
            continue
        left = [number for number in numbers if number not in named]
        for number in spoiled.intersection(left):
            yield Problem(number, number, "", "spoiled: its place in the flash holds no record")
            left.remove(number)
            missing -= 1
        if missing > 0:
            what = "missing" if missing == len(left) else f"{missing} of them missing"
            yield Problem(left[0], left[-1], "", what)


def _beginning(records: Sequence[JournalRecord], named: set[int]) -> Iterator[Problem]:
    """Tell a beginning that was cut off from one that the ring has overwritten."""
    first = min(records[0].number, *named) if named else records[0].number
    if records[0].link > 1 and first > 1 and records[-1].number - first + 1 < KEPT_RECORDS:
        reason = f"missing: the detector keeps its last {KEPT_RECORDS} at least"
        yield Problem(1, first - 1, "", reason)


def _end(last: JournalRecord, end: End | None, key_behind: bytes) -> Iterator[Problem]:
    """Check that nothing is cut off behind the last record, as far as the file can say."""
    if end is None:
        return
    if end.number > last.number:
        yield Problem(last.number + 1, end.number, "", "missing: the end is cut off")
    elif end_proof(key_behind) not in end.proofs:
        yield _wrong(last, "it is not proved to be the last: the records behind it were cut off")


def _told(records: Sequence[JournalRecord], head: Head) -> Iterator[Problem]:
    """Compare with what the detector told of itself."""
    last = records[-1].number
    if head.number > last:
        yield Problem(last + 1, head.number, "", f"missing: the detector told of {head.number}")
        return
    for record in records:
        if record.number == head.number:
            if record.head != head.mac:
                yield _wrong(record, "it is not the one that the detector told of")
            return
    yield Problem(head.number, head.number, "", "the detector told of it, and it is not here")


def _wrong(record: JournalRecord, reason: str) -> Problem:
    return Problem(record.number, record.number, record.name, reason)


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)
