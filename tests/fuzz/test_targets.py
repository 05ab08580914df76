"""Every target: its corpus, and inputs that Hypothesis makes of it; the same ones in each run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.strategies import programs
from tests.fuzz.targets import CORPUS, TARGETS, inputs

_EXAMPLES = 80
# Those whose runs take long: simulated time on a line, or all of a command.
_FEW = {"hub": 40, "uplink": 25, "link": 40, "journal": 15, "told_keys": 40}
_MOST_BYTES = 200_000

each_target = pytest.mark.parametrize("target", TARGETS)


@each_target
def test_what_was_kept_is_borne(target: str) -> None:
    kept = inputs(target)
    assert len(kept) > 3
    for data in kept:
        TARGETS[target](data)


@each_target
def test_what_hypothesis_makes_of_it_is_borne(target: str) -> None:
    @settings(
        max_examples=_FEW.get(target, _EXAMPLES),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs(target))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()


def test_the_corpora_are_small_and_belong_to_a_target() -> None:
    files = sorted(CORPUS.iterdir())
    assert [path.stem for path in files] == sorted(TARGETS)
    assert sum(path.stat().st_size for path in files) < _MOST_BYTES
