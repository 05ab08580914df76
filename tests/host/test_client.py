"""The hub's and the alarm centre's client against the firmware's own channels, over ptys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fake_peer import FakeController

from detector import codes
from host_tools.client import (
    ArcClient,
    CommandRefused,
    HubClient,
    LinkError,
    SessionLostError,
    WrongDeviceError,
)
from host_tools.deadline import Deadline
from host_tools.keyfile import KeyFile
from tests.host.fake_detector import FakeDetector, key_file


class Event:
    """An alarm event as the gatekeeper hands it over."""

    id = 5
    kind = codes.TRIP_PANIC
    kinds = 1 << codes.TRIP_PANIC
    confirmed = True


@pytest.fixture
def detector() -> Iterator[FakeDetector]:
    with FakeDetector() as detector:
        yield detector


@pytest.fixture
def hub(detector: FakeDetector) -> Iterator[HubClient]:
    with HubClient(detector.port, key_file("customer")) as hub:
        hub.connect(Deadline(2))
        yield hub


@pytest.fixture
def alarmed() -> Iterator[FakeDetector]:
    with FakeDetector(uplink=True) as detector:
        detector.controller.state = 2
        detector.controller.on_handled = lambda: detector.channel.closed()
        yield detector


@pytest.fixture
def arc(alarmed: FakeDetector) -> Iterator[ArcClient]:
    with ArcClient(alarmed.port, key_file("arc")) as arc:
        yield arc


def calls(detector: FakeDetector) -> list[Any]:
    controller: FakeController = detector.controller
    return list(controller.calls)


def opened(detector: FakeDetector) -> None:
    detector.do(lambda: detector.channel.opened(0, Event()))


def test_a_command_is_obeyed_and_answered(detector: FakeDetector, hub: HubClient) -> None:
    assert hub.command("arm")["ok"]
    assert hub.command("status")["state"] == "IDLE"
    assert calls(detector) == ["arm"]


def test_a_refusal_is_raised_with_its_code(detector: FakeDetector, hub: HubClient) -> None:
    detector.controller.code = codes.ERR_OPEN_ZONES
    with pytest.raises(CommandRefused, match="open-zones") as caught:
        hub.command("arm")
    assert caught.value.code == codes.ERR_OPEN_ZONES
    assert caught.value.reply["open"] == ["contact"]


def test_events_come_by_themselves(detector: FakeDetector, hub: HubClient) -> None:
    detector.do(lambda: detector.channel.event((("e", "trip"), ("kind", "fire"))))
    assert hub.wait_event("trip", Deadline(2), kind="fire")["kind"] == "fire"


def test_an_event_that_does_not_come_is_a_timeout(hub: HubClient) -> None:
    with pytest.raises(TimeoutError, match="no event"):
        hub.wait_event("trip", Deadline(0.05))


def test_an_image_arrives_whole(detector: FakeDetector, hub: HubClient) -> None:
    detector.store.add(3, codes.IMAGE_CUSTOMER, 24)
    hub.command("fetch", id=3)
    image = hub.next_image(Deadline(3))
    assert image.body == b"".join(bytes([i]) * 1024 for i in range(24))
    assert (image.mac, image.header) == (b"\x03" * 32, b"\x03" * 64)
    assert len(image.wrapped) == 80


def test_an_image_can_be_fetched_twice(detector: FakeDetector, hub: HubClient) -> None:
    detector.store.add(3, codes.IMAGE_CUSTOMER)
    for _ in range(2):
        hub.command("fetch", id=3)
        assert hub.next_image(Deadline(3)).id == 3


def test_a_detector_that_restarts_is_found_again(detector: FakeDetector, hub: HubClient) -> None:
    detector.restart(seed=2)
    assert hub.command("status")["ok"]


def test_a_detector_that_answers_a_hello_of_the_running_session_anew_is_found_again(
    detector: FakeDetector, hub: HubClient
) -> None:
    """A HELLO may still be on the line when the detector restarts: it draws a nonce of its own."""
    hello = {"proto": codes.PROTOCOL, "nonce": hub.peer.nonce.hex()}
    detector.restart(seed=2)
    detector.do(lambda: detector.channel.on_hello(memoryview(json.dumps(hello).encode())))
    assert hub.command("status", deadline=Deadline(2))["ok"]


def test_connect_after_a_restart_opens_a_new_session(
    detector: FakeDetector, hub: HubClient
) -> None:
    sessions = hub.peer.sessions
    detector.restart(seed=2)
    hub.connect(Deadline(2))
    assert hub.peer.sessions == sessions + 1


def test_a_disarm_survives_a_restart_in_the_middle(detector: FakeDetector, hub: HubClient) -> None:
    detector.uart.cut = True
    done = threading.Event()

    def say() -> None:
        hub.command("disarm", deadline=Deadline(5))
        done.set()

    threading.Thread(target=say, daemon=True).start()
    detector.restart(seed=2)
    detector.uart.cut = False
    Deadline(5).wait_event(done, "the disarm")
    assert calls(detector) == ["disarm"]


def test_a_capture_is_not_said_twice(detector: FakeDetector, hub: HubClient) -> None:
    detector.uart.cut = True
    hub.peer.send((("cmd", "status"),))
    found: list[BaseException] = []

    def say() -> None:
        try:
            hub.command("capture", deadline=Deadline(5))
        except LinkError as error:
            found.append(error)

    thread = threading.Thread(target=say, daemon=True)
    thread.start()
    thread.join(4)
    assert isinstance(found[0], SessionLostError)


def test_silence_is_a_timeout(detector: FakeDetector, hub: HubClient) -> None:
    detector.uart.cut = True
    with pytest.raises(TimeoutError, match="status"):
        hub.command("status", deadline=Deadline(0.1))


def test_a_wrong_key_gets_no_answer(detector: FakeDetector) -> None:
    with HubClient(detector.port, key_file("customer", command=b"x" * 32)) as thief:
        thief.connect(Deadline(2))
        with pytest.raises(TimeoutError):
            thief.command("disarm", deadline=Deadline(0.2))
    assert calls(detector) == []
    assert detector.channel.auth_failures == 1


def test_a_detector_that_cannot_sign_is_not_believed(detector: FakeDetector) -> None:
    with HubClient(detector.port, key_file("customer", event=b"x" * 32)) as hub:
        hub.connect(Deadline(2))
        with pytest.raises(TimeoutError):
            hub.command("status", deadline=Deadline(0.2))
        assert hub.peer.forged > 0


def test_another_detector_than_the_key_files_is_named(detector: FakeDetector) -> None:
    keys = KeyFile("customer", "dev-2", key_file("customer").keys)
    with HubClient(detector.port, keys) as hub:
        with pytest.raises(LinkError, match="dev-2") as caught:
            hub.connect(Deadline(2))
        assert isinstance(caught.value.__cause__, WrongDeviceError)


def test_a_port_that_does_not_exist_is_named() -> None:
    with pytest.raises(LinkError, match="/dev/none"):
        HubClient("/dev/none", key_file("customer")).start()


def test_a_closed_client_says_so(hub: HubClient) -> None:
    hub.close()
    with pytest.raises(LinkError):
        hub.command("status")


def test_the_tap_sees_both_directions(detector: FakeDetector) -> None:
    seen: dict[str, bytes] = {"rx": b"", "tx": b""}

    def tap(direction: str, data: bytes) -> None:
        seen[direction] += data

    with HubClient(detector.port, key_file("customer"), tap=tap) as hub:
        hub.connect(Deadline(2))
        hub.command("status")
    assert b'"cmd":"status"' in seen["tx"]
    assert b'"state":"IDLE"' in seen["rx"]


def test_the_alarm_centre_hears_the_alarm_first_and_acknowledges_images(
    alarmed: FakeDetector, arc: ArcClient
) -> None:
    alarmed.store.add(7, codes.TRIP_PANIC, 16)
    opened(alarmed)
    alarmed.do(lambda: alarmed.channel.offer(7))
    image = arc.next_image(Deadline(3))
    assert [event["e"] for event in arc.events] == ["alarm", "image", "image-end"]
    assert image.meta["kind"] == "panic"
    Deadline(2).wait_for(lambda: alarmed.store.delivered == [(7, 0)], "no acknowledgement")
    assert calls(alarmed) == [("received", 7)]


def test_an_upload_goes_on_after_the_line_was_cut(alarmed: FakeDetector, arc: ArcClient) -> None:
    alarmed.store.add(7, codes.TRIP_PANIC, 320)
    opened(alarmed)
    alarmed.do(lambda: alarmed.channel.offer(7))
    Deadline(3).wait_for(lambda: arc.images and arc.images[0].chunks_here > 20, "no chunks")
    alarmed.uart.cut = True
    here = arc.images[0].chunks_here
    arc.peer.restart()
    alarmed.uart.cut = False
    image = arc.next_image(Deadline(10))
    assert image.body == b"".join(bytes([i & 0xFF]) * 1024 for i in range(320))
    assert image.meta["from"] >= min(here, 20)


def test_handled_is_believed_though_nothing_answers(alarmed: FakeDetector, arc: ArcClient) -> None:
    opened(alarmed)
    arc.wait_connected(Deadline(2))
    assert arc.command("handled")["ok"]
    assert calls(alarmed) == ["handled"]


def test_a_next_alarm_is_a_new_session(alarmed: FakeDetector, arc: ArcClient) -> None:
    for _ in range(2):
        opened(alarmed)
        start = len(arc.events)
        arc.wait_event("alarm", Deadline(3), start)
        alarmed.do(lambda: alarmed.channel.closed())
    assert arc.peer.sessions >= 2
