"""Firmware that wants the gate open: it drives every pin of the gate as it likes, for ever.

Each test has its positive control, so that a board which merely does nothing cannot pass.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from host_tools.bench.target import Target
from host_tools.bench.witness import ALIVE, SERVICE, UPLINK_EN
from tests.bench import hostile as programs
from tests.bench import scenario
from tests.bench.scenario import PANIC, SHUT_MS

pytestmark = [pytest.mark.promise("P2"), pytest.mark.needs("spare")]

Hostile = Callable[..., Target]
_QUIET_US = 10_000_000


def test_without_a_trip_hostile_firmware_stays_shut_for_10_s_and_a_trip_opens_it(
    hostile_all_along: Target,
) -> None:
    """Ten seconds and more of everything driven open: shut. Then a panic trip: open."""
    witness = hostile_all_along.witness
    since = scenario.drove_open(witness)
    scenario.pass_time(witness, since + _QUIET_US)
    for signal in (UPLINK_EN, ALIVE, "ARM_CONTACT", "ARM_INTRUSION"):
        assert witness.stayed(signal, 1, since), f"{signal} was not driven all the time"
    scenario.stayed_shut(witness, since)
    scenario.opens(witness, scenario.trip(hostile_all_along, PANIC), SHUT_MS)
    hostile_all_along.power(False)


def test_hostile_firmware_cannot_outlast_max(hostile: Hostile) -> None:
    """After a trip MAX, shortened, shuts the gate although everything is driven open."""
    board = hostile(programs.source("hold_open"), max_ms=500)
    witness = scenario.drives_open(board)
    since = scenario.trip(board, PANIC)
    scenario.opens(witness, since, SHUT_MS)
    scenario.shuts(witness, since, 500 + SHUT_MS)


def test_hostile_firmware_cannot_outvote_the_jumper(hostile: Hostile) -> None:
    """The service jumper shuts a gate that was opened by a trip."""
    board = hostile(programs.source("hold_open"))
    witness = scenario.drives_open(board)
    scenario.opens(witness, scenario.trip(board, PANIC), SHUT_MS)
    since = witness.now_us()
    board.jumper(True)
    scenario.shuts(witness, since, SHUT_MS)
    assert witness.level(SERVICE) == 1


def test_hostile_firmware_that_stops_its_heart_is_shut_by_alive(
    heart_stopped: tuple[Target, int, int],
) -> None:
    """UPLINK_EN held high is not enough: without heartbeat edges the gate shuts after 2 s."""
    board, tripped, stopped = heart_stopped
    scenario.opens(board.witness, tripped, SHUT_MS)
    scenario.shuts(board.witness, stopped, scenario.ALIVE_LIMIT_MS)
    assert board.witness.level(UPLINK_EN) == 1
    board.power(False)
