"""The joint record: what became of each board, as data, before anybody draws it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from host_tools.bench import outcome as outcomes
from host_tools.bench import record as records
from host_tools.bench import report
from host_tools.bench.kinds import Spec
from host_tools.bench.outcome import BAD, WITHOUT_WORD, PartVerdict
from host_tools.bench.record import Record
from host_tools.git_state import GitState

SCHEMA = 1
# Verdicts of a board
PASS = "PASS"
FAIL = "FAIL"
QUARANTINED = "QUARANTINED"  # it stopped answering: its run says nothing, the others went on
NOT_RUN = "NOT RUN"  # the joint run was interrupted before its turn


@dataclass
class Board:
    """One board's run, and where its own report is."""

    name: str
    kind: str
    folder: str  # beside the joint report's
    verdict: str
    why: str  # one sentence
    seconds: float = 0.0
    device: Mapping[str, Any] = field(default_factory=dict)
    tests: Mapping[str, int] = field(default_factory=dict)  # passed, failed, without word
    promises: list[PartVerdict] = field(default_factory=list)
    has_report: bool = False


@dataclass
class JointRecord:
    """One joint run."""

    jobs: int
    sane_jobs: int  # as many leave each other's times alone
    selection: str = ""
    git: GitState = field(default_factory=GitState)
    started: str = ""
    ended: str = ""
    seconds: float = 0.0
    boards: list[Board] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True when every board passed."""
        return bool(self.boards) and all(board.verdict == PASS for board in self.boards)

    @property
    def crowding(self) -> str:
        """What too many boards at a time do to the figures, "" where they are not."""
        if self.jobs <= self.sane_jobs:
            return ""
        return (
            f"{self.jobs} boards at a time wait for each other on this machine: what comes too"
            f" late may be its fault, not theirs. For honest verdicts: --jobs {self.sane_jobs}."
        )

    def count(self, verdict: str) -> int:
        """Return how many boards have a verdict."""
        return sum(board.verdict == verdict for board in self.boards)

    def as_json(self) -> dict[str, Any]:
        """Return the whole record as plain data."""
        return {
            "schema": SCHEMA,
            "verdict": "pass" if self.passed else "fail",
            "jobs": self.jobs,
            "sane_jobs": self.sane_jobs,
            "selection": self.selection,
            "git": self.git.as_json(),
            "started": self.started,
            "ended": self.ended,
            "seconds": round(self.seconds, 3),
            "boards": [asdict(board) for board in self.boards],
        }

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(self.as_json(), indent=1) + "\n", encoding="utf-8")
        draft.replace(path)


def judge(spec: Spec, folder: Path, exit_code: int, why: str, seconds: float) -> Board:
    """Return what became of a board, from its own record; `why` says why its run was ended."""
    board = Board(spec.name, spec.kind, folder.name, QUARANTINED, why, seconds)
    try:
        record = records.load(folder / "record.json")
    except (OSError, ValueError, KeyError) as error:
        board.why = why or f"Its bench left no record (exit code {exit_code}): {error}"
        return board
    board.device = record.device
    board.tests = counts(record)
    board.promises = record.verdicts()
    board.has_report = (folder / "report.html").is_file()
    if why:
        return board
    lost = board.tests[outcomes.LOST]
    if record.passed and exit_code == 0:
        board.verdict = PASS
    elif not lost:
        board.verdict = FAIL
    board.why = record.stopped if lost or record.stopped else report.headline(record)
    return board


def counts(record: Record) -> dict[str, int]:
    """Return how many tests passed, failed, were lost, and gave no word at all."""
    found = [test.outcome for test in record.tests]
    return {
        outcomes.PASSED: found.count(outcomes.PASSED),
        outcomes.FAILED: sum(outcome in BAD for outcome in found),
        outcomes.LOST: found.count(outcomes.LOST),
        "without word": sum(outcome in WITHOUT_WORD for outcome in found),
    }
