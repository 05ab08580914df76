"""The jig's client against a scripted jig on a pty: order, zero, losses, refusals, silence."""

from __future__ import annotations

import contextlib
import os
import threading
import tty
from collections.abc import Callable, Iterator

import pytest

from host_tools.deadline import Deadline
from host_tools.jig.client import JigClient, JigError, JigLostError
from host_tools.links.port import LinkError
from jig import words
from tests.host.jig.conftest import Listener

_ORIGIN_US = 5_000_000


class ScriptedJig:
    """Answers each line by `answers[verb]`, which may be text, None for silence, or a function."""

    def __init__(self) -> None:
        self.fd, self.user = os.openpty()
        tty.setraw(self.user)
        self.port = os.ttyname(self.user)
        self.lines: list[str] = []
        self.told = 0
        self.answers: dict[str, str | Callable[[list[str]], str | None] | None] = {
            "version": f"OK jig {words.VERSION}",
            "watch": self._watch,
            "now": lambda _words: f"OK {_ORIGIN_US + 10} told={self.told}",
        }
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Say a line; one that tells something is counted."""
        self.told += text.startswith("! ")
        os.write(self.fd, text.encode() + b"\n")

    def close(self) -> None:
        """Unplug it."""
        if self.fd >= 0:
            os.close(self.user)
            os.close(self.fd)
            self.fd = -1

    def _watch(self, _words: list[str]) -> str:
        self.say(f"! {_ORIGIN_US} GATE 0")
        self.say(f"! {_ORIGIN_US} HUB_RX 70")
        return f"OK {_ORIGIN_US}"

    def _run(self) -> None:
        pending = b""
        while True:
            try:
                pending += os.read(self.fd, 4096)
            except OSError:
                return
            *lines, pending = pending.split(b"\n")
            with contextlib.suppress(OSError):  # unplugged meanwhile
                for line in lines:
                    self._answer(line.decode())

    def _answer(self, line: str) -> None:
        if not line:
            return
        self.lines.append(line)
        verb, *arguments = line.split()
        answer = self.answers.get(verb, f"OK {_ORIGIN_US + 20}")
        text = answer(arguments) if callable(answer) else answer
        if text is not None:
            self.say(text)


@pytest.fixture
def scripted() -> Iterator[ScriptedJig]:
    """A jig that has its lines from the test."""
    jig = ScriptedJig()
    yield jig
    jig.close()


@pytest.fixture
def client(scripted: ScriptedJig, heard: Listener) -> Iterator[JigClient]:
    """Its client, started."""
    client = JigClient(scripted.port, heard.log, heard.lost.append)
    client.start(Deadline(5))
    yield client
    client.close()


def lost(heard: Listener) -> str:
    Deadline(5).wait_for(lambda: heard.lost, "it is lost")
    return heard.lost[0]


def test_it_begins_safe_and_ends_safe(scripted: ScriptedJig, heard: Listener) -> None:
    client = JigClient(scripted.port, heard.log, heard.lost.append)
    client.start(Deadline(5))
    client.close()
    verbs = [line.split()[0] for line in scripted.lines]
    assert verbs == ["version", "safe", "now", "watch", "lease", "safe", "lease"]
    assert heard.lost == []


def test_times_and_counts_begin_at_zero(
    scripted: ScriptedJig, client: JigClient, heard: Listener
) -> None:
    scripted.say(f"! {_ORIGIN_US + 7} GATE 1")
    scripted.say(f"! {_ORIGIN_US + 8} HUB_RX 75")
    assert client.now_us() == 10
    assert heard.log.events == [(0, "GATE", 0), (0, "HUB_RX", 0), (7, "GATE", 1), (8, "HUB_RX", 5)]
    assert client.time_of("line TAMPER 1") == 20


def test_signals_are_levels_and_counts_of_the_same_kind(
    scripted: ScriptedJig, client: JigClient
) -> None:
    scripted.answers["signals"] = f"OK {_ORIGIN_US + 9} told={scripted.told} GATE=1 HUB_RX=74"
    found = client.signals()
    assert (found.t_us, found.values) == (9, {"GATE": 1, "HUB_RX": 4})


def test_a_refusal_has_its_code_and_says_what_was_asked(
    scripted: ScriptedJig, client: JigClient
) -> None:
    scripted.answers["power"] = 'ERROR 5 "POWER stays high"'
    with pytest.raises(JigError, match="power 0: POWER stays high") as caught:
        client.ask("power 0")
    assert caught.value.code == words.ERR_SUPPLY
    assert client.now_us() == 10


def test_an_overrun_ends_it(scripted: ScriptedJig, client: JigClient, heard: Listener) -> None:
    scripted.say("! 5 OVERRUN 1")
    assert "could not keep up" in lost(heard)
    with pytest.raises(JigLostError, match="could not keep up"):
        client.ask("now")


def test_a_line_that_got_lost_on_its_way_ends_it(
    scripted: ScriptedJig, client: JigClient, heard: Listener
) -> None:
    scripted.told += 1
    with pytest.raises(JigLostError, match="were lost on their way"):
        client.now_us()
    assert "were lost on their way" in lost(heard)


def test_a_jig_that_is_unplugged_ends_it(
    scripted: ScriptedJig, client: JigClient, heard: Listener
) -> None:
    scripted.close()
    assert scripted.port in lost(heard)
    with pytest.raises(JigLostError):
        client.ask("now")


def test_no_answer_is_no_endless_wait(scripted: ScriptedJig, client: JigClient) -> None:
    scripted.answers["line"] = None
    with pytest.raises(JigLostError, match=r"no answer within 0\.1 s"):
        client.ask("line TAMPER 1", Deadline(0.1))


def test_what_speaks_endlessly_without_a_line_ends_it(
    scripted: ScriptedJig, client: JigClient, heard: Listener
) -> None:
    os.write(scripted.fd, b"x" * 3000)
    os.write(scripted.fd, b"x" * 3000)
    assert "no line of a jig" in lost(heard)


def test_it_keeps_its_lease(scripted: ScriptedJig, client: JigClient, heard: Listener) -> None:
    before = scripted.lines.count("lease 6000")
    Deadline(10).wait_for(lambda: scripted.lines.count("lease 6000") > before, "it renews")
    assert client.now_us() == 10


def test_something_else_on_the_port_is_not_taken_for_a_jig(
    scripted: ScriptedJig, heard: Listener
) -> None:
    scripted.answers["version"] = "OK 0.1.0 board=VIRTUAL"
    client = JigClient(scripted.port, heard.log, heard.lost.append)
    with pytest.raises(JigError, match="sluss jig install"):
        client.start(Deadline(5))
    client.close()


def test_what_somebody_typed_before_is_not_an_answer(
    scripted: ScriptedJig, heard: Listener
) -> None:
    scripted.answers["half"] = 'ERROR 1 "there is no half; try help"'
    os.write(scripted.user, b"half")
    client = JigClient(scripted.port, heard.log, heard.lost.append)
    client.start(Deadline(5))
    assert scripted.lines[0] == "half"
    assert client.now_us() == 10
    client.close()


def test_a_port_that_is_not_there_is_said(heard: Listener) -> None:
    with pytest.raises(LinkError, match="no port"):
        JigClient("/dev/no-jig", heard.log, heard.lost.append)
