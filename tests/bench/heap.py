"""The firmware's heap: what bad input and replays must not take away, not even a little each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from host_tools.client import ConsoleClient, HubClient
from tests.bench import scenario

# A block or two of the allocator, as answers and journal numbers grow by a digit. A leak shows
# because whatever could leak is done so often that a machine word each is more than this.
SLACK_BYTES = 96
TIMES = 20
_LOOKS = 8


def used(hub: HubClient, console: ConsoleClient) -> int:
    """Return the bytes in use after a collection, when all that was heard has been dealt with.

    The least of some looks: a reply stays in RAM until the hub has acknowledged it.
    """
    scenario.ticked(hub)
    return min(_look(console) for _ in range(_LOOKS))


@contextmanager
def same(hub: HubClient, console: ConsoleClient) -> Iterator[None]:
    """Check that what happens inside, TIMES times, leaves the heap where it was."""
    most = used(hub, console) + SLACK_BYTES
    yield
    scenario.ticked(hub)
    least = _look(console)
    deadline = scenario.patience()
    while least > most and not deadline.expired:
        least = min(least, _look(console))
    assert least <= most, f"{least - most + SLACK_BYTES} bytes of heap are gone"


def _look(console: ConsoleClient) -> int:
    return int(console.command("status").values["heap"])
