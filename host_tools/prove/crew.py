"""Those who let inputs happen: worker processes, or this process alone."""

from __future__ import annotations

import marshal
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from host_tools.flash.image import Sabotage
from host_tools.prove.digest import digest_of, pack
from host_tools.prove.escape import INVARIANT, Escape
from host_tools.prove.inputs import Input, Inputs
from host_tools.prove.parts import Part, Script
from host_tools.prove.world import State, World

# A state's number in the search, and the state as bytes.
Numbered = tuple[int, bytes]

_IN_FLIGHT = 3  # chunks per worker that are given out and not taken back


@dataclass
class Expanded:
    """What came of a chunk of states."""

    transitions: int
    # (number of the state gone on from, input, digest of the next state, that state)
    new: list[tuple[int, Input, int, bytes]]
    # (number of the state gone on from, inputs, invariant, sentence)
    violations: list[tuple[int, Script, str, str]]


class Worker:
    """A product that goes on from the states of one part, and what it has found before."""

    def __init__(self, world: World, part: Part) -> None:
        self.world = world
        self.inputs = Inputs(world, part.lines, part.faults)
        self._escape = Escape(world, self.inputs)
        self._seen: set[int] = set()

    def expand(self, chunk: list[Numbered]) -> Expanded:
        """Let every input happen in each of these states."""
        done = Expanded(0, [], [])
        for number, packed in chunk:
            state = marshal.loads(packed)
            for step, after in self.inputs.successors(state):
                done.transitions += 1
                for invariant, sentence in self.inputs.violations:
                    done.violations.append((number, (step,), invariant, sentence))
                self._note(done, number, step, after)
            self._find_way_out(done, number, state)
        return done

    def _note(self, done: Expanded, number: int, step: Input, after: State) -> None:
        packed = pack(after)
        digest = digest_of(packed)
        if digest not in self._seen:
            self._seen.add(digest)
            done.new.append((number, step, digest, packed))

    def _find_way_out(self, done: Expanded, number: int, state: State) -> None:
        before = self._escape.steps
        why, way = self._escape.check(state)
        done.transitions += self._escape.steps - before
        if why:
            done.violations.append((number, tuple(way), INVARIANT, why))


class Crew:
    """Takes chunks of states to worker processes and brings the results back in their order."""

    def __init__(self, workers: int, change: Sabotage | None = None) -> None:
        """Start `workers` processes, or none; `change` is a seeded fault of the firmware."""
        self._workers = workers
        self._change = change
        self._pool: ProcessPoolExecutor | None = None
        self._world: World | None = None
        self._own: tuple[Part, Worker] | None = None

    def __enter__(self) -> Self:
        if self._workers:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, _begin, (self._change,))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def own(self, part: Part) -> Worker:
        """Return this process's own worker."""
        if self._world is None:
            self._world = World(self._change)
        if self._own is None or self._own[0] != part:
            self._own = (part, Worker(self._world, part))
        return self._own[1]

    def expand(self, part: Part, chunks: Iterable[list[Numbered]]) -> Iterator[Expanded]:
        """Yield what came of each chunk; the next is asked for when there is room for it."""
        if self._pool is None:
            yield from map(self.own(part).expand, chunks)
            return
        waiting: deque[Future[Expanded]] = deque()
        for chunk in chunks:
            waiting.append(self._pool.submit(_expand, part, chunk))
            if len(waiting) >= self._workers * _IN_FLIGHT:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


# --- in a worker process ------------------------------------------------------------------------

_crew: list[Crew] = []  # this process's own


def _begin(change: Sabotage | None) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _crew[:] = [Crew(0, change)]


def _end_with_parent() -> None:
    """End this process when the one that gives it work is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _expand(part: Part, chunk: list[Numbered]) -> Expanded:
    return _crew[0].own(part).expand(chunk)
