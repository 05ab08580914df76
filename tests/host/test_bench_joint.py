"""Joint runs: boards side by side, one that dies or hangs, and the report on all of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from host_tools import ROOT
from host_tools.bench.joint import report
from host_tools.bench.joint.crew import Crew, Limits, Selection
from host_tools.bench.joint.display import Display
from host_tools.bench.joint.processes import descendants
from host_tools.bench.joint.record import FAIL, NOT_RUN, PASS, QUARANTINED, Board, JointRecord
from host_tools.bench.kinds import Spec
from host_tools.deadline import Deadline
from tests.host.bench_sample import sample_record
from tests.host.html_tags import Tags

_LIMIT_S = 120
_SILENCE_S = 30  # flashing, before the first test, takes 12 s beside other tests
_STORY = "panic_alarm_from_the_button"
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ALARMS_BYTES = 20_000  # of a transcript: far more than a board says before its first test
_SLUSS = "from host_tools.cli import main; main()"


def processes_with(*words: str) -> list[int]:
    """Return our own descendants whose command line has all these words."""
    found = []
    for pid in descendants(os.getpid()):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        except OSError:  # it has just ended
            continue
        if all(word in line for word in words):
            found.append(pid)
    return found


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path]:
    """Bench two boards side by side and kill the process of one in the middle."""
    folder = tmp_path_factory.mktemp("joint")
    targets = folder / "targets.toml"
    targets.write_text('[sound]\nkind = "virtual"\n[doomed]\nkind = "virtual"\n')
    command = [
        *(sys.executable, "-c", _SLUSS, "bench", "--targets", str(targets), "--jobs", "2"),
        *("-k", _STORY, "--folder", str(folder)),
    ]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    state = str(folder / "doomed" / "board" / "main")
    (board,) = Deadline(_LIMIT_S).wait_for(
        lambda: processes_with("virtual_board.process", state), "the board did not start"
    )
    os.kill(board, signal.SIGKILL)
    output, _ = running.communicate(timeout=_LIMIT_S)
    return running.returncode, output, folder


@pytest.fixture(scope="module")
def boards(joint: tuple[int, str, Path]) -> dict[str, Any]:
    """Return the boards of the joint record by name."""
    record = json.loads((joint[2] / "joint" / "record.json").read_text())
    return {board["name"]: board for board in record["boards"]}


def test_a_board_that_dies_is_quarantined_and_says_why(boards: dict[str, Any]) -> None:
    assert boards["doomed"]["verdict"] == QUARANTINED
    assert "SIGKILL" in boards["doomed"]["why"]
    assert boards["doomed"]["tests"]["passed"] == 0


def test_the_others_go_on(boards: dict[str, Any]) -> None:
    assert boards["sound"]["verdict"] == PASS
    assert boards["sound"]["tests"]["passed"] == 2  # and the look back at the whole run


def test_the_joint_run_fails_and_says_so(joint: tuple[int, str, Path]) -> None:
    exit_code, output, folder = joint
    assert exit_code == 1
    assert "QUARANTINED doomed" in output
    assert "Of 2 boards: 1 passed, 1 quarantined." in output
    assert str(folder / "joint" / "report.html") in output


def test_the_joint_report_leads_to_each_boards_own(joint: tuple[int, str, Path]) -> None:
    page = joint[2] / "joint" / "report.html"
    text = page.read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    for name in ("sound", "doomed"):
        link = f"../{name}/report.html"
        assert link in tags.targets
        assert (page.parent / link).is_file()
    assert QUARANTINED in text
    assert not [target for target in tags.targets if "://" in target]


def test_no_board_is_left_running(joint: tuple[int, str, Path]) -> None:
    assert processes_with(str(joint[2])) == []


# --- what hangs ---------------------------------------------------------------------------------


class Silent(Display):
    """A display that nobody sees."""

    def __init__(self) -> None:
        super().__init__(1, quiet=True)
        self.said = threading.Event()

    def hears(self, spec: Spec, words: dict[str, Any]) -> None:
        """Note that a test has begun."""
        super().hears(spec, words)
        if "test" in words:
            self.said.set()


@pytest.fixture
def stopped_bench(tmp_path: Path) -> Iterator[tuple[Crew, list[Spec]]]:
    """Return a crew whose bench is stopped as soon as it is at its first test."""
    display = Silent()
    limits = Limits(board_s=_LIMIT_S, silence_s=_SILENCE_S, grace_s=1)
    crew = Crew(tmp_path, Selection(_STORY), limits, display)

    def stop() -> None:
        display.said.wait()
        for pid in processes_with("joint.worker", str(tmp_path)):
            os.kill(pid, signal.SIGSTOP)

    stopper = threading.Thread(target=stop)
    stopper.start()
    yield crew, [Spec("hung", "virtual")]
    display.said.set()
    stopper.join()


def test_a_bench_that_hangs_is_killed_with_its_board(
    stopped_bench: tuple[Crew, list[Spec]], tmp_path: Path
) -> None:
    crew, specs = stopped_bench
    (board,) = crew.run(specs, 1)
    assert board.verdict == QUARANTINED
    assert board.why.startswith(f"Nothing was heard of it for {_SILENCE_S} s, at: test_")
    assert processes_with(str(tmp_path)) == []


def test_a_board_that_takes_too_long_is_ended_with_a_record(tmp_path: Path) -> None:
    limits = Limits(board_s=3, silence_s=_LIMIT_S)
    with Silent() as display:
        (board,) = Crew(tmp_path, Selection("latency"), limits, display).run(
            [Spec("slow", "virtual")], 1
        )
    assert board.verdict == QUARANTINED
    assert board.why.startswith("It was not done within 3 s, at: ")
    assert (tmp_path / "slow" / "record.json").is_file()
    assert processes_with(str(tmp_path)) == []


def test_an_interrupted_run_ends_all_boards_and_still_reports(tmp_path: Path) -> None:
    targets = tmp_path / "targets.toml"
    targets.write_text('[board]\nkind = "virtual"\ncount = 2\n')
    command = [
        *(sys.executable, "-c", _SLUSS, "bench", "--targets", str(targets), "--jobs", "1"),
        *("-k", "latency", "--folder", str(tmp_path)),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        heard = tmp_path / "board-1" / "transcripts" / "hub.log"
        Deadline(_LIMIT_S).wait_for(
            lambda: heard.exists() and heard.stat().st_size > _ALARMS_BYTES, "no test began"
        )
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=_LIMIT_S)
    assert running.returncode == 1
    assert "Of 2 boards: 1 quarantined, 1 not run." in output
    assert (tmp_path / "board-1" / "record.json").is_file()
    assert "Traceback" not in (tmp_path / "board-1" / "bench.log").read_text()
    assert processes_with(str(tmp_path)) == []


def test_a_bench_that_leaves_no_record_is_quarantined(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    sample_record(tmp_path).write(tmp_path / "odd" / "record.json")  # of another run
    with Silent() as display:
        (board,) = Crew(tmp_path, Selection(), Limits(), display).run([Spec("odd", "no such")], 1)
    assert board.verdict == QUARANTINED
    assert "left no record (exit code 1)" in board.why


# --- what is seen and written -------------------------------------------------------------------


def test_boards_at_work_have_a_bar_and_those_that_are_done_a_line() -> None:
    screen = StringIO()
    spec = Spec("front", "virtual")
    with Display(2, console=Console(file=screen, force_terminal=True, width=120)) as display:
        display.begins(spec)
        display.hears(spec, {"total": 7})
        display.hears(spec, {"test": "test_the_gate_opens"})
        display.hears(spec, {"outcome": "failed"})
        display._bars.refresh()
        at_work = screen.getvalue()
        display.ends(Board("front", "virtual", "front", FAIL, "P1 broken."))
    at_work, done = (_COLOURS.sub("", text) for text in (at_work, screen.getvalue()))
    assert re.search(r"front .* 1/7 1 failed the gate opens", at_work)
    assert re.search(r"all boards .* 0/2", at_work)
    assert re.search(r"FAIL +front: P1 broken\.", done)


def test_every_verdict_is_counted_in_the_headline() -> None:
    boards = [
        Board(verdict, "virtual", verdict, verdict, "<why>")
        for verdict in (PASS, PASS, FAIL, QUARANTINED, NOT_RUN)
    ]
    record = JointRecord(1, 1, boards=boards)
    assert report.headline(record) == (
        "Of 5 boards: 2 passed, 1 failed, 1 quarantined, 1 not run."
    )
    assert not record.passed
    assert "&lt;why&gt;" in report.render(record)


def test_a_joint_run_of_no_boards_is_no_pass() -> None:
    assert not JointRecord(1, 1).passed


def test_a_crowd_is_told_that_its_times_may_be_the_machines() -> None:
    crowd, orderly = JointRecord(4, 1), JointRecord(4, 4)
    assert "For honest verdicts: --jobs 1" in report.render(crowd)
    assert "honest" not in report.render(orderly)
