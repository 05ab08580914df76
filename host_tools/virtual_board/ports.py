"""The board's ports: ptys, or TCP servers where a board is used from another machine.

A pty's user side behaves like a serial port that may be unplugged.
Nobody here keeps the user's side open, so the board knows whether somebody listens: what is sent
while nobody does is gone, as on a wire, and closing and opening again works.
"""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Callable
from typing import Protocol

from host_tools.virtual_board.poller import Poller

_STALE_READ = 65536
_STALE_ROUNDS = 16


class Port(Protocol):
    """What console and UARTs know of a port."""

    path: str  # what a user opens
    readable: bool  # the event loop has seen bytes that read() did not take yet

    @property
    def connected(self) -> bool:
        """Whether somebody has the user's side open."""
        ...

    def watch(self, poller: Poller, on_event: Callable[[], None]) -> None:
        """Call `on_event` whenever bytes came, or a user came or left."""
        ...

    def read(self, limit: int) -> bytes:
        """Return up to `limit` bytes that the user wrote; b"" if there are none."""
        ...

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to whoever listens; return how many went (all, if nobody does)."""
        ...

    def hung_up(self) -> None:
        """Forget what the last user left unread, so that the next one starts afresh."""
        ...

    def close(self) -> None:
        """Unplug the port for good."""
        ...


class Pty:
    """The board's side of a pseudo-terminal, non-blocking and raw."""

    def __init__(self) -> None:
        self.fd, user = os.openpty()
        self.path = os.ttyname(user)
        tty.setraw(user)
        os.close(user)  # marks the port as not connected until somebody opens it
        os.set_blocking(self.fd, False)
        self._poll = select.poll()
        self._poll.register(self.fd, 0)
        self._used = False  # something was sent since the user's side was last found closed
        self.readable = False

    @property
    def connected(self) -> bool:
        """Whether somebody has the user's side open."""
        return not any(events & select.POLLHUP for _fd, events in self._poll.poll(0))

    def watch(self, poller: Poller, on_event: Callable[[], None]) -> None:
        """Call `on_event` whenever bytes came, or a user came or left."""
        poller.add(self.fd, lambda _events: on_event(), on_edge=True)

    def read(self, limit: int) -> bytes:
        """Return up to `limit` bytes that the user wrote; b"" if there are none."""
        try:
            data = os.read(self.fd, limit)
        except OSError:  # EAGAIN: nothing there; EIO: nobody there
            self.readable = False
            return b""
        self.readable = True
        return data

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to whoever listens; return how many went (all, if nobody does)."""
        if not self.connected:
            return len(data)
        self._used = True
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # closed just now
            return len(data)

    def hung_up(self) -> None:
        """Forget what the last user left unread, so that the next one starts afresh.

        Opening and closing the user's side here counts as one more user, who used nothing.
        """
        if not self._used:
            return
        self._used = False
        try:
            user = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            tty.setraw(user)
            for _ in range(_STALE_ROUNDS):
                os.read(user, _STALE_READ)
        except OSError:  # empty
            pass
        finally:
            os.close(user)

    def close(self) -> None:
        """Unplug the port for good."""
        os.close(self.fd)
