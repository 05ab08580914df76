"""The state table as cells to be tried from outside: made from detector.states.TABLE, no copy.

A situation is a state and the way it was entered; a cell is a situation and an event that
somebody outside can cause: a trip or a command. Events that only the detector makes (a window's
end, the end of a capture) have tests of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from detector import codes, states
from tests.bench.scenario import CONFIG

TRIPS = tuple(range(len(codes.TRIP_NAMES)))
COMMANDS = (
    states.EV_ARM,
    states.EV_DISARM,
    states.EV_CANCEL,
    states.EV_HANDLED,
    states.EV_CAPTURE,
    states.EV_LIVE,
)


@dataclass(frozen=True)
class Situation:
    """A state and what the detector returns to from it."""

    state: int
    armed: bool

    @property
    def name(self) -> str:
        """Say it in words, e.g. ALARM-from-ARMED."""
        name = states.STATE_NAMES[self.state]
        if self.state in (states.IDLE, states.ARMED):
            return name
        return f"{name}-from-{'ARMED' if self.armed else 'IDLE'}"


SITUATIONS = (
    Situation(states.IDLE, False),
    Situation(states.ARMED, True),
    Situation(states.ALARM, False),
    Situation(states.ALARM, True),
    Situation(states.CUSTOMER_CAPTURE, False),
    Situation(states.CUSTOMER_CAPTURE, True),
)


@dataclass(frozen=True)
class Cell:
    """One cell of the table, with what it promises."""

    situation: Situation
    event: int
    after: Situation
    refusal: int | None  # the error code of a refused command; None for a taken one and for trips

    @property
    def name(self) -> str:
        """Say it in words, e.g. ARMED-on-contact."""
        return f"{self.situation.name}-on-{states.EVENT_NAMES[self.event]}"

    @property
    def is_trip(self) -> bool:
        """Say whether the event is a sensor line's, not a command."""
        return self.event in TRIPS

    @property
    def stays(self) -> bool:
        """Say whether nothing changes: such cells can share one bring-up."""
        return self.after == self.situation

    @property
    def may_open(self) -> bool:
        """Say whether the gate may be open afterwards; the latch must be set then, too."""
        return states.GATE_OPEN[self.after.state]

    @property
    def is_delayed(self) -> bool:
        """Say whether an entry delay comes before the alarm, with the gate shut."""
        starts = self.after.state == states.ALARM != self.situation.state
        return starts and codes.TRIP_NAMES[self.event] in CONFIG["entry_zones"]

    @property
    def promise(self) -> str:
        """Name the promise that this cell is part of."""
        if states.CUSTOMER_CAPTURE in (self.situation.state, self.after.state):
            return "P5"
        return "P1"


def resolve(situation: Situation, event: int) -> Cell:
    """Look the cell up in the table and say where it leads."""
    guard, target, flag = states.TABLE[situation.state][event]
    armed = situation.armed if flag == states.KEEP else flag == 1
    taken = guard in (states.ALWAYS, states.JOINS) or (
        guard == states.IF_ARMED and situation.armed
    )
    if not taken:
        refusal = target if guard == states.REFUSED and event in COMMANDS else None
        return Cell(situation, event, situation, refusal)
    if target == states.BY_ARMED:
        target = states.ARMED if armed else states.IDLE
    return Cell(situation, event, Situation(target, armed), None)


def all_cells() -> list[Cell]:
    """Return every cell; within a situation those that stay come first."""
    events = (*TRIPS, *COMMANDS)
    cells = [resolve(situation, event) for situation in SITUATIONS for event in events]
    order = {situation: number for number, situation in enumerate(SITUATIONS)}
    return sorted(cells, key=lambda cell: (order[cell.situation], not cell.stays))
