"""Finds the records in a file: a dump, a console transcript, or the image of a flash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from detector import flash_map
from host_tools.journal.chain import RECORD_BYTES, is_record, parse

_RAW_BYTES = flash_map.RAW_BLOCKS * flash_map.BLOCK_BYTES
_JOURNAL_START = flash_map.JOURNAL_BLOCK * flash_map.BLOCK_BYTES
_JOURNAL_END = _JOURNAL_START + flash_map.JOURNAL_BLOCKS * flash_map.BLOCK_BYTES
_KEY_BYTES = 32


class DumpError(Exception):
    """The file holds no journal, or the key file no journal key; args: one sentence."""


@dataclass(frozen=True)
class JournalKey:
    """What a customer's key file says about the journal."""

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
    except (ValueError, KeyError, TypeError) as error:
        raise DumpError(f"{path} holds no journal key; the customer's key file does") from error
    if len(key) != _KEY_BYTES or not isinstance(device, str):
        raise DumpError(f"{path} holds no journal key; the customer's key file does")
    return JournalKey(device, key)


def read_records(path: Path, key: bytes) -> list[bytes]:
    """Return the records of a file, oldest first, as they are: nothing is checked here.

    In a flash's image a slot whose MAC is wrong is a torn record and is left out, as the detector
    does; the chain tells a torn one from one that was spoiled later. Raise DumpError.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DumpError(f"{path}: {error.strerror}") from error
    if not data:
        raise DumpError(f"{path} is empty")
    if len(data) >= _RAW_BYTES and len(data) % flash_map.BLOCK_BYTES == 0:
        return _from_flash(data[-_RAW_BYTES:], key)
    if len(data) % RECORD_BYTES == 0 and data[:1] != b"#":
        return _pieces(data)
    return _from_transcript(path, data)


def _pieces(data: bytes) -> list[bytes]:
    return [data[at : at + RECORD_BYTES] for at in range(0, len(data), RECORD_BYTES)]


def _from_flash(raw: bytes, key: bytes) -> list[bytes]:
    whole = [piece for piece in _pieces(raw[_JOURNAL_START:_JOURNAL_END]) if is_record(piece, key)]
    return sorted(whole, key=lambda piece: parse(piece).number)


def _from_transcript(path: Path, data: bytes) -> list[bytes]:
    """Return the records in the console's answer to `journal`: lines of "# " and hex."""
    records = []
    for line in data.decode("ascii", "replace").splitlines():
        word = line.strip().removeprefix("#").strip()
        if not line.strip().startswith("#") or not word.startswith("53"):  # the magic's first byte
            continue
        try:
            records.append(bytes.fromhex(word))
        except ValueError as error:
            raise DumpError(f"{path}: a record's line is not hex: {word[:40]}...") from error
    if not records:
        raise DumpError(f"{path} holds no journal records")
    return records
