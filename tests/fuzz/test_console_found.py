"""What was found in whoever listens to a console, each as its own test."""

from __future__ import annotations

from unittest import mock

import pytest

from host_tools.console import client as console_client
from host_tools.console.client import ConsoleClient
from host_tools.flash.errors import FlashError, NoReplError
from host_tools.flash.installer import ask_facts
from host_tools.flash.transport import lost_is_said
from tests.fuzz.host_console import LookedAt, Script, board_of


def _client(*pieces: bytes) -> ConsoleClient:
    script = Script(list(pieces), endless=True)
    with mock.patch.object(console_client, "Port", lambda *_arguments: script):
        return ConsoleClient("memory")


@pytest.mark.parametrize("chatter", [b"x\n", b"# note\n", b"x" * 200])
def test_a_console_that_never_falls_silent_is_left_at_the_deadline(chatter: bytes) -> None:
    client = _client(chatter)
    with pytest.raises(TimeoutError):
        client.command("status", LookedAt())
    assert len(client._buffer) <= 1 << 16


def test_a_refusal_with_an_endless_number_is_no_answer() -> None:
    client = _client(b"", b"ERROR " + b"9" * 5000 + b' "x"\n', b"OK\n")
    client._drop_old = lambda _deadline: None
    assert client.command("status", LookedAt()).text == ""


def test_a_board_that_never_falls_silent_is_left_at_the_deadline() -> None:
    with board_of(Script([b"x"], endless=True)) as board, pytest.raises(NoReplError):
        board.start_repl()


@pytest.mark.parametrize("printed", [b"1 2", b"\xff", b"1 2 3 4 5"])
def test_nonsense_of_a_board_is_said(printed: bytes) -> None:
    helpers = [b">", b"R\x00", b"OK\x04\x04>"]
    script = Script([*helpers, b"OK" + printed + b"\x04\x04>"], endless=False)
    with board_of(script) as board, pytest.raises(FlashError, match="makes no sense"):
        board.in_raw_repl = True
        with lost_is_said("memory", "its files were written"):
            ask_facts(board)
