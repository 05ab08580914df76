"""One deadline, made by the caller who knows how long it may take, handed down to all below."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

# How often a condition that nothing signals is looked at again. Short against everything measured.
_POLL_S = 0.002

_T = TypeVar("_T")


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


class Deadline:
    """A moment on the monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        """Start counting now."""
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left, 0.0 when there are none."""
        return max(0.0, self._end - time.monotonic())

    @property
    def expired(self) -> bool:
        """True when no time is left."""
        return time.monotonic() >= self._end

    def within(self, seconds: float) -> Deadline:
        """Return a deadline `seconds` from now that is never later than this one."""
        return Deadline(min(seconds, self.remaining))

    def error(self, what: str) -> TimeoutError:
        """Return the TimeoutError that says in one sentence what did not happen in time."""
        return TimeoutError(f"{what}: not within {self.seconds:g} s")

    def check(self, what: str) -> None:
        """Raise TimeoutError when no time is left; `what` is what was waited for."""
        if self.expired:
            raise self.error(what)

    def wait_readable(self, source: int | _HasFileno, what: str) -> None:
        """Wait until a file descriptor has something to read, or raise TimeoutError."""
        if not select.select([source], [], [], self.remaining)[0]:
            raise self.error(what)

    def wait_event(self, event: threading.Event, what: str) -> None:
        """Wait until another thread sets `event`, or raise TimeoutError."""
        if not event.wait(self.remaining):
            raise self.error(what)

    def wait_for(self, condition: Callable[[], _T], what: str) -> _T:
        """Ask until the answer is truthy and return it, or raise TimeoutError.

        For conditions that nothing signals (a path appears, a process ends); where a file
        descriptor or an event tells, wait for that.
        """
        pause = threading.Event()
        while True:
            answer = condition()
            if answer:
                return answer
            self.check(what)
            pause.wait(min(_POLL_S, self.remaining))
