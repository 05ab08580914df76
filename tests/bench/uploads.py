"""Alarms whose images are on their way: brought to the place where they are to be disturbed."""

from __future__ import annotations

from host_tools.bench.target import Target
from host_tools.bench.witness import UPLINK_TX_PASSED, Witness
from host_tools.client import ArcClient
from tests.bench import scenario

_FIRST_PART_BYTES = 3000
# What a picture's taking writes besides its chunks, the alarm's own records among it.
_RECORDS = 12


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
