"""JPEGs of a wished size, to be put in front of the camera: a drawn sign, and filler behind it."""

from __future__ import annotations

import random
import struct
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

_SIZE = (320, 240)
_COMMENT = b"\xff\xfe"
_SEGMENT_HEAD = struct.Struct(">2sH")
_MOST_IN_A_SEGMENT = 0xFFFF - 2
_SEED = 7
_AFTER_JFIF = 20  # start mark and the JFIF segment that Pillow writes


def folder_with(folder: Path, word: str, size_bytes: int) -> Path:
    """Put one picture of `size_bytes` with a word on it into a folder and return that."""
    folder.mkdir(parents=True, exist_ok=True)
    jpeg = _sign(word)
    filler = _filler(size_bytes - len(jpeg))
    (folder / f"{word}.jpg").write_bytes(jpeg[:_AFTER_JFIF] + filler + jpeg[_AFTER_JFIF:])
    return folder


def _sign(word: str) -> bytes:
    image = Image.new("RGB", _SIZE, "#264653")
    ImageDraw.Draw(image).text((130, 110), word.upper(), fill="white")
    out = BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def _filler(count: int) -> bytes:
    """Return `count` bytes of comment segments, which a viewer passes over."""
    chance = random.Random(_SEED)
    filler = b""
    while len(filler) < count:
        left = count - len(filler) - _SEGMENT_HEAD.size
        body = chance.randbytes(min(max(left, 0), _MOST_IN_A_SEGMENT))
        filler += _SEGMENT_HEAD.pack(_COMMENT, 2 + len(body)) + body
    return filler
