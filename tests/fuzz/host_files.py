"""What must hold of whoever reads a detector's files: sealed images, journals, keys.

Nothing but the documented errors; and what is accepted is what was written, bit for bit.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fake_world import DEVICE, World
from fuzz_input import Input, check
from typer.testing import CliRunner

from detector import flash_map, seal
from host_tools.console.client import Answer
from host_tools.deadline import Deadline
from host_tools.flash.errors import FlashError
from host_tools.flash.keys import KeyFiles
from host_tools.flash.provision import provision
from host_tools.journal.command import journal
from host_tools.keyfile import ARC, CUSTOMER, FORMAT, NAMES, KeyFile, KeyFileError
from host_tools.sealed_image import SealError, parse_header, unseal

_FOLDER = TemporaryDirectory(prefix="sluss-fuzz-")
_KEY = b"r" * 32
_IMAGE_KEY = b"i" * 32
_IV = b"v" * 16
_SUMMARY_LINES = 2  # behind the records
_JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 3 + b"\xff\xd9"


def mutated(program: Input, data: bytes) -> bytes:
    """Return `data` as the program spoils it: flipped, cut, doubled, moved, or another's."""
    for _ in range(program.number(4)):
        word = program.number(7)
        at = program.number(65536) % (len(data) + 1)
        count = program.number(256) * (1 + program.number(5) * 32)
        if word == 0 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << program.number(8)]) + data[at + 1 :]
        elif word == 1:
            data = data[:at] + data[at + count :]
        elif word == 2:
            data = data[: at + count] + data[at:]
        elif word == 3:
            data = data[at : at + count] + data[:at] + data[at + count :]
        elif word == 4:
            data = data[:at] + program.piece() + data[at:]
        elif word == 5:
            data = data[:at] + program.take(1) * count + data[at + count :]
        elif word == 6:
            data = program.piece()
    return data


# --- sealed images ------------------------------------------------------------------------------


def _sealed(plaintext: bytes, chunks: int) -> tuple[bytes, bytes, bytes, bytes]:
    """Return header, wrapped key, body and MAC as the firmware makes them."""
    header = seal.pack_header(3, 7, 5, 2500, 77, chunks, _IV)
    body = bytearray(plaintext)
    sealer = seal.Sealer(_IMAGE_KEY, header, _IV)
    sealer.seal(body)
    return header, seal.wrap(_KEY, _IMAGE_KEY, header, _IV), bytes(body), sealer.mac()


