"""The console's client, and `sluss console`, against the firmware's own console on a pty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from detector import codes
from detector.version import VERSION
from host_tools.cli import build
from host_tools.client import CommandRefused, ConsoleClient
from host_tools.deadline import Deadline
from tests.host.fake_detector import FakeConsole, FakeRecords


@pytest.fixture
def board() -> Iterator[FakeConsole]:
    board = FakeConsole(FakeRecords())
    yield board
    board.close()


@pytest.fixture
def console(board: FakeConsole) -> Iterator[ConsoleClient]:
    with ConsoleClient(board.port) as console:
        yield console


def test_an_answer_is_what_stands_behind_ok(console: ConsoleClient) -> None:
    assert console.command("help").text.split()[0] == "help"
    assert console.command("status").values == {"state": "IDLE", "faults": "journal"}


def test_notes_come_without_their_mark(console: ConsoleClient) -> None:
    answer = console.command("journal")
    assert answer.notes == ["03" * 92, "04" * 92]
    assert answer.text == "2 4 " + b"the end".hex()


def test_a_refusal_is_raised_with_its_code(console: ConsoleClient) -> None:
    with pytest.raises(CommandRefused) as caught:
        console.command("journal x")
    assert caught.value.code == codes.ERR_ARGUMENT
    assert caught.value.command == "journal"


def test_a_long_line_is_written_whole_and_refused(console: ConsoleClient) -> None:
    with pytest.raises(CommandRefused):
        console.command("status " + "x" * 20000)
    assert console.command("help").text


def test_what_was_printed_before_is_no_answer(board: FakeConsole, console: ConsoleClient) -> None:
    board.console_write(b"OK stale\r\nTraceback\r\n")
    Deadline(1).wait_for(lambda: console.pending() >= 20, "the stale lines")
    assert console.command("version").text.startswith(VERSION)
    assert console.other == ["OK stale", "Traceback"]


def test_late_answers_are_not_taken_for_those_to_later_questions(
    board: FakeConsole, console: ConsoleClient
) -> None:
    """Of a slow board that was asked for its status until it answered."""
    board.console_write(b'OK state=IDLE\r\nERROR 1 "no such command"\r\nOK state=IDLE\r\n')
    console.catch_up(Deadline(5))
    assert console.pending() == 0
    assert console.command("help").text.startswith("help")


def test_silence_is_a_timeout(board: FakeConsole, console: ConsoleClient) -> None:
    board.uart.cut = True
    with pytest.raises(TimeoutError, match="version"):
        console.command("version", Deadline(0.1))


def test_sluss_console_sends_one_line(board: FakeConsole) -> None:
    result = CliRunner().invoke(build(), ["console", "--port", board.port, "journal", "4", "1"])
    assert result.exit_code == 0
    assert result.output.splitlines() == ["# " + "04" * 92, "OK 1 4 " + b"the end".hex()]


def test_sluss_console_says_no_with_its_exit_code(board: FakeConsole) -> None:
    result = CliRunner().invoke(build(), ["console", "--port", board.port, "open"])
    assert result.exit_code == 1
    assert result.output.startswith("ERROR 1 ")


def test_sluss_console_converses(board: FakeConsole) -> None:
    typed = "version\n\nopen\n"
    result = CliRunner().invoke(build(), ["console", "--port", board.port], input=typed)
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == ["OK", "ERROR"]


def test_sluss_console_names_a_port_that_is_not_there() -> None:
    result = CliRunner().invoke(build(), ["console", "--port", "/dev/none", "help"])
    assert result.exit_code == 2
    assert result.stderr.startswith("sluss console: There is no port /dev/none. ")


def test_sluss_console_names_a_port_that_another_program_has(board: FakeConsole) -> None:
    with ConsoleClient(board.port, exclusive=True):
        result = CliRunner().invoke(build(), ["console", "--port", board.port, "help"])
    assert result.exit_code == 2
    assert f"Another program has {board.port} open." in result.stderr
