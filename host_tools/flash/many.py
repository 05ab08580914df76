"""Flashes boards side by side: one that fails does not stop the others, and all can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from host_tools.boards import BoardError
from host_tools.deadline import Deadline
from host_tools.flash.errors import FlashError
from host_tools.flash.flasher import FlashResult
from host_tools.flash.image import Image, build_image
from host_tools.flash.sender import Progress

_LOOK_S = 0.2  # how soon a Ctrl-C is seen


@dataclass(frozen=True)
class Outcome:
    """What became of one board: a result, or why there is none."""

    port: str
    result: FlashResult | None
    error: str = ""


class StoppableDeadline(Deadline):
    """A deadline that is over as soon as `stop` is set."""

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        """Start counting now."""
        super().__init__(seconds)
        self._stop = stop

    @property
    def remaining(self) -> float:
        """Seconds left, 0.0 when there are none."""
        return 0.0 if self._stop.is_set() else super().remaining

    @property
    def expired(self) -> bool:
        """True when no time is left."""
        return self._stop.is_set() or super().expired

    def within(self, seconds: float) -> Deadline:
        """Return a deadline `seconds` from now that is never later than this one."""
        return StoppableDeadline(min(seconds, self.remaining), self._stop)


class Images:
    """The image of each kind of board, built once, whoever asks first."""

    def __init__(self) -> None:
        """Have none yet."""
        self._lock = threading.Lock()
        self._built: dict[str, Image] = {}

    def get(self, board: str) -> Image:
        """Return a board's image; raise BuildError."""
        with self._lock:
            if board not in self._built:
                self._built[board] = build_image(board)
            return self._built[board]


Job = Callable[[str, Deadline, Progress], FlashResult]
"""Flashes the board on a port, within a deadline, telling how far it is."""


def flash_all(
    ports: Sequence[str],
    job: Job,
    seconds: float,
    progress: Callable[[str], Progress],
) -> tuple[list[Outcome], bool]:
    """Do the job for every port at once; return what became of each, and whether it was stopped.

    A KeyboardInterrupt stops all of them, at a place where nothing is lost.
    """
    stop = threading.Event()

    def stopped(port: str) -> Outcome:
        return Outcome(port, None, "Stopped. Nothing is broken; run this again.")

    def run(port: str) -> Outcome:
        try:
            return Outcome(port, job(port, StoppableDeadline(seconds, stop), progress(port)))
        except (FlashError, BoardError, OSError) as error:  # TimeoutError, LinkError: OSErrors
            if stop.is_set():
                return stopped(port)
            return Outcome(port, None, str(error))

    with ThreadPoolExecutor(len(ports)) as pool:
        begun: dict[str, Future[Outcome]] = {}
        try:  # the first may run already while the last are begun
            for port in ports:
                begun[port] = pool.submit(run, port)
            _await(list(begun.values()))
        except KeyboardInterrupt:
            stop.set()
        outcomes = [begun[port].result() if port in begun else stopped(port) for port in ports]
        return outcomes, stop.is_set()


def _await(futures: Sequence[Future[Outcome]]) -> None:
    left = set(futures)
    while left:
        _done, left = wait(left, _LOOK_S, FIRST_EXCEPTION)
