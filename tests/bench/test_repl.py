"""A prompt on the console: not to be had without the jumper, and no key to the gate with it.

One hostile program, typed into the prompt of a second board, serves all tests; a short MAX clears
what one test's trip has set before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from detector import codes
from host_tools.bench.target import Target
from host_tools.bench.witness import LATCH, RESET, UPLINK_EN, Witness
from host_tools.client import ConsoleClient, HubClient
from tests.bench import hostile as programs
from tests.bench import repl, scenario
from tests.bench.scenario import PANIC, SHUT_MS

_MAX_MS = 200
# From Ctrl-D to the first statement of boot.py: starting the interpreter and mounting the flash.
_SOFT_RESET_MS = 1000
_A_MOMENT_US = 500_000


@pytest.fixture(scope="module")
def typed(target: Target) -> Iterator[tuple[Target, Any]]:
    """A board with the jumper in, whose prompt runs a program that drives every pin open."""
    board = target.spare(clone=True, max_ms=_MAX_MS)
    with repl.prompt(board) as transport:
        repl.leave_running(board, transport, programs.source("hold_open"))
        yield board, transport
    board.close()


@pytest.mark.promise("P3")
def test_without_the_jumper_no_control_character_leads_to_a_prompt(
    witness: Witness, hub: HubClient, console: ConsoleClient
) -> None:
    """Ctrl-C, Ctrl-D, Ctrl-A and Ctrl-B to a running detector: it lives on and gives no prompt."""
    since = witness.now_us()
    assert scenario.ask(console, "\x03\x03\x04\x01\x02") == codes.ERR_UNKNOWN
    assert scenario.ask(console, "status") == codes.OK
    assert not witness.events(RESET, since)
    assert scenario.status(hub)["state"] == "IDLE"


@pytest.mark.promise("P3")
@pytest.mark.needs("spare")
def test_a_prompt_with_the_jumper_in_cannot_open_the_gate(typed: tuple[Target, Any]) -> None:
    """At the prompt every pin is driven open and panic is tripped: the jumper keeps it shut."""
    board, _transport = typed
    board.jumper(True)
    since = scenario.trip(board, PANIC)
    assert board.witness.wait(LATCH, 1, scenario.patience(), since)
    scenario.latch_is(board.witness, 0)
    scenario.stayed_shut(board.witness, since)


@pytest.mark.promise("P2")
@pytest.mark.needs("spare")
def test_a_prompt_without_the_jumper_opens_nothing_without_a_trip(
    typed: tuple[Target, Any],
) -> None:
    """The jumper pulled under a running prompt: shut, until a panic trip opens it."""
    board, _transport = typed
    scenario.latch_is(board.witness, 0)
    since = board.witness.now_us()
    board.jumper(False)
    scenario.pass_time(board.witness, since + _A_MOMENT_US)
    scenario.stayed_shut(board.witness, since)
    scenario.opens(board.witness, scenario.trip(board, PANIC), SHUT_MS)


@pytest.mark.promise("P3")
@pytest.mark.needs("spare", "timers")
def test_a_soft_reset_with_pins_held_shuts_an_open_gate(
    typed: tuple[Target, Any], measure: Callable[..., None]
) -> None:
    """A soft reset leaves the pins as they are; boot.py's first statements shut the gate."""
    board, transport = typed
    scenario.latch_is(board.witness, 0)
    board.timers(max_ms=10 * _SOFT_RESET_MS)
    board.jumper(False)
    scenario.opens(board.witness, scenario.trip(board, PANIC), SHUT_MS)
    since = board.witness.now_us()
    repl.soft_reset(transport)
    took_ms = scenario.shuts(board.witness, since, _SOFT_RESET_MS)
    measure("soft reset with pins held to gate shut", took_ms, "ms", high=_SOFT_RESET_MS)
    assert board.witness.level(UPLINK_EN) == 0
