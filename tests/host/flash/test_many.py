"""Several boards at once: each for itself, and a Ctrl-C that leaves all of them as they may be."""

from __future__ import annotations

import _thread
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_tools import cli
from host_tools.deadline import Deadline
from host_tools.flash import FlashError, build_image
from host_tools.flash.many import StoppableDeadline, flash_all
from host_tools.virtual_board.client import VirtualBoard
from tests.host.flash.flashing import files_on


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[VirtualBoard]]:
    """Three blank boards; the second's jumper is out."""
    with ExitStack() as stack:
        boards = [
            stack.enter_context(VirtualBoard(tmp_path / f"board-{number}")) for number in range(3)
        ]
        boards[0].jumper(True)
        boards[2].jumper(True)
        yield boards


def test_one_that_fails_does_not_stop_the_others(
    three: list[VirtualBoard], tmp_path: Path
) -> None:
    arguments = ["flash", "--keys", str(tmp_path / "keys"), "--no-start"]
    for board in three:
        arguments += ["--port", board.ports.console]
    result = CliRunner().invoke(cli.build(), arguments, env={"COLUMNS": "300"})
    assert result.exit_code == 1
    rows = {
        board.ports.console: line
        for board in three
        for line in result.stdout.splitlines()
        if f" {board.ports.console} " in line
    }
    assert "failed: The service jumper is out: GPIO 22 is low." in rows[three[1].ports.console]
    for board in (three[0], three[2]):
        assert "new keys" in rows[board.ports.console]
        assert files_on(board.flash_image()) == build_image("VIRTUAL").files
    assert files_on(three[1].flash_image()) == {}
    assert "2 of 3 boards flashed." in result.stdout
    assert len(list((tmp_path / "keys").iterdir())) == 4
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_two_boards_that_are_flashed_are_a_success(
    three: list[VirtualBoard], tmp_path: Path
) -> None:
    ports = [three[0].ports.console, three[2].ports.console]
    arguments = [f"--port={port}" for port in ports]
    result = CliRunner().invoke(
        cli.build(), ["flash", "--keys", str(tmp_path / "keys"), "--no-start", *arguments]
    )
    assert result.exit_code == 0, result.output
    assert "2 of 2 boards flashed." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "COM1", "--all"], "Say --port or --all, not both."),
        (["--port", "COM1", "--port", "COM2", "--image", "x"], "one board at a time"),
        (["--port", "COM1", "--port", "COM2", "--device-id", "x"], "A device id is one board's"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(cli.build(), ["flash", *arguments])
    assert result.exit_code == 1
    assert said in " ".join(result.stderr.split())


def test_a_ctrl_c_ends_all_of_them_and_is_told() -> None:
    begun = threading.Barrier(3)

    def job(port: str, deadline: Deadline, _progress: object) -> object:
        begun.wait(10)
        if port == "first":
            _thread.interrupt_main()
        try:
            return deadline.wait_for(lambda: None, "never")
        except TimeoutError as error:
            raise FlashError("lost") from error

    ports = ["first", "second", "third"]
    outcomes, is_stopped = flash_all(ports, job, 60.0, lambda _port: lambda *_told: None)  # type: ignore[arg-type]
    assert is_stopped
    assert [one.port for one in outcomes] == ports
    assert {one.error for one in outcomes} == {"Stopped. Nothing is broken; run this again."}


def test_a_ctrl_c_before_all_have_begun_stops_those_that_have() -> None:
    class Ports(list[str]):
        is_interrupted = False

        def __iter__(self) -> Iterator[str]:
            yield self[0]
            if not self.is_interrupted:
                self.is_interrupted = True
                raise KeyboardInterrupt
            yield from self[1:]

    def job(_port: str, deadline: Deadline, _progress: object) -> object:
        return deadline.wait_for(lambda: None, "never")

    outcomes, is_stopped = flash_all(
        Ports(["a", "b"]), job, 10.0, lambda _port: lambda *_told: None
    )  # type: ignore[arg-type]
    assert is_stopped
    assert [(one.port, one.error) for one in outcomes] == [
        (port, "Stopped. Nothing is broken; run this again.") for port in ("a", "b")
    ]


def test_a_deadline_within_a_stopped_one_is_over() -> None:
    stop = threading.Event()
    inner = StoppableDeadline(60.0, stop).within(30.0)
    assert not inner.expired
    stop.set()
    assert inner.expired
    assert inner.remaining == 0.0
