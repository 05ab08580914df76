"""One joint run: the file of targets, the crew, the display, the record, the exit code."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from host_tools.bench.joint import report
from host_tools.bench.joint.crew import Crew, Limits, Selection, sane_jobs
from host_tools.bench.joint.display import Display
from host_tools.bench.joint.record import JointRecord
from host_tools.bench.joint.targets_file import JOINT
from host_tools.bench.kinds import Spec
from host_tools.git_state import git_state
from host_tools.utc import utc_now


def run_joint(
    specs: Sequence[Spec],
    *,
    folder: Path,
    jobs: int,
    selection: Selection,
    limits: Limits,
    quiet: bool = False,
) -> int:
    """Bench all targets in `folder`/<name>, write `folder`/joint; return 0 when all passed."""
    began = time.monotonic()
    words = " and ".join(word for word in (selection.keyword, selection.marker) if word)
    record = JointRecord(jobs, sane_jobs(specs), words, git_state(), utc_now())
    with Display(len(specs), quiet) as display:
        if record.crowding:
            display.console.print(f"[yellow]{record.crowding}[/]", soft_wrap=True)
        record.boards = Crew(folder, selection, limits, display).run(specs, jobs)
    record.seconds = time.monotonic() - began
    record.ended = utc_now()
    path = report.write(record, folder / JOINT)
    colour = "green" if record.passed else "red"
    display.console.print(f"[bold {colour}]{escape(report.headline(record))}[/]")
    display.console.print(f"Report: {escape(str(path))}", soft_wrap=True)
    return 0 if record.passed else 1
