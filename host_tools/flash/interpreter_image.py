"""Puts a MicroPython image on a board: by its boot volume (UF2), or by esptool."""

from __future__ import annotations

import hashlib
import importlib.util
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.boards import Board
from host_tools.deadline import Deadline
from host_tools.flash.errors import (
    ImageError,
    NoBoardError,
    ToolError,
    VolumeError,
    WhichBoardError,
)
from host_tools.flash.finding import BOOT, MICROPYTHON, candidates, volumes
from host_tools.flash.uf2 import check_uf2, check_volume, copy_uf2

ESPTOOL = [sys.executable, "-m", "esptool"]
_ESP_MAGIC = 0xE9
# esptool's docs, "Firmware Image Format": the chip's number in the extended header. Where the
# image goes: MicroPython's download page of the board.
_ESP_CHIPS = {"esp32": (0, 0x1000), "esp32s3": (9, 0)}
_ESP_BAUD = 460800
_VOLUME_S = 20.0
_QUOTED_LINES = 4


@dataclass(frozen=True)
class Source:
    """An image file, and the SHA-256 that it must have if its user knows one."""

    path: Path
    sha256: str | None = None


def read_image(source: Source, board: Board) -> bytes:
    """Return the image if it is the one it should be, and made for the board; raise ImageError."""
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise ImageError(f"The image {source.path} cannot be read: {error.strerror}.") from error
    wanted = source.sha256 or board.image.sha256
    found = hashlib.sha256(data).hexdigest()
    if wanted is not None and found != wanted.lower():
        raise ImageError(
            f"The image {source.path} does not match its SHA-256: it has {found}, and should have "
            f"{wanted}. Nothing was written. Download it again; for another version than "
            f"{board.image.file} say which SHA-256 it has with --image-sha256."
        )
    try:
        if board.flasher == "uf2":
            check_uf2(data, board)
        elif board.flasher == "esptool":
            _check_esp(data, board)
        else:
            raise ImageError(f"{board.name} takes no image: {board.image.why_unknown}.")
    except ImageError as error:
        raise ImageError(f"The image {source.path} is not right. {error}") from error
    return data


def install_interpreter(
    board: Board,
    source: Source,
    *,
    port: str | None,
    volume: Path | None,
    reboot: Callable[[str], None],
    tell: Callable[[str], None],
    deadline: Deadline,
) -> str:
    """Write the image; return the port on which the interpreter shows itself then.

    `reboot(port)` has a running interpreter wait for an image, where there is no boot volume yet.
    Raises FlashError, TimeoutError.
    """
    data = read_image(source, board)
    before = {one.device for one in candidates([board]) if one.what == MICROPYTHON}
    if board.flasher == "uf2":
        place = volume or _boot_volume(board, port, reboot, tell, deadline)
        check_volume(place, board)
        tell(f"copying {source.path.name} to {place}")
        copy_uf2(data, source.path.name, place)
    else:
        device = port or _only_boot_port(board)
        tell(f"writing {source.path.name} with esptool")
        _run_esptool(board, source.path, device, deadline)
    tell("waiting for the interpreter")
    return _await_port(board, before - {port}, deadline)


def _boot_volume(
    board: Board,
    port: str | None,
    reboot: Callable[[str], None],
    tell: Callable[[str], None],
    deadline: Deadline,
) -> Path:
    label = board.boot_volume or ""
    found = volumes(label)
    if not found and port is not None:
        tell(f"waiting for the volume {label}")
        reboot(port)
        try:
            found = deadline.within(_VOLUME_S).wait_for(lambda: volumes(label), label)
        except TimeoutError as error:
            raise VolumeError(_no_volume(board)) from error
    if not found:
        raise VolumeError(_no_volume(board))
    if len(found) > 1:
        lines = "".join(f"\n  --volume {path}" for path in found)
        raise WhichBoardError(f"There are {len(found)} boot volumes. Name one:{lines}")
    return found[0]


def _no_volume(board: Board) -> str:
    return (
        f"There is no volume {board.boot_volume}. Unplug the board, hold its BOOTSEL button while "
        f"you plug it in again, and run this again. Where your system shows the volume and does "
        f"not mount it, mount it and name its folder with --volume."
    )


def _only_boot_port(board: Board) -> str:
    found = [one.device for one in candidates([board]) if one.what == BOOT]
    if len(found) == 1:
        return found[0]
    names = ", ".join(found) or "none"
    raise NoBoardError(
        f"Which port? Name it with --port. Ports of a {board.name} that waits for an image: "
        f"{names}. Hold its BOOT button while you press RESET, if it does not show itself."
    )


def _await_port(board: Board, before: set[str], deadline: Deadline) -> str:
    """Wait until the board's interpreter has a port that was not there before."""

    def new_ports() -> list[str]:
        now = [one.device for one in candidates([board]) if one.what == MICROPYTHON]
        return [device for device in now if device not in before]

    try:
        return deadline.wait_for(new_ports, "a port")[0]
    except TimeoutError as error:
        raise NoBoardError(
            f"The image was written, but no port of a {board.name} has appeared. Unplug the board "
            f"and plug it in again, then run this again without --image."
        ) from error


def _check_esp(data: bytes, board: Board) -> None:
    if len(data) < 24 or data[0] != _ESP_MAGIC:
        raise ImageError("It is no image for an ESP32.")
    number = struct.unpack_from("<H", data, 12)[0]
    if number != _ESP_CHIPS[board.chip][0]:
        names = {known: chip for chip, (known, _offset) in _ESP_CHIPS.items()}
        made_for = names.get(number, f"another chip (number {number})")
        raise ImageError(f"It is made for {made_for}; {board.name} has {board.chip}.")


def _run_esptool(board: Board, image: Path, port: str, deadline: Deadline) -> None:
    if ESPTOOL[1] == "-m" and importlib.util.find_spec(ESPTOOL[2]) is None:
        raise ToolError("esptool is not installed. Run `make setup`, or pip install esptool.")
    command = [
        *ESPTOOL,
        *("--chip", board.chip, "--port", port, "--baud", str(_ESP_BAUD)),
        # Nothing is erased: what a detector keeps beside its files stays.
        *("write-flash", f"{_ESP_CHIPS[board.chip][1]:#x}", str(image)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=deadline.remaining, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"esptool did not come to an end within {deadline.seconds:g} s. Hold the board's BOOT "
            f"button while you press RESET, and run this again."
        ) from error
    if done.returncode != 0:
        lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-_QUOTED_LINES:]
        raise ToolError(
            "esptool failed. Hold the board's BOOT button while you press RESET, and run this "
            "again. It said:" + "".join(f"\n  {line}" for line in lines)
        )
