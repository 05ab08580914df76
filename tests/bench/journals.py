"""The journal as the console prints it, read and verified outside the firmware."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from detector.codes import journal_name
from detector.journal_slots import RECORD_BYTES
from host_tools.bench.target import Target
from host_tools.client import ConsoleClient, HubClient
from host_tools.deadline import Deadline
from host_tools.journal.chain import Dump, Problem, next_key, verify
from host_tools.journal.dump import read_end, read_head
from host_tools.journal.records import JournalRecord, parse

_DUMP_S = 30.0
_RECORD_S = 1.0


def dump(console: ConsoleClient, after: int = 0) -> Dump:
    """Return all records behind number `after`, and what the detector says of the end."""
    answer = console.command(f"journal {after + 1}", Deadline(_DUMP_S))
    return Dump([bytes.fromhex(note) for note in answer.notes], read_end(answer.text.split()))


def records(console: ConsoleClient, after: int) -> list[JournalRecord]:
    """Return what was written behind number `after`, parsed."""
    return [parse(data) for data in dump(console, after).records]


def awaited(
    console: ConsoleClient, after: int, kind: int, count: int, about: Container[int] | None = None
) -> list[JournalRecord]:
    """Return the records of a kind behind number `after`, as soon as there are so many.

    `about` are the image ids to look for: a picture of an earlier test may still be on its way.
    """

    def found() -> list[JournalRecord] | None:
        of_kind = [
            record
            for record in records(console, after)
            if record.kind == kind and (about is None or record.a in about)
        ]
        return of_kind if len(of_kind) >= count else None

    what = f"no {count} records of {journal_name(kind)}"
    return Deadline(_RECORD_S).wait_for(found, what) or []


def kinds(console: ConsoleClient, after: int) -> list[int]:
    """Return the kinds of the records behind number `after`, in their order."""
    return [record.kind for record in records(console, after)]


def problems(
    data: Dump, keys: Mapping[str, bytes], device: str, head: str | None = None
) -> list[Problem]:
    """Return everything that is wrong with a whole journal; `head` is the detector's status."""
    told = None if head is None else read_head(head)
    return list(verify(data, keys["journal"], device, told).problems)


def with_a_bit_turned(data: Dump, place: int) -> Dump:
    """Return a journal of which one record differs in one bit."""
    record = data.records[place]
    assert len(record) == RECORD_BYTES
    changed = record[:20] + bytes((record[20] ^ 1,)) + record[21:]
    return replace(data, records=[*data.records[:place], changed, *data.records[place + 1 :]])


def flash_image(target: Target, hub: HubClient) -> tuple[int, bytes]:
    """Return the whole flash at a moment, and the number of the last record in it."""

    def at_rest() -> tuple[int, bytes] | None:
        last = hub.command("status")["journal"]
        image = target.flash_image()
        return (last, image) if hub.command("status")["journal"] == last else None

    return Deadline(_DUMP_S).wait_for(at_rest, "a moment without a record")


def key_behind(keys: Mapping[str, bytes], number: int, torn: int = 0) -> bytes:
    """Return the key of the record that follows a whole one."""
    key = keys["journal"]
    for _ in range(number - torn):
        key = next_key(key)
    return key
