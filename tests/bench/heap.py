"""The firmware's heap: what bad input and replays must not take away, not even a little each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from host_tools.client import ConsoleClient, HubClient
from tests.bench import scenario

# A few blocks of the allocator, as answers and journal numbers grow by a digit. A leak shows
# because whatever could leak is done so often that a machine word each is more than this.
SLACK_BYTES = 96
TIMES = 20


def used(hub: HubClient, console: ConsoleClient) -> int:
    """Return the bytes in use after a collection, when all that was heard has been dealt with."""
    scenario.ticked(hub)
    return int(console.command("status").values["heap"])


@contextmanager
def same(hub: HubClient, console: ConsoleClient) -> Iterator[None]:
    """Check that what happens inside, TIMES times, leaves the heap where it was."""
    before = used(hub, console)
    yield
    after = used(hub, console)
    assert after <= before + SLACK_BYTES, f"{after - before} bytes of heap are gone"
