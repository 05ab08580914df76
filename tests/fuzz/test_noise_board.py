"""Noise into the three ports of a running virtual board, for as long as a test may take."""

from __future__ import annotations

from tests.fuzz.noise_board import SLACK_BYTES, pour

_SECONDS = 2.0
_LINE_BYTES = 11520  # a second, at 115200 baud


def test_noise_leaves_a_board_that_obeys_and_its_heap_where_it_was() -> None:
    noise = pour(_SECONDS)
    assert noise.hub_bytes > _SECONDS * _LINE_BYTES / 2
    assert noise.uplink_bytes > 0
    assert noise.console_bytes > 0
    assert noise.heap_bytes <= SLACK_BYTES
