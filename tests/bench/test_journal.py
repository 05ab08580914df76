"""The detector's own log: complete against what the witness saw, and tamper-evident."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detector import codes, states
from host_tools.bench.target import Target
from host_tools.bench.witness import Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient
from host_tools.journal.chain import Dump, next_key
from tests.bench import journals, pictures, scenario, wires
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


def test_the_journal_verifies_to_its_end_and_whatever_is_done_to_it_is_named(
    console: ConsoleClient, customer_keys: dict[str, bytes], hub: HubClient
) -> None:
    """Whole, it agrees with the detector's word; with a bit or a record less it does not."""
    device = hub.key_file.device
    head = scenario.status(hub)["journal_head"]
    data = journals.dump(console)
    assert journals.problems(data, customer_keys, device, head) == []
    middle = len(data.records) // 2
    number = journals.parse(data.records[middle]).number
    turned = journals.with_a_bit_turned(data, middle)
    without = replace(data, records=[*data.records[:middle], *data.records[middle + 1 :]])
    for spoiled in (turned, without):
        (problem,) = journals.problems(spoiled, customer_keys, device, head)
        assert problem.number == number
    cut_off = replace(data, records=data.records[:-1])
    assert journals.problems(cut_off, customer_keys, device)
    assert journals.problems(Dump(cut_off.records), customer_keys, device, head)


@pytest.mark.needs("flash")
def test_the_key_of_a_record_is_gone_from_the_flash_when_the_record_is_there(
    target: Target, hub: HubClient, customer_keys: dict[str, bytes]
) -> None:
    """Who seizes the flash finds the key of the next record alone: he cannot rewrite the past."""
    before, image = journals.flash_image(target, hub)
    key = journals.key_behind(customer_keys, before)
    assert key in image
    scenario.arm(hub, target)
    hub.command("disarm")
    after, image = journals.flash_image(target, hub)
    assert after > before
    for _ in range(after - before):
        assert key not in image
        key = next_key(key)
    assert key in image
    assert customer_keys["journal"] not in image


@pytest.mark.needs("camera")
def test_every_picture_of_an_alarm_is_on_record_when_taken_sent_and_fetched(
    target: Target, hub: HubClient, arc: ArcClient, console: ConsoleClient, small_pictures: Path
) -> None:
    """A capture and an upload for each picture of the burst, a fetch for the one fetched."""
    first = scenario.status(hub)["journal"]
    target.camera(images=small_pictures)
    scenario.alarm(target)
    event = scenario.told(hub, "alarm")["event"]
    ids = [pictures.next_whole(arc).id for _ in range(scenario.CONFIG["burst_panic"])]
    uploads = journals.awaited(console, first, codes.JR_UPLOAD, len(ids), ids)
    hub.command("disarm")
    hub.command("fetch", id=ids[0])
    pictures.whole(hub, ids[0])
    fetches = journals.awaited(console, first, codes.JR_FETCH, 1, ids)
    captures = journals.awaited(console, first, codes.JR_CAPTURE, len(ids), ids)
    assert [(one.event_id, one.a) for one in captures] == [(event, number) for number in ids]
    assert [(one.event_id, one.a) for one in uploads] == [(event, number) for number in ids]
    assert [one.a for one in fetches] == ids[:1]


@pytest.mark.needs("camera")
def test_a_customers_picture_is_on_record_without_its_size_or_a_hash(
    target: Target, hub: HubClient, console: ConsoleClient, small_pictures: Path
) -> None:
    """Asked for, taken, ended, delivered: its number and nothing about its content."""
    first = scenario.status(hub)["journal"]
    target.camera(images=small_pictures)
    number = pictures.newest(hub) + 1
    hub.command("capture")
    pictures.whole(hub, number, scenario.CAPTURE_TIMEOUT_MS / 1000 + pictures.IMAGE_S)
    fetched = journals.awaited(console, first, codes.JR_FETCH, 1, {number})
    story = [
        codes.JR_CUSTOMER_CAPTURE,
        codes.JR_CAPTURE,
        codes.JR_CAPTURE_END,
    ]
    records = [one for one in journals.records(console, first) if one.kind in story]
    assert [one.kind for one in records] == story
    _asked, taken, ended = records
    assert (taken.event_id, taken.a, taken.b) == (0, number, 0)
    assert ended.a == states.EV_CAPTURE_DONE
    assert ended.number < fetched[0].number


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
