"""Exit delay, entry delay and debounce: when a line counts, and that the gate waits for it."""

from __future__ import annotations

import pytest

from detector import codes, states
from host_tools.bench.target import Target
from host_tools.bench.witness import GATE, LATCH, Witness
from host_tools.client import HubClient
from tests.bench import scenario
from tests.bench.scenario import CONTACT, ENTRY_MS, EXIT_MS, INTRUSION, PANIC, SHUT_MS

pytestmark = pytest.mark.promise("P1")


def test_the_arm_lines_rise_when_the_exit_delay_has_ended(
    witness: Witness, hub: HubClient
) -> None:
    """Arming drives both arm lines, and not before the exit delay is over."""
    since = witness.now_us()
    hub.command("arm")
    for signal in ("ARM_CONTACT", "ARM_INTRUSION"):
        rise = witness.wait(signal, 1, scenario.patience(EXIT_MS), since)
        assert rise.t_us - since >= EXIT_MS * 1000


def test_in_the_exit_delay_a_sensor_opens_nothing(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """Motion and door in the exit delay set no latch and start no alarm."""
    since = witness.now_us()
    hub.command("arm")
    scenario.trip(target, INTRUSION)
    scenario.trip(target, CONTACT)
    witness.wait("ARM_CONTACT", 1, scenario.patience(EXIT_MS), since)
    assert witness.stayed(LATCH, 0, since)
    scenario.stayed_shut(witness, since)
    assert scenario.status(hub)["state"] == "ARMED"


def test_a_line_that_stays_high_from_the_exit_delay_must_fall_before_it_counts(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A door left open while arming is no trip; closed and opened again it is one."""
    since = witness.now_us()
    hub.command("arm")
    target.line(scenario.role(INTRUSION), 1)
    witness.wait("ARM_INTRUSION", 1, scenario.patience(EXIT_MS), since)
    scenario.ticked(hub)
    scenario.stayed_shut(witness, since)
    target.line(scenario.role(INTRUSION), 0)
    scenario.ticked(hub)
    scenario.alarm(target, INTRUSION)


def test_panic_in_the_exit_delay_opens_at_once(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """Panic is never late, not even in the exit delay."""
    hub.command("arm")
    scenario.opens(witness, scenario.trip(target, PANIC), SHUT_MS)


def test_during_entry_delay_with_the_latch_set_the_gate_stays_shut(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """During the entry delay, with the latch set, the gate stays shut."""
    scenario.arm(hub, target)
    since = scenario.trip(target, CONTACT)
    assert witness.level(LATCH) == 1, "the contact did not set the latch"
    end_us = since + (ENTRY_MS - 20) * 1000
    scenario.pass_time(witness, end_us)
    assert witness.stayed(LATCH, 1, since + 1, end_us)
    assert witness.stayed(GATE, 0, since, end_us), "the gate opened in the entry delay"


def test_when_the_entry_delay_ends_the_gate_opens(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A delayed zone is an alarm when its entry delay ends: the gate opens then, not before."""
    scenario.arm(hub, target)
    since = scenario.trip(target, CONTACT)
    scenario.told(hub, "alarm", ENTRY_MS)
    took_ms = scenario.opens(witness, since, ENTRY_MS + SHUT_MS)
    assert took_ms >= ENTRY_MS, f"the gate opened in the entry delay, after {took_ms:.1f} ms"


def test_a_disarm_in_the_entry_delay_clears_the_latch_and_no_alarm_follows(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """Who comes home and disarms in time leaves the gate shut and the latch clear."""
    scenario.arm(hub, target)
    since = scenario.trip(target, CONTACT)
    hub.command("disarm")
    scenario.latch_is(witness, 0)
    scenario.pass_time(witness, since + (ENTRY_MS + SHUT_MS) * 1000)
    scenario.stayed_shut(witness, since)
    assert scenario.status(hub)["state"] == "IDLE"


def test_an_instant_zone_does_not_wait_for_a_running_entry_delay(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """Motion after the door makes the alarm at once; until then the gate is shut."""
    scenario.arm(hub, target)
    door = scenario.trip(target, CONTACT)
    since = scenario.trip(target, INTRUSION)
    scenario.opens(witness, since, SHUT_MS)
    assert witness.stayed(GATE, 0, door, since), "the gate opened in the entry delay"
    assert scenario.status(hub)["state"] == "ALARM"


def test_a_glitch_shorter_than_the_debounce_is_no_alarm(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A spike on the panic line sets the latch, opens nothing and is cleared."""
    since = target.pulse(scenario.role(PANIC), 1)
    scenario.latch_is(witness, 0)
    scenario.ticked(hub)
    scenario.stayed_shut(witness, since)
    assert scenario.status(hub)["state"] == "IDLE"


def test_a_line_that_was_high_at_power_on_is_reported_and_opens_nothing(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """An alarm that no edge can confirm goes out on the hub link, opens nothing, is no fault."""
    target.power(False)
    target.line(scenario.role(PANIC), 1)
    since = witness.now_us()
    target.power(True)
    answer = scenario.reconnect(hub)
    assert (answer["state"], answer["faults"]) == ("ALARM", [])
    scenario.stayed_shut(witness, since)
    scenario.wrote_nothing(witness, since)


def test_arming_with_an_open_zone_is_refused(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """An open door is named instead of armed over."""
    target.line(scenario.role(CONTACT), 1)
    scenario.ticked(hub)
    assert scenario.say(hub, "arm") == codes.ERR_OPEN_ZONES
    answer = scenario.status(hub)
    assert (answer["state"], answer["open"]) == (states.STATE_NAMES[states.IDLE], [CONTACT])
    assert witness.level("ARM_CONTACT") == 0
