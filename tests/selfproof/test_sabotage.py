"""The bench proves itself: on a board that is sabotaged it fails, and exactly where it should.

A bench that cannot fail proves nothing. Each run is `sluss bench --sabotage NAME`, as a person
would start it; two at a time, for two cores. SLUSS_SELFPROOF=whole runs all of the suite but the
long series.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from host_tools import ROOT
from host_tools.bench import promises
from host_tools.bench import record as records
from host_tools.bench.outcome import BAD, LOST, PASSED, SKIPPED, judge_all
from host_tools.bench.record import Record
from tests.selfproof.expected import EXPECTED, SELECTION

_AT_ONCE = 2
_LIMIT_S = 400
_WHOLE = os.environ.get("SLUSS_SELFPROOF") == "whole"
_SLUSS = "from host_tools.cli import main; main()"


@dataclass(frozen=True)
class Run:
    """What a sabotaged run left behind."""

    exit_code: int
    output: str
    record: Record

    def named(self, *outcomes: str) -> set[str]:
        """Return the names of the tests with one of these outcomes, of all without any."""
        return {
            test.id.removeprefix("tests/bench/")
            for test in self.record.tests
            if not outcomes or test.outcome in outcomes
        }

    def why(self, names: set[str]) -> str:
        """Return the messages of some tests."""
        return "\n".join(
            f"{test.id}: {test.message}"
            for test in self.record.tests
            if test.id.removeprefix("tests/bench/") in names
        )


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Future[Run]]]:
    """Start all sabotaged runs; each test waits for its own. Their reports are left to look at."""
    folder = ROOT / "build" / "bench"
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {name: pool.submit(_run, name, folder / f"virtual-{name}") for name in EXPECTED}


@pytest.fixture(params=sorted(EXPECTED))
def name(request: pytest.FixtureRequest) -> str:
    """A sabotage."""
    return str(request.param)


@pytest.fixture
def run(runs: dict[str, Future[Run]], name: str) -> Run:
    """Its run."""
    return runs[name].result()


def test_every_sabotage_is_tried() -> None:
    """The list here and the command's are the same."""
    assert set(EXPECTED) == set(records.SABOTAGES)


def test_a_sabotaged_board_fails_the_bench(run: Run, name: str) -> None:
    """Exit code 1, a whole run, and a record that names the sabotage."""
    assert run.exit_code == 1, run.output
    assert not run.record.stopped
    assert run.record.sabotage == name
    assert not run.record.passed


def test_exactly_the_tests_fail_that_the_sabotage_breaks(run: Run, name: str) -> None:
    """Every expected test that ran fails, and every other one passes."""
    failed = run.named(*BAD)
    ran = failed | run.named(PASSED)
    wanted = {test for test in ran if EXPECTED[name].tests & {test, test.partition("[")[0]}}
    assert wanted, "none of the expected tests was run"
    assert sorted(failed - wanted) == [], run.why(failed - wanted)
    assert sorted(wanted - failed) == []
    assert run.named(SKIPPED, LOST) == set()


def test_no_expected_test_has_been_renamed(run: Run, name: str) -> None:
    """A test that this list expects to fail is one of the suite, run or left out."""
    known = run.named()
    known |= {test.partition("[")[0] for test in known}
    assert sorted(EXPECTED[name].tests - known) == []


def test_exactly_the_promises_break_that_the_sabotage_breaks(run: Run, name: str) -> None:
    """Every other promise has the verdict that a sound board has in the same selection."""
    mended = [
        replace(test, outcome=PASSED) if test.outcome in BAD else test for test in run.record.tests
    ]
    for verdict, sound in zip(run.record.verdicts(), judge_all(mended), strict=True):
        what = f"{verdict.promise} {verdict.part}"
        if sound.verdict != promises.NOT_BUILT and verdict.promise in EXPECTED[name].promises:
            assert verdict.verdict == promises.BROKEN, what
        else:
            assert verdict == sound, what


def _run(name: str, folder: Path) -> Run:
    path = folder / "record.json"
    path.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-c", _SLUSS, "bench"),
        *("--sabotage", name),
        *("--folder", str(folder)),
        *("-m", "not statistics"),
        *(() if _WHOLE else ("-k", SELECTION)),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    output = done.stdout + done.stderr
    if not path.is_file():
        raise AssertionError(f"the run with {name} left no record:\n{output}")
    return Run(done.returncode, output, records.load(path))
