"""Putting sealed images together: what is missing is never filled with what follows."""

from __future__ import annotations

from typing import Any

import pytest

from detector.frames import CHUNK_BYTES
from host_tools.links.images import Collector


def meta(chunks: int, first: int = 0) -> dict[str, Any]:
    return {"id": 3, "chunks": chunks, "from": first, "header": "00" * 64, "key": "00" * 80}


def chunk(number: int) -> bytes:
    return bytes([number]) * CHUNK_BYTES


END = {"id": 3, "mac": "00" * 32}


@pytest.fixture
def collector() -> Collector:
    return Collector()


def test_a_chunk_that_could_not_be_read_leaves_no_hole(collector: Collector) -> None:
    collector.announce(meta(4))
    for data in (chunk(0), b"", chunk(2), chunk(3)):
        collector.chunk(data)
    assert collector.end(END) is None
    assert collector.have(False) == (("3", 1),)
    collector.announce(meta(4, 1))
    for number in (1, 2, 3):
        collector.chunk(chunk(number))
    image = collector.end(END)
    assert image is not None
    assert bytes(image.body) == b"".join(chunk(number) for number in range(4))
