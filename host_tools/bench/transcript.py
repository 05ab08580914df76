"""Transcripts: every byte that the host's side of a port saw and sent, with its time.

One line a piece: seconds since the run began, direction, number of bytes, and the bytes: as text
on the console, as hex on the links. `>` is to the detector, `<` from it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

Tap = Callable[[str, bytes], None]
"""What a port adapter calls for every piece: "tx" or "rx", and the bytes."""

PORTS = ("console", "hub", "uplink")
_HEX_BYTES = 32  # a line of a link's transcript


class Transcripts:
    """The three ports' transcripts of one run, in one folder; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Begin new files in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.paths = [folder / f"{port}.log" for port in PORTS]
        self._files: dict[str, TextIO] = {
            port: path.open("w", encoding="utf-8")
            for port, path in zip(PORTS, self.paths, strict=True)
        }
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def tap(self, port: str) -> Tap:
        """Return the tap for one port, to be called from any thread."""
        file = self._files[port]
        lines = _text_lines if port == "console" else _hex_lines

        def note(direction: str, data: bytes) -> None:
            seconds = time.monotonic() - self._start
            arrow = ">" if direction == "tx" else "<"
            with self._lock:
                if not file.closed:
                    for line in lines(data):
                        file.write(f"{seconds:10.6f} {arrow} {len(data):5d} {line}\n")

        return note

    def note(self, sentence: str) -> None:
        """Write a remark into all three, e.g. which test begins."""
        seconds = time.monotonic() - self._start
        with self._lock:
            for file in self._files.values():
                if not file.closed:
                    file.write(f"{seconds:10.6f} # {sentence}\n")

    def close(self) -> None:
        """End the files; taps that are called later write nothing."""
        with self._lock:
            for file in self._files.values():
                file.close()

    def __enter__(self) -> Transcripts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _text_lines(data: bytes) -> list[str]:
    return [repr(line)[2:-1] for line in data.splitlines(keepends=True)]


def _hex_lines(data: bytes) -> list[str]:
    return [
        data[index : index + _HEX_BYTES].hex(" ", 2) for index in range(0, len(data), _HEX_BYTES)
    ]
