"""Broken boards: found, told, no longer armed, and shut as far as the circuit still can."""

from __future__ import annotations

import pytest

from detector import codes
from host_tools.bench.target import (
    DEAF_LATCH,
    FLASH_FAILS,
    GATE_BRIDGED,
    SENSE_HIGH,
    SENSE_LOW,
    STUCK_ENABLE,
    Target,
)
from host_tools.bench.witness import GATE, LATCH, Witness
from host_tools.client import HubClient
from tests.bench import scenario
from tests.bench.marks import latches
from tests.bench.scenario import PANIC, SHUT_MS

pytestmark = pytest.mark.needs("faults")

# 20 ms of tolerance, a journal record, and a loop or two.
_SENSE_LIMIT_MS = 50


@latches
@pytest.mark.promise("P3")
@pytest.mark.parametrize(
    ("fault", "word"), [(STUCK_ENABLE, "enable-stuck"), (SENSE_HIGH, "gate-sense")]
)
def test_a_stuck_line_of_the_gate_is_found_at_rest_and_forbids_arming(
    fault: str, word: str, target: Target, hub: HubClient
) -> None:
    """UPLINK_EN or UPLINK_SENSE stuck high: told to the customer, and arming is refused."""
    target.fault(fault)
    assert scenario.told(hub, "fault")["faults"] == [word]
    assert scenario.say(hub, "arm") == codes.ERR_FAULT


@latches
@pytest.mark.promise("P2")
def test_with_a_stuck_enable_the_circuit_stays_shut_at_rest(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """UPLINK_EN stuck high opens nothing: neither latch nor heartbeat is there."""
    since = witness.now_us()
    target.fault(STUCK_ENABLE)
    scenario.told(hub, "fault")
    scenario.stayed_shut(witness, since)


@latches
@pytest.mark.promise("P2")
def test_with_a_stuck_enable_a_disarm_still_shuts(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """UPLINK_EN alone holds nothing open: with the latch cleared the gate shuts, in 50 ms too."""
    scenario.alarm(target)
    target.fault(STUCK_ENABLE)
    assert scenario.shut_after(witness, hub, "disarm") <= SHUT_MS
    assert scenario.told(hub, "fault")["faults"] == ["enable-stuck"]


@latches
@pytest.mark.promise("P3")
def test_a_sense_that_does_not_see_the_open_gate_shuts_it_and_the_alarm_goes_on(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """UPLINK_SENSE stuck low: the gate shuts within its tolerance; the alarm is no less told."""
    target.fault(SENSE_LOW)
    rose = target.line(scenario.role(PANIC), 1)
    opened = witness.wait(GATE, 1, scenario.patience(), rose)
    scenario.shuts(witness, opened.t_us, _SENSE_LIMIT_MS)
    assert scenario.told(hub, "fault")["faults"] == ["gate-sense"]
    assert scenario.status(hub)["state"] == "ALARM"


@latches
@pytest.mark.promise("P3")
def test_a_deaf_latch_is_found_at_its_first_trip_and_forbids_arming(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """No latch, no opening: the alarm is told on the hub link only, and arming is refused."""
    target.fault(DEAF_LATCH)
    since = scenario.trip(target, PANIC)
    assert scenario.told(hub, "alarm")["confirmed"] is False
    scenario.stayed_shut(witness, since)
    hub.command("disarm")
    assert scenario.status(hub)["faults"] == ["latch-deaf"]
    assert scenario.say(hub, "arm") == codes.ERR_FAULT


@latches
@pytest.mark.promise("P1")
def test_a_bridged_gate_is_sensed_and_told_and_not_a_byte_is_written_to_it(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A gate that is open against everybody's will: told, silent, and arming is refused."""
    since = witness.now_us()
    target.fault(GATE_BRIDGED)
    assert scenario.told(hub, "fault")["faults"] == ["gate-sense"]
    assert scenario.say(hub, "arm") == codes.ERR_FAULT
    assert witness.level(GATE) == 1, "it was not bridged: nothing was shown"
    scenario.wrote_nothing(witness, since)


@latches
@pytest.mark.promise("P9")
def test_no_record_no_opening(target: Target, witness: Witness, hub: HubClient) -> None:
    """With a journal that cannot be written the alarm is told, and the gate stays shut."""
    target.fault(FLASH_FAILS)
    since = scenario.trip(target, PANIC)
    assert scenario.told(hub, "alarm")["kind"] == PANIC
    witness.wait(LATCH, 1, scenario.patience(), since)
    scenario.stayed_shut(witness, since)
    assert "journal" in scenario.status(hub)["faults"]


@pytest.mark.promise("P3")
@pytest.mark.needs("camera", "power")
def test_a_fault_outlasts_a_reset_and_ends_with_a_power_cycle_that_passes(
    target: Target, hub: HubClient
) -> None:
    """A mended board is trusted again only after a power-cycle with a passing self-test."""
    target.fault(SENSE_HIGH)
    scenario.told(hub, "fault")
    target.clear_faults()
    assert scenario.say(hub, "arm") == codes.ERR_FAULT
    scenario.crash(target)
    assert scenario.reconnect(hub)["faults"] == ["gate-sense"]
    target.power_cycle()
    assert scenario.reconnect(hub)["faults"] == []


@latches
@pytest.mark.promise("P3")
@pytest.mark.needs("power")
def test_a_power_cycle_does_not_excuse_a_board_that_is_still_broken(
    target: Target, hub: HubClient
) -> None:
    """The self-test at power-on finds a sense that is still stuck, and arming stays refused."""
    target.fault(SENSE_HIGH)
    target.power_cycle()
    assert scenario.reconnect(hub)["faults"] == ["gate-sense"]
    assert scenario.say(hub, "arm") == codes.ERR_FAULT
