"""The witness: what really happened on the wires, seen from outside the firmware.

Its clock is the target's own (microseconds since the bench began to watch it), so the time between
two events has no host scheduling in it. The bench believes this log and nothing that the firmware
says about itself.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from host_tools.deadline import Deadline

# Signals that every witness knows, in the order in which the report draws them.
GATE = "GATE"
LATCH = "LATCH"
UPLINK_EN = "UPLINK_EN"
ALIVE = "ALIVE"
CAM_RAIL = "CAM_RAIL"
SERVICE = "SERVICE"
POWER = "POWER"
RESET = "RESET"  # an edge a reset; the value is machine.reset_cause()'s
# Counters, cumulative bytes. RX: into the firmware. WRITTEN: by the firmware, PASSED: of those
# through the gate's buffer.
HUB_RX = "HUB_RX"
UPLINK_RX = "UPLINK_RX"
UPLINK_TX_WRITTEN = "UPLINK_TX_WRITTEN"
UPLINK_TX_PASSED = "UPLINK_TX_PASSED"
COUNTERS = frozenset({HUB_RX, UPLINK_RX, UPLINK_TX_WRITTEN, UPLINK_TX_PASSED})


class WitnessTimeoutError(AssertionError):
    """What a test waited for did not happen in time."""


class WitnessLostError(Exception):
    """The witness is gone, and what a test waited for may have happened or not."""


class Event(NamedTuple):
    """One edge of a signal, or one new count of a counter."""

    t_us: int
    signal: str
    value: int

    @property
    def ms(self) -> float:
        """The time in milliseconds."""
        return self.t_us / 1000


class Source(Protocol):
    """What a target gives its witness: the present, on request."""

    def now_us(self) -> int:
        """The target's clock; everything that happened before is in the log on return."""
        ...

    def levels(self) -> dict[str, int]:
        """All signals and counters at this moment."""
        ...


class Witness:
    """Log of events and the questions that tests ask of it. Safe for threads."""

    def __init__(self, source: Source, written_late_us: int = 0) -> None:
        """Ask `source` for the present; the past comes in through feed().

        `written_late_us`: how long after its writing a byte may be seen in UPLINK_TX_WRITTEN.
        Nothing where writes are seen; what a UART can hold where only its wire is.
        """
        self._source = source
        self.written_late_us = written_late_us
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._lost: str | None = None

    # --- for the target ---------------------------------------------------------------------

    def feed(self, t_us: int, signal: str, value: int) -> None:
        """Take one event from the target; events come in order of time."""
        with self._changed:
            self._events.append(Event(t_us, signal, value))
            self._changed.notify_all()

    def lose(self, why: str) -> None:
        """Say that no event will come any more; whoever waits is told."""
        with self._changed:
            self._lost = why
            self._changed.notify_all()

    @property
    def lost(self) -> str:
        """Why no event will come any more, "" while they do."""
        return self._lost or ""

    # --- for tests --------------------------------------------------------------------------

    def now_us(self) -> int:
        """Return the target's time; all that happened before it is known afterwards."""
        return self._source.now_us()

    def level(self, signal: str) -> int:
        """Return a signal's level (or a counter's count) at this moment."""
        return self._source.levels()[signal]

    def levels(self) -> dict[str, int]:
        """Return all signals and counters at this moment."""
        return self._source.levels()

    def count(self, counter: str) -> int:
        """Return a counter's count of bytes at this moment."""
        return self.level(counter)

    def events(
        self, signal: str | None = None, since_us: int = 0, until_us: int | None = None
    ) -> list[Event]:
        """Return the events within [since_us, until_us], of one signal or of all."""
        with self._changed:
            first = self._index(since_us)
            end = len(self._events) if until_us is None else self._index(until_us + 1)
            return [
                event
                for event in self._events[first:end]
                if signal is None or event.signal == signal
            ]

    def wait(self, signal: str, value: int, deadline: Deadline, since_us: int = 0) -> Event:
        """Return the first event of `signal` to `value` at or after `since_us`.

        Looks at what is in the log already, then waits. Raises WitnessTimeoutError, and
        WitnessLostError where nothing will come any more.
        """
        return self.wait_for(
            lambda event: event.signal == signal and event.value == value,
            f"{signal} = {value}",
            deadline,
            since_us,
        )

    def wait_for(
        self, wanted: Callable[[Event], bool], what: str, deadline: Deadline, since_us: int = 0
    ) -> Event:
        """Return the first event at or after `since_us` that `wanted` takes; `what` names it."""
        with self._changed:
            seen = self._index(since_us)
            while True:
                for event in self._events[seen:]:
                    if wanted(event):
                        return event
                seen = len(self._events)
                if self._lost is not None:
                    raise WitnessLostError(f"the witness is gone: {self._lost}")
                left = deadline.remaining
                if left <= 0:
                    raise WitnessTimeoutError(f"the witness did not see {what} in time")
                self._changed.wait(left)

    @property
    def last_us(self) -> int:
        """When the newest event was, 0 without one; asks nothing of the target."""
        with self._changed:
            return self._events[-1].t_us if self._events else 0

    def until(self, signal: str, value: int, deadline: Deadline) -> None:
        """Return as soon as `signal` is at `value`; raises WitnessTimeoutError."""
        since = self.now_us()
        if self.level(signal) != value:
            self.wait(signal, value, deadline, since_us=since)

    def last(self, signal: str, before_us: int | None = None) -> Event | None:
        """Return the last event of a signal (before a moment), or None."""
        with self._changed:
            end = len(self._events) if before_us is None else self._index(before_us)
            for index in range(end - 1, -1, -1):
                if self._events[index].signal == signal:
                    return self._events[index]
        return None

    def stayed(self, signal: str, value: int, since_us: int, until_us: int | None = None) -> bool:
        """Say whether a signal was at `value` from one moment to another (default: to now).

        An edge at the very first moment counts as done.
        """
        end = self.now_us() if until_us is None else until_us
        return all(
            event.value == value for event in self.events(signal, since_us + 1, end)
        ) and self._level_at(signal, since_us) in (value, None)

    def high_us(self, signal: str, since_us: int, until_us: int) -> int:
        """Return for how many microseconds a signal was not 0 between two moments."""
        return time_high(
            self.events(signal, since_us + 1, until_us),
            self._level_at(signal, since_us) or 0,
            since_us,
            until_us,
        )

    def quiet(self, signal: str, seconds: float, since_us: int | None = None) -> None:
        """Watch for `seconds` and raise WitnessTimeoutError as soon as `signal` moves."""
        start = self.now_us() if since_us is None else since_us
        try:
            event = self.wait_for(
                lambda event: event.signal == signal, "", Deadline(seconds), start
            )
        except WitnessTimeoutError:
            return
        raise WitnessTimeoutError(
            f"{signal} became {event.value} {(event.t_us - start) / 1000:.1f} ms"
            f" after it had to stay quiet"
        )

    def _index(self, t_us: int) -> int:
        return bisect.bisect_left(self._events, t_us, key=lambda event: event.t_us)

    def _level_at(self, signal: str, t_us: int) -> int | None:
        event = self.last(signal, before_us=t_us + 1)
        return None if event is None else event.value


def time_high(events: Iterable[Event], level: int, since_us: int, until_us: int) -> int:
    """Return how many microseconds a signal was not 0, from its first level and its edges."""
    total = 0
    at = since_us
    for event in events:
        if level:
            total += event.t_us - at
        at, level = event.t_us, event.value
    return total + (until_us - at if level else 0)
