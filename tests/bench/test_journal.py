"""The detector's own log: complete against what the witness saw, and tamper-evident."""

from __future__ import annotations

import pytest

from detector import codes
from host_tools.bench.target import Target
from host_tools.bench.witness import Witness
from host_tools.client import ConsoleClient, HubClient
from tests.bench import journals, scenario, wires
from tests.bench.scenario import INTRUSION, PANIC

pytestmark = pytest.mark.promise("P9")


def test_every_gate_opening_has_its_record_and_every_record_its_opening(
    target: Target, witness: Witness, hub: HubClient, console: ConsoleClient
) -> None:
    """As many intents to open, and as many shuttings, as the witness saw edges of the gate."""
    first = scenario.status(hub)["journal"]
    since = witness.now_us()
    for kind in (PANIC, PANIC):
        scenario.alarm(target, kind)
        hub.command("cancel")
    kinds = journals.kinds(console, first)
    openings = len(scenario.opened(witness, since))
    assert openings == 2
    assert kinds.count(codes.JR_GATE_INTENT) == openings
    assert kinds.count(codes.JR_GATE_SHUT) == openings
    assert kinds.count(codes.JR_CANCEL) == 2


def test_the_story_of_an_alarm_is_in_the_journal_in_its_order(
    target: Target, hub: HubClient, console: ConsoleClient
) -> None:
    """Arm, intent to open, trip, alarm, shut, disarm and the alarm's end are all there."""
    first = scenario.status(hub)["journal"]
    scenario.arm(hub, target)
    scenario.alarm(target, INTRUSION)
    hub.command("disarm")
    kinds = journals.kinds(console, first)
    story = [
        codes.JR_ARM,
        codes.JR_ALARM,
        codes.JR_GATE_INTENT,
        codes.JR_TRIP,
        codes.JR_GATE_SHUT,
        codes.JR_DISARM,
        codes.JR_ALARM_END,
    ]
    assert [kind for kind in kinds if kind in story] == story


def test_the_chain_verifies_with_the_customers_key_and_one_bit_breaks_it(
    console: ConsoleClient, customer_keys: dict[str, bytes], hub: HubClient
) -> None:
    """The whole journal verifies offline; with one bit turned the bad record is named."""
    device = hub.key_file.device
    data = journals.dump(console)
    assert journals.first_bad(data, customer_keys, device) is None
    middle = len(data) // 2
    number = journals.parse(data[middle]).number
    data[middle] = journals.with_a_bit_turned(data[middle])
    assert journals.first_bad(data, customer_keys, device) == number


def test_a_customers_picture_leaves_no_size_and_no_hash_in_the_journal(
    hub: HubClient, console: ConsoleClient
) -> None:
    """The record of a customer's picture holds its number and nothing about its content."""
    first = scenario.status(hub)["journal"]
    hub.command("capture")
    scenario.becomes(hub, 0, scenario.CAPTURE_TIMEOUT_MS / 1000)
    records = journals.records(console, first)
    capture = next(record for record in records if record.kind == codes.JR_CAPTURE)
    assert (capture.event_id, capture.b, capture.text) == (0, 0, b"")


@pytest.mark.needs("power")
def test_a_wrong_key_on_the_hub_link_leaves_a_record(
    target: Target, hub: HubClient, console: ConsoleClient
) -> None:
    """Somebody who tries keys is on record: the first try at once, then once a minute."""
    target.power_cycle()  # the minute begins anew
    first = scenario.reconnect(hub)["journal"]
    wires.send(target.witness, hub, wires.forged())
    scenario.ticked(hub)
    records = journals.records(console, first)
    assert [record.a for record in records if record.kind == codes.JR_AUTH] == [1]
