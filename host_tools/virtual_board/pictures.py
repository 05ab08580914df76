"""The pictures in front of the virtual camera: a folder of JPEGs, each shot with its own canary.

A canary is a random mark in a comment segment of the JPEG: whoever finds it somewhere has seen
that very shot. The filler behind it varies the shots' lengths, none of them a multiple of a block.
"""

from __future__ import annotations

import hashlib
import random
import struct
from dataclasses import dataclass
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
CANARY_BYTES = 16
LARGEST_BYTES = 0x5FFFF - 1024  # what fits the camera's FIFO together with the canary's segment
_FILLER_BYTES = 600
_APP0 = b"\xff\xe0"
_COMMENT = b"\xff\xfe"


class PicturesError(Exception):
    """The folder has no JPEGs that a camera could deliver."""


@dataclass
class ServedPicture:
    """One picture that the camera took; `read_bytes` says how much of it was fetched."""

    index: int
    name: str
    jpeg: bytes
    canary: bytes  # empty when canaries are off
    sha256: str
    read_bytes: int = 0


class Pictures:
    """Takes pictures from a folder: all of them in random order, then all of them anew."""

    def __init__(self, folder: Path | None, seed: int, canary: bool) -> None:
        """Read the folder's JPEGs (this package's own without one). Raises PicturesError."""
        self.canary = canary
        self.served: list[ServedPicture] = []
        self._random = random.Random(seed)
        self._order: list[tuple[str, bytes]] = []
        self._all = _read(folder or IMAGES)

    def set_folder(self, folder: Path) -> None:
        """Take the pictures from another folder from now on. Raises PicturesError."""
        self._all = _read(folder)
        self._order = []

    def take(self) -> ServedPicture:
        """Take the next picture."""
        if not self._order:
            self._order = self._random.sample(self._all, len(self._all))
        name, jpeg = self._order.pop()
        canary = b""
        if self.canary:
            canary = self._random.randbytes(CANARY_BYTES)
            jpeg = with_canary(jpeg, canary, self._random)
        digest = hashlib.sha256(jpeg).hexdigest()
        picture = ServedPicture(len(self.served), name, jpeg, canary, digest)
        self.served.append(picture)
        return picture


def with_canary(jpeg: bytes, canary: bytes, chance: random.Random) -> bytes:
    """Return the JPEG with a comment segment of canary and filler behind its first header.

    The length of the result is no multiple of 16, so of no block and of no chunk.
    """
    at = 2
    if jpeg[2:4] == _APP0:  # JFIF wants it first
        at += 2 + int(struct.unpack_from(">H", jpeg, 4)[0])
    filler = chance.randrange(1, _FILLER_BYTES)
    if (len(jpeg) + 4 + len(canary) + filler) % 16 == 0:
        filler += 1
    body = canary + chance.randbytes(filler)
    return jpeg[:at] + _COMMENT + struct.pack(">H", 2 + len(body)) + body + jpeg[at:]


def _read(folder: Path) -> list[tuple[str, bytes]]:
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg"))
        pictures = [(path.name, path.read_bytes()) for path in paths]
    except OSError as error:
        raise PicturesError(f"cannot read the pictures in {folder}: {error}") from error
    for name, jpeg in pictures:
        if jpeg[:2] != b"\xff\xd8" or jpeg[-2:] != b"\xff\xd9":
            raise PicturesError(f"{folder / name} is no JPEG from its first to its last byte")
        if len(jpeg) > LARGEST_BYTES:
            raise PicturesError(f"{folder / name} is larger than the camera's FIFO")
    if not pictures:
        raise PicturesError(f"no .jpg in {folder}")
    return pictures
