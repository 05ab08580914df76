"""Prints firmware/detector/states.py as a Markdown table, or writes it into files between markers.

scripts/state_table.py [FILE]...    the markers are <!-- state-table --> and <!-- /state-table -->
"""

from __future__ import annotations

import sys
from pathlib import Path

from detector import codes, states

BEGIN = "<!-- state-table -->\n"
END = "<!-- /state-table -->\n"


def table() -> str:
    """Return the table: an event a line, a state a column; events that do the same share one."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for event, name in enumerate(states.EVENT_NAMES):
        cells = tuple(_cell(state, event) for state in range(len(states.STATE_NAMES)))
        rows.setdefault(cells, []).append(name)
    lines = [
        _line(["", *states.STATE_NAMES]),
        _line(["---"] * (len(states.STATE_NAMES) + 1)),
        _line(["*gate*", *("**may open**" if may else "shut" for may in states.GATE_OPEN)]),
        *(_line([", ".join(names), *cells]) for cells, names in rows.items()),
    ]
    return "\n".join(lines) + "\n"


def rewritten(text: str) -> str:
    """Return `text` with the table between its markers; raise ValueError without them."""
    before, found_begin, rest = text.partition(BEGIN)
    _old, found_end, after = rest.partition(END)
    if not (found_begin and found_end):
        raise ValueError(f"no {BEGIN.strip()} ... {END.strip()}")
    return before + BEGIN + table() + END + after


def _cell(state: int, event: int) -> str:
    guard, target, armed = states.TABLE[state][event]
    if guard == states.REFUSED:
        return f"- {codes.error_word(target)}"
    if guard == states.JOINS:
        return "joins the event"
    if target == states.BY_ARMED:
        return "ARMED if armed, else IDLE"
    if target == state:
        return f"stays, then {states.STATE_NAMES[states.ARMED if armed else states.IDLE]}"
    suffix = " if armed" if guard == states.IF_ARMED else ""
    return states.STATE_NAMES[target] + suffix


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    """Run the command line."""
    if len(sys.argv) == 1:
        print(table(), end="")
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
