"""What holds from the first test to the last: looked at when all others are over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detector import frames
from host_tools.bench import silence
from host_tools.bench.witness import Witness

pytestmark = [pytest.mark.whole_run, pytest.mark.raw_board]

# Two frames a poll, and the gate is looked at before each poll (app.step).
_POLL_BYTES = 2 * (frames.HEADER_BYTES + frames.CHUNK_BYTES + frames.CHECK_BYTES)


@pytest.mark.promise("P1", "P5")
def test_in_the_whole_run_the_firmware_wrote_no_byte_to_a_shut_uplink(
    witness: Witness, measure: Callable[..., None]
) -> None:
    """From power-on to the end, resets and faults among it, a shut uplink was silent."""
    found = silence.listen(witness.events(), witness.written_late_us)
    measure(silence.OPEN_BYTES, found.open, "bytes")
    if found.unnoticed:
        measure(silence.UNNOTICED_BYTES, found.unnoticed, "bytes", high=_POLL_BYTES)
    measure(silence.SHUT_BYTES, found.shut, "bytes", high=0)
    assert not any(found.shut)  # in a sabotaged run too, where limits are not held
