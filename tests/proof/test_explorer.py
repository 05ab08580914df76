"""The explorer itself: its situations, its crashes, its search and its table of claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from detector import states
from host_tools.prove import claims
from host_tools.prove.chip import ChipReset
from host_tools.prove.crew import Crew, Expanded, Numbered
from host_tools.prove.inputs import Inputs
from host_tools.prove.parts import PARTS, SITUATIONS, Part, Script
from host_tools.prove.search import Found, Limits, Search
from host_tools.prove.world import State, World
from host_tools.virtual_board.circuit import FAULTS


class Crash(BaseException):
    """Ends the firmware somewhere, as an error that nobody catches."""


def follow(world: World, inputs: Inputs, script: Script) -> State:
    """Return the state that a script leads to from power-off; nothing is violated on its way."""
    state = world.initial
    for step in script:
        state = inputs.run(state, step)
        assert not inputs.violations, step
    return state


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_is_what_its_name_says(name: str) -> None:
    """Its first word is the state; the gate is open in ALARM, unless the name says why not."""
    world = World()
    world.restore(follow(world, Inputs(world), SITUATIONS[name]))
    word = name.partition(" ")[0].rstrip(",")
    if word in states.STATE_NAMES:
        assert world.state_name() == word
    shut = ("without a record", "jumper in", "a hang", "MAX over")
    opened = word == "ALARM" and not any(words in name for words in shut)
    assert world.circuit.gate == opened


def test_every_state_is_among_the_situations() -> None:
    assert set(states.STATE_NAMES) <= {name.partition(" ")[0].rstrip(",") for name in SITUATIONS}


def test_an_error_ends_where_the_recorded_moment_says() -> None:
    """A real exception in the firmware's own stack leads where the explorer's shortcut leads."""
    world = World()
    inputs = Inputs(world)
    tried = 0
    for script in SITUATIONS.values():
        state = follow(world, inputs, script)
        for step, after in list(inputs.successors(state)):
            if step[:2] == ("crash", "error") and step[3][0] in ("tick", "say", "main"):
                assert _raise_at(world, inputs, state, step[2], step[3]) == after, step
                tried += 1
    assert tried > 100


def _raise_at(world: World, inputs: Inputs, state: State, number: int, step: tuple) -> State:  # type: ignore[type-arg]
    left = [number]

    def crash() -> None:
        if left[0] == 0:
            world.chip.on_effect = lambda: None
            raise Crash
        left[0] -= 1

    kept = world.chip.on_effect
    world.restore(state)
    world.chip.on_effect = crash
    try:
        inputs.let_happen(step)
    except Crash as error:
        with pytest.raises(ChipReset):
            world.stop(error)
    except ChipReset:
        pass  # main's own handler stopped it
    world.chip.on_effect = kept
    inputs.let_happen(("reset", "watchdog"))
    return world.pack()


def explored(workers: int, part: str) -> Found:
    """Search a little."""
    with Crew(workers) as crew:
        return Search(PARTS[part], Limits(depth=4), crew).run()


def test_the_search_is_the_same_with_and_without_worker_processes() -> None:
    alone, together = explored(0, "power-on"), explored(2, "power-on")
    assert (alone.states, alone.depth) == (together.states, together.depth)
    assert alone.violations == together.violations


class Barren(Crew):
    """A crew for which no input leads anywhere new."""

    def expand(self, part: Part, chunks: Iterable[list[Numbered]]) -> Iterator[Expanded]:
        """Go on from each state, in vain."""
        for chunk in chunks:
            yield Expanded(len(chunk), [], [])


def test_a_search_that_comes_to_its_end_says_so_and_one_that_does_not_says_what_is_left() -> None:
    with Barren(0) as crew:
        ended = Search(PARTS["power-on"], Limits(), crew).run()
        stopped = Search(PARTS["sound"], Limits(transitions=1), crew).run()
    assert (ended.complete, ended.depth, ended.frontier) == (True, 1, 0)
    assert (stopped.complete, stopped.depth) == (False, 0)
    assert stopped.frontier == stopped.states > 1


def test_only_the_lines_that_are_named_change() -> None:
    world = World()
    inputs = Inputs(world, lines=("TRIP_FIRE",))
    state = follow(world, inputs, SITUATIONS["IDLE"])
    steps = [step for step, _after in inputs.successors(state)]
    assert {step[1] for step in steps if step[0] == "line"} == {"TRIP_FIRE"}


def test_the_table_of_claims_names_faults_and_invariants() -> None:
    assert set(claims.GIVEN_UP) <= set(FAULTS)
    assert set(claims.SEEN_AT_BOOT) <= set(FAULTS)
    given_up = {name for row in claims.GIVEN_UP.values() for name in row}
    assert given_up <= set(claims.INVARIANTS)


@pytest.mark.parametrize(
    ("fault", "invariant"),
    [(fault, invariant) for fault, row in claims.GIVEN_UP.items() for invariant in row],
)
def test_what_is_given_up_is_really_not_kept(
    fault: str, invariant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that nothing violates would give a promise away for nothing."""
    monkeypatch.setattr(claims, "given_up", lambda _faults: frozenset())
    roots = tuple((*script, ("break", fault)) for script in SITUATIONS.values())
    limits = Limits(transitions=400_000, stop_at=frozenset({invariant}))
    with Crew(0) as crew:
        part = replace(PARTS["broken"], roots=roots, faults=())
        found = Search(part, limits, crew).run()
    assert invariant in {violation.invariant for violation in found.violations}
