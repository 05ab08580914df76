"""Helpers for the virtual board's tests: a board with its log of events, and code to run on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mpremote.transport_serial import SerialTransport

from host_tools.deadline import Deadline
from host_tools.virtual_board.client import VirtualBoard

Event = tuple[int, str, int]


class EventLog:
    """Every event of a board, and waiting for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, t_us: int, signal: str, value: int) -> None:
        with self._changed:
            self.events.append((t_us, signal, value))
            self._changed.notify_all()

    def of(self, signal: str) -> list[tuple[int, int]]:
        """Return (t_us, value) of all events of a signal."""
        with self._changed:
            return [(t_us, value) for t_us, name, value in self.events if name == signal]

    def wait(self, signal: str, value: int, since_us: int = 1, seconds: float = 5.0) -> int:
        """Return the time of the last such event since `since_us`, waiting for one if needed.

        At time zero are the levels that everything began with.
        """
        deadline = Deadline(seconds)
        with self._changed:
            while True:
                times = [
                    t_us
                    for t_us, *change in self.events
                    if t_us >= since_us and change == [signal, value]
                ]
                if times:
                    return times[-1]
                deadline.check(f"{signal} = {value}")
                self._changed.wait(deadline.remaining)


class LoggedBoard(VirtualBoard):
    """A virtual board that keeps its events in `log`."""

    def __init__(self, state: Path, **options: Any) -> None:
        self.log = EventLog()
        super().__init__(state, on_event=self.log, **options)


@contextmanager
def board_from(flash: bytes, folder: Path) -> Iterator[LoggedBoard]:
    """Start a board on a flash, its jumper in; `folder` is made for it."""
    folder.mkdir()
    (folder / "flash.bin").write_bytes(flash)
    with LoggedBoard(folder, powered=False) as board:
        board.jumper(True)
        board.power(True)
        yield board


@contextmanager
def raw_repl(board: VirtualBoard) -> Iterator[SerialTransport]:
    """Open the console as mpremote does, in the raw REPL, without a soft reset."""
    transport = SerialTransport(board.ports.console)
    transport.serial.timeout = 0.1  # mpremote waits for ever on a pty
    try:
        transport.enter_raw_repl(soft_reset=False)
        yield transport
    finally:
        transport.close()


def run(board: VirtualBoard, code: str) -> str:
    """Run code on the board and return what it printed."""
    with raw_repl(board) as transport:
        printed: bytes = transport.exec(code)
    return printed.decode().strip()


def start(board: VirtualBoard, code: str) -> None:
    """Start code on the board that goes on by itself; it can be interrupted on return."""
    with raw_repl(board) as transport:
        transport.exec_raw_no_follow("print('started')\n" + code)
        begun = transport.read_until(1, b"started\r\n", timeout=5)
    assert begun.endswith(b"started\r\n"), begun


def let_go(board: VirtualBoard, code: str) -> None:
    """Start code on the board that ends in a reset or without power: it says nothing more."""
    with raw_repl(board) as transport:
        transport.exec_raw_no_follow(code)


OPEN_GATE = """
from machine import Pin
en = Pin(14, Pin.OUT, value=1)
beat = Pin(12, Pin.OUT, value=0)
beat.value(1)
"""
"""Drives UPLINK_EN high and gives one heartbeat."""
