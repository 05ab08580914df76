"""Finds the records in a file: a dump, a console transcript, or the image of a flash."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector import flash_map
from detector import journal_slots as slots
from host_tools.journal.chain import Dump, End, Head, end_proof, next_key
from host_tools.journal.records import is_whole, parse

_RAW_BYTES = flash_map.RAW_BLOCKS * flash_map.BLOCK_BYTES
_JOURNAL_START = flash_map.JOURNAL_BLOCK * flash_map.BLOCK_BYTES
_JOURNAL_END = _JOURNAL_START + flash_map.JOURNAL_BLOCKS * flash_map.BLOCK_BYTES
_END = re.compile(r"OK [0-9]{1,10} [0-9]{1,10} (?:[0-9a-f]{32}|-)")
_NO_KEY = bytes(slots.KEY_BYTES)
_BLANK_KEY = b"\xff" * slots.KEY_BYTES
_BLANK_SLOT = b"\xff" * slots.SLOT_BYTES
_BEGIN_HEX = bytes((slots.MAGIC, slots.VERSION)).hex()


class DumpError(Exception):
    """The file holds no journal, or the key file no journal key; args: one sentence."""


@dataclass(frozen=True)
class JournalKey:
    """What a customer's key file says about the journal: the first record's key."""

    device: str
    key: bytes


def read_key_file(path: Path) -> JournalKey:
    """Return the journal key of a customer's key file; raise DumpError."""
    try:
        content = json.loads(path.read_text())
        key = bytes.fromhex(content["keys"]["journal"])
        device = content["device"]
    except OSError as error:
        raise DumpError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DumpError(f"{path} holds no journal key; the customer's key file does") from error
    if len(key) != slots.KEY_BYTES or not isinstance(device, str):
        raise DumpError(f"{path} holds no journal key; the customer's key file does")
    return JournalKey(device, key)


def read_head(text: str) -> Head:
    """Return what `NUMBER:HEX` says; raise DumpError."""
    number, _, mac = text.partition(":")
    try:
        head = Head(int(number), bytes.fromhex(mac))
    except ValueError as error:
        raise DumpError(f"{text!r} is not NUMBER:HEX") from error
    if head.number < 1 or len(head.mac) != slots.CHAIN_BYTES:
        raise DumpError(f"{text!r} is not a number and {slots.CHAIN_BYTES} bytes in hex")
    return head


def read_end(words: Sequence[str]) -> End:
    """Return what the console says behind the records: how many, last number, proof or "-"."""
    _count, number, proof = words
    return End(int(number), frozenset(() if proof == "-" else (bytes.fromhex(proof),)))


def read_dump(path: Path) -> Dump:
    """Return what a file says of a journal, as it is: nothing is checked here. Raise DumpError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DumpError(f"{path}: {error.strerror}") from error
    if not data:
        raise DumpError(f"{path} is empty")
    if len(data) >= _RAW_BYTES and len(data) % flash_map.BLOCK_BYTES == 0:
        dump = _from_flash(data[-_RAW_BYTES:])
    elif len(data) % slots.RECORD_BYTES == 0 and data[:1] != b"#":
        dump = Dump(_pieces(data, slots.RECORD_BYTES))
    else:
        dump = _from_transcript(path, data)
    if not dump.records:
        raise DumpError(f"{path} holds no journal records")
    return dump


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _from_flash(raw: bytes) -> Dump:
    """Read the ring: whole records by their CRC, as the detector does, and what keys are left."""
    ring = _pieces(raw[_JOURNAL_START:_JOURNAL_END], slots.SLOT_BYTES)
    whole = {}
    for place, piece in enumerate(ring):
        record = piece[: slots.RECORD_BYTES]
        if is_whole(record):
            number = parse(record).number
            if number and slots.slot_of(number) == place:
                whole[number] = record
    newest = max(whole, default=0)
    oldest = min(whole, default=0)
    spoiled = set()
    for place, piece in enumerate(ring):
        number = newest - (newest - 1 - place) % slots.SLOT_COUNT
        if number > oldest and number not in whole and piece != _BLANK_SLOT:
            spoiled.add(number)
    keys = {piece[slots.RECORD_BYTES : -4] for piece in ring} - {_NO_KEY, _BLANK_KEY}
    # A power cut may have left the key before the last as well: it leads to the last.
    proofs = {proof for key in keys for proof in (end_proof(key), end_proof(next_key(key)))}
    return Dump(
        [whole[number] for number in sorted(whole)], End(0, frozenset(proofs)), frozenset(spoiled)
    )


def _from_transcript(path: Path, data: bytes) -> Dump:
    """Read the console's answer to `journal`, the last one: lines of "# " and hex, then OK."""
    records: list[bytes] = []
    answer = Dump([])
    for line in data.decode("ascii", "replace").splitlines():
        word = line.strip().removeprefix("#").strip()
        if line.strip().startswith("#") and word.startswith(_BEGIN_HEX):
            try:
                records.append(bytes.fromhex(word))
            except ValueError as error:
                raise DumpError(f"{path}: a record's line is not hex: {word[:40]}...") from error
        elif records and _END.fullmatch(line.strip()):
            answer = Dump(records, read_end(line.split()[1:]))
            records = []
    return Dump(records) if records else answer
