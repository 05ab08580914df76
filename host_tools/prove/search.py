"""Breadth-first search over worker processes, level by level.

The workers let inputs happen; this process keeps what was visited: of each state a 64-bit digest,
the number of the state before it and the input between them (for traces), and the frontier's
states themselves. Results are taken in the order in which work was given out, so a run finds the
same traces whatever the machine does. Two states with the same digest would count as one: among a
million states that has a chance of about 3 in 10^8.
"""

from __future__ import annotations

import hashlib
import marshal
import multiprocessing
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from host_tools.flash.image import Sabotage
from host_tools.prove.escape import INVARIANT, Escape
from host_tools.prove.inputs import Input, Inputs
from host_tools.prove.parts import Part, Script
from host_tools.prove.world import State, World

_CHUNK = 32  # states that a worker gets at a time
_IN_FLIGHT = 3  # chunks per worker that are given out and not taken back
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
    first_violation: bool = False


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


@dataclass
class _Expanded:
    transitions: int
    # (number of the state expanded, input, digest, packed state)
    new: list[tuple[int, Input, int, bytes]]
    # (number of the state expanded, inputs, invariant, sentence)
    violations: list[tuple[int, Script, str, str]]


class Worker:
    """A product and what this process has returned already."""

    def __init__(self, part: Part, change: Sabotage | None) -> None:
        self.world = World(change)
        self.inputs = Inputs(self.world, part.lines, part.faults)
        self._escape = Escape(self.world, self.inputs)
        self._seen: set[int] = set()

    def expand(self, chunk: list[tuple[int, bytes]]) -> _Expanded:
        """Let every input happen in each of these states."""
        done = _Expanded(0, [], [])
        for number, packed in chunk:
            state = marshal.loads(packed)
            for step, after in self.inputs.successors(state):
                done.transitions += 1
                for invariant, sentence in self.inputs.violations:
                    done.violations.append((number, (step,), invariant, sentence))
                self._note(done, number, step, after)
            self._find_way_out(done, number, state)
        return done

    def _note(self, done: _Expanded, number: int, step: Input, after: State) -> None:
        packed = pack(after)
        digest = digest_of(packed)
        if digest not in self._seen:
            self._seen.add(digest)
            done.new.append((number, step, digest, packed))

    def _find_way_out(self, done: _Expanded, number: int, state: State) -> None:
        before = self._escape.steps
        why, way = self._escape.check(state)
        done.transitions += self._escape.steps - before
        if why:
            done.violations.append((number, tuple(way), INVARIANT, why))


def pack(state: State) -> bytes:
    """Return a state as bytes: the same for equal states (format 2 has no back references)."""
    return marshal.dumps(state, 2)


def digest_of(packed: bytes) -> int:
    """Return 64 bits that stand for a state."""
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "little")


class Search:
    """The visited states of one part."""

    def __init__(self, part: Part, limits: Limits, change: Sabotage | None = None) -> None:
        self.found = Found(part)
        self._limits = limits
        self._change = change
        self._begun = time.monotonic()
        self._visited: set[int] = set()
        self._parents = array("L")
        self._steps = array("L")
        self._step_numbers: dict[Input, int] = {}
        self._roots: list[Script] = []
        self._kinds: set[tuple[str, str]] = set()

    def run(self, workers: int, tell: Callable[[Found], None] = lambda _found: None) -> Found:
        """Search until a limit; `tell` hears after each level."""
        frontier = self._start()
        with _pool(workers, self.found.part, self._change) as expand:
            while frontier and not self._is_over():
                frontier = self._level(frontier, expand)
                self._count(frontier)
                tell(self.found)
        return self.found

    def _start(self) -> list[tuple[int, bytes]]:
        """Follow the scripts to the roots; what they violate on the way is found here."""
        worker = Worker(self.found.part, self._change)
        frontier: list[tuple[int, bytes]] = []
        for script in self.found.part.roots:
            state = worker.world.initial
            for length, step in enumerate(script, 1):
                state = worker.inputs.run(state, step)
                self.found.transitions += 1
                for invariant, sentence in worker.inputs.violations:
                    self._violate(Violation(invariant, sentence, script[:length]))
            packed = pack(state)
            if digest_of(packed) not in self._visited:
                self._roots.append(script)
                frontier.append((self._add(digest_of(packed), _NO_PARENT, 0), packed))
        return frontier

    def _level(
        self,
        frontier: list[tuple[int, bytes]],
        expand: Callable[[Iterator[list[tuple[int, bytes]]]], Iterable[_Expanded]],
    ) -> list[tuple[int, bytes]]:
        chunks = [frontier[at : at + _CHUNK] for at in range(0, len(frontier), _CHUNK)]
        after: list[tuple[int, bytes]] = []
        taken = 0
        # Asked before each chunk is given out: at a limit the rest stays in the frontier.
        for done in expand(chunk for chunk in chunks if not self._is_over()):
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
            or (limits.first_violation and bool(found.violations))
        )

    def _count(self, frontier: list[tuple[int, bytes]]) -> None:
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


# --- processes ----------------------------------------------------------------------------------

_worker: list[Worker] = []  # of this process


def _begin(part: Part, change: Sabotage | None) -> None:
    _worker[:] = [Worker(part, change)]


def _expand(chunk: list[tuple[int, bytes]]) -> _Expanded:
    return _worker[0].expand(chunk)


@contextmanager
def _pool(
    workers: int, part: Part, change: Sabotage | None
) -> Iterator[Callable[[Iterator[list[tuple[int, bytes]]]], Iterator[_Expanded]]]:
    """Give a function that expands chunks, in their order, here or in worker processes."""
    if workers == 0:
        worker = Worker(part, change)
        yield lambda chunks: map(worker.expand, chunks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (part, change)) as pool:

        def expand(chunks: Iterator[list[tuple[int, bytes]]]) -> Iterator[_Expanded]:
            waiting: deque[Future[_Expanded]] = deque()
            for chunk in chunks:
                waiting.append(pool.submit(_expand, chunk))
                if len(waiting) >= workers * _IN_FLIGHT:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        yield expand
