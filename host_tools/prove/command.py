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

from host_tools import ROOT
from host_tools.prove import claims, trace
from host_tools.prove.crew import Crew
from host_tools.prove.parts import PARTS, Part
from host_tools.prove.search import Found, Limits, Search, Violation

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
    _print_table(console, found, time.monotonic() - begun)
    kinds: dict[tuple[str, str], Violation] = {}
    for violation in (violation for entry in found for violation in entry.violations):
        kinds.setdefault((violation.invariant, violation.sentence), violation)
    violations = list(kinds.values())
    _print_claims(console, found)
    _write(console, violations, folder or ROOT / "build" / "prove")
    raise typer.Exit(1 if violations else 0)


def explore(parts: list[Part], budget: Limits, workers: int, console: Console) -> list[Found]:
    """Search the parts, one after the other, each with its share of what is left."""
    found: list[Found] = []
    with console.status("exploring") as status, Crew(workers) as crew:

        def tell(entry: Found) -> None:
            status.update(
                f"{entry.part.title}: depth {entry.depth}, {entry.states:,} states,"
                f" {entry.transitions:,} transitions, {entry.count} violations"
            )

        for index, part in enumerate(parts):
            share = part.share / sum(other.share for other in parts[index:])
            transitions = budget.transitions - sum(entry.transitions for entry in found)
            states = budget.states - sum(entry.states for entry in found)
            limits = Limits(int(transitions * share), int(states * share))
            found.append(Search(part, limits, crew).run(tell))
    return found


def _print_table(console: Console, found: list[Found], seconds: float) -> None:
    table = Table()
    table.add_column("explored")
    for title in ("states", "transitions", "depth", "left", "seconds", "violations"):
        table.add_column(title, justify="right")
    for entry in found:
        table.add_row(
            entry.part.title,
            f"{entry.states:,}",
            f"{entry.transitions:,}",
            str(entry.depth),
            "complete" if entry.complete else f"{entry.frontier:,}",
            f"{entry.seconds:.1f}",
            str(entry.count),
        )
    table.add_section()
    table.add_row(
        "in all",
        f"{sum(entry.states for entry in found):,}",
        f"{sum(entry.transitions for entry in found):,}",
        "",
        "",
        f"{seconds:.1f}",
        str(sum(entry.count for entry in found)),
    )
    console.print(table)
    console.print(
        "depth n: every sequence of n inputs from its beginnings was tried;"
        " left: states that were reached and not gone on from.\n"
        f"Peak memory: {_peak_mib()} MiB in all processes."
    )


def _print_claims(console: Console, found: list[Found]) -> None:
    broken = {violation.invariant for entry in found for violation in entry.violations}
    for invariant, sentence in claims.INVARIANTS.items():
        verdict = "VIOLATED" if invariant in broken else "held"
        console.print(f"{invariant:14} {verdict:9} {sentence}", highlight=False)


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
