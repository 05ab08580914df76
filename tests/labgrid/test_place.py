"""Places of a real coordinator: taken, refused, waited for, given back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from host_tools.bench.kinds import SERVED, kind_of
from host_tools.bench.place import Place
from host_tools.bench.target import TargetError
from host_tools.deadline import Deadline
from tests.labgrid.lab import Lab

_NAME = "shed"
_GUARD = "gatehouse/guard"
_PATIENCE_S = 60
_NEEDED = ("console", "hub", "uplink", "control")


@pytest.fixture(scope="module")
def name(lab: Lab) -> str:
    """Return the name of a place with the board's four resources."""
    lab.add_place(_NAME)
    return _NAME


@pytest.fixture
def place(lab: Lab, name: str) -> Place:
    return Place(name, lab.coordinator)


@pytest.fixture
def guarded(lab: Lab, name: str) -> Iterator[str]:
    """Let somebody else have the place."""
    lab.client("-p", name, "acquire", user=_GUARD)
    yield name
    if _GUARD.partition("/")[2] in lab.client("who"):
        lab.client("-p", name, "release", user=_GUARD)


def test_an_acquired_place_gives_its_ports_and_is_given_back(lab: Lab, place: Place) -> None:
    place.acquire()
    try:
        found = place.resources(_NEEDED)
        assert kind_of(_NAME, found) == SERVED
        assert all(url.startswith("socket://127.0.0.1:") for url in found.values())
        assert len(set(found.values())) == 4
        assert place.resources(["hub"]).keys() == {"hub"}
        assert _NAME in lab.client("who")
        with pytest.raises(TargetError, match="You have already acquired place shed"):
            place.acquire()
    finally:
        place.release()
    assert _NAME not in lab.client("who")


def test_a_place_that_somebody_has_is_refused_and_says_who(place: Place, guarded: str) -> None:
    with pytest.raises(TargetError, match=f"already acquired by {_GUARD}"):
        place.acquire()


def test_a_place_that_somebody_has_reserved_is_refused_and_says_who(
    lab: Lab, place: Place, name: str
) -> None:
    told = lab.client("reserve", "--shell", f"name={name}", user=_GUARD)
    try:
        with pytest.raises(TargetError, match=f"It is reserved for {_GUARD}"):
            place.acquire()
    finally:
        lab.client("cancel-reservation", told.strip().rpartition("=")[2])


def test_a_wait_has_an_end_and_leaves_the_queue(lab: Lab, place: Place, guarded: str) -> None:
    with pytest.raises(TargetError, match=rf"by {_GUARD}\. .* It was not free within 1 s"):
        place.acquire(wait_s=1)
    assert lab.client("reservations") == ""


def test_a_place_is_waited_for(lab: Lab, place: Place, guarded: str) -> None:
    waiting = threading.Thread(target=place.acquire, args=(_PATIENCE_S,))
    waiting.start()
    Deadline(_PATIENCE_S).wait_for(lambda: lab.client("reservations"), "nobody waits")
    lab.client("-p", guarded, "release", user=_GUARD)
    waiting.join()
    assert _NAME in lab.client("who")
    assert lab.client("reservations") == ""
    place.release()


def test_a_place_that_is_not_there_is_refused(lab: Lab) -> None:
    with pytest.raises(TargetError, match="place cellar: place pattern cellar matches nothing"):
        Place("cellar", lab.coordinator).acquire()


def test_a_coordinator_that_is_not_there_is_refused() -> None:
    with pytest.raises(TargetError, match=r"not connect to coordinator\. Say where"):
        Place(_NAME, "127.0.0.1:1").acquire()


def test_a_place_without_the_benchs_resources_is_refused() -> None:
    with pytest.raises(TargetError, match="has the resources console; the bench needs console,"):
        kind_of("attic", {"console": "socket://lab:1"})
