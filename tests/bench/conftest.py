"""What the tests of the bench share beyond the plugin's fixtures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from host_tools.bench.session import Bench
from host_tools.bench.target import Target
from host_tools.client import HubClient
from host_tools.deadline import Deadline
from tests.bench import early, full_store, hostile, jpegs, scenario, uploads

# 15 extents of 8 KiB; a camera's comment of its own still fits behind it.
_LARGE_BYTES = 120_000
_SMALL_BYTES = 5_000


@pytest.fixture
def hub(request: pytest.FixtureRequest, hub: HubClient) -> HubClient:
    """The customer's hub, with nothing heard yet in this test."""
    if request.node.get_closest_marker("raw_board") is None:  # those do not ask what it heard
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
def small_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture of the smallest size class: 0.8 s on the hub link."""
    return jpegs.folder_with(tmp_path_factory.mktemp("small"), "small", _SMALL_BYTES)


@pytest.fixture(scope="session")
def medium_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture whose upload takes half a second."""
    return jpegs.folder_with(tmp_path_factory.mktemp("medium"), "medium", uploads.MEDIUM_BYTES)


@pytest.fixture(scope="session")
def hostile_all_along(bench: Bench) -> Iterator[Target]:
    """A board with hostile firmware that drives everything open for as long as the bench runs."""
    board = bench.hostile(hostile.source("hold_open"), max_ms=None)
    scenario.drives_open(board)
    yield board
    board.close()


@pytest.fixture(scope="session")
def heart_stopped(bench: Bench) -> Iterator[tuple[Target, int, int]]:
    """A board with hostile firmware, tripped, then told to stop its heart; when (us) that was."""
    board = bench.hostile(hostile.source("no_heart"), max_ms=None)
    scenario.drives_open(board)
    tripped = scenario.trip(board, scenario.PANIC)
    yield board, tripped, board.line(scenario.role(scenario.FIRE), 1)
    board.close()


@pytest.fixture(scope="session")
def beside() -> Iterator[ThreadPoolExecutor]:
    """What takes long on boards of their own, one after the other, beside the tests."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


@pytest.fixture(scope="session")
def cutting(
    bench: Bench, medium_pictures: Path, beside: ThreadPoolExecutor
) -> Iterator[Future[uploads.Cut]]:
    """A board whose upload is cut off in its middle."""
    with contextlib.closing(bench.spare(clone=True, max_ms=None, flash_costs="free")) as other:
        job = beside.submit(uploads.cut_in_its_middle, other, medium_pictures)
        yield job
        wait([job])


@pytest.fixture(scope="session")
def filling(
    bench: Bench, large_pictures: Path, beside: ThreadPoolExecutor
) -> Iterator[Future[full_store.Filled]]:
    """A board whose store is filled."""
    with contextlib.closing(bench.spare(clone=True, max_ms=None, flash_costs="free")) as other:
        job = beside.submit(full_store.fill, other, large_pictures)
        yield job
        wait([job])


# What begins with the first test of a file, for a file that comes some seconds later. A board
# that runs for longer than it must takes the processor from those that are being measured.
_BEGINS_WITH = {
    "test_delays": [filling],
    "test_flash": [hostile_all_along, heart_stopped],
    "test_held_up": [cutting],
}


@pytest.fixture(scope="module", autouse=True)
def _start_early(request: pytest.FixtureRequest) -> None:
    names = [one.__name__ for one in _BEGINS_WITH.get(request.path.stem, [])]
    early.begin(request, *names)
