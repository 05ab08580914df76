"""Sealed images as they come over a link, in chunks; after a cut they are gone on with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from detector.frames import CHUNK_BYTES

# The device takes a HELLO of 512 bytes; the newest images are the ones it may still be sending.
_HAVE_LIMIT = 16
# What an image's header can say (u32, u16): a body is never longer.
_LARGEST_ID = 0xFFFFFFFF
_MOST_CHUNKS = 0xFFFF


class BodyError(ValueError):
    """An authentic message makes no sense; args: what is wrong with it."""


@dataclass
class Image:
    """A received image; `complete` once all chunks and the MAC are there. It is still sealed."""

    meta: dict[str, Any]
    id: int  # the image's number on its detector
    chunks: int
    header: bytes
    wrapped: bytes
    body: bytearray = field(default_factory=bytearray)
    mac: bytes = b""
    complete: bool = False

    @property
    def chunks_here(self) -> int:
        """How many whole chunks have arrived, from the first on."""
        return len(self.body) // int(CHUNK_BYTES)


class Collector:
    """Puts images together from announcements, chunks and ends, across sessions."""

    def __init__(self) -> None:
        """Hold none."""
        self.images: list[Image] = []
        self._running: Image | None = None

    def announce(self, meta: dict[str, Any]) -> None:
        """Begin an image, or go on with one that was cut. Raises BodyError."""
        self._running = None
        chunks = whole_number(meta, "chunks", 1, _MOST_CHUNKS)
        first = whole_number(meta, "from", 0, chunks)
        image_id = whole_number(meta, "id", 1, _LARGEST_ID)
        image = Image(meta, image_id, chunks, _from_hex(meta, "header"), _from_hex(meta, "key"))
        before = self._last(image_id)
        if before is not None and _goes_on(before, image) and 0 < first <= before.chunks_here:
            if first < before.chunks_here:
                del before.body[first * CHUNK_BYTES :]
                before.complete = False
            before.meta = meta
            before.wrapped = image.wrapped
            self._running = before
            return
        self._running = image if first == 0 else None
        self.images.append(image)

    def chunk(self, data: bytes) -> None:
        """Take the next chunk of the running image; without a whole one it is not gone on with."""
        if len(data) != CHUNK_BYTES:
            self._running = None
        image = self._running
        if image is not None and image.chunks_here < image.chunks:
            image.body += data

    def end(self, body: dict[str, Any]) -> Image | None:
        """End the running image; return it if it is whole now and was not before.

        Raises BodyError.
        """
        image = self._running
        self._running = None
        if image is None or image.id != body.get("id") or "mac" not in body:
            return None
        if image.chunks_here != image.chunks or image.complete:
            return None
        image.mac = _from_hex(body, "mac")
        image.complete = True
        return image

    def cut(self) -> None:
        """The session is over; what was running waits for the next."""
        self._running = None

    def have(self, complete_too: bool) -> tuple[tuple[str, int], ...]:
        """Return (id, chunks here) of the images that need not begin anew."""
        pairs = {
            str(image.id): image.chunks_here
            for image in self.images
            if image.chunks_here and (complete_too or not image.complete)
        }
        return tuple(list(pairs.items())[-_HAVE_LIMIT:])

    def _last(self, image_id: int) -> Image | None:
        for image in reversed(self.images):
            if image.id == image_id:
                return image
        return None


def _goes_on(before: Image, image: Image) -> bool:
    return before.header == image.header and before.chunks == image.chunks


def whole_number(body: dict[str, Any], name: str, low: int, high: int) -> int:
    """Return a field that must be a whole number within low .. high. Raises BodyError."""
    value = body.get(name)
    if type(value) is not int or not low <= value <= high:  # bool is an int to isinstance
        raise BodyError(f"{name!r} is no number within {low}..{high}")
    return value


def _from_hex(body: dict[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(body[name])
    except (KeyError, TypeError, ValueError) as error:
        raise BodyError(f"{name!r} is not hex") from error
