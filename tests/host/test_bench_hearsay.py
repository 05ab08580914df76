"""What the firmware says of its state, put on the witness's clock."""

from __future__ import annotations

import time

import pytest

from host_tools.bench.hearsay import UNKNOWN, Hearsay
from host_tools.bench.witness import Witness

_EPOCH_NS = 1_000_000_000


class _Clock:
    """A board that was switched on at _EPOCH_NS of the host's clock, which a test sets."""

    def __init__(self) -> None:
        self.ns = _EPOCH_NS

    def now_us(self) -> int:
        return (self.ns - _EPOCH_NS) // 1000

    def levels(self) -> dict[str, int]:
        return {}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(time, "monotonic_ns", lambda: clock.ns)
    return clock


def _heard(clock: _Clock, *bodies: tuple[int, dict[str, object]]) -> Hearsay:
    hearsay = Hearsay()
    for t_us, body in bodies:
        clock.ns = _EPOCH_NS + t_us * 1000
        hearsay.hear(body)
    clock.ns += 1_000_000_000
    return hearsay


def test_states_are_told_from_when_they_were_heard(clock: _Clock) -> None:
    hearsay = _heard(
        clock,
        (1000, {"re": 1, "ok": True, "state": "IDLE"}),
        (2000, {"e": "fault", "faults": []}),
        (3000, {"e": "state", "state": "ARMED", "armed": True}),
        (4000, {"re": 2, "ok": True, "state": "ARMED"}),
        (5000, {"e": "state", "state": "ALARM", "armed": True}),
    )
    witness = Witness(clock)
    assert hearsay.within(witness, 2500, 9000) == [
        (2500, "IDLE"),
        (3000, "ARMED"),
        (5000, "ALARM"),
    ]
    assert hearsay.within(witness, 3500, 4500) == [(3500, "ARMED")]


def test_before_the_first_word_and_after_a_reset_nothing_is_known(clock: _Clock) -> None:
    hearsay = _heard(clock, (1000, {"state": "ALARM"}), (2000, {"e": "boot", "cause": 1}))
    told = hearsay.within(Witness(clock), 500, 3000)
    assert told == [(500, UNKNOWN), (1000, "ALARM"), (2000, UNKNOWN)]
