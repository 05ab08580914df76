"""The other end of a board process: starts it, speaks to its control socket, ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from host_tools import ROOT
from host_tools.virtual_board.options import BoardOptions

_START_S = 10.0
_ANSWER_S = 10.0
_END_S = 3.0
_READ_BYTES = 1 << 16

EventListener = Callable[[int, str, int], None]
LossListener = Callable[[str], None]
ProgramListener = Callable[[int, int, bytes], None]


class VirtualBoardError(Exception):
    """The board process refused a request or is gone; the text says why."""


class BoardHandle:
    """One board process and the control connection that keeps it alive.

    `on_event(t_us, signal, value)` hears every change from the very first, on another thread, and
    must ask nothing of the board there; `on_lost(why)` is called there when the process is gone
    without having been closed.
    """

    def __init__(
        self,
        options: BoardOptions,
        on_event: EventListener | None,
        on_lost: LossListener | None,
    ) -> None:
        self.state = options.state
        self._options = options
        self._on_event = on_event
        self._on_lost = on_lost
        self._on_program: ProgramListener | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._reader: threading.Thread | None = None
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._next_id = 1
        self._hello: dict[str, Any] | None = None
        self._gone: str | None = None
        self._closing = False

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start the process; on return the ports are there and the interpreter is starting."""
        if sys.platform != "linux":
            raise VirtualBoardError(
                "the virtual board needs Linux (epoll, and ptys that tell when nobody listens); "
                "on another system run it in a virtual machine or a container with Debian"
            )
        self._socket = self._launch()
        self._reader = threading.Thread(target=self._read, name="virtual-board", daemon=True)
        self._reader.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._hello or self._gone, _START_S):
                self._gone = f"it did not start within {_START_S:g} s"
        if self._hello is None:
            why = self._why_gone()
            self.close()
            raise VirtualBoardError(f"the virtual board did not start: {why}")
        return self

    def close(self) -> None:
        """End the process, wherever it is; safe to call twice."""
        self._closing = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # gone already
                self._socket.shutdown(socket.SHUT_RDWR)  # the board ends when its owner leaves
        if self._process is not None:
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_END_S)
        if self._reader is not None:
            self._reader.join(_END_S)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- the control connection -----------------------------------------------------------------

    def request(self, word: str, **arguments: Any) -> dict[str, Any]:
        """Send one control request and return its answer."""
        with self._changed:
            if self._socket is None or self._gone is not None:
                raise VirtualBoardError(f"{word}: the board is gone: {self._why_gone()}")
            number = self._next_id
            self._next_id += 1
            message = json.dumps({"id": number, "do": word, **arguments}) + "\n"
            try:
                self._socket.sendall(message.encode())
            except OSError as error:
                raise VirtualBoardError(f"{word}: the board is gone: {error}") from error
            if not self._changed.wait_for(
                lambda: number in self._answers or self._gone is not None, _ANSWER_S
            ):
                raise VirtualBoardError(f"{word}: no answer within {_ANSWER_S:g} s")
            answer = self._answers.pop(number, None)
        if answer is None:
            raise VirtualBoardError(f"{word}: the board is gone: {self._why_gone()}")
        if answer.get("ok") is not True:
            raise VirtualBoardError(f"{word}: {answer.get('error')}")
        return answer

    # --- inside ---------------------------------------------------------------------------------

    def _launch(self) -> socket.socket:
        """Start the process and return our end of its owner's connection."""
        ours, theirs = socket.socketpair()
        try:
            self._process = start_process(self._options, theirs)
        finally:
            theirs.close()
        return ours

    def _greeting(self) -> dict[str, Any]:
        if self._hello is None:
            raise VirtualBoardError("the board has not been started")
        return self._hello

    def _read(self) -> None:
        """Run on the reader thread: hand events out, keep answers for those who wait."""
        assert self._socket is not None
        pending = b""
        why = "its process ended"
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except OSError:
                data = b""
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            try:
                messages = [_message(line) for line in lines]
            except (ValueError, RecursionError) as error:
                why = f"it said what is no message: {error}"
                break
            for message in messages:
                why = message.get("refused", why)
                self._take(message)
        with self._changed:
            self._gone = why
            self._changed.notify_all()
        if self._on_lost is not None and not self._closing:
            self._on_lost(self._why_gone())

    def _take(self, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event is not None:
            if self._on_event is not None:
                self._on_event(event[0], event[1], event[2])
            return
        programmed = message.get("programmed")
        if programmed is not None:
            if self._on_program is not None:
                self._on_program(programmed[0], programmed[1], bytes.fromhex(programmed[2]))
            return
        with self._changed:
            if "hello" in message:
                self._hello = message["hello"]
            elif "id" in message:
                self._answers[message["id"]] = message
            self._changed.notify_all()

    def _why_gone(self) -> str:
        status = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(_END_S if self._gone else 0)
        why = self._gone or "closed"
        if status is not None and status < 0:
            why += f" by {signal.Signals(-status).name}"
        log = self.state / "board.log"
        last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        return f"{why}; last line of {log}: {last[0]}" if last else why


# What the board says unasked, as virtual_board/control.py sends it.
_PARTS = {"event": [int, str, int], "programmed": [int, int, str]}


def _message(line: bytes) -> dict[str, Any]:
    """Return one of the messages that a board sends; raise ValueError for anything else."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(repr(line[:80]))
    told = _PARTS.keys() & message.keys()
    is_good = type(message.get("id")) is int or "hello" in message
    if "refused" in message:  # by who serves boards over TCP, in place of a hello
        is_good = type(message["refused"]) is str
    if told:
        word = told.pop()
        parts = message[word]
        is_good = not told and isinstance(parts, list)
        is_good = is_good and [type(part) for part in parts] == _PARTS[word]
    if not is_good:
        raise ValueError(repr(line[:80]))
    if "programmed" in message:
        bytes.fromhex(message["programmed"][2])
    return message


def start_process(options: BoardOptions, owner: socket.socket) -> subprocess.Popen[bytes]:
    """Start a board process whose owner is the other end of this connection."""
    options.state.mkdir(parents=True, exist_ok=True)
    with (options.state / "board.log").open("ab") as log:
        return subprocess.Popen(
            _command(options, owner.fileno()),
            pass_fds=(owner.fileno(), *options.listeners),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )


def _command(options: BoardOptions, control_fd: int) -> list[str]:
    command = [
        *(sys.executable, "-m", "host_tools.virtual_board.process"),
        *("--control-fd", str(control_fd)),
        *("--state", str(options.state.resolve())),
        *("--micropython", str(options.micropython)),
        *("--rom", str(options.rom)),
        *("--heapsize", options.heapsize),
        *("--flash-costs", options.flash_costs),
        *("--alive-us", str(options.alive_us)),
        *("--max-us", str(options.max_us)),
        *("--console-baud", str(options.console_baud)),
        *("--seed", str(options.seed)),
    ]
    if options.images is not None:
        command += ["--images", str(options.images.resolve())]
    if options.listeners:
        command += ["--listeners", *(str(fd) for fd in options.listeners)]
    if options.canary:
        command.append("--canary")
    if options.jig is not None:
        command += ["--jig", str(options.jig.resolve())]
    if not options.powered:
        command.append("--powered-off")
    return command
