"""A prompt on the console: not to be had without the jumper, and no key to the gate with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detector import codes
from host_tools.bench.target import Target
from host_tools.bench.witness import ALIVE, RESET, UPLINK_EN, Witness
from host_tools.client import ConsoleClient, HubClient
from tests.bench import hostile as programs
from tests.bench import repl, scenario
from tests.bench.scenario import PANIC, SHUT_MS

# From Ctrl-D to the first statement of boot.py: starting the interpreter and mounting the flash.
_SOFT_RESET_MS = 1000


def hold_open(target: Target, transport: object, fill: Callable[[str], str]) -> None:
    """Type the hostile program into the prompt and wait until it drives the pins."""
    repl.leave_running(transport, fill(programs.source("hold_open")))
    for signal in (UPLINK_EN, "ARM_CONTACT", "ARM_INTRUSION", ALIVE):
        target.witness.until(signal, 1, scenario.patience(scenario.READY_S * 1000))


@pytest.mark.promise("P3")
def test_without_the_jumper_no_control_character_leads_to_a_prompt(
    target: Target, witness: Witness, hub: HubClient, console: ConsoleClient
) -> None:
    """Ctrl-C, Ctrl-D, Ctrl-A and Ctrl-B to a running detector: it lives on and gives no prompt."""
    since = witness.now_us()
    answer = console.command("\x03\x03\x04\x01\x02status")
    assert answer.code in (codes.OK, codes.ERR_UNKNOWN)
    assert not witness.events(RESET, since)
    assert scenario.status(hub)["state"] == "IDLE"


@pytest.mark.promise("P3")
def test_a_prompt_with_the_jumper_in_cannot_open_the_gate(
    target: Target, witness: Witness, pin_numbers: Callable[[str], str]
) -> None:
    """At the prompt every pin is driven open and panic is tripped: the jumper keeps it shut."""
    with repl.prompt(target) as transport:
        since = witness.now_us()
        hold_open(target, transport, pin_numbers)
        scenario.trip(target, PANIC)
        assert witness.level("LATCH") == 1
        scenario.stayed_shut(witness, since)


@pytest.mark.promise("P2")
def test_a_prompt_without_the_jumper_opens_nothing_without_a_trip(
    target: Target, witness: Witness, pin_numbers: Callable[[str], str]
) -> None:
    """The jumper pulled under a running prompt: shut until a panic trip opens it."""
    with repl.prompt(target) as transport:
        hold_open(target, transport, pin_numbers)
        since = witness.now_us()
        target.jumper(False)
        scenario.pass_time(witness, since + 500_000)
        scenario.stayed_shut(witness, since)
        scenario.opens(witness, scenario.trip(target, PANIC), SHUT_MS)


@pytest.mark.promise("P3")
def test_a_soft_reset_with_pins_held_shuts_an_open_gate(
    target: Target,
    witness: Witness,
    pin_numbers: Callable[[str], str],
    measure: Callable[..., None],
) -> None:
    """A soft reset leaves the pins as they are; boot.py's first statements shut the gate."""
    with repl.prompt(target) as transport:
        hold_open(target, transport, pin_numbers)
        target.jumper(False)
        scenario.opens(witness, scenario.trip(target, PANIC), SHUT_MS)
        since = witness.now_us()
        repl.soft_reset(transport)
        took_ms = scenario.shuts(witness, since, _SOFT_RESET_MS)
        measure("soft reset with pins held to gate shut", took_ms, "ms", high=_SOFT_RESET_MS)
        assert witness.level(UPLINK_EN) == 0
