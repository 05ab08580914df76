"""The whole bench on a virtual board directly and through a labgrid place: the same words.

One joint run of two targets, as a person would start it; its reports are left to look at.
SLUSS_BENCH_JOBS says how many boards at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import ROOT
from host_tools.bench import record as records
from host_tools.bench.outcome import PASSED
from host_tools.bench.record import Record
from tests.labgrid.lab import Lab

_SLUSS = "from host_tools.cli import main; main()"
_FOLDER = ROOT / "build" / "bench"
_DIRECT, _REMOTE = "virtual", "labgrid"
_PLACE = "garage"
_LIMIT_S = 1200


@pytest.fixture(scope="module")
def output(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run both benches and return what the joint run printed; a board that fails is no error."""
    lab.add_place(_PLACE)
    targets = tmp_path_factory.mktemp("targets") / "targets.toml"
    targets.write_text(
        f'[{_DIRECT}]\nkind = "virtual"\n\n[{_REMOTE}]\nkind = "labgrid"\nplace = "{_PLACE}"\n'
    )
    jobs = os.environ.get("SLUSS_BENCH_JOBS")
    command = [
        *(sys.executable, "-c", _SLUSS, "bench", "--targets", str(targets)),
        *(("--jobs", jobs) if jobs else ()),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "LG_COORDINATOR": lab.coordinator},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    return done.stdout


@pytest.fixture(scope="module")
def direct(output: str) -> Record:
    """Return the record of the board on this machine."""
    return records.load(_FOLDER / _DIRECT / "record.json")


@pytest.fixture(scope="module")
def remote(output: str) -> Record:
    """Return the record of the board behind the place."""
    return records.load(_FOLDER / _REMOTE / "record.json")


def failures(record: Record) -> list[str]:
    return [f"{test.id}: {test.message}" for test in record.tests if test.outcome != PASSED]


def test_both_boards_pass(output: str, direct: Record, remote: Record) -> None:
    """All 200 tests, on both: a skipped one would be a capability that the place lacks."""
    assert failures(direct) == []
    assert failures(remote) == []
    assert "All 2 boards passed." in output


def test_the_same_tests_have_the_same_outcomes(direct: Record, remote: Record) -> None:
    assert len(direct.tests) > 200
    assert [(test.id, test.outcome) for test in remote.tests] == [
        (test.id, test.outcome) for test in direct.tests
    ]


def test_the_same_promises_have_the_same_verdicts(direct: Record, remote: Record) -> None:
    assert remote.verdicts() == direct.verdicts()


def test_the_same_firmware_was_on_two_boards(direct: Record, remote: Record) -> None:
    assert remote.firmware == direct.firmware
    assert remote.device["chip"] != direct.device["chip"]


def test_the_place_was_given_back(output: str, lab: Lab) -> None:
    assert _PLACE not in lab.client("who")
    assert Path(lab.resources).is_file()
