"""The long run: every mutant of every module, a table of figures, evidence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from host_tools import evidence
from scripts.mutation.mutants import Mutant, Name, mutants
from scripts.mutation.results import Results
from scripts.mutation.survivors import EQUIVALENT, EQUIVALENT_SHARE, survivors
from scripts.mutation.targets import Target
from scripts.mutation.trial import SURVIVED, TIMEOUT, prepare, time_baseline, try_mutant


@dataclass
class Tally:
    """One module's figures."""

    target: Target
    mutants: int = 0
    killed: int = 0  # timeouts among them
    timeouts: int = 0
    equivalent: int = 0
    explained: int = 0  # survived, listed as harmless
    unlisted: tuple[Mutant, ...] = ()  # survived, in no list
    noticed: tuple[Name, ...] = ()  # listed as survivors, and a test notices them
    is_sound: bool = True

    @property
    def rate(self) -> float:
        """Killed, of those that are not equivalent."""
        return self.killed / max(1, self.mutants - self.equivalent)

    @property
    def passed(self) -> bool:
        """Whether the limit is kept and the list says the truth."""
        is_true = self.target.explained and not self.unlisted and not self.noticed
        return is_true and self.rate >= self.target.limit


def run_long(known: Sequence[Target], only: Iterable[str], jobs: int, quick: bool) -> int:
    """Try all mutants of these modules (of all, where none is named); return the exit code."""
    chosen = [target for target in known if not only or target.name in only]
    prepare()
    console = Console(highlight=False, width=100)
    tallies = []
    for target in chosen:
        tally = _try_all(target, jobs, quick)
        tallies.append(tally)
        console.print(f"{target.name}: {tally.killed} of {tally.mutants} killed")
        for mutant in tally.unlisted:
            name = mutant.name
            nth = f" ({name.nth})" if name.nth > 1 else ""
            print(f"  {target.path.name}:{mutant.line} {name.scope} {name.operator}{nth}")
            print(f"    - {name.before}\n    + {name.after}")
        for listed in tally.noticed:
            print(f"  no survivor any more: {listed}")
    console.print(_table(tallies))
    passed = all(tally.passed for tally in tallies) and _share(tallies) <= EQUIVALENT_SHARE
    if list(chosen) == list(known) and all(tally.is_sound for tally in tallies):
        evidence.write("mutation", _figures(tallies), passed=passed)
    return 0 if passed else 1


def _try_all(target: Target, jobs: int, quick: bool) -> Tally:
    results = Results(target, reuse_killed=quick)
    made = mutants(target)
    waiting = [mutant for mutant in made if results.get(mutant) is None]
    timeout_s = time_baseline(target) if waiting else 0.0
    print(f"{target.name}: {len(waiting)} of {len(made)} mutants to try")

    def try_one(mutant: Mutant) -> tuple[Mutant, str]:
        return mutant, try_mutant(target, mutant.source, timeout_s)

    with ThreadPoolExecutor(min(jobs, os.cpu_count() or 1)) as pool:
        for mutant, outcome in pool.map(try_one, waiting):
            results.put(mutant, outcome)
    return _count(target, made, results)


def _count(target: Target, made: Sequence[Mutant], results: Results) -> Tally:
    listed = {one.name: one for one in survivors() if one.name.module == target.name}
    tally = Tally(target, len(made), is_sound=results.is_sound)
    unlisted, noticed = [], []
    for mutant in made:
        outcome = results.get(mutant)
        entry = listed.get(mutant.name)
        if outcome != SURVIVED:
            tally.killed += 1
            tally.timeouts += outcome == TIMEOUT
            if entry is not None:
                noticed.append(mutant.name)
        elif entry is None:
            unlisted.append(mutant)
        elif entry.verdict == EQUIVALENT:
            tally.equivalent += 1
        else:
            tally.explained += 1
    tally.unlisted, tally.noticed = tuple(unlisted), tuple(noticed)
    return tally


def _share(tallies: Sequence[Tally]) -> float:
    every = sum(tally.mutants for tally in tallies)
    return sum(tally.equivalent for tally in tallies) / max(1, every)


def _figures(tallies: Sequence[Tally]) -> dict[str, evidence.Figure]:
    every = sum(tally.mutants for tally in tallies)
    equivalent = sum(tally.equivalent for tally in tallies)
    killed = sum(tally.killed for tally in tallies)
    figures: dict[str, evidence.Figure] = {
        "mutants": every,
        "killed": killed,
        "timeouts_among_killed": sum(tally.timeouts for tally in tallies),
        "equivalent": equivalent,
        "survived_and_explained": sum(tally.explained for tally in tallies),
        "survived_unexplained": sum(len(tally.unlisted) for tally in tallies),
        "killed_percent": round(100 * killed / max(1, every - equivalent), 2),
        "equivalent_percent": round(100 * equivalent / max(1, every), 2),
    }
    for tally in tallies:
        figures[f"{tally.target.name}_killed_percent"] = round(100 * tally.rate, 2)
    return figures


def _table(tallies: Sequence[Tally]) -> Table:
    table = Table("module", title="Mutants")
    for column in ("mutants", "killed", "survived", "equivalent", "rate", "limit"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for tally in tallies:
        table.add_row(
            tally.target.name,
            str(tally.mutants),
            str(tally.killed),
            str(tally.mutants - tally.killed - tally.equivalent),
            str(tally.equivalent),
            f"{100 * tally.rate:.1f} %",
            f"{100 * tally.target.limit:.0f} %",
            "pass" if tally.passed else ("FAIL" if tally.target.explained else "not explained"),
        )
    every = _figures(tallies)
    table.add_section()
    table.add_row(
        "all",
        str(every["mutants"]),
        str(every["killed"]),
        str(sum(tally.mutants - tally.killed - tally.equivalent for tally in tallies)),
        f"{every['equivalent']} ({every['equivalent_percent']} %)",
        f"{every['killed_percent']:.1f} %",
        "",
        "",
    )
    return table
