"""From the virtual camera through driver, capture and store to the reader's key: bit for bit."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_flash import FakeFlash

from detector import codes
from detector.ages import Ages
from detector.capture import FAILED, FINISHED, Capture
from detector.clock import DAY_UNKNOWN, Clock
from detector.journal import Journal
from detector.keystore import KeyStore
from detector.raw_flash import raw_blocks
from detector.seal import CHUNK_BYTES
from detector.store import Store
from host_tools.sealed_image import parse_header, unseal
from tests.host.camera_bench import Bench

READER_KEY = bytes(range(32))
QUIET_STEPS = 300
LONGEST_POLLS = 20_000
SHOTS = 6


class Detector:
    """A camera on the bench, and a store on a blank flash that had its quiet time."""

    def __init__(self) -> None:
        self.bench = Bench()
        raw = raw_blocks(FakeFlash())
        journal = Journal(raw)
        journal.begin(b"j" * 32, "SL-0001")
        self.store = Store(raw, KeyStore(raw), journal, Ages(Clock(0, DAY_UNKNOWN, 0), 60))
        for _ in range(QUIET_STEPS):
            journal.housekeep()
            self.store.housekeep()
        clock = SimpleNamespace(day=2000, second=5)
        self.capture = Capture(self.bench.driver, self.store, clock, bytearray(CHUNK_BYTES))

    def burst(self, count: int) -> int:
        """Take a burst, one poll a millisecond; return how it ended."""
        self.capture.start(self.bench.now_us // 1000, codes.TRIP_PANIC, 9, count, 0)
        for _ in range(LONGEST_POLLS):
            result: int = self.capture.poll(self.bench.now_us // 1000)
            if result in (FINISHED, FAILED):
                return result
            self.bench.now_us += 1000
        raise AssertionError("the burst has no end")

    def read(self, image_id: int) -> bytes:
        """Fetch and unseal an image as its reader does."""
        image = self.store.open(image_id)
        body = bytearray()
        buf = bytearray(CHUNK_BYTES)
        for index in range(image.chunks):
            image.read_chunk(index, buf)
            body += buf
        return unseal(
            image.header(), image.wrapped(READER_KEY), bytes(body), image.mac, READER_KEY
        )


def test_the_reader_sees_every_picture_of_a_burst_bit_for_bit() -> None:
    detector = Detector()
    assert detector.burst(SHOTS) == FINISHED
    pictures = [detector.read(image_id) for image_id in detector.store.ids()]
    assert pictures == [picture.jpeg for picture in detector.bench.model.served]
    assert len(pictures) == SHOTS


def test_an_image_carries_its_alarm_and_its_time() -> None:
    detector = Detector()
    detector.burst(1)
    header = parse_header(detector.store.open(detector.capture.image_id).header())
    expected = (codes.TRIP_PANIC, 9, 2000, 5)
    assert (header.kind, header.event_id, header.day, header.second) == expected


@pytest.mark.parametrize(
    ("broken", "error"), [("no-soi", codes.CAM_ERR_SOI), ("no-eoi", codes.CAM_ERR_EOI)]
)
def test_a_damaged_picture_is_not_stored(broken: str, error: int) -> None:
    detector = Detector()
    detector.bench.model.broken = broken
    assert detector.burst(1) == FAILED
    assert detector.capture.camera_error == error
    assert detector.store.ids() == []


def test_an_aborted_capture_leaves_no_image_and_the_next_burst_works() -> None:
    detector = Detector()
    detector.bench.model.delay_us = 0
    detector.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
    while not detector.bench.model.served or not detector.bench.model.served[0].read_bytes:
        detector.capture.poll(detector.bench.now_us // 1000)
        detector.bench.now_us += 1000
    detector.capture.abort()
    assert detector.store.ids() == []
    assert detector.burst(2) == FINISHED
    assert len(detector.store.ids()) == 2


def test_a_full_store_ends_a_burst_as_such_and_keeps_what_it_has() -> None:
    detector = Detector()
    while detector.burst(SHOTS) == FINISHED:
        pass
    assert detector.capture.error == codes.ERR_STORE_FULL
    pictures = [detector.read(image_id) for image_id in detector.store.ids()]
    taken = [picture.jpeg for picture in detector.bench.model.served]
    assert len(pictures) > 40  # of 16 KiB each, on 207 blocks
    assert pictures == taken[: len(pictures)]
