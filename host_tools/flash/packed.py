"""An app as one file, as firmware/loader.py reads it; the format's numbers are its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slot import DIGEST_BYTES, HEAD


@dataclass(frozen=True)
class Part:
    """A stretch of an app: new bytes, or where in another app the same bytes are."""

    data: bytes
    copied_from: int | None = None  # an offset in the other app's file


@dataclass(frozen=True)
class PackedApp:
    """An app's file and where in it the files are."""

    data: bytes
    offsets: Mapping[str, int]

    @property
    def mark(self) -> str:
        """The last bytes, hex: the SHA-256 of all before them, which no other app has."""
        return self.data[-DIGEST_BYTES:].hex()

    def parts(self, files: Mapping[str, bytes], there: Mapping[str, int]) -> Iterator[Part]:
        """Cut it into what must be sent and what can be copied from an app on the board.

        `there` are the offsets, in that app, of those of `files` that are the same there.
        """
        done = 0
        copies: list[tuple[int, int, int]] = []  # start here, start there, length
        for path, start in self.offsets.items():
            if path not in there:
                continue
            length = len(files[path])
            if copies:
                here, away, count = copies[-1]
                if here + count == start and away + count == there[path]:
                    copies[-1] = (here, away, count + length)
                    continue
            copies.append((start, there[path], length))
        for start, away, length in copies:
            if start > done:
                yield Part(self.data[done:start])
            if length:
                yield Part(self.data[start : start + length], away)
            done = start + length
        yield Part(self.data[done:])


def pack(files: Mapping[str, bytes]) -> PackedApp:
    """Pack files, by their paths."""
    index, offset = b"\n", 0
    starts = {}
    for path, data in sorted(files.items()):
        index += b"%s %d %d\n" % (path.encode(), offset, len(data))
        starts[path] = offset
        offset += len(data)
    digests = b"".join(hashlib.sha256(data).digest() for _path, data in sorted(files.items()))
    behind = index + digests + b"".join(data for _path, data in sorted(files.items()))
    whole = HEAD % (len(index), len(behind) + DIGEST_BYTES) + behind
    first = len(whole) - offset
    offsets = {path: first + start for path, start in starts.items()}
    return PackedApp(whole + hashlib.sha256(whole).digest(), offsets)
