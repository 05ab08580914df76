"""Alarm images: bit for bit the camera's, over a bad line too, and never after their alarm."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from detector import codes
from detector.channel import LOST_MS
from host_tools.bench.target import Target
from host_tools.bench.witness import UPLINK_TX_PASSED, Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient
from tests.bench import journals, pictures, scenario, uploads
from tests.bench.scenario import INTRUSION, PANIC, SHUT_MS

pytestmark = [pytest.mark.needs("camera")]

Keys = dict[str, bytes]
# About every third frame of 1 KiB is damaged on its way.
_NOISE = 1 / 25_000


@pytest.fixture
def long_cut(cutting: Future[uploads.Cut]) -> uploads.Cut:
    """An upload on a board of its own, in an alarm of ten minutes, cut off in its middle."""
    return cutting.result()


@pytest.mark.promise("P1")
def test_alarm_images_arrive_bit_for_bit_as_the_camera_delivered_them(
    target: Target, hub: HubClient, arc: ArcClient, arc_keys: Keys, picture: Callable[..., None]
) -> None:
    """Each image of the burst, opened by an independent reader, is the camera's own picture."""
    first = pictures.before(target)
    scenario.arm(hub, target)
    scenario.alarm(target, INTRUSION)
    images = [pictures.next_whole(arc) for _ in range(scenario.CONFIG["burst_intrusion"])]
    for image, served in zip(images, target.served()[first:], strict=True):
        jpeg = pictures.unsealed(image, arc_keys)
        picture(jpeg, served, f"Alarm image {image.id}, {INTRUSION}")
        assert served.canary in jpeg


@pytest.mark.promise("P1")
def test_the_alarms_message_names_its_kind_before_any_image(
    target: Target, arc: ArcClient
) -> None:
    """The alarm centre learns first what kind of alarm it is and that the latch confirmed it."""
    scenario.alarm(target, PANIC)
    event = scenario.told(arc, "alarm")
    assert (event["kind"], event["kinds"], event["confirmed"]) == (PANIC, [PANIC], True)
    assert pictures.next_whole(arc).meta["event"] == event["event"]


def test_the_customer_opens_the_alarms_images_too(
    target: Target,
    hub: HubClient,
    arc: ArcClient,
    arc_keys: Keys,
    customer_keys: Keys,
    small_pictures: Path,
) -> None:
    """An alarm image fetched over the hub link is the same picture that the alarm centre got."""
    target.camera(images=small_pictures)
    scenario.alarm(target)
    theirs = pictures.next_whole(arc)
    hub.command("disarm")
    hub.command("fetch", id=theirs.id)
    ours = pictures.whole(hub, theirs.id)
    assert pictures.unsealed(ours, customer_keys) == pictures.unsealed(theirs, arc_keys)


def test_sealed_sizes_do_not_tell_the_pictures_size(target: Target, arc: ArcClient) -> None:
    """Bodies are padded to 8 KiB classes although no picture is a multiple of 16 or 1024."""
    first = pictures.before(target)
    scenario.alarm(target)
    image = pictures.next_whole(arc)
    jpeg = target.served()[first].jpeg
    assert len(jpeg) % 16 and len(jpeg) % 1024
    assert len(image.body) % 8192 == 0 and len(image.body) >= len(jpeg)


@pytest.mark.needs("links")
def test_an_upload_over_a_noisy_line_completes(
    target: Target, arc: ArcClient, arc_keys: Keys
) -> None:
    """Bit errors in both directions cost repeats, not pictures."""
    first = pictures.before(target)
    target.link_fault("uplink", bit_error_rate=_NOISE)
    scenario.alarm(target)
    jpeg = pictures.unsealed(pictures.next_whole(arc), arc_keys)
    assert jpeg == target.served()[first].jpeg


@pytest.mark.needs("links")
def test_an_upload_that_was_cut_goes_on_where_it_was(
    target: Target, witness: Witness, arc: ArcClient, arc_keys: Keys, medium_pictures: Path
) -> None:
    """A line cut in the middle of an image and mended: it completes, and does not begin anew."""
    target.camera(images=medium_pictures)
    first, before = pictures.before(target), witness.count(UPLINK_TX_PASSED)
    uploads.uploading(target, witness, arc, uploads.HALF_BYTES)
    target.link_fault("uplink", cut=True)
    scenario.pass_time(witness, witness.now_us() + 300_000)
    target.link_fault("uplink")
    image = pictures.next_whole(arc)
    passed = witness.count(UPLINK_TX_PASSED) - before
    assert pictures.unsealed(image, arc_keys) == target.served()[first].jpeg
    assert passed <= uploads.most_bytes(image)


