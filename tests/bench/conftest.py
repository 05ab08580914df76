"""What the tests of the bench share beyond the plugin's fixtures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.bench.session import Bench
from host_tools.bench.target import Target
from host_tools.client import HubClient
from host_tools.deadline import Deadline
from tests.bench import hostile, jpegs, scenario

# 15 extents of 8 KiB; a camera's comment of its own still fits behind it.
_LARGE_BYTES = 120_000


@pytest.fixture
def hub(hub: HubClient) -> HubClient:
    """The customer's hub, with nothing heard yet in this test."""
    scenario.hushed(hub)
    hub.events.clear()
    with contextlib.suppress(TimeoutError):
        while True:
            hub.next_image(Deadline(0))
    return hub


@pytest.fixture(scope="session")
def large_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture that takes as much room as one may."""
    return jpegs.folder_with(tmp_path_factory.mktemp("large"), "large", _LARGE_BYTES)


@pytest.fixture(scope="session")
def hostile_all_along(bench: Bench) -> Iterator[Target]:
    """A board with hostile firmware that drives everything open for as long as the bench runs."""
    board = bench.hostile(hostile.source("hold_open"), max_ms=None)
    scenario.drives_open(board)
    yield board
    board.close()


@pytest.fixture(scope="session", autouse=True)
def _start_early(request: pytest.FixtureRequest) -> None:
    """Start that board first and let other tests pass its time."""
    if any(hostile_all_along.__name__ in item.fixturenames for item in request.session.items):
        request.getfixturevalue(hostile_all_along.__name__)
