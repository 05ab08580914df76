"""Seeded faults: edits of the shipped text, each of which the explorer must find.

A fault that removes a guard of the table is made from states.TABLE itself, cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass

from detector import states
from host_tools.flash.image import Sabotage
from host_tools.prove import claims

NOT_ALLOWED = "the permission table lets nobody say it there"
NOBODY = "nothing in the firmware causes that event there"
SAME = "the controller does nothing else than before"


@dataclass(frozen=True)
class Edit:
    """Replaces pieces of one file's text; each must be there exactly once."""

    path: str  # below firmware/
    pieces: tuple[tuple[str, str], ...]

    def __call__(self, path: str, text: str) -> str:
        """Return the text, edited if it is this file's."""
        if path != self.path:
            return text
        for old, new in self.pieces:
            if text.count(old) != 1:
                raise ValueError(f"{self.path} has {text.count(old)} times {old!r}")
            text = text.replace(old, new)
        return text


@dataclass(frozen=True)
class Cell:
    """Puts another row into one cell of the state table."""

    state: int
    event: int
    row: tuple[int, int, int]

    def __call__(self, path: str, text: str) -> str:
        """Return the text of states.py with a statement behind it that changes the table."""
        if path != "detector/states.py":
            return text
        cell = f"{self.row} if (s, e) == {self.state, self.event} else row"
        rows = f"[tuple([{cell} for e, row in enumerate(rows)]) for s, rows in enumerate(TABLE)]"
        return f"{text}\nTABLE = tuple({rows})\n"

    @property
    def name(self) -> str:
        """Say which, e.g. IDLE-contact."""
        return f"{states.STATE_NAMES[self.state]}-{states.EVENT_NAMES[self.event]}"


def unguarded() -> list[Cell]:
    """Return each guarded or refused cell with the row that the event has where it is free."""
    free = {
        event: row
        for rows in states.TABLE
        for event, row in enumerate(rows)
        if row[0] == states.ALWAYS
    }
    return [
        Cell(state, event, free[event])
        for state, rows in enumerate(states.TABLE)
        for event, row in enumerate(rows)
        if row[0] in (states.REFUSED, states.IF_ARMED) and event in free
    ]


# Guards without which nothing that is promised goes wrong, and why.
HARMLESS = {
    "IDLE-disarm": "from IDLE to IDLE",
    "IDLE-cancel": "from IDLE to IDLE",
    "IDLE-handled": NOT_ALLOWED,
    "IDLE-window-end": NOBODY,
    "ARMED-arm": "arm() answers by the armed flag before it follows the table",
    "ARMED-cancel": "a recall of no alarm disarms, and that is told",
    "ARMED-handled": NOT_ALLOWED,
    "ARMED-window-end": NOBODY,
    "CUSTOMER_CAPTURE-cancel": "a recall of no alarm disarms, and that is told",
    "CUSTOMER_CAPTURE-handled": NOT_ALLOWED,
    "CUSTOMER_CAPTURE-window-end": NOBODY,
    **{
        f"{state}-{event}": NOBODY
        for state in ("IDLE", "ARMED", "ALARM")
        for event in ("capture-done", "capture-stop", "capture-timeout", "camera-fault")
    },
}


def _without_pins(path: str, text: str) -> str:
    if path != "boot.py":
        return text
    return "".join(line for line in text.splitlines(True) if not line.startswith("machine.Pin"))


def _open_in(state: int) -> Edit:
    cells = [str(may_open) for may_open in states.GATE_OPEN]
    before = f"GATE_OPEN = ({', '.join(cells)})"
    cells[state] = "True"
    return Edit("detector/states.py", ((before, f"GATE_OPEN = ({', '.join(cells)})"),))


def _edit(name: str, *pieces: tuple[str, str]) -> Edit:
    return Edit(f"detector/{name}.py", pieces)


_SHUT = (
    "        was_open = self.keeper.shut_now()"
    "  # before the state, before flash, before any message\n"
)
_ENTER = "        self._enter(target, armed_after)\n"
_RECORD = "            self.record.write(now_ms, record_kind, self.event.id, came_from)\n"
_SHUT_LATE = "        was_open = self.keeper.shut_now()\n"
_OPEN = """        if self._record.write(now_ms, codes.JR_GATE_INTENT, event.id):
            event.opened_ms = now_ms
            self.gate.open(now_ms)
"""
_OPEN_FIRST = """        self.gate.open(now_ms)
        if self._record.write(now_ms, codes.JR_GATE_INTENT, event.id):
            event.opened_ms = now_ms
"""

# name -> the fault, and the invariant that it violates first
SEEDED: dict[str, tuple[Sabotage, str]] = {
    "sense check inverted": (
        _edit("gate", ("self.is_open() != self._expected", "self.is_open() == self._expected")),
        claims.NO_FALSE_FAULT,
    ),
    "latch clear skipped in shut": (
        _edit(
            "gate",
            (
                "        self.wanted = False\n        self.clear_latch()\n",
                "        self.wanted = False\n",
            ),
        ),
        claims.SHUT_AT_ONCE,
    ),
    "boot.py's first lines forgotten": (_without_pins, claims.SHUT_AFTER_RESET),
    "boot.py forgets UPLINK_EN": (
        Edit("boot.py", (('machine.Pin("UPLINK_EN", machine.Pin.OUT, value=0)\n', ""),)),
        claims.SHUT_AFTER_RESET,
    ),
    "boot.py forgets LATCH_CLEAR": (
        Edit("boot.py", (('machine.Pin("LATCH_CLEAR", machine.Pin.OUT, value=1)\n', ""),)),
        claims.SHUT_AFTER_RESET,
    ),
    "arm lines raised in the exit delay": (
        _edit("controller", ("self.armed and not self.exit_running and", "self.armed and")),
        claims.ALARM_ONLY,
    ),
    "shut after the state change": (
        _edit("controller", (_SHUT, ""), (_ENTER, _ENTER + _SHUT_LATE)),
        claims.ALARM_ONLY,
    ),
    "shut after the journal write": (
        _edit(
            "controller",
            (_SHUT, "        was_open = self.gate.wanted\n"),
            (_RECORD, _RECORD + "        self.keeper.shut_now()\n"),
        ),
        claims.ALARM_ONLY,
    ),
    "may open in ARMED": (_open_in(states.ARMED), claims.ALARM_ONLY),
    "may open in CUSTOMER_CAPTURE": (_open_in(states.CUSTOMER_CAPTURE), claims.ALARM_ONLY),
    "heartbeat while shut": (
        _edit("gate", ("        if self.wanted and not self.lapsed(now_ms):", "        if True:")),
        claims.SHUT_AFTER_RESET,
    ),
    "a hang's heart started again": (
        _edit(
            "gate",
            ("        if self.wanted and not self.lapsed(now_ms):", "        if self.wanted:"),
        ),
        claims.COUNTED_TRIP,
    ),
    "intent recorded after opening": (
        _edit("gatekeeper", (_OPEN, _OPEN_FIRST)),
        claims.RECORD_FIRST,
    ),
}
