"""What holds a detector up, or keeps it from starting, holds nothing open and leads nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detector import codes, states
from host_tools.bench.session import Bench
from host_tools.bench.target import SENSE_HIGH, Target
from host_tools.bench.witness import Witness
from host_tools.client import ConsoleClient, HubClient
from tests.bench import journals, repl, scenario
from tests.bench.marks import latches
from tests.bench.scenario import (
    ALIVE_LIMIT_MS,
    CONTACT,
    ENTRY_MS,
    INTRUSION,
    TAMPER,
    WATCHDOG_MS,
)

_APP = "a.app"  # what was flashed onto a blank board
_START_MS = 3000
_A_MOMENT_US = 300_000


@pytest.mark.promise("P3", "P4", "P9")
@pytest.mark.needs("hang")
def test_a_firmware_that_comes_back_from_a_hang_does_not_open_the_gate_again(
    target: Target, witness: Witness, hub: HubClient, console: ConsoleClient
) -> None:
    """Hung until ALIVE has shut, let go before the watchdog: shut for good, and on record."""
    before = scenario.status(hub)["journal"]
    scenario.alarm(target)
    since = witness.now_us()
    target.hang(True)
    took_ms = scenario.shuts(witness, since, ALIVE_LIMIT_MS)
    assert took_ms < WATCHDOG_MS - 500, "too late to let it go before the watchdog"
    target.hang(False)
    shut_us = since + round(took_ms * 1000)
    scenario.ticked(hub)
    scenario.pass_time(witness, witness.now_us() + _A_MOMENT_US)
    scenario.stayed_shut(witness, shut_us)
    assert scenario.status(hub)["state"] == "ALARM"
    shut = [row for row in journals.records(console, before) if row.kind == codes.JR_GATE_SHUT]
    assert [row.a for row in shut] == [states.EV_HANG]


@latches
@pytest.mark.promise("P1", "P3")
@pytest.mark.needs("faults")
@pytest.mark.parametrize("kind", [INTRUSION, CONTACT, TAMPER])
def test_an_armed_detector_with_a_fault_tells_every_alarm_and_opens_nothing(
    kind: str, target: Target, witness: Witness, hub: HubClient
) -> None:
    """A fault takes the gate away, not the alarm: the customer hears of it."""
    scenario.arm(hub, target)
    target.fault(SENSE_HIGH)
    scenario.told(hub, "fault")
    since = scenario.trip(target, kind)
    assert scenario.told(hub, "alarm", ENTRY_MS, kind=kind)["confirmed"] is False
    scenario.stayed_shut(witness, since)


@pytest.mark.promise("P3")
@pytest.mark.needs("spare")
def test_a_detector_whose_files_are_damaged_starts_again_and_gives_no_prompt(
    spare: Callable[..., Bench],
) -> None:
    """Without its program a board resets, over and over, as long as the jumper is out."""
    board = spare().target
    with repl.prompt(board) as transport:
        transport.fs_rmfile(_APP)
    board.jumper(False)
    board.power_cycle()
    since = board.witness.now_us()
    first = scenario.resets(board.witness, since, _START_MS)
    scenario.resets(board.witness, first + 1, _START_MS)
    scenario.stayed_shut(board.witness, since)
