"""The bench's plugin: what becomes of tests that are skipped, left out or lose their board."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tools import ROOT
from host_tools.bench import record as records
from host_tools.bench.record import Record

_HEAD = """
import pytest
from host_tools.bench.target import TargetLostError
from host_tools.bench.witness import WitnessLostError
"""
_TWO = """
@pytest.mark.promise("P1")
def test_one(): pass

@pytest.mark.promise("P1", "P2")
def test_two(): pass
"""
# A board that needs a power-cycle after a test that says so to it.
_BOARD = """
class Board:
    is_resting, hurt, target = False, False, None
    def rest(self):
        hurt, self.hurt, self.is_resting = self.hurt, False, True
        return "faults camera" if hurt else ""

@pytest.fixture(scope="session")
def bench(): return Board()

def test_gentle(bench, target): assert bench.is_resting is False

def test_hurts(bench, target): bench.hurt = True

@pytest.mark.disturbs("it hurts")
def test_says_so(bench, target): bench.hurt = True

@pytest.mark.disturbs("it does not")
def test_lies(bench, target): pass

@pytest.mark.raw_board
def test_raw(bench, target): bench.hurt = True

def test_finds_it(bench, target): pass
"""
_LIMIT_S = 60


@dataclass(frozen=True)
class Done:
    """What a run left behind."""

    exit_code: int
    record: Record

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome by the test's name."""
        return {test.id.rpartition("::")[2]: test.outcome for test in self.record.tests}

    def verdict(self, promise: str) -> str:
        """Return the verdict on a promise."""
        return next(one.words() for one in self.record.verdicts() if one.promise == promise)


def _run(folder: Path, text: str, *options: str) -> Done:
    suite = folder / "test_suite.py"
    suite.write_text(_HEAD + text)
    command = [sys.executable, "-m", "pytest", "-q", str(suite), f"--rootdir={ROOT}", *options]
    command += ["-p", "host_tools.bench.plugin", f"--sluss-folder={folder}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=_LIMIT_S, check=False)
    assert (folder / "record.json").is_file(), done.stdout.decode()
    return Done(done.returncode, records.load(folder / "record.json"))


def test_a_whole_run_keeps_its_promises(tmp_path: Path) -> None:
    done = _run(tmp_path, _TWO)
    assert done.exit_code == 0
    assert (done.verdict("P1"), done.verdict("P2")) == ("KEPT", "KEPT")


def test_what_a_selection_leaves_out_is_on_record_and_keeps_no_promise(tmp_path: Path) -> None:
    done = _run(tmp_path, _TWO, "-k", "two")
    assert done.exit_code == 0
    assert done.outcomes == {"test_one": "not run", "test_two": "passed"}
    assert (done.verdict("P1"), done.verdict("P2")) == ("PARTLY TESTED (1 of 2)", "KEPT")


def test_a_look_back_at_the_whole_run_comes_last_in_every_selection(tmp_path: Path) -> None:
    back = "@pytest.mark.whole_run\ndef test_back(): pass\n"
    done = _run(tmp_path, back + _TWO, "-k", "two")
    assert list(done.outcomes.items()) == [
        ("test_two", "passed"),
        ("test_back", "passed"),
        ("test_one", "not run"),
    ]


def test_a_run_in_which_everything_is_skipped_is_no_pass(tmp_path: Path) -> None:
    done = _run(tmp_path, '@pytest.mark.skip("no jig")\ndef test_one(): pass\n')
    assert done.exit_code == 1
    assert not done.record.passed


@pytest.mark.parametrize("error", ["TargetLostError", "WitnessLostError"])
def test_a_board_that_is_lost_in_a_test_breaks_no_promise_and_ends_the_run(
    error: str, tmp_path: Path
) -> None:
    text = f'@pytest.mark.promise("P3")\ndef test_none(): raise {error}("it is gone")\n'
    done = _run(tmp_path, text + _TWO)
    assert done.exit_code != 0
    assert done.outcomes == {"test_none": "lost", "test_one": "not run", "test_two": "not run"}
    assert done.record.stopped == "It is gone"
    assert (done.verdict("P1"), done.verdict("P3")) == ("NOT TESTED", "NOT TESTED")


def test_a_failure_breaks_its_promise(tmp_path: Path) -> None:
    done = _run(tmp_path, _TWO + '@pytest.mark.promise("P2")\ndef test_bad(): assert False\n')
    assert done.exit_code == 1
    assert (done.verdict("P1"), done.verdict("P2")) == ("KEPT", "BROKEN")


def test_a_board_left_so_that_only_a_power_cycle_helps_is_an_error_unless_it_is_said(
    tmp_path: Path,
) -> None:
    done = _run(tmp_path, _BOARD)
    assert done.outcomes == {
        "test_gentle": "passed",
        "test_hurts": "error",
        "test_says_so": "passed",
        "test_lies": "error",
        "test_raw": "passed",
        "test_finds_it": "error",
    }
    names = [one.test.rpartition("::")[2] for one in done.record.recoveries]
    assert names == ["test_hurts", "test_says_so", "test_finds_it"]
    assert done.record.recoveries[-1].test.startswith("before ")
