"""Which boards are plugged in: by the USB ids of boards/, on serial ports or as a boot volume."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from host_tools.boards import Board, UsbId, board_names, load_board
from host_tools.flash.errors import NoBoardError, WhichBoardError

MICROPYTHON, BOOT = "micropython", "boot"
_MOUNTS = Path("/proc/mounts")
_MAC_VOLUMES = Path("/Volumes")


@dataclass(frozen=True)
class Candidate:
    """A serial port that a board of boards/ shows itself on; kinds may share their ids."""

    device: str
    what: str  # MICROPYTHON or BOOT
    boards: tuple[Board, ...]
    serial_number: str

    @property
    def title(self) -> str:
        """What it may be, for people."""
        names = " or ".join(board.name for board in self.boards)
        return f"{names}, {self.serial_number}" if self.serial_number else names


def boards_of(name: str | None) -> list[Board]:
    """Return the one board of this name, or all; raise NoBoardError."""
    if name is not None and name not in board_names():
        raise NoBoardError(f"There is no board {name}. Known: {', '.join(board_names())}.")
    return [load_board(known) for known in board_names() if name in (None, known)]


def candidates(boards: Iterable[Board]) -> list[Candidate]:
    """Return the serial ports whose USB ids are those of these boards, by their names."""
    found = []
    boards = list(boards)
    for port in list_ports.comports():
        if port.vid is None or port.pid is None:
            continue
        for what in (MICROPYTHON, BOOT):
            key = (f"{port.vid:04x}", f"{port.pid:04x}")
            fitting = tuple(board for board in boards if key in _keys(board.usb_ids(what)))
            if fitting:
                found.append(Candidate(port.device, what, fitting, port.serial_number or ""))
    return sorted(found, key=lambda candidate: candidate.device)


def find_ports(boards: Sequence[Board], every: bool) -> list[str]:
    """Return the only board's port, with `every` those of all.

    Raises NoBoardError, WhichBoardError; each text says what to type.
    """
    found = [one for one in candidates(boards) if one.what == MICROPYTHON]
    if not found:
        raise NoBoardError(_nothing(boards))
    if len(found) > 1 and not every:
        lines = "".join(f"\n  sluss flash --port {one.device}    # {one.title}" for one in found)
        raise WhichBoardError(
            f"There are {len(found)} boards. Type one of these, or `sluss flash --all` for all of "
            f"them:{lines}"
        )
    return [one.device for one in found]


def _nothing(boards: Sequence[Board]) -> str:
    """Return the sentences for whom no board was found, by what else was."""
    for one in candidates(boards):
        if one.what == BOOT:
            image = one.boards[0].image
            return (
                f"{one.device} is a {one.title}, but it does not run MicroPython yet. Get "
                f"{image.file} from {image.url} and type "
                f"sluss flash --port {one.device} --board {one.boards[0].board} --image FILE"
            )
    for board in boards:
        for volume in volumes(board.boot_volume or "", check=False):
            return (
                f"{volume} is a {board.name} that waits for its interpreter. Get "
                f"{board.image.file} from {board.image.url} and type "
                f"sluss flash --board {board.board} --image FILE"
            )
    ports = ", ".join(port.device for port in list_ports.comports()) or "none"
    return (
        "No board was found. Is it plugged in, with a cable that carries data? Many only charge. "
        "A new Pico has no MicroPython yet: hold its BOOTSEL button while you plug it in, and run "
        "this again. Any other port can be named with --port; `sluss sim` prints those of a "
        f"virtual board. Serial ports here: {ports}."
    )


def volumes(label: str, check: bool = True) -> list[Path]:
    """Return where volumes of this label are mounted; with `check`, those that can be read."""
    if not label:
        return []
    if sys.platform == "darwin":
        mounted = [_MAC_VOLUMES / label]
    else:
        try:
            lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        places = [line.split(" ")[1] for line in lines if line.count(" ") >= 2]
        mounted = [Path(place.replace("\\040", " ")) for place in places]
    return [path for path in mounted if path.name == label and (not check or path.is_dir())]


def udev_rules(boards: Iterable[Board]) -> list[str]:
    """Return the udev rules that let whoever is logged in use these boards."""
    vids = sorted({usb.vid for board in boards for usb in board.usb})
    return [f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vid}", TAG+="uaccess"' for vid in vids]


def _keys(ids: Iterable[UsbId]) -> set[tuple[str, str]]:
    return {(usb.vid, usb.pid) for usb in ids}
