"""The journal as the console prints it, read and verified outside the firmware."""

from __future__ import annotations

from collections.abc import Mapping

from detector.codes import journal_name
from host_tools.client import ConsoleClient
from host_tools.deadline import Deadline
from host_tools.journal.chain import (
    RECORD_BYTES,
    JournalRecord,
    JournalVerifyError,
    parse,
    verify,
)

_DUMP_S = 30.0
_RECORD_S = 1.0


def dump(console: ConsoleClient, after: int = 0) -> list[bytes]:
    """Return all records behind number `after`."""
    answer = console.command(f"journal {after + 1}", Deadline(_DUMP_S))
    return [bytes.fromhex(note) for note in answer.notes]


def records(console: ConsoleClient, after: int) -> list[JournalRecord]:
    """Return what was written behind number `after`, parsed."""
    return [parse(data) for data in dump(console, after)]


def awaited(console: ConsoleClient, after: int, kind: int, count: int) -> list[JournalRecord]:
    """Return the records of a kind behind number `after`, as soon as there are so many."""

    def found() -> list[JournalRecord] | None:
        of_kind = [record for record in records(console, after) if record.kind == kind]
        return of_kind if len(of_kind) >= count else None

    what = f"no {count} records of {journal_name(kind)}"
    return Deadline(_RECORD_S).wait_for(found, what) or []


def kinds(console: ConsoleClient, after: int) -> list[int]:
    """Return the kinds of the records behind number `after`, in their order."""
    return [record.kind for record in records(console, after)]


def first_bad(data: list[bytes], keys: Mapping[str, bytes], device: str) -> int | None:
    """Return the number of the first record that does not hold, None where all do."""
    try:
        verify(data, keys["journal"], device)
    except JournalVerifyError as error:
        return error.number
    return None


def with_a_bit_turned(data: bytes) -> bytes:
    """Return a record that differs in one bit."""
    assert len(data) == RECORD_BYTES
    return data[:20] + bytes((data[20] ^ 1,)) + data[21:]
