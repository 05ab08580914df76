"""The count of what was written to a shut uplink, on made-up logs."""

from __future__ import annotations

from host_tools.bench.silence import UNNOTICED_US, Silence, listen
from host_tools.bench.witness import Event

_OPEN = [(10_000, "UPLINK_EN", 1), (10_000, "GATE", 1), (11_000, "UPLINK_TX_WRITTEN", 500)]


def _listen(*edges: tuple[int, str, int]) -> Silence:
    return listen([Event(*edge) for edge in edges])


def test_what_is_written_while_the_gate_is_open_is_no_offence() -> None:
    found = _listen(*_OPEN, (12_000, "UPLINK_EN", 0), (12_000, "GATE", 0))
    assert (found.shut, found.unnoticed, found.open) == ([0, 0], [], 500)


def test_a_byte_before_the_first_opening_counts() -> None:
    found = _listen((5_000, "UPLINK_TX_WRITTEN", 1), *_OPEN)
    assert (found.shut, found.open) == ([1], 499)


def test_a_byte_after_the_firmware_shut_counts() -> None:
    shut = [(12_000, "UPLINK_EN", 0), (12_000, "GATE", 0)]
    found = _listen(*_OPEN, *shut, (12_001, "UPLINK_TX_WRITTEN", 507))
    assert (found.shut, found.unnoticed) == ([0, 7], [])


def test_what_goes_before_the_firmware_can_know_is_named_apart() -> None:
    found = _listen(*_OPEN, (12_000, "GATE", 0), (13_000, "UPLINK_TX_WRITTEN", 520))
    assert (found.shut, found.unnoticed) == ([0, 0], [20])


def test_that_ends_when_the_firmware_lets_go() -> None:
    shut = [(12_000, "GATE", 0), (13_000, "UPLINK_TX_WRITTEN", 520), (14_000, "UPLINK_EN", 0)]
    found = _listen(*_OPEN, *shut, (14_001, "UPLINK_TX_WRITTEN", 521))
    assert (found.shut, found.unnoticed) == ([0, 1], [20])


def test_that_ends_when_it_must_have_known() -> None:
    late = 12_000 + UNNOTICED_US + 1
    found = _listen(*_OPEN, (12_000, "GATE", 0), (late, "UPLINK_TX_WRITTEN", 520))
    assert (found.shut, found.unnoticed) == ([0, 20], [0])
