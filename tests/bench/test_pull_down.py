"""A board whose pull-down of UPLINK_EN is missing: found at boot, before it can matter."""

from __future__ import annotations

import pytest

from detector import codes
from host_tools.bench.target import FLOATING_ENABLE, Target
from host_tools.bench.witness import POWER, UPLINK_EN, Witness
from host_tools.client import HubClient
from tests.bench import scenario
from tests.bench.marks import latches

pytestmark = [pytest.mark.promise("P3"), pytest.mark.needs("faults", "power")]

_WORD = "enable-floating"


@latches
def test_a_missing_pull_down_is_found_at_boot_and_forbids_arming(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """UPLINK_EN rises as soon as nobody drives it: that is told, and arming is refused."""
    target.fault(FLOATING_ENABLE)
    since = witness.now_us()
    target.power_cycle()
    assert scenario.reconnect(hub)["faults"] == [_WORD]
    assert scenario.told(hub, "fault")["faults"] == [_WORD]
    assert scenario.say(hub, "arm") == codes.ERR_FAULT
    witness.wait(UPLINK_EN, 1, scenario.patience(), since)
    scenario.stayed_shut(witness, since)


@latches
def test_a_fire_while_the_pull_down_is_missing_is_told_and_opens_nothing(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """The alarm itself goes out on the hub link; the gate of a board like this stays shut."""
    target.fault(FLOATING_ENABLE)
    target.power_cycle()
    scenario.reconnect(hub)
    since = scenario.trip(target, scenario.FIRE)
    assert scenario.told(hub, "alarm")["kind"] == scenario.FIRE
    scenario.stayed_shut(witness, since)


def test_a_sound_pull_down_holds_the_line_all_through_the_self_test(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """On a sound board UPLINK_EN is low from power-on on, also while the chip pulls it up."""
    since = witness.now_us()
    target.power_cycle()
    assert scenario.reconnect(hub)["faults"] == []
    assert witness.wait(POWER, 1, scenario.patience(), since)
    assert witness.stayed(UPLINK_EN, 0, since)


@pytest.mark.needs("camera")
def test_a_mended_pull_down_is_trusted_after_a_power_cycle(target: Target, hub: HubClient) -> None:
    """A crash keeps the fault although the resistor is back; a power-cycle that passes ends it."""
    target.fault(FLOATING_ENABLE)
    target.power_cycle()
    scenario.reconnect(hub)
    target.clear_faults()
    scenario.crash(target)
    assert scenario.reconnect(hub)["faults"] == [_WORD]
    target.power_cycle()
    assert scenario.reconnect(hub)["faults"] == []
