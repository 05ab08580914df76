"""Runs tests/proof/cuts/sweep.py in MicroPython processes, a seed each, and adds up their answers."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools import ROOT
from host_tools.deadline import Deadline
from host_tools.interpreter import micropython_path

SWEEP = ROOT / "tests" / "proof" / "cuts" / "sweep.py"
PHASES = ("before", "inside", "after")
_HEAP = "heapsize=160m"  # snapshots of the flash, and what is known of each point


class CutError(Exception):
    """A process of the sweep did not answer; the text is what it said."""


Order = Mapping[str, int | str | list[int]]


@dataclass
class Total:
    """What all runs found together."""

    runs: int = 0
    operations: int = 0
    stories: int = 0
    seen: set[str] = field(default_factory=set)  # of each point, eight bytes as hex
    rows: Counter[tuple[str, int]] = field(default_factory=Counter)  # (kind, phase)
    steps: Counter[tuple[str, int]] = field(default_factory=Counter)  # (what happened, phase)
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many distinct points there are."""
        return len(self.seen)

    def add(self, answer: Mapping[str, Any]) -> None:
        """Take in one run's answer."""
        self.runs += 1
        self.operations += answer["operations"]
        self.stories += answer["stories"]
        seen: str = answer["seen"]
        self.seen.update(seen[at : at + 16] for at in range(0, len(seen), 16))
        for table, found in ((self.rows, answer["rows"]), (self.steps, answer["steps"])):
            for name, counts in found.items():
                for phase, count in enumerate(counts):
                    table[name, phase] += count
        if answer["failure"]:
            self.failures.append(answer["failure"])

    @property
    def shortest(self) -> dict[str, Any] | None:
        """Return the failure whose story is the shortest, None where all is well."""
        return min(self.failures, key=_length, default=None)


def _length(failure: Mapping[str, Any]) -> tuple[int, int]:
    return failure["operation"], len(failure.get("second", ()))


def replay_of(failure: Mapping[str, Any], order: Order) -> str:
    """Return the order that does a failing point again."""
    again = {name: failure[name] for name in ("seed", "story", "operation", "phase")}
    kept = {name: order[name] for name in ("operations", "fault") if name in order}
    return json.dumps(again | kept)


def run(order: Order, deadline: Deadline, interpreter: Path | None = None) -> dict[str, Any]:
    """Have one process do an order; raise CutError, TimeoutError."""
    command = [str(interpreter or micropython_path()), "-X", _HEAP, str(SWEEP), json.dumps(order)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=deadline.remaining, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise deadline.error("the power cuts of one process") from error
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise CutError(f"the sweep {json.dumps(order)} stopped: {said[-2000:]}") from error
    if not isinstance(answer, dict):
        raise CutError(f"the sweep answered {answer!r}")
    return answer


def sweep(
    orders: Iterator[Order],
    points: int,
    workers: int,
    deadline: Deadline,
    tell: Callable[[Total], None],
) -> Total:
    """Do orders, side by side, until there are so many points or one fails; raise CutError."""
    total = Total()
    running: set[Future[dict[str, Any]]] = set()
    with ThreadPoolExecutor(workers) as pool:
        while total.points < points and not total.failures:
            while len(running) < workers:
                running.add(pool.submit(run, next(orders), deadline))
            done, running = wait(running, deadline.remaining, FIRST_COMPLETED)
            deadline.check("the power cuts")
            for each in done:
                total.add(each.result())
                tell(total)
        # What has begun is waited for, and counts too.
        for each in running:
            total.add(each.result())
            tell(total)
    return total
