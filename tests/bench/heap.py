"""The firmware's heap: what bad input and replays must not take away, not even a little each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from host_tools.client import HubClient
from tests.bench import scenario

# Answers differ by a few digits, and a journal number more takes a word. A leak shows because
# whatever could leak is done so often that 16 bytes each are more than this.
SLACK_BYTES = 256
TIMES = 20


def used(hub: HubClient) -> int:
    """Return the bytes in use after a collection, when all that was heard has been dealt with."""
    scenario.ticked(hub)
    return int(scenario.status(hub)["heap"])


@contextmanager
def same(hub: HubClient) -> Iterator[None]:
    """Check that what happens inside, TIMES times, leaves the heap where it was."""
    before = used(hub)
    yield
    after = used(hub)
    assert after <= before + SLACK_BYTES, f"{after - before} bytes of heap are gone"
