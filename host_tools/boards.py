"""Board descriptions: `boards/<BOARD>/board.json` and `pins.py`, for the host's tools."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any

from host_tools import ROOT

BOARDS_DIR = ROOT / "boards"

FLASHERS = ("uf2", "esptool", "none")
USB_USES = ("micropython", "boot")
CAMERAS = ("arducam_mini", "esp32_camera")


class BoardError(Exception):
    """A board's description is missing a fact, or says something that cannot be."""


@dataclass(frozen=True)
class UsbId:
    """What a board calls itself on USB; four lower-case hex digits each, as in `lsusb`."""

    vid: str
    pid: str
    what: str  # "micropython": its interpreter runs; "boot": it waits for an image


@dataclass(frozen=True)
class InterpreterImage:
    """The MicroPython image that the board was described with."""

    file: str | None  # None: nothing is to be installed
    url: str | None  # the page to get it from
    sha256: str | None  # None: not known, `why_unknown` says why
    why_unknown: str


@dataclass(frozen=True)
class Features:
    """What this model of detector has; a request for what it lacks is refused.

    pins.py says the same to the firmware, where it is part of what the board attests.
    """

    customer_picture: bool
    live_view: bool
    camera: str  # a driver of the firmware: one of CAMERAS


@dataclass(frozen=True)
class Board:
    """One board of boards/."""

    board: str  # its folder
    name: str  # for people
    chip: str  # a row of boards/chips.toml
    module: str  # the same: what the chip sits on
    radio: bool  # it has one on the chip, which no pin can gate
    flash_bytes: int  # of the storage region that MicroPython hands out as block device
    flash_block_bytes: int
    heap_bytes: int | None  # None: not measured yet
    flasher: str  # one of FLASHERS
    boot_volume: str | None  # label of the volume that takes a UF2 file
    usb: tuple[UsbId, ...]
    build: str  # sys.implementation._build of its interpreter
    image: InterpreterImage
    features: Features

    def usb_ids(self, what: str) -> tuple[UsbId, ...]:
        """Return the ids it shows while `what` is what runs."""
        return tuple(usb for usb in self.usb if usb.what == what)


def board_names() -> list[str]:
    """Return all boards' names, sorted."""
    return sorted(path.parent.name for path in BOARDS_DIR.glob("*/board.json"))


def load_board(board: str, folder: Path = BOARDS_DIR) -> Board:
    """Return a board's description; raise FileNotFoundError without one, else BoardError."""
    path = folder / board / "board.json"
    if not path.is_file():
        raise FileNotFoundError(f"no board {board!r}: {path} does not exist")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BoardError(f"{path} is not JSON: {error}.") from error
    try:
        found = _board(about)
        _check(found)
    except (BoardError, TypeError, KeyError, AttributeError) as error:
        raise BoardError(f"{path}: {error}") from error
    if found.board != board:
        raise BoardError(f"{path}: it says that it is {found.board}.")
    return found


def load_pins(board: str) -> ModuleType:
    """Return the pins module of a board; raise FileNotFoundError if there is no such board."""
    path = BOARDS_DIR / board / "pins.py"
    if not path.is_file():
        raise FileNotFoundError(f"no board {board!r}: {path} does not exist")
    spec = importlib.util.spec_from_file_location(f"sluss_pins_{board}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _board(about: dict[str, Any]) -> Board:
    known = {field.name for field in fields(Board)}
    if set(about) != known:
        odd = ", ".join(sorted(set(about) ^ known))
        raise BoardError(f"missing, or not known: {odd}")
    about = dict(about)
    about["usb"] = tuple(UsbId(**usb) for usb in about["usb"])
    about["image"] = InterpreterImage(**about["image"])
    about["features"] = Features(**about["features"])
    return Board(**about)


def _check(board: Board) -> None:
    """Raise BoardError for what no tool could work with."""
    image = board.image
    rules = (
        (board.flasher in FLASHERS, f"flasher is one of {', '.join(FLASHERS)}"),
        ((board.flasher == "uf2") == (board.boot_volume is not None), "uf2 has a boot_volume"),
        ((board.flasher == "none") == (image.file is None), "an image where there is a flasher"),
        ((image.file is None) == (image.url is None), "an image has both file and url"),
        (_is_hex(image.sha256, 64) or image.sha256 is None, "sha256 is 64 lower-case hex digits"),
        ((image.sha256 is None) == bool(image.why_unknown), "sha256, or why_unknown"),
        (board.features.camera in CAMERAS, f"camera is one of {', '.join(CAMERAS)}"),
        (board.flash_bytes % board.flash_block_bytes == 0, "flash_bytes is whole blocks"),
        *((_is_hex(usb.vid, 4), "vid is 4 lower-case hex digits") for usb in board.usb),
        *((_is_hex(usb.pid, 4), "pid is 4 lower-case hex digits") for usb in board.usb),
        *((usb.what in USB_USES, f"what is one of {', '.join(USB_USES)}") for usb in board.usb),
    )
    for holds, rule in rules:
        if not holds:
            raise BoardError(f"it breaks the rule: {rule}")


def _is_hex(text: str | None, digits: int) -> bool:
    return text is not None and re.fullmatch(rf"[0-9a-f]{{{digits}}}", text) is not None
