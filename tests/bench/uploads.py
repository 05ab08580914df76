"""Alarms whose images are on their way: brought to the place where they are to be disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detector import frames, window
from host_tools.bench.session import Bench
from host_tools.bench.target import Target
from host_tools.bench.witness import UPLINK_TX_PASSED, Witness
from host_tools.client import ArcClient, Image
from tests.bench import repl, scenario

_FIRST_PART_BYTES = 3000
# A picture that takes half a second, and its middle.
MEDIUM_BYTES = 40_000
HALF_BYTES = 20_000
_FRAME_BYTES = frames.HEADER_BYTES + frames.CHUNK_BYTES + frames.CHECK_BYTES
# Hellos, the alarm's message, announcement and end, and what of the next picture is under way.
_MESSAGES_BYTES = 4096
# Housekeeping does a step every 20 ms, not every one of them a program or an erase.
_QUIET_US = 150_000
_HOUSEKEEPING_MS = 10_000
# What a picture's taking writes besides its chunks, the alarm's own records among it.
_RECORDS = 12
_LONG_WINDOW_MS = 600_000


@dataclass(frozen=True)
class Cut:
    """A board whose uplink was cut in the middle of an image, and when (us)."""

    target: Target
    arc: ArcClient
    cut_us: int


def most_bytes(image: Image, chunks_before: int = 0) -> int:
    """Return what may pass of an image that is gone on with, never begun anew.

    What was under way at the cut, a window of frames, may pass twice.
    """
    chunks = int(image.meta["chunks"]) - chunks_before
    return (chunks + window.WINDOW) * _FRAME_BYTES + _MESSAGES_BYTES


def connected(arc: ArcClient) -> None:
    """Wait until the alarm centre has its session in the alarm that is on."""
    arc.wait_connected(scenario.patience())


def uploading(
    target: Target, witness: Witness, arc: ArcClient, after_bytes: int = _FIRST_PART_BYTES
) -> int:
    """Start an alarm, come back when so much of its first image has passed; return its event."""
    before = witness.count(UPLINK_TX_PASSED)
    scenario.alarm(target)
    limit = scenario.patience(scenario.READY_S * 1000)
    arc.peer.wait_for(lambda: arc.images, limit, "no image was announced")
    witness.wait_for(
        lambda event: event.signal == UPLINK_TX_PASSED and event.value >= before + after_bytes,
        "the first part of an image",
        limit,
    )
    image = arc.images[0]
    assert not image.complete, "the image was over before it could be disturbed"
    return int(image.meta["event"])


def cut_in_its_middle(other: Bench, medium_pictures: Path) -> Cut:
    """Cut an upload off in its middle, in an alarm of ten minutes."""
    repl.reconfigure(other.target, window_ms=_LONG_WINDOW_MS)
    other.target.camera(images=medium_pictures)
    other.wait_ready()
    arc = other.new_arc()
    uploading(other.target, other.witness, arc, HALF_BYTES)
    other.target.link_fault("uplink", cut=True)
    return Cut(other.target, arc, other.witness.now_us())


def storing(target: Target) -> int:
    """Start an alarm and come back while a picture is read from the camera and stored.

    With a large picture before the camera that takes a while. Returns when the line rose (us).
    """
    before = target.flash_operations()
    since = scenario.alarm(target)
    scenario.patience(scenario.READY_S * 1000).wait_for(
        lambda: target.flash_operations() > before + 2 * _RECORDS, "no picture was stored"
    )
    return since


def quiet_flash(target: Target) -> None:
    """Wait until the firmware has done all its housekeeping and leaves the flash alone."""
    deadline = scenario.patience(_HOUSEKEEPING_MS)
    witness = target.witness
    operations = -1
    while operations != target.flash_operations():
        deadline.check("the flash is not left alone")
        operations = target.flash_operations()
        scenario.pass_time(witness, witness.now_us() + _QUIET_US)
