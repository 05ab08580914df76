"""Bad input on the links: silence or an error, then one good command, and no memory lost."""

from __future__ import annotations

import pytest

from detector import codes
from host_tools.bench.target import Target
from host_tools.bench.witness import GATE, UPLINK_RX, Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient
from tests.bench import heap, pictures, scenario, uploads, wires

INPUTS = wires.BAD_INPUTS


@pytest.mark.promise("P1")
@pytest.mark.parametrize("name", INPUTS)
def test_bad_input_on_the_hub_link_changes_nothing(
    name: str, witness: Witness, hub: HubClient, console: ConsoleClient
) -> None:
    """State and gate stay, the next good command is obeyed, and the heap is where it was."""
    since = witness.now_us()
    with heap.same(hub, console):
        for _ in range(heap.TIMES):
            wires.send(witness, hub, wires.bad(name))
        assert scenario.status(hub)["state"] == "IDLE"
    scenario.stayed_shut(witness, since)


@pytest.mark.promise("P4")
def test_bad_input_on_the_open_uplink_stops_neither_the_upload_nor_the_disarm(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient
) -> None:
    """Through all of it the alarm's image arrives, and a disarm right behind it still shuts."""
    scenario.alarm(target)
    uploads.connected(arc)
    for name in INPUTS:
        wires.send(witness, arc, wires.bad(name))
    assert witness.level(GATE) == 1
    assert pictures.next_whole(arc)
    assert scenario.shut_after(witness, hub, "disarm") <= scenario.SHUT_MS


def test_bad_input_and_replays_on_the_open_uplink_leave_nothing_behind(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient, console: ConsoleClient
) -> None:
    """After an alarm full of them the heap is where it is after any alarm."""
    scenario.alarm(target)
    uploads.connected(arc)
    hub.command("disarm")
    with heap.same(hub, console):
        scenario.alarm(target)
        uploads.connected(arc)
        for data in (wires.signed(arc, "more"), *map(wires.bad, INPUTS)):
            wires.send(witness, arc, data, heap.TIMES)
        assert witness.level(GATE) == 1, "it was over before everything was sent"
        hub.command("disarm")


def test_replays_on_the_hub_link_leave_nothing_behind(
    witness: Witness, hub: HubClient, console: ConsoleClient
) -> None:
    """The same authentic bytes, many times over, and those of a session that is over."""
    old = wires.signed(hub, "disarm")
    for _ in range(2):
        scenario.reconnect(hub)
    recorded = wires.signed(hub, "disarm")
    wires.send(witness, hub, recorded)
    wires.send(witness, hub, old)
    with heap.same(hub, console):
        for _ in range(heap.TIMES):
            wires.send(witness, hub, recorded)
            wires.send(witness, hub, old)
        assert scenario.status(hub)["state"] == "IDLE"


@pytest.mark.promise("P1")
def test_a_recorded_disarm_ends_one_alarm_and_never_another(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """The same bytes that ended an alarm are sent once more in the next: it goes on."""
    recorded = wires.signed(hub, "disarm")
    first = scenario.alarm(target)
    wires.send(witness, hub, recorded)
    scenario.shuts(witness, first, scenario.WINDOW_MS / 2)
    second = scenario.alarm(target)
    wires.send(witness, hub, recorded)
    scenario.ticked(hub)
    assert scenario.status(hub)["state"] == "ALARM"
    assert witness.stayed(GATE, 1, second + 100_000)


@pytest.mark.promise("P1")
def test_a_disarm_of_another_session_is_not_obeyed(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A disarm that was signed for a session long over ends no alarm."""
    recorded = wires.signed(hub, "disarm")
    for _ in range(2):
        scenario.reconnect(hub)
    scenario.alarm(target)
    wires.send(witness, hub, recorded)
    assert scenario.status(hub)["state"] == "ALARM"


@pytest.mark.promise("P4")
def test_a_disarm_is_obeyed_out_of_its_turn(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """With messages before it lost, an authentic disarm still shuts the gate."""
    since = scenario.alarm(target)
    wires.send(witness, hub, wires.signed(hub, "disarm"))
    scenario.shuts(witness, since, scenario.WINDOW_MS / 2)


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
    """The gate cuts both directions: what is sent to the detector while it is shut is lost."""
    before = witness.count(UPLINK_RX)
    wires.send_in_vain(witness, arc, b"\xa5\x5a" * 500)
    assert witness.count(UPLINK_RX) == before
