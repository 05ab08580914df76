"""The customer's own pictures: taken without an alarm, for nobody else, with the gate shut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from detector import codes, states
from host_tools.bench.session import Bench
from host_tools.bench.target import Served, Target
from host_tools.bench.witness import GATE, UPLINK_TX_WRITTEN, Witness
from host_tools.client import ArcClient, HubClient, Image
from host_tools.sealed_image import SealError
from tests.bench import pictures, scenario
from tests.bench.scenario import CAPTURE_TIMEOUT_MS, CONTACT, ENTRY_MS, PANIC, SHUT_MS

pytestmark = [pytest.mark.promise("P5"), pytest.mark.needs("camera")]

Keys = dict[str, bytes]


@dataclass(frozen=True)
class Private:
    """A customer's picture, and when it was taken and delivered."""

    image: Image
    served: Served
    since_us: int
    until_us: int


@pytest.fixture(scope="module")
def private(bench: Bench) -> Private:
    """One picture for all tests that want one: on the hub link it takes a second or two."""
    bench.rest()
    since = bench.witness.now_us()
    bench.hub.command("capture")
    scenario.becomes(bench.hub, states.IDLE, CAPTURE_TIMEOUT_MS / 1000)
    served = bench.target.served()[-1]
    image = pictures.whole(bench.hub, pictures.newest(bench.hub))
    return Private(image, served, since, bench.witness.now_us())


def test_a_customers_picture_arrives_over_the_hub_bit_for_bit_and_the_gate_stays_shut(
    private: Private, witness: Witness, customer_keys: Keys, picture: Callable[..., None]
) -> None:
    """The picture is the camera's own, and the uplink is silent all the while."""
    jpeg = pictures.unsealed(private.image, customer_keys)
    picture(jpeg, private.served, "A customer's picture, over the hub link")
    assert witness.stayed(GATE, 0, private.since_us, private.until_us), "the gate was open"
    assert not witness.events(UPLINK_TX_WRITTEN, private.since_us, private.until_us)


@pytest.mark.parametrize("armed", [False, True], ids=["from-IDLE", "from-ARMED"])
def test_a_capture_returns_to_where_it_came_from(
    armed: bool, target: Target, witness: Witness, hub: HubClient, small_pictures: Path
) -> None:
    """IDLE or ARMED before, the same after, arm lines and gate untouched."""
    target.camera(images=small_pictures)
    if armed:
        scenario.arm(hub, target)
    since = witness.now_us()
    hub.command("capture")
    after = states.ARMED if armed else states.IDLE
    scenario.becomes(hub, after, CAPTURE_TIMEOUT_MS / 1000)
    assert witness.stayed("ARM_CONTACT", int(armed), since)
    scenario.stayed_shut(witness, since)
    scenario.wrote_nothing(witness, since)


def test_no_key_of_the_alarm_centre_opens_a_customers_picture_but_it_opens_an_alarms(
    private: Private, target: Target, arc: ArcClient, arc_keys: Keys, customer_keys: Keys
) -> None:
    """Each of the alarm centre's keys fails on the picture; they open an alarm's image."""
    scenario.alarm(target)
    shared = pictures.next_whole(arc)
    assert pictures.unsealed(shared, arc_keys)
    for key in pictures.all_keys(arc_keys):
        with pytest.raises(SealError):
            pictures.open_with(private.image, key)
    assert pictures.unsealed(private.image, customer_keys)


def test_the_alarm_centre_shares_no_key_with_the_customer(
    arc_keys: Keys, customer_keys: Keys
) -> None:
    """The two key files have no key in common."""
    assert not set(pictures.all_keys(arc_keys)) & set(pictures.all_keys(customer_keys))


def test_the_camera_and_its_led_are_dark_when_nothing_is_captured(
    target: Target, witness: Witness, hub: HubClient, small_pictures: Path
) -> None:
    """The camera's rail is up for the picture and down again when it is done."""
    target.camera(images=small_pictures)
    since = witness.now_us()
    hub.command("capture")
    rise = witness.wait("CAM_RAIL", 1, scenario.patience(), since)
    witness.wait("CAM_RAIL", 0, scenario.patience(CAPTURE_TIMEOUT_MS), rise.t_us)
    scenario.becomes(hub, states.IDLE)


def test_a_capture_that_never_ends_is_given_up_in_time(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A camera that never finishes leaves CUSTOMER_CAPTURE at its time-out; nothing is sent."""
    target.camera(broken="never-done")
    since = witness.now_us()
    hub.command("capture")
    event = scenario.told(hub, "capture-failed", CAPTURE_TIMEOUT_MS)
    assert event["why"] == "capture-timeout"
    assert scenario.status(hub)["state"] == "IDLE"
    assert witness.level("CAM_RAIL") == 0
    scenario.stayed_shut(witness, since)


@pytest.mark.disturbs("the camera's fault stays latched until a power-cycle")
@pytest.mark.parametrize("broken", ["dead-spi", "no-eoi"])
def test_a_broken_camera_ends_the_capture_with_an_error(
    broken: str, target: Target, witness: Witness, hub: HubClient
) -> None:
    """A camera fault leads back to where it came from, told to the customer, gate shut."""
    target.camera(broken=broken)
    since = witness.now_us()
    hub.command("capture")
    assert scenario.told(hub, "capture-failed", CAPTURE_TIMEOUT_MS)["why"] == "camera"
    answer = scenario.status(hub)
    assert (answer["state"], answer["faults"]) == ("IDLE", ["camera"])
    scenario.stayed_shut(witness, since)


def test_a_panic_wipes_a_running_capture_and_its_images_are_the_alarms_only(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient
) -> None:
    """A panic in the middle of a capture: alarm at once, and no customer picture comes of it."""
    first = pictures.newest(hub) + 1
    scenario.hold_capture(target, hub)
    target.camera()
    scenario.opens(witness, scenario.trip(target, PANIC), SHUT_MS)
    assert pictures.next_whole(arc).meta["kind"] == PANIC
    assert all(entry["event"] for entry in pictures.listed(hub) if entry["id"] >= first)


def test_a_capture_goes_on_during_an_entry_delay_that_began_in_it(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A delayed trip in CUSTOMER_CAPTURE becomes an alarm when its entry delay ends."""
    scenario.arm(hub, target)
    scenario.hold_capture(target, hub)
    since = scenario.trip(target, CONTACT)
    assert scenario.status(hub)["state"] == "CUSTOMER_CAPTURE"
    took_ms = scenario.opens(witness, since, ENTRY_MS + SHUT_MS)
    assert took_ms >= ENTRY_MS


def test_a_picture_is_refused_in_an_alarm(target: Target, hub: HubClient) -> None:
    """In an alarm the customer gets a clear answer instead of a picture of his own."""
    scenario.alarm(target)
    assert scenario.say(hub, "capture") == codes.ERR_IN_ALARM
