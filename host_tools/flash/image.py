"""Builds what a board shall hold: the root's programs, and an app of modules and pins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType

from host_tools import ROOT
from host_tools.boards import BOARDS_DIR, board_names, load_pins
from host_tools.flash.compiler import compile_all, compiled_name
from host_tools.flash.errors import BuildError
from host_tools.flash.fold import fold
from host_tools.flash.packed import PackedApp, pack

FIRMWARE_DIR = ROOT / "firmware"
BUILD_DIR = ROOT / "build" / "firmware"
COMPILED_DIR = ROOT / "build" / "compiled"
ROOT_PROGRAMS = ("boot.py", "main.py")  # run by the interpreter, from the file system only
ROOT_MODULES = (
    "flash_guard.py",
    "slot.py",
    "loader.py",
)  # what main.py needs, whichever app it starts

# Given a file's path below firmware/ and its text, returns the text to compile instead.
Sabotage = Callable[[str, str], str]

_QUOTED_ROLE = re.compile(r'"([A-Z][A-Z0-9_]*)"')


@dataclass(frozen=True)
class Image:
    """The files of one board, by their paths: those of its root, and those of its app."""

    board: str
    root: dict[str, bytes]
    app: dict[str, bytes]
    loader_sources: dict[str, str] = field(default_factory=dict)  # by module, to be sent ahead

    @property
    def files(self) -> dict[str, bytes]:
        """All of them, as the board attests them."""
        return dict(sorted((self.root | self.app).items()))

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file, hex."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}

    @cached_property
    def packed(self) -> PackedApp:
        """The app as the one file that goes into a slot."""
        return pack(self.app)


def build_image(board: str, sabotage: Sabotage | None = None) -> Image:
    """Compile the firmware for `board`; raise BuildError.

    The files are kept in build/firmware/<board>/, except sabotaged ones, which no one shall find
    there, nor in what the compiler keeps.
    """
    try:
        pins = load_pins(board)
    except FileNotFoundError as error:
        raise BuildError(
            f"There is no board {board}. Known: {', '.join(board_names())}."
        ) from error
    paths = [*ROOT_PROGRAMS, *ROOT_MODULES, *shipped_modules()]
    texts = {path: (FIRMWARE_DIR / path).read_text(encoding="utf-8") for path in paths}
    if sabotage is not None:
        texts = {path: sabotage(path, text) for path, text in texts.items()}
    root = {path: render_roles(texts.pop(path), pins).encode() for path in ROOT_PROGRAMS}
    folded = fold(texts)
    folded["pins.py"] = (BOARDS_DIR / board / "pins.py").read_text(encoding="utf-8")
    app = compile_all(folded, COMPILED_DIR / board if sabotage is None else None)
    for path in ROOT_MODULES:
        root[compiled_name(path)] = app.pop(compiled_name(path))
    sources = {path.removesuffix(".py"): folded[path] for path in ROOT_MODULES}
    image = Image(board, dict(sorted(root.items())), dict(sorted(app.items())), sources)
    if sabotage is None:
        _keep(BUILD_DIR / board, image.files)
    return image


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
