"""The bench passes through the jig: its own script, on a second virtual board wired to the first.

One whole run, as a person would start it, and short ones in which something is wrong. Every test
of the suite whose needs a jig can meet must pass; the others are skipped with the reason.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tools import ROOT
from host_tools.bench import promises
from host_tools.bench import record as records
from host_tools.bench.outcome import BAD, FAILED, PASSED, SKIPPED
from host_tools.bench.record import Record
from host_tools.deadline import Deadline
from host_tools.jig.installer import install
from host_tools.virtual_board.client import VirtualBoard

_SLUSS = "from host_tools.cli import main; main()"
_LIMIT_S = 400
_JIG_HAS = {"power", "reset"}
_LEFT = "the jig target has no "


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    exit_code: int
    output: str
    record: Record

    def named(self, *outcomes: str) -> set[str]:
        """Return the names of the tests with one of these outcomes."""
        return {test.id for test in self.record.tests if test.outcome in outcomes}


@contextmanager
def wired(folder: Path) -> Iterator[VirtualBoard]:
    """A blank detector in a jig that has its script."""
    with VirtualBoard(folder / "detector", jig=folder / "jig") as board:
        install(board.jig_port, Deadline(60))
        yield board


def bench(board: VirtualBoard, folder: Path, *selection: str) -> Run:
    """Run `sluss bench --target jig` on it."""
    ports = board.ports
    command = [
        *(sys.executable, "-c", _SLUSS, "bench", "--target", "jig"),
        *("--port", ports.console, "--hub", ports.hub, "--uplink", ports.uplink),
        *("--jig", board.jig_port, "--folder", str(folder), *selection),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    output = done.stdout + done.stderr
    path = folder / "record.json"
    assert path.is_file(), output
    return Run(done.returncode, output, records.load(path))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole suite; its report is left to look at."""
    folder = tmp_path_factory.mktemp("whole")
    with wired(folder) as board:
        return bench(board, ROOT / "build" / "bench" / "jig")


def test_the_whole_bench_passes_through_the_jig(whole: Run) -> None:
    assert whole.exit_code == 0, whole.output
    assert not whole.record.stopped
    assert whole.named(*BAD) == set()
    assert not [v for v in whole.record.verdicts() if v.verdict == promises.BROKEN]


def test_what_a_jig_cannot_do_is_skipped_with_that_reason_and_nothing_else_is(whole: Run) -> None:
    skipped = [test for test in whole.record.tests if test.outcome == SKIPPED]
    assert len(skipped) + len(whole.named(PASSED)) == len(whole.record.tests)
    for test in skipped:
        needs = set(test.message.partition(_LEFT)[2].split(", "))
        assert needs, test
        assert not needs & _JIG_HAS, test


def test_resets_power_cuts_and_openings_were_tried(whole: Run) -> None:
    passed = {name.partition("::")[2].partition("[")[0] for name in whole.named(PASSED)}
    assert {
        "test_a_hard_reset_in_the_middle_of_an_upload_shuts_at_once",
        "test_a_power_cut_shuts_and_the_detector_comes_back_as_journaled",
        "test_two_hundred_alarms_open_and_shut_in_time",
        "test_the_service_jumper_shuts_the_gate_without_the_firmware",
        "test_in_the_whole_run_the_firmware_wrote_no_byte_to_a_shut_uplink",
    } <= passed


def test_a_bridged_gate_seen_through_the_jig_fails_the_bench(tmp_path: Path) -> None:
    with wired(tmp_path) as board:
        board.fault("gate-bypassed")
        run = bench(board, tmp_path / "out", "-k", "customer_shuts or shut_uplink_reaches")
    assert run.exit_code == 1, run.output
    assert len(run.named(FAILED)) >= 3
    broken = {v.promise for v in run.record.verdicts() if v.verdict == promises.BROKEN}
    assert {"P1", "P4"} <= broken


def test_a_power_cut_that_is_only_pretended_is_noticed_and_not_trusted(tmp_path: Path) -> None:
    with wired(tmp_path) as board:
        board.jig_fault("pretends-power")
        run = bench(board, tmp_path / "out", "-k", "power_cut_shuts or customer_shuts")
    assert run.exit_code == 0, run.output
    cuts = [test for test in run.record.tests if "test_a_power_cut_shuts" in test.id]
    assert cuts
    assert {(test.outcome, test.message) for test in cuts} == {(SKIPPED, f"Skipped: {_LEFT}power")}
    assert any("customer_shuts" in name for name in run.named(PASSED))
