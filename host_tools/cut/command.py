"""`sluss cut`: lose the power at every flash operation, start again, see that nothing is lost."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from host_tools import evidence
from host_tools.cut.workers import PHASES, CutError, Order, Total, replay_of, run, sweep
from host_tools.deadline import Deadline
from host_tools.interpreter import InterpreterError

_LAST_RUN_S = 600.0
_RUN_POINTS = 5_000  # of one process: it builds its detectors' pasts anew


def cut(
    points: Annotated[int, typer.Option(help="How many distinct points, at least.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The first run's; the others count on.")] = 1,
    workers: Annotated[int, typer.Option(help="MicroPython processes side by side.")] = 1,
    cpython: Annotated[int, typer.Option(help="CPython processes beside them.")] = 0,
    stride: Annotated[
        int, typer.Option(help="Cut only each so many-th operation of a story: more stories.")
    ] = 1,
    operations: Annotated[int, typer.Option(help="The length of a story, at least.")] = 60,
    minutes: Annotated[
        float, typer.Option(help="Begin no run later than this, however few points there are.")
    ] = 120.0,
    again: Annotated[
        str | None, typer.Option(help="Do one point again, as a failure names it.")
    ] = None,
) -> None:
    """Cut the power at every flash operation of a detector's stories; exit code 1 at a failure."""
    console = Console()
    until = Deadline(60 * minutes)
    deadline = Deadline(until.seconds + _LAST_RUN_S)
    begun = time.monotonic()
    total = Total()
    shape: Order = {"stride": stride, "operations": operations}
    try:
        if again is not None:
            total.add(run(json.loads(again), deadline))
        else:
            with console.status("cutting") as status:
                total = sweep(
                    _orders(seed, min(points, _RUN_POINTS), shape),
                    points,
                    [False] * workers + [True] * cpython,
                    until,
                    deadline,
                    lambda so_far: status.update(f"cutting: {so_far.points:,} points"),
                )
    except (CutError, InterpreterError, TimeoutError, ValueError) as error:
        typer.echo(f"sluss cut: {error}", err=True)
        raise typer.Exit(2) from error
    figures = _figures(total, time.monotonic() - begun, workers + cpython)
    _print(console, total, figures)
    is_enough = again is not None or total.points >= points
    if again is None:
        evidence.write("cut", figures, passed=is_enough and not total.failures)
    failure = total.shortest
    if failure is not None:
        typer.echo(f"FAILED: {failure['name']}: {failure['what']} ({failure['step']})")
        typer.echo(f"  then: {failure['broken']}")
        typer.echo(f"  again: sluss cut --again '{replay_of(failure, shape)}'")
        raise typer.Exit(1)
    if not is_enough:
        typer.echo(f"sluss cut: only {total.points:,} of {points:,} points in the time given")
        raise typer.Exit(1)


def _orders(seed: int, points: int, shape: Order) -> Iterator[Order]:
    for number in itertools.count(seed):
        yield {"seed": number, "points": points, **shape}


def _figures(total: Total, seconds: float, workers: int) -> dict[str, int | float | str]:
    phases: Counter[str] = Counter()
    for (_name, phase), count in total.rows.items():
        phases[PHASES[phase]] += count
    return {
        "points": total.points,
        **{f"points_{name}": phases[name] for name in PHASES},
        "points_in_recovery": sum(total.steps["recovery", phase] for phase in range(len(PHASES))),
        "points_on_cpython": total.on_cpython,
        "kinds_of_operation": len({name for name, _phase in total.rows}),
        "flash_operations": total.operations,
        "stories": total.stories,
        "failures": len(total.failures),
        "seconds": round(seconds, 1),
        "workers": workers,
    }


def _print(console: Console, total: Total, figures: dict[str, int | float | str]) -> None:
    for title, counts in (("operation", total.rows), ("while", total.steps)):
        table = Table(title, *PHASES, "points")
        for column in table.columns[1:]:
            column.justify = "right"
        for name in sorted({name for name, _phase in counts}):
            row = [counts[name, phase] for phase in range(len(PHASES))]
            table.add_row(name, *(f"{count:,}" for count in (*row, sum(row))))
        console.print(table)
    told = (f"{figures[name]:,} {name.replace('_', ' ')}" for name in ("points", "stories"))
    console.print(
        f"{', '.join(told)}, {figures['flash_operations']:,} flash operations in"
        f" {figures['seconds']} s; {figures['failures']} failures"
    )
