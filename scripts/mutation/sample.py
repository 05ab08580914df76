"""The sample for CI: of every module some mutants, the same each time, and some listed survivors.

A mutant that is not listed must be killed, one that is must survive.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from scripts.mutation.mutants import Mutant, mutants
from scripts.mutation.survivors import survivors
from scripts.mutation.targets import Target
from scripts.mutation.trial import SURVIVED, TrialError, prepare, time_baseline, try_mutant

# Of each module; a change of a line draws other mutants of that line only.
_KILLED = 3
_SURVIVORS = 1


def run_sample(known: Sequence[Target]) -> int:
    """Try the sample; return the exit code."""
    prepare()
    listed = {survivor.name for survivor in survivors()}
    tried = wrong = 0
    for target in known:
        time_baseline(target)
        for mutant in _sample(mutants(target), listed):
            tried += 1
            survives = try_mutant(target, mutant.source) == SURVIVED
            if survives != (mutant.name in listed):
                wrong += 1
                told = "survives and is not listed" if survives else "is listed and does not"
                print(f"{target.path.name}:{mutant.line} {told}: {mutant.name}")
    if not tried:
        raise TrialError("there is no mutant")
    print(f"{tried} mutants tried, {wrong} of them not as listed")
    return 1 if wrong else 0


def _sample(made: Sequence[Mutant], listed: set[object]) -> list[Mutant]:
    drawn = sorted(made, key=lambda mutant: sha256(repr(mutant.name).encode()).digest())
    survive = [mutant for mutant in drawn if mutant.name in listed]
    die = [mutant for mutant in drawn if mutant.name not in listed]
    return die[:_KILLED] + survive[:_SURVIVORS]
