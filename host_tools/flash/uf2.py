"""UF2 images: what chip they are for, and the volume that takes them.

Format and numbers: github.com/microsoft/uf2, README.md and utils/uf2families.json.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
from pathlib import Path

from host_tools.boards import Board
from host_tools.flash.errors import ImageError, VolumeError

_BLOCK = struct.Struct("<8I476xI")
_MAGICS = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_HAS_FAMILY = 0x2000
INFO = "INFO_UF2.TXT"
_FAMILIES = {
    0xE48BFF56: "rp2040",
    0xE48BFF59: "rp2350",  # Arm, secure
    0xE48BFF5A: "rp2350",  # RISC-V
}
# Belongs to any chip of the family: an RP2350 image may begin with one such block (erratum E10).
_ABSOLUTE = 0xE48BFF57


def check_uf2(data: bytes, board: Board) -> None:
    """Raise ImageError unless this is a whole UF2 image for the board's chip."""
    if len(data) < _BLOCK.size or len(data) % _BLOCK.size:
        raise ImageError("It is no UF2 image: it does not consist of blocks of 512 bytes.")
    chips = set()
    numbers: dict[tuple[int, int], list[int]] = {}  # by family and how many there should be
    for start in range(0, len(data), _BLOCK.size):
        first, second, flags, _at, count, number, total, family, last = _BLOCK.unpack_from(
            data, start
        )
        if (first, second, last) != _MAGICS or count > 476:
            raise ImageError(f"It is no UF2 image: the block at byte {start} is none.")
        if not flags & _HAS_FAMILY:
            raise ImageError("It does not say which chip it is for.")
        if family == _ABSOLUTE:
            continue
        chips.add(_FAMILIES.get(family, f"another chip (family {family:#010x})"))
        numbers.setdefault((family, total), []).append(number)
    if chips != {board.chip}:
        made_for = " and ".join(sorted(chips)) or "no chip"
        raise ImageError(f"It is made for {made_for}; {board.name} has {board.chip}.")
    if any(found != list(range(total)) for (_family, total), found in numbers.items()):
        raise ImageError("It is damaged: blocks are missing, or in disorder.")


def check_volume(volume: Path, board: Board) -> None:
    """Raise VolumeError unless this is the boot volume of the board's chip."""
    try:
        info = (volume / INFO).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise VolumeError(
            f"{volume} is no boot volume: its {INFO} cannot be read ({error.strerror})."
        ) from error
    found = re.search(r"^Board-ID:\s*(\S+)", info, re.MULTILINE)
    if found is None or found[1] != board.boot_volume:
        name = found[1] if found else "nothing"
        raise VolumeError(
            f"{volume} belongs to another board: it says Board-ID {name}; {board.name} says "
            f"{board.boot_volume}."
        )


def copy_uf2(data: bytes, name: str, volume: Path) -> None:
    """Write an image to a boot volume, which vanishes when it has it all; raise VolumeError."""
    target = volume / name
    rest = memoryview(data)
    try:
        with target.open("wb", buffering=0) as file:
            while rest:
                rest = rest[file.write(rest) :]
            # The board has all of it, and may be gone before it can say so.
            with contextlib.suppress(OSError):
                os.fsync(file.fileno())
    except OSError as error:
        if not rest:
            return
        raise VolumeError(
            f"The image could not be copied to {volume}: {error.strerror}. Unplug the board, "
            f"plug it in again with BOOTSEL held, and run this again."
        ) from error
