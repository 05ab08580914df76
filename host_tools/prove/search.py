"""Breadth-first search over worker processes, level by level.

The workers let inputs happen; this process keeps what was visited: of each state a 64-bit digest,
the number of the state before it and the input between them (for traces), and the frontier's
states themselves. Results are taken in the order in which work was given out, so a run finds the
same traces whatever the machine does. Two states with the same digest would count as one: among a
million states that has a chance of about 3 in 10^8.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.prove.crew import Crew, Numbered
from host_tools.prove.digest import digest_of, pack
from host_tools.prove.inputs import Input
from host_tools.prove.parts import Part, Script
from host_tools.prove.world import State

_CHUNK = 32  # states that a worker gets at a time
_NO_PARENT = 0xFFFFFFFF


@dataclass(frozen=True)
class Violation:
    """What was violated, and the inputs from power-off on that lead to it."""

    invariant: str
    sentence: str
    trace: Script


@dataclass(frozen=True)
class Limits:
    """Where to stop, if the space does not end before."""

    transitions: int = 1 << 62
    states: int = 1 << 62
    seconds: float = 1e9
    depth: int = 1 << 30
    stop_at: frozenset[str] = frozenset()  # invariants whose violation ends the search


@dataclass
class Found:
    """What a part's search came to."""

    part: Part
    states: int = 0
    transitions: int = 0
    depth: int = 0  # every input sequence of this length from the roots was tried
    frontier: int = 0  # states that were reached and not expanded
    seconds: float = 0.0
    violations: list[Violation] = field(default_factory=list)
    count: int = 0  # violating transitions in all

    @property
    def complete(self) -> bool:
        """Whether every state that can be reached was reached."""
        return self.frontier == 0


class Search:
    """The visited states of one part."""

    def __init__(self, part: Part, limits: Limits, crew: Crew) -> None:
        """Prepare a search of `part` by `crew`, up to `limits`."""
        self.found = Found(part)
        self._limits = limits
        self._crew = crew
        self._begun = time.monotonic()
        self._visited: set[int] = set()
        self._parents = array("L")
        self._steps = array("L")
        self._step_numbers: dict[Input, int] = {}
        self._roots: list[Script] = []
        self._kinds: set[tuple[str, str]] = set()

    def run(self, tell: Callable[[Found], None] = lambda _found: None) -> Found:
        """Search until a limit; `tell` hears after each level."""
        frontier = self._start()
        self._count(frontier)
        while frontier and not self._is_over():
            frontier = self._level(frontier)
            self._count(frontier)
            tell(self.found)
        return self.found

    def _start(self) -> list[Numbered]:
        """Follow the scripts to the roots; what they violate on the way is found here."""
        worker = self._crew.own(self.found.part)
        frontier: list[Numbered] = []
        known: dict[Script, State] = {(): worker.world.initial}
        for script in self.found.part.roots:
            for length, step in enumerate(script, 1):
                if script[:length] in known:
                    continue
                known[script[:length]] = worker.inputs.run(known[script[: length - 1]], step)
                self.found.transitions += 1
                for invariant, sentence in worker.inputs.violations:
                    self._violate(Violation(invariant, sentence, script[:length]))
            state = known[script]
            packed = pack(state)
            if digest_of(packed) not in self._visited:
                self._roots.append(script)
                frontier.append((self._add(digest_of(packed), _NO_PARENT, 0), packed))
        return frontier

    def _level(self, frontier: list[Numbered]) -> list[Numbered]:
        chunks = [frontier[at : at + _CHUNK] for at in range(0, len(frontier), _CHUNK)]
        after: list[Numbered] = []
        taken = 0
        # Asked before each chunk is given out: at a limit the rest stays in the frontier.
        given = (chunk for chunk in chunks if not self._is_over())
        for done in self._crew.expand(self.found.part, given):
            taken += 1
            self.found.transitions += done.transitions
            for number, steps, invariant, sentence in done.violations:
                self.found.count += 1
                if (invariant, sentence) not in self._kinds:
                    self._violate(Violation(invariant, sentence, (*self._trace(number), *steps)))
            for parent, step, digest, packed in done.new:
                if digest not in self._visited:
                    number = self._step_numbers.setdefault(step, len(self._step_numbers))
                    after.append((self._add(digest, parent, number), packed))
        if taken < len(chunks):
            return [*frontier[taken * _CHUNK :], *after]
        self.found.depth += 1
        return after

    def _is_over(self) -> bool:
        found, limits = self.found, self._limits
        return (
            found.transitions >= limits.transitions
            or len(self._visited) >= limits.states
            or time.monotonic() - self._begun >= limits.seconds
            or found.depth >= limits.depth
            or any(violation.invariant in limits.stop_at for violation in found.violations)
        )

    def _count(self, frontier: list[Numbered]) -> None:
        self.found.states = len(self._visited)
        self.found.frontier = len(frontier)
        self.found.seconds = time.monotonic() - self._begun

    def _add(self, digest: int, parent: int, step: int) -> int:
        self._visited.add(digest)
        self._parents.append(parent)
        self._steps.append(step)
        return len(self._parents) - 1

    def _violate(self, violation: Violation) -> None:
        kind = (violation.invariant, violation.sentence)
        if kind not in self._kinds:
            self._kinds.add(kind)
            self.found.violations.append(violation)

    def _trace(self, number: int) -> Script:
        inputs = list(self._step_numbers)
        steps: list[Input] = []
        while self._parents[number] != _NO_PARENT:
            steps.append(inputs[self._steps[number]])
            number = self._parents[number]
        return (*self._roots[number], *reversed(steps))
