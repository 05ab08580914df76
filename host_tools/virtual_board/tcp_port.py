"""One port of the board as a TCP server, raw as ser2net's: for a user on another machine."""

from __future__ import annotations

import socket
from collections.abc import Callable

from host_tools.virtual_board.poller import Poller


class TcpPort:
    """The board's side of `socket://`; several users share it, as they do a serial port."""

    def __init__(self, listener_fd: int) -> None:
        """Take the descriptor of a listener, which somebody else may go on listening at."""
        self._listener = socket.socket(fileno=listener_fd)
        self._listener.setblocking(False)
        host, port = self._listener.getsockname()[:2]
        self.path = f"socket://{host}:{port}"
        self.readable = False
        self._users: list[socket.socket] = []
        self._poller: Poller | None = None
        self._on_event: Callable[[], None] = lambda: None

    @property
    def connected(self) -> bool:
        """Whether somebody has the user's side open."""
        return bool(self._users)

    def watch(self, poller: Poller, on_event: Callable[[], None]) -> None:
        """Call `on_event` whenever bytes came, or a user came or left."""
        self._poller = poller
        self._on_event = on_event
        poller.add(self._listener.fileno(), lambda _events: self._accept())

    def read(self, limit: int) -> bytes:
        """Return up to `limit` bytes that the users wrote; b"" if there are none."""
        for user in list(self._users):
            try:
                data = user.recv(limit)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                self.readable = True
                return data
            self._leave(user)
        self.readable = False
        return b""

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to whoever listens; return how many went (all, if nobody does)."""
        taken = [self._send(user, data) for user in list(self._users)]
        return max(taken, default=len(data))

    def hung_up(self) -> None:
        """A connection that ended takes with it what was left unread."""

    def close(self) -> None:
        """Unplug the port for good."""
        for user in list(self._users):
            self._leave(user)
        self._listener.close()

    def _send(self, user: socket.socket, data: bytes | bytearray | memoryview) -> int:
        try:
            return user.send(data)
        except BlockingIOError:
            return 0
        except OSError:  # closed just now
            self._leave(user)
            return len(data)

    def _accept(self) -> None:
        try:
            user, _address = self._listener.accept()
        except OSError:  # it has left already
            return
        user.setblocking(False)
        user.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._users.append(user)
        if self._poller is not None:
            self._poller.add(user.fileno(), lambda _events: self._on_event(), on_edge=True)

    def _leave(self, user: socket.socket) -> None:
        self._users.remove(user)
        if self._poller is not None:
            self._poller.remove(user.fileno())
        user.close()
