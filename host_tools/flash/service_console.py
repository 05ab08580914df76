"""A detector's console, as far as flashing needs it: one line out, its answer in."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from host_tools.deadline import Deadline
from host_tools.flash.errors import FlashError, LostError
from host_tools.flash.transport import lost_is_said, open_port

_RETRY_S = 0.25
_QUIET_S = 0.1
_TAIL_LINES = 5


@dataclass(frozen=True)
class Answer:
    """`OK text`, or `ERROR code "text"`, and the `# ` lines before it."""

    ok: bool
    text: str
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The number of an error, 0 for OK."""
        return 0 if self.ok else int(self.text.partition(" ")[0])

    @property
    def pairs(self) -> dict[str, str]:
        """The `name=value` words of the text."""
        return dict(word.split("=", 1) for word in self.text.split() if "=" in word)


class ServiceConsole:
    """The console's verbs on a port that is open for this program alone."""

    def __init__(self, port: str, deadline: Deadline) -> None:
        """Open the port; raise NoPortError or PortBusyError."""
        self._port = port
        self._deadline = deadline
        self._serial = open_port(port)
        self._serial.timeout = _RETRY_S
        self._tail: list[str] = []

    def __enter__(self) -> ServiceConsole:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._serial.close()

    def wait_until_ready(self, service: bool) -> dict[str, str]:
        """Ask `status` until the service program (or the detector) answers; return its pairs."""
        what = "service program" if service else "detector"
        tries = 0
        with lost_is_said(self._port, f"the {what} was starting"):
            while not self._deadline.expired:
                # A leading line end: what an earlier program left on the line is no part of it.
                self._serial.write(b"\nstatus\n")
                tries += 1
                answer = self._read_answer(self._deadline.within(_RETRY_S))
                if answer is None or not answer.ok or "state" not in answer.pairs:
                    continue
                if (answer.pairs["state"] == "SERVICE") == service:
                    if tries > 1:
                        self._drain()  # answers to the other tries
                    return answer.pairs
        said = "\n  ".join(self._tail) or "nothing"
        raise FlashError(
            f"The {what} did not answer on {self._port} within {self._deadline.seconds:g} s. "
            f"The console said:\n  {said}"
        )

    def command(self, line: str) -> Answer:
        """Send a line and return its answer; raise LostError when none comes."""
        verb = line.partition(" ")[0]
        with lost_is_said(self._port, f"`{verb}` was running"):
            self._serial.write(line.encode() + b"\n")
            answer = self._read_answer(self._deadline)
        if answer is None:
            raise LostError(f"The console on {self._port} did not answer `{verb}` in time.")
        return answer

    def _read_answer(self, deadline: Deadline) -> Answer | None:
        notes: list[str] = []
        received = b""
        while not deadline.expired:
            received += self._serial.read_until(b"\n")
            if not received.endswith(b"\n"):
                continue
            line = received.decode(errors="replace").strip()
            received = b""
            word, _, rest = line.partition(" ")
            if word in ("OK", "ERROR"):
                return Answer(word == "OK", rest, tuple(notes))
            if word == "#":
                notes.append(rest)
            elif line:
                self._tail = [*self._tail, line][-_TAIL_LINES:]
        return None

    def _drain(self) -> None:
        self._serial.timeout = _QUIET_S
        while self._serial.read(256):
            pass
        self._serial.timeout = _RETRY_S
