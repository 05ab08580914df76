"""`sluss sim`: its words, and one run of the whole command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from host_tools import ROOT
from host_tools.virtual_board.client import BoardPorts, VirtualBoardError
from host_tools.virtual_board.sim import Printer, Simulation


class FakeBoard:
    """Remembers what it was asked to do."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.ports = BoardPorts("/dev/console", "/dev/hub", "/dev/uplink")
        self.state = Path("/state")

    def __getattr__(self, name: str) -> Any:
        def ask(*arguments: Any) -> None:
            self.asked.append((name, *arguments))
            if arguments == ("gremlins", True):
                raise VirtualBoardError("no fault 'gremlins'")

        return ask


class Session:
    """A simulation on a fake board with what it printed."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.printer = Printer(self.printed.append)
        self.printer.is_on = True
        self.board = FakeBoard()
        self.simulation = Simulation(self.board, self.printer)  # type: ignore[arg-type]


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("trip panic", ("line", "TRIP_PANIC", 1)),
        ("trip fire 30", ("pulse", "TRIP_FIRE", 30.0)),
        ("release tamper", ("line", "TAMPER", 0)),
        ("jumper in", ("jumper", True)),
        ("power off", ("power", False)),
        ("power cycle", ("power_cycle",)),
        ("reset", ("reset",)),
        ("hang on", ("hang", True)),
        ("fault latch-deaf", ("fault", "latch-deaf", True)),
        ("fault flash-cut 3", ("fault", "flash-cut", 3)),
        ("fault camera no-eoi", ("fault", "camera", "no-eoi")),
        ("clear", ("clear_fault", None)),
        ("clear latch-deaf", ("clear_fault", "latch-deaf")),
    ],
)
def test_each_word_reaches_the_board(
    session: Session, line: str, asked: tuple[object, ...]
) -> None:
    session.simulation.obey(line)
    assert session.board.asked == [asked]


@pytest.mark.parametrize("line", ["trip", "jumper", "jumper sideways", "dance", "fault gremlins"])
def test_nonsense_is_answered_and_the_simulation_goes_on(session: Session, line: str) -> None:
    assert session.simulation.obey(line)
    assert len(session.printed) == 1


def test_quit_ends_it(session: Session) -> None:
    assert not session.simulation.obey("quit")


def test_fault_alone_lists_the_names(session: Session) -> None:
    session.simulation.obey("fault")
    assert "gate-bridged" in session.printed[0]


def test_changes_are_printed_in_words_with_their_time(session: Session) -> None:
    session.printer.event(1_500_000, "GATE", 1)
    assert session.printed == ["     1.500 s  GATE OPEN\n"]


@pytest.mark.parametrize("name", ["HEARTBEAT", "HUB_RX"])
def test_what_changes_all_the_time_is_not_printed(session: Session, name: str) -> None:
    session.printer.event(1_500_000, name, 1)
    assert session.printed == []


def test_the_whole_command_prints_ports_and_changes_and_ends_with_its_input() -> None:
    code = "import sys; from host_tools.cli import main; sys.argv = ['sluss', 'sim']; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="trip panic\nsignals\nquit\n",
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'firmware'}"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for expected in ("mpremote connect /dev/", "latch SET", "TRIP_PANIC         1"):
        assert expected in done.stdout
