"""Sends a file to a board, whose on_device/files.py receives it, in parts and blocks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence

from mpremote.transport import TransportExecError

from host_tools.flash.errors import LostError
from host_tools.flash.packed import Part
from host_tools.flash.transport import ReplTransport, is_full, say_full

_BLOCK_BYTES = 3072  # 4096 as base64, the receiver's buffer
_ACKNOWLEDGED = b"+"
_END = b"\x04"  # of a program's output, and of its traceback, in the raw REPL
_TRACEBACK_S = 2.0

# Called with what is going on, bytes done and bytes in all.
Progress = Callable[[str, int, int], None]


class Sender:
    """A board in its raw REPL, with files.py loaded."""

    def __init__(self, transport: ReplTransport) -> None:
        """Take the transport."""
        self._transport = transport

    def send(self, path: str, parts: Sequence[Part], source: str, progress: Progress) -> None:
        """Write a file, in `parts`; what is copied comes from the file `source` on the board.

        Raises LostError, BoardFullError.
        """
        transport = self._transport
        total = sum(len(part.data) for part in parts)
        done = 0
        transport.exec_raw_no_follow(f"receive({path!r})")
        self._await_acknowledgement(path)
        for part in parts:
            count = len(part.data)
            if part.copied_from is not None:
                self._say(f"copy {part.copied_from} {count} {source}")
            else:
                self._say(f"take {count}")
                for block in _blocks(part.data):
                    self._await_acknowledgement(path)
                    transport.serial.write(base64.b64encode(block))
                    progress(path, done, total)
                    done += len(block)
            self._await_acknowledgement(path)
            if part.copied_from is not None:
                done += count
            progress(path, done, total)
        self._say("")
        self._await_acknowledgement(path)
        _output, error = transport.follow(10)
        if error:
            raise TransportExecError(1, error.decode(errors="replace"))

    def _say(self, line: str) -> None:
        self._transport.serial.write(line.encode() + b"\n")

    def _await_acknowledgement(self, path: str) -> None:
        byte = self._transport.read_byte(f"writing {path}")
        if byte == _ACKNOWLEDGED:
            return
        # Anything else is the end of the helper's output: its traceback follows.
        said = byte + self._transport.read_until(1, _END, timeout=_TRACEBACK_S)
        lines = said.strip(_END).decode(errors="replace").strip().splitlines()
        why = lines[-1] if lines else "it did not say why"
        if is_full(why):
            raise say_full(path)
        raise LostError(f"The board could not write {path}: {why}.")


def _blocks(data: bytes) -> Iterator[bytes]:
    # An empty file has no block.
    for start in range(0, len(data), _BLOCK_BYTES):
        yield data[start : start + _BLOCK_BYTES]
