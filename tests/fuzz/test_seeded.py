"""Each fault that is put in is found by its target's corpus: no property is asleep."""

from __future__ import annotations

import pytest

from tests.fuzz.host_board import drop_bench
from tests.fuzz.seeded import faults, seeded
from tests.fuzz.targets import TARGETS, inputs

_FAULTS = faults(of_stories=False)


@pytest.mark.parametrize(
    ("target", "where", "old", "new"),
    _FAULTS,
    ids=[f"{number}-{fault.target}" for number, fault in enumerate(_FAULTS)],
)
def test_a_seeded_fault_is_found(target: str, where: str, old: str, new: str) -> None:
    drop_bench()  # its table holds the functions as they are
    with seeded(where, old, new):
        for data in inputs(target):
            try:
                TARGETS[target](data)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                drop_bench()
                return
    pytest.fail(f"nothing in the corpus of {target} finds it")


def test_every_target_has_seeded_faults() -> None:
    assert {fault.target for fault in _FAULTS} == set(TARGETS)
