"""What a state leaves out decides nothing, and the date decides nothing.

Both are believed by the search: it takes two states for one where these tests would fail.
"""

from __future__ import annotations

import random
from itertools import islice

import pytest

from host_tools.prove.inputs import Inputs
from host_tools.prove.layout import ROWS, START_TICKS
from host_tools.prove.parts import SITUATIONS
from host_tools.prove.world import State, World

_PERIOD = 1 << 30
# Of a deadline that is over, and of one that is not, of a time long ago and of one to come.
_TICKS_AGO = (0, 1, 77, 5000, 1 << 28, -1, -77, -5000, -(1 << 28))


class Scrambled(World):
    """A world in which whatever is left out of a state is different after each restore."""

    dice = random.Random(1)

    def restore(self, state: State) -> None:
        """Restore, then change all that the state does not say."""
        super().restore(state)
        if not self.runs:
            return
        inside = state[len(self.outer.names) :]
        for index, attribute, place in self.inner.left_out:
            if place < 0 or inside[place] is None:
                self._scramble(self.objects[index], attribute)
        more = {leader: self.dice.randrange(1000) for leader, _, _ in self.inner.counters}
        for leader, index, attribute in self.inner.counters:
            value = getattr(self.objects[index], attribute) + more[leader]
            setattr(self.objects[index], attribute, value)

    def _scramble(self, owner: object, attribute: str) -> None:
        before = getattr(owner, attribute)
        if isinstance(before, bool):
            setattr(owner, attribute, self.dice.random() < 0.5)
        elif attribute.endswith("_ms"):
            ticks = (self.start_ticks - self.dice.choice(_TICKS_AGO)) % _PERIOD
            setattr(owner, attribute, ticks)
        else:
            setattr(owner, attribute, self.dice.randrange(5))


def states_around(world: World, inputs: Inputs) -> list[State]:
    """Return every situation and a sample of the states next to it."""
    found: list[State] = []
    for script in SITUATIONS.values():
        state = world.initial
        for step in script:
            state = inputs.run(state, step)
        found.append(state)
        found += [after for _step, after in islice(inputs.successors(state), 0, None, 29)]
    return found


def test_what_is_left_out_of_a_state_decides_nothing() -> None:
    """Every input leads to the same states and violations, whatever the left-out parts hold."""
    world, scrambled = World(), Scrambled()
    plain, other = Inputs(world), Inputs(scrambled)
    for state in states_around(world, plain):
        for (step, after), (other_step, other_after) in zip(
            plain.successors(state), other.successors(state), strict=True
        ):
            assert other_step == step
            assert other_after == after, (step, _differences(world, after, other_after))
            assert other.violations == plain.violations, step


@pytest.mark.parametrize("start_ticks", [0, 12345, (1 << 29) - 20, _PERIOD - 1])
def test_the_date_decides_nothing(start_ticks: int) -> None:
    """The same inputs lead to the same states, wherever the ticks wrap."""
    world, later = World(), World(start_ticks=start_ticks)
    plain, other = Inputs(world), Inputs(later)
    assert start_ticks != START_TICKS
    for state in states_around(world, plain)[::3]:
        for (step, after), (other_step, other_after) in zip(
            plain.successors(state), other.successors(state), strict=True
        ):
            assert other_step == step
            assert other_after == after, (step, _differences(world, after, other_after))


def test_a_restored_state_is_that_state() -> None:
    world = World()
    for state in states_around(world, Inputs(world)):
        world.restore(state)
        assert world.pack() == state


def test_the_table_names_attributes_that_are_there() -> None:
    """A row for an attribute that was renamed would say nothing any more."""
    world = World()
    things = (*world.objects, world.circuit)
    there = {f"{type(thing).__name__}.{name}" for thing in things for name in vars(thing)}
    assert set(ROWS) <= there


def _differences(world: World, state: State, other: State) -> list[tuple[str, object, object]]:
    names = [*world.outer.names, *world.inner.names]
    pairs = zip(names, state, other, strict=False)
    return [(name, one, two) for name, one, two in pairs if one != two]
