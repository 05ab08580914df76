"""Speaks with a jig over its serial port: asks, and hears what it tells unasked.

One thread reads and writes; any thread may ask. Answers come in the order of the questions. The
jig makes everything safe by itself when it has heard nothing for a while, so the thread lets it
hear something.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.deadline import Deadline
from host_tools.links.port import LinkError, Port
from jig import pins, words

EventListener = Callable[[int, str, int], None]
LossListener = Callable[[str], None]

_BAUD = 115200  # USB ignores it
ANSWER_S = 5.0
_LEASE_S = 6.0
_RENEW_S = 2.0
_READ_BYTES = 4096
_LONGEST_LINE = 4096
_QUIET_S = 0.1
_HUSH_S = 1.0
_EVENT = re.compile(r"! (\d{1,15}) ([A-Z_]{1,32}) (\d{1,15})$")
_ERROR = re.compile(r'ERROR (\d{1,3}) "(.*)"$')
_WORD = re.compile(r"([A-Z_]+|told)=(\d{1,15})")


class JigError(Exception):
    """The jig refused; the text says why, `code` is one of words.ERR_*."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class JigLostError(Exception):
    """The jig is gone, or it has lost what it had to tell."""


@dataclass
class _Question:
    line: str
    answer: str | None = None
    refusal: JigError | None = None


@dataclass(frozen=True)
class Signals:
    """All levels and counts at one moment of the client's time."""

    t_us: int
    values: dict[str, int] = field(repr=False)


