"""P5: nothing that leaves the detector tells one album of pictures from another.

Hypothesis makes a trace and two albums; world.py runs the shipped app with each; compare.py looks
for the first thing on any wire that differs, in bytes or in time. The controls are firmware that
leaks; each must be found by the same search.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings

from tests.proof.noninterference.compare import judge
from tests.proof.noninterference.controls import CONTROLS
from tests.proof.noninterference.tally import TALLY
from tests.proof.noninterference.traces import Trace, traces

_EXAMPLES_A_CONTROL = 400
_SEED = 8  # of the quick search


@given(traces())
def test_no_wire_tells_two_albums_apart(trace: Trace) -> None:
    verdict = judge(trace)
    TALLY.add(verdict)
    assert verdict.leak == ""


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.__name__)
def test_firmware_that_leaks_is_found(control: Callable[[Any], None]) -> None:
    tried = 0

    def leaks(trace: Trace) -> bool:
        nonlocal tried
        tried += 1
        return judge(trace, control).leak != ""

    is_quick = settings.default.derandomize  # the long profile shrinks what it finds
    rules = settings(
        max_examples=_EXAMPLES_A_CONTROL,
        database=None,
        derandomize=False,
        phases=[Phase.generate] if is_quick else [Phase.generate, Phase.shrink],
    )
    trace = find(traces(), leaks, settings=rules, random=Random(_SEED) if is_quick else None)
    verdict = judge(trace, control)
    shown = "" if is_quick else f" and shrunk to {json.dumps(trace)}: {verdict.leak}"
    TALLY.found.append(f"{control.__name__} found after {tried} traces{shown}")
    assert verdict.leak
    assert judge(trace).leak == ""
