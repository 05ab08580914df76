"""A trace's script plays on the virtual board: it fails with the seeded fault, and only then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from host_tools import ROOT
from host_tools.prove import claims, trace
from host_tools.prove.crew import Crew
from host_tools.prove.parts import PARTS, SITUATIONS
from host_tools.prove.replay import Stage
from host_tools.prove.search import Limits, Search, Violation
from tests.proof.seeded import SEEDED

# Faults whose effect lasts, so that a board can be caught with it.
_PLAYED = ("arm lines raised in the exit delay", "may open in ARMED")
_LIMIT_S = 60


def shortest(name: str) -> Violation:
    """Return the first violation that a seeded fault leads to."""
    change, invariant = SEEDED[name]
    limits = Limits(transitions=200_000, stop_at=frozenset({invariant}))
    with Crew(0, change) as crew:
        found = Search(PARTS["sound"], limits, crew).run()
    return next(one for one in found.violations if one.invariant == invariant)


def play_of(script: str) -> Any:
    """Return the function that plays a script's trace, without running it."""
    names: dict[str, Any] = {}
    body, _run = script.rsplit("\nrun(play)", 1)
    exec(compile(body, "trace.py", "exec"), names)
    return names["play"]


@pytest.mark.parametrize("name", _PLAYED)
def test_a_trace_breaks_the_board_with_the_fault_and_no_other(name: str, tmp_path: Path) -> None:
    change, _invariant = SEEDED[name]
    violation = shortest(name)
    script = trace.script(violation, trace.follow(violation.trace, change))
    with Stage(tmp_path, change) as stage, pytest.raises(AssertionError, match="is 1, not 0"):
        play_of(script)(stage)
    path = tmp_path / "trace.py"
    path.write_text(script, encoding="utf-8")
    command = [sys.executable, str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "kept\n"), done.stderr


def test_a_violation_that_nothing_shows_afterwards_is_said_so() -> None:
    name = "shut after the state change"
    violation = shortest(name)
    seen = trace.follow(violation.trace, SEEDED[name][0])
    assert violation.invariant == claims.ALARM_ONLY
    assert any("VIOLATED P1" in line for line in trace.text(seen))
    assert "must_be" not in trace.script(violation, seen)


# Situations that a board under load is brought into as well: none of their delays is short, and
# none depends on which of two looks takes a trip.
_ROBUST = (
    *("no supply", "service program", "IDLE, a line high at boot"),
    *("ARMED after a reset", "ARMED, jumper in", "ALARM from IDLE", "ALARM from ARMED"),
    *("ALARM in the exit delay", "ALARM, jumper in", "ALARM, a hang", "disarmed, line still high"),
)
_SHOWN = ("GATE", "LATCH", "UPLINK_EN", "ARM_CONTACT", "ARM_INTRUSION", "LATCH_CLEAR")


def test_the_virtual_board_comes_to_the_same_levels_as_the_explorer(tmp_path: Path) -> None:
    """The same inputs, on the real interpreter with its real links and flash, in real time."""
    with Stage(tmp_path) as stage:
        for name in _ROBUST:
            script = SITUATIONS[name]
            for step in script:
                stage.play(*step)
            levels = stage.levels()
            seen = trace.follow(script)
            wanted = seen[-1].levels if seen else dict.fromkeys(_SHOWN, 0)
            assert {role: levels[role] for role in _SHOWN} == {
                role: wanted[role] for role in _SHOWN
            }, name
            stage.clear()
