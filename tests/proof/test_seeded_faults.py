"""Each seeded fault is found: the firmware with it violates what it should, within seconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector import states
from host_tools.flash.image import Sabotage
from host_tools.prove import claims
from host_tools.prove.crew import Crew
from host_tools.prove.parts import PARTS, SITUATIONS
from host_tools.prove.search import Limits, Search
from tests.proof.seeded import HARMLESS, SEEDED, Cell, unguarded

_TRANSITIONS = 200_000
_CELLS = {cell.name: cell for cell in unguarded()}
_GUARDS = [cell for name, cell in _CELLS.items() if name not in HARMLESS]


def violated(change: Sabotage | None, invariant: str, state: str = "") -> set[str]:
    """Search until this invariant is violated, and return all that were.

    From every situation, or from those in a state.
    """
    roots = tuple(script for name, script in SITUATIONS.items() if name.startswith(state))
    limits = Limits(transitions=_TRANSITIONS, stop_at=frozenset({invariant}))
    with Crew(0, change) as crew:
        found = Search(replace(PARTS["sound"], roots=roots), limits, crew).run()
    return {violation.invariant for violation in found.violations}


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_fault_is_found(name: str) -> None:
    change, invariant = SEEDED[name]
    assert invariant in violated(change, invariant)


@pytest.mark.parametrize("cell", _GUARDS, ids=lambda cell: cell.name)
def test_a_guard_removed_from_the_table_is_found(cell: Cell) -> None:
    restarts = cell.event == states.EV_CAPTURE and cell.state == states.CUSTOMER_CAPTURE
    invariant = claims.CAPTURE_ENDS if restarts else claims.ALARM_ONLY
    assert invariant in violated(cell, invariant, states.STATE_NAMES[cell.state])


def test_the_list_of_harmless_guards_names_guards() -> None:
    assert set(HARMLESS) <= set(_CELLS)
