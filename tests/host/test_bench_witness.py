"""The witness: its log and the questions that tests ask of it."""

from __future__ import annotations

import threading

import pytest

from host_tools.bench.witness import Witness, WitnessLostError, WitnessTimeoutError
from host_tools.deadline import Deadline


class _Source:
    """A board that stands still."""

    def __init__(self) -> None:
        self.t_us = 0
        self.signals = {"GATE": 0}

    def now_us(self) -> int:
        return self.t_us

    def levels(self) -> dict[str, int]:
        return self.signals


@pytest.fixture
def source() -> _Source:
    return _Source()


@pytest.fixture
def witness(source: _Source) -> Witness:
    witness = Witness(source)
    for t_us, level in ((0, 0), (1000, 1), (3000, 0), (5000, 1)):
        witness.feed(t_us, "GATE", level)
    source.t_us, source.signals = 6000, {"GATE": 1}
    return witness


def test_wait_finds_what_has_happened_already(witness: Witness) -> None:
    assert witness.wait("GATE", 1, Deadline(0)).t_us == 1000
    assert witness.wait("GATE", 1, Deadline(0), since_us=1001).t_us == 5000


def test_wait_comes_back_when_it_happens(witness: Witness) -> None:
    later = threading.Timer(0.02, witness.feed, (7000, "GATE", 0))
    later.start()
    assert witness.wait("GATE", 0, Deadline(5), since_us=6000).t_us == 7000


def test_wait_gives_up_in_time_and_says_what_was_missing(witness: Witness) -> None:
    with pytest.raises(WitnessTimeoutError, match="GATE = 0"):
        witness.wait("GATE", 0, Deadline(0.01), since_us=6000)


def test_a_lost_board_ends_every_wait(witness: Witness) -> None:
    witness.lose("its process ended")
    with pytest.raises(WitnessLostError, match="its process ended"):
        witness.wait("GATE", 0, Deadline(60), since_us=6000)


def test_stayed_sees_an_edge_within(witness: Witness) -> None:
    assert witness.stayed("GATE", 1, 1000, 2999)
    assert not witness.stayed("GATE", 1, 1000, 3000)


def test_stayed_sees_a_level_from_before(witness: Witness) -> None:
    assert witness.stayed("GATE", 1, 2000, 2500)
    assert not witness.stayed("GATE", 0, 2000, 2500)


def test_time_high_counts_what_began_before_and_ends_after(witness: Witness) -> None:
    assert witness.high_us("GATE", 2000, 6000) == 1000 + 1000


def test_quiet_names_the_edge_that_broke_it(witness: Witness) -> None:
    with pytest.raises(WitnessTimeoutError, match=r"GATE became 0 1\.0 ms after"):
        witness.quiet("GATE", 0.01, since_us=2000)


def test_quiet_passes_where_nothing_moves(witness: Witness) -> None:
    witness.quiet("GATE", 0.01)


def test_until_returns_at_once_where_it_is_so(witness: Witness) -> None:
    witness.until("GATE", 1, Deadline(0))