@pytest.mark.needs("links", "spare")
def test_an_upload_that_was_cut_for_long_resumes_in_a_new_session(
    long_cut: uploads.Cut, arc_keys: Keys
) -> None:
    """After 5 s and more the session is lost; a new one goes on from the last chunk that came."""
    target, arc = long_cut.target, long_cut.arc
    scenario.pass_time(target.witness, long_cut.cut_us + (LOST_MS + 500) * 1000)
    sessions, here = arc.peer.sessions, arc.images[0].chunks_here
    before = target.witness.count(UPLINK_TX_PASSED)
    assert here * 1024 >= uploads.HALF_BYTES / 2
    target.link_fault("uplink")
    image = pictures.next_whole(arc)
    passed = target.witness.count(UPLINK_TX_PASSED) - before
    assert pictures.unsealed(image, arc_keys) == target.served()[0].jpeg
    assert (arc.peer.sessions, image.meta["from"]) == (sessions + 1, here)
    assert passed <= uploads.most_bytes(image, here)
    target.power(False)


@pytest.mark.promise("P1")
def test_an_image_that_was_not_finished_when_the_alarm_ended_is_never_sent_later(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient
) -> None:
    """Cut short by a disarm, an image stays away from the next alarm's uplink as well."""
    uploads.uploading(target, witness, arc)
    unfinished = arc.images[-1].id
    since = witness.now_us()
    hub.command("disarm")
    scenario.shuts(witness, since, 2 * SHUT_MS)
    scenario.alarm(target)
    assert pictures.next_whole(arc).id > unfinished
    assert [image.complete for image in arc.images if image.id == unfinished] == [False]


@pytest.mark.promise("P1")
def test_further_trips_join_the_alarm_and_do_not_extend_it(
    target: Target, witness: Witness, hub: HubClient
) -> None:
    """A second trip in an alarm is told under the same event and opens nothing anew."""
    since = scenario.alarm(target, PANIC)
    first = scenario.told(hub, "alarm")["event"]
    scenario.trip(target, scenario.FIRE)
    assert scenario.told(hub, "trip", kind=scenario.FIRE)["event"] == first
    assert len(scenario.opened(witness, since)) == 1


@pytest.mark.promise("P1")
@pytest.mark.parametrize("command", ["arm", "disarm", "cancel", "capture", "status", "list"])
def test_the_alarm_centre_may_not_give_the_customers_commands(
    command: str, target: Target, hub: HubClient, arc: ArcClient
) -> None:
    """Signed with the alarm centre's key, a customer's command is refused and changes nothing."""
    scenario.alarm(target)
    uploads.connected(arc)
    assert scenario.say(arc, command) == codes.ERR_NOT_ALLOWED
    assert scenario.status(hub)["state"] == "ALARM"


@pytest.mark.promise("P6")
@pytest.mark.parametrize("command", ["live", "more"])
def test_live_view_of_the_alarm_centre_is_not_built(
    command: str, target: Target, arc: ArcClient
) -> None:
    """Even in an alarm the alarm centre is told plainly that there is no live view yet."""
    scenario.alarm(target)
    uploads.connected(arc)
    assert scenario.say(arc, command) == codes.ERR_NOT_BUILT


@pytest.mark.promise("P7", "P9")
@pytest.mark.needs("flash")
def test_deleting_an_image_destroys_its_key_and_is_on_record(
    target: Target, hub: HubClient, arc: ArcClient, console: ConsoleClient, arc_keys: Keys
) -> None:
    """The image's own key is in the flash before the deletion and nowhere in it afterwards."""
    scenario.alarm(target)
    image = pictures.next_whole(arc)
    key = pictures.image_key(image, arc_keys)
    hub.command("disarm")
    assert key in target.flash_image()
    last = scenario.status(hub)["journal"]
    hub.command("delete", id=image.id)
    assert key not in target.flash_image()
    assert scenario.say(hub, "fetch", id=image.id) == codes.ERR_NO_IMAGE
    assert codes.JR_DELETE in journals.kinds(console, last)


@pytest.mark.promise("P4")
def test_a_disarm_is_obeyed_in_the_middle_of_an_upload(
    target: Target, witness: Witness, hub: HubClient, arc: ArcClient, measure: Callable[..., None]
) -> None:
    """With an image on its way and the camera at work a disarm still shuts within 50 ms."""
    uploads.uploading(target, witness, arc)
    took_ms = scenario.shut_after(witness, hub, "disarm")
    measure("disarm in an upload to gate shut", took_ms, "ms", high=SHUT_MS)
    passed = witness.count(UPLINK_TX_PASSED)
    scenario.latch_is(witness, 0)
    assert witness.count(UPLINK_TX_PASSED) == passed
