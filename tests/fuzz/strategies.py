"""Hypothesis's way to inputs: any bytes, and the kept ones with something changed."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, inputs

_BATCH = 100
_LONGEST_BYTES = 200


def programs(target: str) -> st.SearchStrategy[bytes]:
    """Return inputs for a target."""
    kept = st.sampled_from(inputs(target))
    # Most words of a program are small numbers.
    words = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 255)), max_size=60).map(bytes)
    return st.one_of(
        st.binary(max_size=_LONGEST_BYTES),
        words,
        st.builds(_changed, kept, st.integers(0, 4096), st.integers(0, 16), words),
        st.builds(lambda first, second: first + second, kept, words),
    )


def _changed(data: bytes, at: int, count: int, new: bytes) -> bytes:
    at %= len(data) + 1
    return data[:at] + new[:16] + data[at + count :]


def hammer(target: str, seconds: float) -> tuple[int, tuple[bytes, str] | None]:
    """Run a target for a while; return how often, and the first input that fails, shrunk."""
    executions = 0
    failed: list[bytes] = []
    end = time.monotonic() + seconds

    @settings(
        max_examples=_BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(programs(target))
    def batch(data: bytes) -> None:
        nonlocal executions
        executions += 1
        failed[:] = [data]
        TARGETS[target](data)
        failed.clear()

    while time.monotonic() < end:
        try:
            batch()
        except Exception as error:
            return executions, (failed[0] if failed else b"", f"  {type(error).__name__}: {error}")
    return executions, None
