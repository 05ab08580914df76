"""Runs tests/proof/cuts/sweep.py in processes, a seed each, and adds up their answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
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
    on_cpython: int = 0  # so many points were not MicroPython's
    seen: set[str] = field(default_factory=set)  # of each point, eight bytes as hex
    rows: Counter[tuple[str, int]] = field(default_factory=Counter)  # (kind, phase)
    steps: Counter[tuple[str, int]] = field(default_factory=Counter)  # (what happened, phase)
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many distinct points there are."""
        return len(self.seen)

    def add(self, answer: Mapping[str, Any], on_cpython: bool = False) -> None:
        """Take in one run's answer."""
        self.runs += 1
        if on_cpython:
            self.on_cpython += answer["points"]
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


def run(order: Order, deadline: Deadline, on_cpython: bool = False) -> dict[str, Any]:
    """Have one process do an order; raise CutError, TimeoutError.

    CPython is three times as fast, and has no littlefs: its runs leave the files out.
    """
    interpreter = [sys.executable] if on_cpython else [str(micropython_path()), "-X", _HEAP]
    command = [*interpreter, str(SWEEP), json.dumps(order)]
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
    workers: Sequence[bool],
    until: Deadline,
    deadline: Deadline,
    tell: Callable[[Total], None],
) -> Total:
    """Do orders, side by side, until there are so many points or one fails; raise CutError.

    Each worker says whether it is CPython, and not MicroPython. No order is given behind `until`.
    """
    total = Total()
    running: dict[Future[dict[str, Any]], bool] = {}
    with ThreadPoolExecutor(len(workers)) as pool:
        for on_cpython in workers:
            running[pool.submit(run, next(orders), deadline, on_cpython)] = on_cpython
        while running:
            done, _ = wait(running, deadline.remaining, FIRST_COMPLETED)
            deadline.check("the power cuts")
            for each in done:
                on_cpython = running.pop(each)
                total.add(each.result(), on_cpython)
                tell(total)
                # What has begun is waited for, and counts too.
                if total.points < points and not total.failures and not until.expired:
                    running[pool.submit(run, next(orders), deadline, on_cpython)] = on_cpython
    return total
