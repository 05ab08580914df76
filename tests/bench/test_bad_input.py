"""Bad input on the links: silence or an error, then one good command, and no memory lost."""

from __future__ import annotations

import pytest

from detector import codes
from host_tools.bench.target import Target
from host_tools.bench.witness import GATE, UPLINK_RX, Witness
from host_tools.client import ArcClient, HubClient
from tests.bench import pictures, scenario, wires

INPUTS = wires.BAD_INPUTS


@pytest.mark.promise("P1")
@pytest.mark.parametrize("name", INPUTS)
def test_bad_input_on_the_hub_link_changes_nothing(
    name: str, target: Target, witness: Witness, hub: HubClient
) -> None:
    """State and gate stay, the next good command is obeyed, and the heap is where it was."""
    since = witness.now_us()
    with scenario.same_heap(hub):
        wires.send(target, hub, wires.bad(name, hub))
        assert scenario.status(hub)["state"] == "IDLE"
    scenario.stayed_shut(witness, since)


@pytest.mark.promise("P4")
@pytest.mark.parametrize("name", INPUTS)
def test_bad_input_on_the_open_uplink_stops_neither_the_upload_nor_the_disarm(
    name: str, target: Target, witness: Witness, hub: HubClient, arc: ArcClient
) -> None:
    """In an alarm the image still arrives, and a disarm right behind it still shuts."""
    scenario.alarm(target)
    scenario.connected(arc)
    wires.send(target, arc, wires.bad(name, arc))
    assert witness.level(GATE) == 1
    assert pictures.next_whole(arc)
    assert scenario.shut_after(witness, lambda: hub.command("disarm")) <= scenario.SHUT_MS


@pytest.mark.promise("P1")
def test_a_replayed_command_is_not_obeyed_again(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """Every byte of an arm and a disarm, recorded and sent once more, arms nothing."""
    with wires.recorded(hub) as sent:
        hub.command("arm")
        hub.command("disarm")
    since = witness.now_us()
    wires.send(target, hub, bytes(sent))
    assert scenario.status(hub)["state"] == "IDLE"
    assert not [event for event in witness.events("ARM_CONTACT", since) if event.value]


@pytest.mark.promise("P1")
def test_a_disarm_recorded_in_one_alarm_does_not_end_the_next(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A recorded disarm is worth nothing in a later alarm."""
    scenario.alarm(target)
    with wires.recorded(hub) as sent:
        hub.command("disarm")
    scenario.alarm(target)
    wires.send(target, hub, bytes(sent))
    assert scenario.status(hub)["state"] == "ALARM"
    assert witness.level(GATE) == 1


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("open", {}, codes.ERR_UNKNOWN),
        ("received", {"id": 1}, codes.ERR_NOT_ALLOWED),
        ("handled", {}, codes.ERR_NOT_ALLOWED),
        ("fetch", {}, codes.ERR_ARGUMENT),
        ("fetch", {"id": "x"}, codes.ERR_ARGUMENT),
        ("fetch", {"id": -1}, codes.ERR_ARGUMENT),
        ("fetch", {"id": 4_000_000_000}, codes.ERR_NO_IMAGE),
        ("clock", {"day": 1, "second": 86400}, codes.ERR_ARGUMENT),
        ("list", {"from": []}, codes.ERR_ARGUMENT),
        ("configure", {}, codes.ERR_NOT_BUILT),
    ],
)
def test_a_command_that_cannot_be_obeyed_is_refused_by_its_number(
    command: str, arguments: dict[str, object], code: int, hub: HubClient
) -> None:
    """Unknown, forbidden, malformed: each has its own answer, and the next command works."""
    assert scenario.say(hub, command, **arguments) == code
    assert scenario.status(hub)["state"] == "IDLE"


@pytest.mark.promise("P1")
def test_nothing_sent_into_a_shut_uplink_reaches_the_detector(
    target: Target, witness: Witness, arc: ArcClient
) -> None:
    """The gate cuts both directions: what the alarm centre sends while it is shut arrives nowhere."""
    before = witness.count(UPLINK_RX)
    wires.send(target, arc, b"\xa5\x5a" * 500)
    assert witness.count(UPLINK_RX) == before
