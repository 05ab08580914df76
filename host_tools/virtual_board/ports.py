"""One port of the board: a pty whose user side behaves like a serial port that may be unplugged.

Nobody here keeps the user's side open, so the board knows whether somebody listens: what is sent
while nobody does is gone, as on a wire, and closing and opening again works.
"""

from __future__ import annotations

import os
import select
import tty

_STALE_READ = 65536
_STALE_ROUNDS = 16


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
        self.readable = False  # the event loop has seen bytes that read() did not take yet

    @property
    def connected(self) -> bool:
        """Whether somebody has the user's side open."""
        return not any(events & select.POLLHUP for _fd, events in self._poll.poll(0))

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
