"""Sealed images as they come over a link, in chunks; after a cut they are gone on with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from detector.frames import CHUNK_BYTES

# The device takes a HELLO of 512 bytes; the newest images are the ones it may still be sending.
_HAVE_LIMIT = 16


@dataclass
class Image:
    """A received image; `complete` once all chunks and the MAC are there. It is still sealed."""

    meta: dict[str, Any]
    header: bytes
    wrapped: bytes
    body: bytearray = field(default_factory=bytearray)
    mac: bytes = b""
    complete: bool = False

    @property
    def id(self) -> int:
        """The image's number on its detector."""
        return int(self.meta["id"])

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
        """Begin an image, or go on with one that was cut."""
        header = bytes.fromhex(meta["header"])
        first = int(meta["from"])
        before = self._last(int(meta["id"]))
        if before is not None and before.header == header and 0 < first <= before.chunks_here:
            del before.body[first * CHUNK_BYTES :]
            before.meta = meta
            before.wrapped = bytes.fromhex(meta["key"])
            self._running = before
            return
        image = Image(meta, header, bytes.fromhex(meta["key"]))
        self._running = image if first == 0 else None
        self.images.append(image)

    def chunk(self, data: bytes) -> None:
        """Take the next chunk of the running image; without a whole one it is not gone on with."""
        if len(data) != CHUNK_BYTES:
            self._running = None
        image = self._running
        if image is not None and image.chunks_here < int(image.meta["chunks"]):
            image.body += data

    def end(self, body: dict[str, Any]) -> Image | None:
        """End the running image; return it if it is whole now and was not before."""
        image = self._running
        self._running = None
        if image is None or image.id != body.get("id") or "mac" not in body:
            return None
        if image.chunks_here != int(image.meta["chunks"]) or image.complete:
            return None
        image.mac = bytes.fromhex(body["mac"])
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