class JigClient:
    """A jig on a port (any pyserial URL); times and counts begin at zero with start().

    `on_event(t_us, signal, value)` hears every change on the client's thread and must ask nothing
    there; `on_lost(why)` hears there that nothing more will come.
    """

    def __init__(self, url: str, on_event: EventListener, on_lost: LossListener) -> None:
        """Open the port. Raises LinkError."""
        self.url = url
        self._on_event = on_event
        self._on_lost = on_lost
        self._port = Port(url, _BAUD, exclusive=True)
        self._changed = threading.Condition()
        self._questions: deque[_Question] = deque()
        self._unsent = bytearray()
        self._received = bytearray()
        self._closing = False
        self._lost = ""
        self._is_watching = False
        self._zero_us: int | None = None
        self._zero_counts: dict[str, int] = {}
        self._heard = 0  # lines that were told unasked
        self._heard_before: int | None = None  # and those that the jig told before
        self._thread = threading.Thread(target=self._run, name="jig", daemon=True)

    def start(self, deadline: Deadline) -> None:
        """Make all safe, begin to watch, and let the jig care that somebody is there.

        Raises JigLostError, and JigError where something else answers.
        """
        self._hush(deadline.within(_HUSH_S))
        self._thread.start()
        version = self.ask("version", deadline)
        if version != f"jig {words.VERSION}":
            raise JigError(
                words.ERR_VERB,
                f"{self.url} says it is {version!r}, and this program speaks with jig"
                f" {words.VERSION}; install it with `sluss jig install --port {self.url}`",
            )
        self.ask("safe", deadline)
        self.ask("now", deadline)
        self._is_watching = True
        self.ask("watch", deadline)
        self.ask(f"lease {round(_LEASE_S * 1000)}", deadline)

    # --- asking ---------------------------------------------------------------------------------

    def ask(self, line: str, deadline: Deadline | None = None) -> str:
        """Say a line; return what stands behind OK. Raises JigError, JigLostError."""
        deadline = deadline or Deadline(ANSWER_S)
        question = _Question(line)
        with self._changed:
            self._check(line)
            self._put(question)
            self._port.wake()
            self._changed.wait_for(
                lambda: question.answer is not None or question.refusal or self._lost,
                deadline.remaining,
            )
            if question.refusal is not None:
                raise question.refusal
            if question.answer is None:
                self._check(line)
                raise JigLostError(
                    f"{line}: the jig on {self.url} gave no answer within {deadline.seconds:g} s"
                )
            return question.answer

    def time_of(self, line: str, deadline: Deadline | None = None) -> int:
        """Say a line that is answered by a time; return that in the client's time (us)."""
        answer = self.ask(line, deadline).split()
        if not answer or not answer[0].isdigit():
            raise JigLostError(f"{line}: the jig on {self.url} answered {answer!r}")
        return int(answer[0]) - (self._zero_us or 0)

    def now_us(self) -> int:
        """Return the jig's time; everything that happened before has been heard."""
        return self.time_of("now")

    def signals(self) -> Signals:
        """Return all levels and counts now; everything before has been heard."""
        answer = self.ask("signals")
        t_us = int(answer.partition(" ")[0]) - (self._zero_us or 0)
        found = {name: int(value) for name, value in _WORD.findall(answer)}
        found.pop("told", None)
        return Signals(t_us, {name: self._counted(name, found[name]) for name in found})

    def close(self) -> None:
        """Make all safe, as far as it still hears, and let go; safe to call twice."""
        if self._thread.is_alive() and not self._lost:
            self._ask_last()
        with self._changed:
            self._closing = True
        self._port.wake()
        if self._thread.is_alive():
            self._thread.join(ANSWER_S)
        self._port.close()

    # --- inside ---------------------------------------------------------------------------------

    def _ask_last(self) -> None:
        try:
            self.ask("safe", Deadline(_RENEW_S))
            self.ask("lease 0", Deadline(_RENEW_S))
        except (JigError, JigLostError):
            return  # its own lease makes it safe

    def _check(self, line: str) -> None:
        if self._lost:
            raise JigLostError(f"{line}: {self._lost}")

    def _put(self, question: _Question) -> None:
        self._questions.append(question)
        self._unsent += question.line.encode() + b"\n"

    def _hush(self, deadline: Deadline) -> None:
        """End what somebody may have begun to type, and throw away what is answered to that."""
        self._port.write(b"\n")
        while not deadline.expired:
            self._port.wait(min(_QUIET_S, deadline.remaining))
            waiting = self._port.any()
            if not waiting:
                return
            self._port.readinto(bytearray(waiting))

    def _run(self) -> None:
        renew = Deadline(_RENEW_S)
        try:
            while not self._closing:
                if renew.expired:
                    with self._changed:
                        if self._is_watching:
                            self._put(_Question(f"lease {round(_LEASE_S * 1000)}"))
                    renew = Deadline(_RENEW_S)
                self._send()
                if not self._take():
                    self._port.wait(renew.remaining)
        except (LinkError, JigLostError) as error:
            self._lose(str(error))

    def _send(self) -> None:
        with self._changed:
            if self._unsent:
                count = self._port.write(self._unsent)
                del self._unsent[: count or 0]
        if self._unsent:
            self._port.wait_writable(_RENEW_S)

    def _take(self) -> bool:
        waiting = self._port.any()
        if not waiting:
            return False
        piece = bytearray(min(waiting, _READ_BYTES))
        self._port.readinto(piece)
        *lines, rest = (bytes(self._received) + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise JigLostError(f"{self.url} says what is no line of a jig")
        self._received = bytearray(rest)
        for line in lines:
            self._hear(line.decode(errors="replace").strip("\r"))
        return True

    def _hear(self, line: str) -> None:
        event = _EVENT.match(line)
        if event is not None:
            self._told(int(event[1]), event[2], int(event[3]))
            return
        refused = _ERROR.match(line)
        if line != "OK" and not line.startswith("OK ") and refused is None:
            return  # the chip's greeting, or a rest of what somebody typed before
        with self._changed:
            if not self._questions:
                return  # the answer to what somebody typed before
            question = self._questions.popleft()
            if refused is not None:
                question.refusal = JigError(int(refused[1]), f"{question.line}: {refused[2]}")
            else:
                self._compare(line)
                question.answer = line[3:]
            self._changed.notify_all()

    def _told(self, t_us: int, signal: str, value: int) -> None:
        self._heard += 1
        if signal == words.OVERRUN:
            raise JigLostError(
                f"the jig on {self.url} could not keep up and has lost changes; nothing that was"
                " to be seen in this run is certain"
            )
        if not self._is_watching:
            return
        if self._zero_us is None:
            self._zero_us = t_us
        if signal in pins.WIRES:
            self._zero_counts.setdefault(signal, value)
        self._on_event(t_us - self._zero_us, signal, self._counted(signal, value))

    def _counted(self, signal: str, value: int) -> int:
        return value - self._zero_counts.get(signal, 0)

    def _compare(self, answer: str) -> None:
        """Raise JigLostError when the jig has told more lines than were heard."""
        for name, value in _WORD.findall(answer):
            if name != "told":
                continue
            if self._heard_before is None:
                self._heard_before = int(value) - self._heard
            elif int(value) != self._heard_before + self._heard:
                raise JigLostError(f"lines of the jig on {self.url} were lost on their way")

    def _lose(self, why: str) -> None:
        with self._changed:
            self._lost = why
            self._changed.notify_all()
        if not self._closing:
            self._on_lost(why)
