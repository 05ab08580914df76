"""Power cuts and bit rot, in the size of CI; and faults that the sweep must find."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from host_tools import ROOT
from host_tools.cut.workers import Order, Total, replay_of, run
from host_tools.deadline import Deadline
from host_tools.interpreter import micropython_path
from host_tools.journal.chain import verify
from host_tools.journal.dump import read_dump

_ROT = Path(__file__).parent / "rot.py"
_POINTS = 2_000
_DEVICE = "SL-0001"
# Every kind of operation; "written again" is a recovery's own, and rare.
_KINDS = {
    "identity erased", "identity written", "image page stored", "image room erased",
    "journal append", "journal block erased ahead", "journal key destroyed", "key side erased",
    "key side taken into use", "key slot marked", "key slot written", "key slot zeroed",
    "littlefs erase", "littlefs program",
}  # fmt: skip
_FILES = 5  # the story on littlefs, which CPython has not
# Each fault, the story that it shows in (by its past, see stories.PASTS), and what is then said.
_FAULTS = [
    ("journal key before its record", 0, "faults 10"),
    ("commit before data", 0, "is torn"),
    ("erase ahead takes the newest", 1, "is not as it was"),
    ("deletion done before its record", 2, "no record says"),
    ("side in use before its slots", 2, "is lost"),
    ("old keys stay", 4, "left in block"),
    ("retention forgets", 0, "past its date"),
    ("an alarm goes on", 0, "the gate opened"),
    ("armed is forgotten", 0, "not armed"),
    ("torn keys stay", 2, "left in block"),
    ("files are not guarded", _FILES, "raw block"),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where some of the flashes are kept, as they were in the end."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def swept(kept: Path) -> Total:
    """One run in the size of CI, in MicroPython."""
    total = Total()
    order: Order = {"seed": 1, "points": _POINTS, "stride": 3, "keep": str(kept)}
    total.add(run(order, Deadline(600)))
    return total


def test_no_power_cut_loses_what_was_promised(swept: Total) -> None:
    assert swept.shortest is None
    assert swept.points >= _POINTS


def test_every_kind_of_operation_is_cut_in_every_phase(swept: Total) -> None:
    missing = {(kind, phase) for kind in _KINDS for phase in range(3)} - set(swept.rows)
    assert missing == set()


def test_points_in_recovery_are_among_them(swept: Total) -> None:
    assert sum(swept.steps["recovery", phase] for phase in range(3)) >= _POINTS // 4


def test_the_shipped_verifier_finds_nothing_wrong_with_their_journals(
    swept: Total, kept: Path
) -> None:
    torn = 0
    paths = sorted(kept.glob("*.flash"))
    assert len(paths) >= 20
    for path in paths:
        found = verify(read_dump(path), path.with_suffix(".key").read_bytes(), _DEVICE)
        assert list(found.problems) == []
        assert found.end_proved
        torn += found.torn
    assert torn > 0, "no record was torn: what was verified?"


@pytest.mark.parametrize(("fault", "story", "said"), _FAULTS, ids=lambda value: str(value))
def test_a_fault_is_found_and_can_be_done_again(fault: str, story: int, said: str) -> None:
    order: Order = {"seed": 1, "story": story, "points": 1_500, "fault": fault}
    on_cpython = story < _FILES  # three times as fast
    failure = run(order, Deadline(600), on_cpython)["failure"]
    assert failure is not None, "it was not found"
    assert said in failure["broken"]
    again = run(json.loads(replay_of(failure, order)), Deadline(600), on_cpython)["failure"]
    assert again == failure


@pytest.mark.parametrize("interpreter", ["micropython", "cpython"])
def test_bit_rot_is_told_and_never_shown(interpreter: str) -> None:
    found = _rot(interpreter, 350)
    assert found["failure"] is None
    assert found["flips"] == 350
    table = found["table"]
    assert table["identity"] == {"no identity: service program": 50}
    assert set(table["image"]) == {"refused by its reader"}
    assert set(table["key header"]) == {"fault"}
    assert set(table["living key slot"]) <= {"deleted, on record", "fault", "nothing"}
    assert table["living key slot"]["deleted, on record"] >= 30
    assert set(table["dead key slot"]) == {"nothing"}
    assert table["record"]["record missing"] >= 25
    assert table["end"]["fault"] >= 40


def _rot(interpreter: str, flips: int) -> dict[str, Any]:
    program = sys.executable if interpreter == "cpython" else str(micropython_path())
    order = json.dumps({"seed": 1, "flips": flips})
    done = subprocess.run(
        [program, str(_ROT), order],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
