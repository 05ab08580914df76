"""Every damaged line of the table, with the host's own clients; and faults that this must find."""

from __future__ import annotations

import pytest
from line_story import SCENARIOS

from tests.fuzz.seeded import faults, seeded
from tests.fuzz.stories import tell

_SEED = 1
_ROWS = {row[0]: row for row in SCENARIOS}

_FAULTS = faults(of_stories=True)


@pytest.mark.parametrize("name", _ROWS)
def test_a_damaged_line(name: str) -> None:
    """Images are whole bit for bit or said to be incomplete; a disarm is obeyed within 50 ms."""
    assert tell(_ROWS[name], _SEED).disarms_seen == 2


@pytest.mark.parametrize(
    ("name", "where", "old", "new"), _FAULTS, ids=[fault.where for fault in _FAULTS]
)
def test_a_seeded_fault_is_found(name: str, where: str, old: str, new: str) -> None:
    with seeded(where, old, new), pytest.raises(Exception):  # noqa: B017
        tell(_ROWS[name], _SEED)
