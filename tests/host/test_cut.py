"""`sluss cut`: runs are added up, a failure is named, and the evidence says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from host_tools import evidence
from host_tools.cut import command, workers
from host_tools.cut.workers import CutError, Order, Total
from host_tools.deadline import Deadline


def answer(seed: int, **more: Any) -> dict[str, Any]:
    """Return what a run of two points says; one of them is the same in all runs."""
    return {
        "seed": seed,
        "points": 2,
        "operations": 10,
        "stories": 1,
        "rows": {"journal append": [1, 0, 1]},
        "steps": {"recovery": [1, 0, 0], "alarm": [0, 0, 1]},
        "seen": "00" * 8 + f"{seed:016x}",
        "failure": None,
        **more,
    }


def failure(operation: int, **more: Any) -> dict[str, Any]:
    """Return a failure at an operation."""
    return {
        "seed": 3,
        "story": 4,
        "name": "new, 300004",
        "operation": operation,
        "phase": 1,
        "what": "journal append inside",
        "step": "alarm",
        "broken": "record 7 is not as it was",
        **more,
    }


def test_a_point_of_two_runs_counts_once() -> None:
    total = Total()
    total.add(answer(1))
    total.add(answer(2), on_cpython=True)
    assert (total.points, total.on_cpython, total.operations) == (3, 2, 20)
    assert total.rows["journal append", 0] == 2


def test_the_shortest_failure_is_told() -> None:
    total = Total()
    for operation, more in ((9, {}), (2, {"second": [5, 1]}), (2, {})):
        total.add(answer(1, failure=failure(operation, **more)))
    assert total.shortest == failure(2)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Order]]:
    """The orders that were given; each run finds two points."""
    orders: list[Order] = []

    def run(order: Order, deadline: Deadline, on_cpython: bool = False) -> dict[str, Any]:
        orders.append(order)
        seed = order["seed"]
        assert isinstance(seed, int)
        return answer(seed, failure=failure(5) if seed == 3 else None)

    write = evidence.write
    monkeypatch.setattr(workers, "run", run)
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(
        evidence, "write", lambda kind, figures, *, passed: write(
            kind, figures, passed=passed, folder=tmp_path
        )
    )  # fmt: skip
    yield orders


def cut(*words: str) -> Result:
    """Run the command."""
    app = typer.Typer()
    app.command()(command.cut)
    return CliRunner().invoke(app, words)


def test_runs_follow_until_there_are_enough_points(asked: list[Order], tmp_path: Path) -> None:
    done = cut("--points", "3", "--stride", "3")
    assert done.exit_code == 0, done.output
    assert [order["seed"] for order in asked] == [1, 2]
    assert all(order["stride"] == 3 for order in asked)
    found = evidence.read("cut", tmp_path)
    assert found is not None
    assert found.passed
    assert (found.figures["points"], found.figures["points_in_recovery"]) == (3, 2)
    assert "journal append" in done.output


def test_a_failure_ends_the_runs_and_says_how_to_see_it_again(
    asked: list[Order], tmp_path: Path
) -> None:
    done = cut("--points", "1000")
    assert done.exit_code == 1
    assert len(asked) == 3
    found = evidence.read("cut", tmp_path)
    assert found is not None
    assert not found.passed
    assert "record 7 is not as it was" in done.output
    words = " ".join(done.output.split())
    assert '--again \'{"seed": 3, "story": 4, "operation": 5, "phase": 1' in words


def test_too_few_points_in_the_time_given_are_no_pass(asked: list[Order], tmp_path: Path) -> None:
    done = cut("--points", "1000", "--minutes", "0")
    assert done.exit_code == 1
    assert "only 2 of 1,000 points" in done.output
    found = evidence.read("cut", tmp_path)
    assert found is not None
    assert not found.passed


def test_one_point_again_is_no_evidence(asked: list[Order], tmp_path: Path) -> None:
    order = '{"seed": 3, "story": 4, "operation": 5, "phase": 1}'
    assert cut("--again", order).exit_code == 1
    assert asked == [{"seed": 3, "story": 4, "operation": 5, "phase": 1}]
    assert evidence.read("cut", tmp_path) is None


def test_a_run_that_stops_says_why() -> None:
    with pytest.raises(CutError, match="KeyError"):
        workers.run({"points": 1}, Deadline(60))
