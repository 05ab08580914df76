"""The chip's processor as the board sees it: starts, requests over the link, answers, death.

The link to the interpreter is lock step: one request, one answer. An answer may come late (a flash
operation that takes its time); until then nothing interrupts the interpreter.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING

from host_tools.virtual_board.console import Console
from host_tools.virtual_board.interpreter import Interpreter
from host_tools.virtual_board.poller import Poller
from host_tools.virtual_board.recorder import RESET_CRASH, RESET_DEAD
from host_tools.virtual_board.requests import Requests
from host_tools.virtual_board.wire import wire

if TYPE_CHECKING:
    from host_tools.virtual_board.board import Board

_REQUEST = struct.Struct(wire.REQUEST_FORMAT)
_REQUEST_BYTES = _REQUEST.size
_BUFFER_BYTES = 1 << 17  # more than the longest request (64 KiB payload)
_CRASHES = 5  # as many starts in a row that end by themselves, and the board gives up
_SHORT_LIFE_US = 1_000_000
# Ctrl-C raises an exception in the interpreter wherever it is, and littlefs or the heap would not
# survive that. So it comes where the ROM expects it, when a request is answered, but for flash
# operations (of which littlefs makes many, close to each other); to whoever asks nothing; and to
# whoever does nothing but use the flash, after a while, at some risk.
_QUIET_US = 50_000
_PATIENCE_US = 500_000
_FLASH_REQUESTS = frozenset(
    (wire.OP_FLASH_READ, wire.OP_FLASH_PROGRAM, wire.OP_FLASH_ERASE, wire.OP_FLASH_SIZE)
)
_BURST_US = 500  # how long requests are answered without a look at anything else


class Processor:
    """Runs the interpreter, answers it and carries its console."""

    def __init__(self, board: Board, interpreter: Interpreter, poller: Poller) -> None:
        self._board = board
        self._interpreter = interpreter
        self._poller = poller
        self.console = Console(board.ports["console"], board.options.console_baud, self.interrupt)
        self.requests = Requests(board, self)
        self.reset_cause: int = wire.PWRON_RESET
        self.boot_mode = 0
        self.is_frozen = False
        self.answer_due_us: int | None = None
        self._late_answer = b""
        self._interrupted = False
        self._asked_us = 0
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._have = 0
        self._link: socket.socket | None = None
        self._stdout: int | None = None
        self._started_us = 0
        self._crashes = 0
        poller.add(interpreter.listener_fd, self._on_connect)

    # --- life -----------------------------------------------------------------------------------

    def start(self, reset_cause: int, boot_mode: int, keep_stdin: bool) -> None:
        """Start the interpreter; it finds out by request how it was started."""
        self.reset_cause = reset_cause
        self.boot_mode = boot_mode
        self._started_us = self._board.now_us()
        stdin, stdout = self._interpreter.start(keep_stdin)
        self._stdout = stdout
        self.console.attach(stdin, stdout)
        self._poller.add(stdout, self._on_output, on_edge=True)

    def stop(self, keep_output: bool) -> None:
        """Kill the interpreter, if one runs."""
        if self._link is not None:
            self._poller.remove(self._link.fileno())
            self._link = None
        if self._stdout is not None:
            self._poller.remove(self._stdout)
            self._stdout = None
        self._have = 0
        self._interrupted = False
        if self.answer_due_us is not None:
            self.answer_due_us = None
            self._hear_again(self._board.now_us())
        self.console.detach(keep_output)
        self._interpreter.kill()
        self.is_frozen = False

    def freeze(self, frozen: bool) -> None:
        """Hang the interpreter where it is, or let it go on; the board goes on meanwhile."""
        self.is_frozen = frozen
        self._interpreter.freeze(frozen)

    def interrupt(self) -> None:
        """Send Ctrl-C as soon as it does no harm."""
        self._interrupted = True
        self._interrupt_when_quiet(self._board.now_us() + _PATIENCE_US)

    def _interrupt_when_quiet(self, latest_us: int) -> None:
        if not self._interrupted:
            return
        now_us = self._board.now_us()
        wait_us = min(self._asked_us + _QUIET_US, latest_us) - now_us
        if self.answer_due_us is not None:
            wait_us = self.answer_due_us + 1 - now_us
        if wait_us > 0:
            self._board.after(wait_us, partial(self._interrupt_when_quiet, latest_us))
            return
        self._interrupted = False
        self._interpreter.interrupt()

    @property
    def pid(self) -> int | None:
        """The interpreter's process."""
        return self._interpreter.pid

    def close(self) -> None:
        """Kill the interpreter for good."""
        self.stop(keep_output=False)
        self._poller.remove(self._interpreter.listener_fd)
        self._interpreter.close()

    # --- requests -------------------------------------------------------------------------------

    def answer_later(self, answer: bytes, due_us: int, now_us: int) -> None:
        """Answer the running request at `due_us`; the UARTs' receivers are deaf until then."""
        self._late_answer = answer
        self.answer_due_us = due_us
        for uart in self._board.uarts:
            uart.set_deaf(True, now_us * 1000, due_us * 1000)

    def answer_late(self, now_us: int) -> None:
        """Send the answer that was held back."""
        self.answer_due_us = None
        self._hear_again(now_us)
        self._asked_us = now_us
        self._send(self._late_answer)

    def _hear_again(self, now_us: int) -> None:
        for uart in self._board.uarts:
            uart.set_deaf(False, now_us * 1000)

    def _on_connect(self, _events: int) -> None:
        link = self._interpreter.accept()
        if link is not None:
            self._link = link
            self._poller.add(link.fileno(), self._on_request)

    def _on_request(self, _events: int) -> None:
        """Answer, and go on answering for a moment: the next request is mostly right behind."""
        link = self._link
        now = self._board.now_us()
        until = min(now + _BURST_US, self._board.due_us)
        while link is not None and now < until:
            try:
                count = link.recv_into(self._view[self._have :] if self._have else self._view)
            except BlockingIOError:
                return
            except OSError:
                count = 0
            if count == 0:  # the process has ended or closed it; its stdout tells
                self._poller.remove(link.fileno())
                return
            self._have += count
            if self._have < _REQUEST_BYTES:
                continue
            op, a, length, v1, v2 = _REQUEST.unpack_from(self._buffer)
            if self._have < _REQUEST_BYTES + length:
                continue
            self._have = 0
            payload = self._view[_REQUEST_BYTES : _REQUEST_BYTES + length]
            now = self._board.now_us()
            answer = self.requests.handle(op, a, v1, v2, payload, now)
            if not answer:
                return
            self._asked_us = now
            if self._interrupted and op not in _FLASH_REQUESTS:
                self._interrupted = False
                self._interpreter.interrupt()
            self._send(answer)
            if op == wire.OP_UART_WRITE:
                return  # there is something new to wait for
            # Board and interpreter share a CPU: this lets the interpreter make its next request.
            os.sched_yield()

    def _send(self, answer: bytes) -> None:
        if self._link is None:
            return
        with contextlib.suppress(OSError):  # the process has just ended
            self._link.sendall(answer)  # lock step: the socket's buffer is empty, it all fits

    # --- output and death -----------------------------------------------------------------------

    def _on_output(self, events: int) -> None:
        self.console.has_output = True
        self.console.settle(self._board.now_us() * 1000)
        if events & select.EPOLLHUP:
            self._died()

    def _died(self) -> None:
        lived_us = self._board.now_us() - self._started_us
        self._crashes = self._crashes + 1 if lived_us < _SHORT_LIFE_US else 1
        self.stop(keep_output=True)
        if self._crashes < _CRASHES:
            self._board.hard_reset(RESET_CRASH, wire.WDT_RESET)
        else:
            self._board.recorder.record(self._board.now_us(), "RESET", RESET_DEAD)
