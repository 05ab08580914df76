"""One line to the console, its answer back: `OK ...` or `ERROR <code> "text"`."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from detector import codes
from host_tools.deadline import Deadline
from host_tools.links.port import Port, Tap
from host_tools.links.refused import CommandRefused

CONSOLE_BAUD = 115200
ANSWER_S = 5.0
_ERROR = re.compile(r'ERROR ([0-9]{1,9}) "(.*)"$')
_LONGEST_LINE = 1 << 16
_OTHER_KEPT = 1000
_WAIT_S = 0.02


@dataclass(frozen=True)
class Answer:
    """What stands behind OK, and the `# ` lines before it (without that mark)."""

    text: str
    notes: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, str]:
        """The `name=value` words of the text."""
        return dict(word.split("=", 1) for word in self.text.split() if "=" in word)


class ConsoleClient:
    """Speaks with the detector or the service program on its console."""

    def __init__(
        self,
        port: str,
        *,
        baudrate: int = CONSOLE_BAUD,
        tap: Tap | None = None,
        exclusive: bool = False,
    ) -> None:
        """Open the port (any pyserial URL), `exclusive` for this alone. Raises LinkError."""
        self._port = Port(port, baudrate, tap, exclusive)
        self._buffer = bytearray()
        self.other: list[str] = []  # lines that were no answer: boot messages, tracebacks

    def command(self, line: str, deadline: Deadline | None = None) -> Answer:
        """Send a line and return its answer. Raises CommandRefused, TimeoutError, LinkError."""
        deadline = deadline or Deadline(ANSWER_S)
        self._drop_old(deadline)
        self._write(line.encode() + b"\n", deadline)
        return self._read_answer(line, deadline)

    def catch_up(self, deadline: Deadline) -> None:
        """Come back when whatever was asked before is answered, late or never.

        Asks for the version, whose answer no `status` has, and reads on until it comes: answers
        stand in the order of their questions. Raises TimeoutError, LinkError.
        """
        self._write(b"version\n", deadline)
        while True:
            with contextlib.suppress(CommandRefused):
                if "state" not in self._read_answer("version", deadline).values:
                    return

    def _read_answer(self, line: str, deadline: Deadline) -> Answer:
        notes: list[str] = []
        while True:
            answer = self._read_line(deadline, line)
            error = _ERROR.match(answer)
            if answer == "OK" or answer.startswith("OK "):
                return Answer(answer[3:], notes)
            if error:
                code = int(error[1])
                verb = line.split(" ", 1)[0]
                raise CommandRefused(verb, code, codes.error_word(code), error[2])
            if answer.startswith("# "):
                notes.append(answer[2:])
            elif answer:
                self._note_other([answer])

    def pending(self) -> int:
        """Return how many bytes have come since the last answer."""
        self._take()
        return len(self._buffer)

    def close(self) -> None:
        """Close the port; may be called again."""
        self._port.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _drop_old(self, deadline: Deadline) -> None:
        while self._take():
            deadline.check("the console does not fall silent")
        lines = self._buffer.decode(errors="replace").splitlines()
        self._note_other([line for line in lines if line])
        self._buffer.clear()

    def _note_other(self, lines: list[str]) -> None:
        self.other = (self.other + lines)[-_OTHER_KEPT:]

    def _write(self, data: bytes, deadline: Deadline) -> None:
        while data:
            count = self._port.write(data)
            if count:
                data = data[count:]
            else:
                deadline.check("the console takes nothing")
                self._port.wait_writable(min(_WAIT_S, deadline.remaining))

    def _take(self) -> bool:
        waiting = self._port.any()
        if not waiting:
            return False
        piece = bytearray(waiting)
        self._port.readinto(piece)
        self._buffer += piece
        del self._buffer[:-_LONGEST_LINE]
        return True

    def _read_line(self, deadline: Deadline, asked: str) -> str:
        while (end := self._buffer.find(b"\n")) < 0:
            taken = self._take()
            deadline.check(f"the console did not answer {asked[:40]!r}")
            if not taken:
                self._port.wait(min(_WAIT_S, deadline.remaining))
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.decode(errors="replace").strip("\r")
