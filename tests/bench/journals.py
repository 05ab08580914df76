"""The journal as the console prints it: fetched, parsed and verified outside the firmware."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

from detector.journal import BODY, RECORD_BYTES
from host_tools.client import ConsoleClient, HubClient


class Record(NamedTuple):
    """What a test asks of a journal record."""

    seq: int
    kind: int
    event_id: int
    a: int
    b: int
    text: bytes


def dump(console: ConsoleClient, after: int = 0) -> bytes:
    """Return all records behind number `after`, as `sluss journal verify` reads them."""
    answer = console.command(f"journal {after + 1}")
    return b"".join(bytes.fromhex(line.removeprefix("# ")) for line in answer.notes)


def records(data: bytes) -> list[Record]:
    """Parse a dump."""
    parsed = []
    for at in range(0, len(data), RECORD_BYTES):
        fields = struct.unpack_from(BODY, data, at)
        length = fields[13]
        parsed.append(Record(fields[3], fields[2], fields[9], fields[10], fields[11], fields[14][:length]))
    return parsed


def kinds(data: bytes) -> list[int]:
    """Return the records' kinds in their order."""
    return [record.kind for record in records(data)]
