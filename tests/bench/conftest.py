"""What the tests of the bench share beyond the plugin's fixtures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from host_tools.bench.target import Target
from host_tools.client import HubClient
from host_tools.deadline import Deadline
from tests.bench import scenario


@pytest.fixture
def hub(hub: HubClient) -> HubClient:
    """The customer's hub, with nothing heard yet in this test."""
    scenario.ticked(hub)  # what was queued before it is heard by now
    hub.events.clear()
    with contextlib.suppress(TimeoutError):
        while True:
            hub.next_image(Deadline(0))
    return hub


@pytest.fixture
def board(target: Target) -> Iterator[Target]:
    """A second board with the same firmware and keys, its console free for a prompt."""
    other = target.spare(clone=True)
    yield other
    other.close()
