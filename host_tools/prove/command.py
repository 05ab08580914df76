"""`sluss prove`: explore the shipped firmware and the circuit, and say how far."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from host_tools import ROOT, evidence
from host_tools.prove import claims, trace
from host_tools.prove.crew import Crew
from host_tools.prove.parts import PARTS, Part
from host_tools.prove.search import Found, Limits, Search, Violation
from host_tools.virtual_board.circuit import FAULTS

_NO_LIMIT = 1 << 62


def prove(
    transitions: Annotated[
        int, typer.Option(help="How many transitions to try in all; 0: no such limit.")
    ] = 1_000_000,
    states: Annotated[
        int, typer.Option(help="How many states to visit in all; 0: no such limit.")
    ] = 0,
    part: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this part, and so on: {', '.join(PARTS)}."),
    ] = None,
    lines: Annotated[
        list[str] | None, typer.Option(help="Only this sensor line changes, and so on.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Worker processes; 0: none.")] = 2,
    folder: Annotated[
        Path | None, typer.Option(help="Where traces of violations go (build/prove).")
    ] = None,
) -> None:
    """Explore every input in every state of the shipped code; exit code 1 at a violation."""
    console = Console()
    unknown = set(part or ()) - set(PARTS)
    if unknown:
        typer.echo(f"sluss prove: there is no part {', '.join(sorted(unknown))}", err=True)
        raise typer.Exit(2)
    chosen = [PARTS[name] for name in part or PARTS]
    if lines:
        chosen = [replace(entry, lines=tuple(lines)) for entry in chosen]
    begun = time.monotonic()
    budget = Limits(transitions or _NO_LIMIT, states or _NO_LIMIT)
    found = explore(chosen, budget, workers, console)
    figures = _figures(found, time.monotonic() - begun)
    violations = _first_of_each(found)
    _print_table(console, found, figures)
    _print_claims(console, {violation.invariant for violation in violations})
    _write(console, violations, folder or ROOT / "build" / "prove")
    if len(chosen) == len(PARTS) and not lines:
        evidence.write("prove", figures, passed=not violations)
    raise typer.Exit(1 if violations else 0)


def _first_of_each(found: list[Found]) -> list[Violation]:
    """Return each violation once: parts find the same ones."""
    kinds: dict[tuple[str, str], Violation] = {}
    for entry in found:
        for violation in entry.violations:
            kinds.setdefault((violation.invariant, violation.sentence), violation)
    return list(kinds.values())


def explore(parts: list[Part], budget: Limits, workers: int, console: Console) -> list[Found]:
    """Search the parts, one after the other, each with its share of what is left."""
    found: list[Found] = []
    with console.status("exploring") as status, Crew(workers) as crew:

        def tell(entry: Found) -> None:
            line = (
                f"{entry.part.title}: depth {entry.depth}, {entry.states:,} states,"
                f" {entry.transitions:,} transitions, {entry.count} violations"
            )
            status.update(line)
            if not console.is_terminal:
                console.print(line, highlight=False, soft_wrap=True)

        for index, part in enumerate(parts):
            share = part.share / sum(other.share for other in parts[index:])
            transitions = budget.transitions - sum(entry.transitions for entry in found)
            states = budget.states - sum(entry.states for entry in found)
            limits = Limits(int(transitions * share), int(states * share))
            found.append(Search(part, limits, crew).run(tell))
    return found


def _figures(found: list[Found], seconds: float) -> dict[str, int | float | str]:
    """Return what is kept of a run."""
    return {
        "states": sum(entry.states for entry in found),
        "transitions": sum(entry.transitions for entry in found),
        **{f"depth, {entry.part.title}": entry.depth for entry in found},
        "states left": sum(entry.frontier for entry in found),
        "violating transitions": sum(entry.count for entry in found),
        "seconds": round(seconds, 1),
        "peak MiB": _peak_mib(),
    }


def _print_table(
    console: Console, found: list[Found], figures: dict[str, int | float | str]
) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))  # in 80 columns, also for a long run
    table.add_column("explored", no_wrap=True)
    for title in ("states", "transitions", "depth", "left", "seconds", "violations"):
        table.add_column(title, justify="right", no_wrap=True)
    for entry in found:
        table.add_row(
            entry.part.title,
            f"{entry.states:,}",
            f"{entry.transitions:,}",
            str(entry.depth),
            "complete" if entry.complete else f"{entry.frontier:,}",
            f"{entry.seconds:.1f}",
            f"{entry.count:,}",
        )
    table.add_section()
    sums = [f"{figures[name]:,}" for name in ("states", "transitions")]
    rest = [f"{figures[name]:,}" for name in ("states left", "seconds", "violating transitions")]
    table.add_row("in all", *sums, "", *rest)
    console.print(table)
    console.print(
        "depth n: every sequence of n inputs from its beginnings was tried;"
        " left: states that were reached and not gone on from.\n"
        f"Peak memory: {figures['peak MiB']} MiB in all processes.",
        soft_wrap=True,
        highlight=False,
    )


def _print_claims(console: Console, broken: set[str]) -> None:
    for invariant, sentence in claims.INVARIANTS.items():
        verdict = "VIOLATED" if invariant in broken else "held"
        line = f"{invariant:14} {verdict:9} {sentence}"
        console.print(line, highlight=False, soft_wrap=True)
    count = sum(len(row) for row in claims.GIVEN_UP.values())
    console.print(
        f"Of a broken circuit {count} claims are given up, for {len(claims.GIVEN_UP)} of"
        f" {len(FAULTS)} faults, each for a reason: host_tools/prove/claims.py.\n"
        f"{claims.SOFT_RESET}",
        highlight=False,
        soft_wrap=True,
    )


def _write(console: Console, violations: list[Violation], folder: Path) -> None:
    """Print each violation's shortest trace and write it as a script."""
    for number, violation in enumerate(violations, 1):
        seen = trace.follow(violation.trace)
        console.print(f"\n{violation.invariant}: {violation.sentence}", highlight=False)
        for line in trace.text(seen):
            console.print(line, highlight=False, soft_wrap=True)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"trace-{number:02d}.py"
        path.write_text(trace.script(violation, seen), encoding="utf-8")
        console.print(f"play it on a virtual board: {path}", highlight=False, soft_wrap=True)


def _peak_mib() -> int:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + 2 * others) // 1024