def check_sealed_image(data: bytes) -> None:
    """Unseal what was spoiled, or sealed wrongly by who has the keys."""
    program = Input(data)
    jpeg = _JPEG[: program.number(len(_JPEG) + 1)]
    told = len(jpeg) if program.number(3) else program.number(9000)
    plaintext = told.to_bytes(4, "little") + jpeg
    plaintext += program.take(program.number(3)) if program.number(4) == 0 else b""
    size = seal.CLASS_BYTES * (1 + (program.number(8) == 0))
    plaintext += bytes(size - len(plaintext))
    padding = plaintext[4 + told :]
    sound = told + 4 <= size and len(padding) < seal.CLASS_BYTES and not any(padding)
    whole = _sealed(plaintext, size // seal.CHUNK_BYTES)
    parts = tuple(mutated(program, part) for part in whole)
    key = _KEY if program.number(8) else mutated(program, _KEY)
    try:
        parse_header(parts[0])
        opened = unseal(*parts, key)
    except SealError as error:
        check(parts != whole or key != _KEY or not sound, f"a good image is refused: {error}")
        return
    check(parts == whole and key == _KEY, "a spoiled image was opened")
    check(sound, "an image of another form was opened")
    check(opened == plaintext[4 : 4 + told], "another picture than was sealed")


# --- the journal --------------------------------------------------------------------------------


@cache
def sample_journal() -> tuple[bytes, bytes, bytes, frozenset[str]]:
    """Return a console's transcript, a flash's image, the key file, and the records in words."""
    world = World()
    world.run(300)
    for level in (1, 0):
        world.line("TRIP_PANIC", level)
        world.run(40)
    world.typed = b"journal\n"
    world.printed = b""
    world.run(300)
    blocks = world.flash.blocks
    blank = b"\xff" * flash_map.BLOCK_BYTES
    image = b"".join(bytes(blocks.get(number, blank)) for number in range(96, 352))
    keys = {name: world.key(CUSTOMER, name).hex() for name in NAMES[CUSTOMER]}
    content = {"sluss_key_file": FORMAT, "role": CUSTOMER, "device": DEVICE, "keys": keys}
    key_file = json.dumps(content).encode()
    code, lines = verify(world.printed, key_file)
    check(code == 0 and len(lines) > 5, f"the sample does not verify: {lines}")
    return world.printed, image, key_file, frozenset(lines[:-_SUMMARY_LINES])


def verify(file: bytes, key_file: bytes) -> tuple[int, list[str]]:
    folder = Path(_FOLDER.name)
    (folder / "journal").write_bytes(file)
    (folder / "key.json").write_bytes(key_file)
    arguments = ["verify", str(folder / "journal"), "--key", str(folder / "key.json"), "--show"]
    done = CliRunner().invoke(journal, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout.splitlines()


def check_journal(data: bytes) -> None:
    """Verify a spoiled journal, of either kind, or with a spoiled key file."""
    program = Input(data)
    transcript, image, key_file, lines = sample_journal()
    word = program.number(4)
    file = image if word == 0 else transcript
    if word == 0:
        # What is not the journal's own blocks says nothing here.
        start = flash_map.JOURNAL_BLOCK * flash_map.BLOCK_BYTES
        end = start + flash_map.BLOCK_BYTES
        file = file[:start] + mutated(program, file[start:end]) + file[end:]
    elif word == 1:
        key_file = mutated(program, key_file)
    else:
        file = mutated(program, file)
    code, shown = verify(file, key_file)
    check(code in (0, 1, 2), f"an exit code of its own: {code}")
    if code == 0:
        check(set(shown[:-_SUMMARY_LINES]) <= lines, "a record is shown that was never written")


# --- key files ----------------------------------------------------------------------------------


def _key_file(role: str) -> dict[str, Any]:
    keys = {name: hashlib.sha256(f"{role} {name}".encode()).hexdigest() for name in NAMES[role]}
    return {"sluss_key_file": FORMAT, "role": role, "device": DEVICE, "keys": keys}


def check_key_file(data: bytes) -> None:
    """Read a spoiled key file."""
    program = Input(data)
    role = (ARC, CUSTOMER)[program.number(2)]
    text = json.dumps(_key_file(role)).encode()
    spoiled = mutated(program, text)
    if program.number(4) == 0:
        spoiled = spoiled[: program.number(8)] * 4000
    path = Path(_FOLDER.name) / "spoiled.json"
    path.write_bytes(spoiled)
    try:
        found = KeyFile.read(path, (None, ARC, CUSTOMER)[program.number(3)])
    except KeyFileError:
        return
    check(set(found.keys) == set(NAMES[found.role]), "keys are missing, or too many")
    check(all(len(key) == 32 for key in found.keys.values()), "a key of another length")


class _ToldKeys:
    """A console that answers `provision` with these notes."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes

    def command(self, _line: str, _deadline: Deadline) -> Answer:
        return Answer(DEVICE, self._notes)


def check_told_keys(data: bytes) -> None:
    """Write key files from a spoiled answer: both good, or none at all."""
    program = Input(data)
    told = {
        f"{role}-{name}": key
        for role in (ARC, CUSTOMER)
        for name, key in _key_file(role)["keys"].items()
    }
    notes = mutated(program, "\n".join(f"{name} {key}" for name, key in told.items()).encode())
    console: Any = _ToldKeys(notes.decode(errors="replace").split("\n"))
    with TemporaryDirectory(dir=_FOLDER.name) as name:
        folder = Path(name)
        files = KeyFiles.of(folder, DEVICE)
        try:
            provision(console, files, DEVICE, {}, False, Deadline(1.0))
        except FlashError:
            check(not list(folder.iterdir()), "the keys are refused, and a file is left")
            return
        for role, path in ((ARC, files.arc), (CUSTOMER, files.customer)):
            check(KeyFile.read(path, role).device == DEVICE, "the key files' device is another")
