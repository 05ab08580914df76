"""Waits for file descriptors, with a deadline in microseconds."""

from __future__ import annotations

import select
from collections.abc import Callable

_LONGEST_S = 1.0
_COARSE_S = 0.002  # epoll counts milliseconds; below this the finer clock of select() is used


class Poller:
    """epoll with a handler per descriptor; a handler gets the event bits.

    Not `selectors`, although that is as fast: it knows levels only, and a pty that nobody has open
    is hung up for ever. An edge wakes the board once, and again when somebody writes.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._gone: set[int] = set()  # removed in this round; the number may be in use again

    def add(self, fd: int, handler: Callable[[int], None], on_edge: bool = False) -> None:
        """Call `handler` when `fd` can be read; with `on_edge` only when something new came."""
        self._handlers[fd] = handler
        self._epoll.register(fd, select.EPOLLIN | (select.EPOLLET if on_edge else 0))

    def remove(self, fd: int) -> None:
        """Forget `fd`, which must still be open."""
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)
            self._gone.add(fd)

    def wants_write(self, fd: int, wanted: bool) -> None:
        """Call the handler also when `fd` can be written."""
        self._epoll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if wanted else 0))

    def wait(self, timeout_us: int | None) -> None:
        """Wait for events and handle them; `None` waits for about a second."""
        seconds = _LONGEST_S if timeout_us is None else min(_LONGEST_S, timeout_us / 1e6)
        if 0 < seconds < _COARSE_S:
            select.select([self._epoll], [], [], seconds)
            seconds = 0
        self._gone.clear()
        for fd, events in self._epoll.poll(seconds):
            if fd not in self._gone:
                self._handlers[fd](events)

    def close(self) -> None:
        """Give the descriptor back."""
        self._epoll.close()
