"""All ways out of ALARM: each shuts the gate, within its time, and none leads back in.

The times are the witness's: from the last byte of a command on the wire, or from the moment the
board was hurt, to the fall of GATE.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.bench.target import Target
from host_tools.bench.witness import (
    GATE,
    POWER,
    SERVICE,
    UPLINK_RX,
    UPLINK_TX_PASSED,
    UPLINK_TX_WRITTEN,
    Witness,
)
from host_tools.client import ArcClient, HubClient
from tests.bench import pictures, scenario, uploads
from tests.bench.scenario import (
    ALIVE_LIMIT_MS,
    FIRE,
    INTRUSION,
    PANIC,
    SHUT_MS,
    WATCHDOG_MS,
    WINDOW_MS,
)

Measure = Callable[..., None]
Scope = Callable[..., None]

# The circuit needs no firmware to shut after these.
_AT_ONCE_MS = 1


@pytest.mark.promise("P4")
@pytest.mark.parametrize("command", ["disarm", "cancel"])
def test_a_command_of_the_customer_shuts_the_gate(
    command: str, target: Target, witness: Witness, hub: HubClient, measure: Measure
) -> None:
    """A valid disarm or cancel shuts the gate within 50 ms of its last byte."""
    scenario.alarm(target)
    took_ms = scenario.shut_after(witness, hub, command)
    measure(f"{command} to gate shut", took_ms, "ms", high=SHUT_MS)
    assert scenario.status(hub)["state"] == "IDLE"
    scenario.latch_is(witness, 0)


@pytest.mark.promise("P4")
def test_the_alarm_centres_handled_shuts_the_gate(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient, measure: Measure
) -> None:
    """'Handled' shuts the gate within 50 ms of its last byte; the detector stays armed."""
    scenario.arm(hub, target)
    scenario.alarm(target, INTRUSION)
    uploads.connected(arc)
    took_ms = scenario.shut_after(witness, arc, "handled", UPLINK_RX)
    measure("handled to gate shut", took_ms, "ms", high=SHUT_MS)
    assert scenario.status(hub)["state"] == "ARMED"


@pytest.mark.promise("P4")
def test_the_window_ends_and_the_gate_shuts_by_itself(
    target: Target, witness: Witness, hub: HubClient, measure: Measure, scope: Scope
) -> None:
    """When nobody says anything the gate shuts at the end of the alarm's window."""
    scenario.arm(hub, target)
    since = scenario.alarm(target, INTRUSION)
    opened = witness.wait(GATE, 1, scenario.patience(), since)
    took_ms = scenario.shuts(witness, opened.t_us, WINDOW_MS + SHUT_MS)
    # The window begins with the alarm: after the debounce, and a moment before the opening.
    over_ms = (opened.t_us - since) / 1000 + took_ms - WINDOW_MS
    measure("window's end to gate shut, debounce included", over_ms, "ms", low=0, high=SHUT_MS)
    scope("An alarm from trip to window end", since - 50_000)
    assert scenario.status(hub)["state"] == "ARMED"


@pytest.mark.promise("P4")
@pytest.mark.needs("timers")
def test_max_shuts_whatever_the_firmware_wants_and_no_further_trip_moves_it(
    target: Target, witness: Witness, measure: Measure
) -> None:
    """The circuit's MAX, shortened, counts from the first trip and shuts the gate by itself."""
    max_ms = 600
    target.timers(max_ms=max_ms)
    since = scenario.alarm(target)
    scenario.pass_time(witness, since + max_ms * 500)
    scenario.trip(target, PANIC)
    took_ms = scenario.shuts(witness, since, max_ms + SHUT_MS)
    measure("MAX to gate shut", took_ms - max_ms, "ms", low=-1, high=SHUT_MS)


@pytest.mark.promise("P3", "P4")
@pytest.mark.needs("hang")
def test_a_hung_firmware_is_shut_by_alive_and_reset_by_its_watchdog(
    target: Target, witness: Witness, hub: HubClient, measure: Measure, scope: Scope
) -> None:
    """ALIVE shuts a hung board within 2.1 s; its watchdog brings it back armed, not in ALARM."""
    scenario.arm(hub, target)
    scenario.alarm(target, INTRUSION)
    since = witness.now_us()
    target.hang(True)
    took_ms = scenario.shuts(witness, since, ALIVE_LIMIT_MS)
    measure("firmware hangs to gate shut", took_ms, "ms", low=0, high=ALIVE_LIMIT_MS)
    scenario.resets(witness, since, WATCHDOG_MS + 500)
    answer = scenario.reconnect(hub)
    assert (answer["state"], answer["armed"]) == ("ARMED", True)
    scenario.stayed_shut(witness, since + round(took_ms * 1000))
    scope("A hang in ALARM: ALIVE, then the watchdog", since - 100_000)


