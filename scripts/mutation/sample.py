"""The sample for CI: of every module some mutants, the same each time, and a listed survivor.

A mutant that is not listed must be killed, one that is must survive.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from scripts.mutation.mutants import Mutant, Name, mutants
from scripts.mutation.survivors import survivors
from scripts.mutation.targets import Target
from scripts.mutation.trial import SURVIVED, prepare, time_baseline, try_mutant

# Of each module. Who changes a line draws other mutants of that line only.
_KILLED = 2
_SURVIVORS = 1


def run_sample(known: Sequence[Target], jobs: int) -> int:
    """Try the sample; return the exit code."""
    prepare()
    known = [target for target in known if target.explained]
    listed = frozenset(survivor.name for survivor in survivors())
    tried = wrong = 0
    with ThreadPoolExecutor(jobs) as pool:
        for target, outcomes in pool.map(lambda target: (target, _try(target, listed)), known):
            for mutant, survives in outcomes:
                tried += 1
                if survives != (mutant.name in listed):
                    wrong += 1
                    told = "survives and is not listed" if survives else "is listed and does not"
                    print(f"{target.path.name}:{mutant.line} {told}: {mutant.name}")
    print(f"mutation: {tried} mutants of {len(known)} modules, {wrong} of them not as listed")
    return 1 if wrong or not tried else 0


def _try(target: Target, listed: frozenset[Name]) -> list[tuple[Mutant, bool]]:
    timeout_s = time_baseline(target)
    drawn = sorted(mutants(target), key=lambda mutant: sha256(repr(mutant.name).encode()).digest())
    survive = [mutant for mutant in drawn if mutant.name in listed]
    die = [mutant for mutant in drawn if mutant.name not in listed]
    return [
        (mutant, try_mutant(target, mutant.source, timeout_s) == SURVIVED)
        for mutant in (*die[:_KILLED], *survive[:_SURVIVORS])
    ]