@pytest.mark.promise("P3")
@pytest.mark.needs("camera", "flash")
def test_an_exception_that_nobody_catches_shuts_and_resets(
    target: Target, witness: Witness, hub: HubClient, measure: Measure, large_pictures: Path
) -> None:
    """A camera bus that raises within a picture ends the firmware: it shuts, resets, is IDLE."""
    target.camera(images=large_pictures)
    uploads.storing(target)
    raised = witness.now_us()
    target.camera(broken="bus-raises", images=large_pictures)
    took_ms = scenario.shuts(witness, raised, SHUT_MS)
    measure("uncaught exception to gate shut", took_ms, "ms", low=0, high=SHUT_MS)
    reset_ms = (scenario.resets(witness, raised, 2000) - raised) / 1000
    measure("uncaught exception to reset", reset_ms, "ms", low=0, high=2 * SHUT_MS)
    target.camera()
    assert scenario.reconnect(hub)["state"] == "IDLE"
    scenario.stayed_shut(witness, raised + round(took_ms * 1000))


@pytest.mark.promise("P3")
@pytest.mark.needs("reset")
def test_a_hard_reset_in_the_middle_of_an_upload_shuts_at_once(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient, measure: Measure
) -> None:
    """RUN pulled low while an image is on its way: shut at once, silent, and IDLE afterwards."""
    uploads.uploading(target, witness, arc)
    since = witness.now_us()
    target.reset()
    reset = scenario.resets(witness, since, 100)
    took_ms = scenario.shuts(witness, reset, _AT_ONCE_MS)
    measure("hard reset to gate shut", took_ms, "ms", low=0, high=_AT_ONCE_MS)
    assert scenario.reconnect(hub)["state"] == "IDLE"
    scenario.stayed_shut(witness, reset)
    scenario.wrote_nothing(witness, reset)


@pytest.mark.promise("P3")
@pytest.mark.needs("power")
@pytest.mark.parametrize("armed", [False, True], ids=["disarmed", "armed"])
def test_a_power_cut_shuts_and_the_detector_comes_back_as_journaled(
    armed: bool, target: Target, witness: Witness, hub: HubClient, measure: Measure
) -> None:
    """No power, no gate; afterwards the detector is ARMED if it was, and never in ALARM."""
    if armed:
        scenario.arm(hub, target)
    since = scenario.alarm(target)
    target.power(False)
    cut = witness.wait(POWER, 0, scenario.patience(), since).t_us
    took_ms = scenario.shuts(witness, cut, _AT_ONCE_MS)
    measure("power cut to gate shut", took_ms, "ms", low=0, high=_AT_ONCE_MS)
    target.power(True)
    assert scenario.reconnect(hub)["state"] == ("ARMED" if armed else "IDLE")
    scenario.stayed_shut(witness, cut)


@pytest.mark.promise("P3")
@pytest.mark.needs("reset")
def test_the_hub_hears_that_a_reset_interrupted_an_alarm(target: Target, hub: HubClient) -> None:
    """After a reset in ALARM the customer is told so, instead of finding the alarm gone."""
    scenario.alarm(target)
    target.reset()
    scenario.reconnect(hub)
    assert scenario.told(hub, "boot")["interrupted"] is True


@pytest.mark.promise("P3")
def test_the_service_jumper_shuts_the_gate_without_the_firmware(
    target: Target, witness: Witness, hub: HubClient, measure: Measure
) -> None:
    """The jumper in ALARM shuts at once; pulled again, the alarm stays without the gate."""
    since = scenario.alarm(target)
    target.jumper(True)
    fitted = witness.wait(SERVICE, 1, scenario.patience(), since).t_us
    took_ms = scenario.shuts(witness, fitted, _AT_ONCE_MS)
    measure("jumper to gate shut", took_ms, "ms", low=0, high=_AT_ONCE_MS)
    scenario.ticked(hub)
    target.jumper(False)
    answer = scenario.status(hub)
    scenario.stayed_shut(witness, fitted)
    assert (answer["state"], answer["faults"]) == ("ALARM", [])


@pytest.mark.promise("P1")
def test_what_the_uart_held_when_the_gate_shut_is_gone_before_it_opens_again(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient
) -> None:
    """A trip at the moment of a disarm: no byte passes before the new opening's first is written.

    The UART holds up to 24 ms of an upload; they leave into the shut gate, and then it opens.
    """
    uploads.uploading(target, witness, arc)
    since = witness.now_us()
    hub.send("disarm")
    shut = witness.wait(GATE, 0, scenario.patience(), since)
    # A line that rises while the latch is being cleared would have to fall and rise again.
    witness.wait("LATCH_CLEAR", 0, scenario.patience(), shut.t_us)
    target.line(scenario.role(FIRE), 1)
    opened = witness.wait(GATE, 1, scenario.patience(), shut.t_us)
    passed = witness.wait_for(
        lambda event: event.signal == UPLINK_TX_PASSED,
        "a byte through the gate",
        scenario.patience(),
        opened.t_us,
    )
    written = witness.events(UPLINK_TX_WRITTEN, opened.t_us, passed.t_us)
    assert written, "what was written before the shutting passed after the next opening"


@pytest.mark.promise("P1")
def test_what_was_queued_when_the_gate_shut_does_not_come_out_of_the_next_opening(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient
) -> None:
    """The second alarm's uplink begins anew: no chunk and no message of the first one."""
    first = uploads.uploading(target, witness, arc)
    since = witness.now_us()
    hub.command("disarm")
    scenario.shuts(witness, since, SHUT_MS * 2)
    scenario.latch_is(witness, 0)
    before = len(arc.images)
    scenario.alarm(target)
    pictures.next_whole(arc)
    assert all(image.meta["event"] != first for image in arc.images[before:])
