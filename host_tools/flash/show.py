"""What `sluss flash` shows: a bar for each board, and what became of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table

from host_tools.flash.flasher import FlashResult
from host_tools.flash.many import Outcome
from host_tools.flash.sender import Progress


@contextlib.contextmanager
def bars(console: Console) -> Iterator[Callable[[str], Progress]]:
    """Give a bar to each name that is asked for; they vanish at the end."""
    columns = (
        TextColumn("{task.fields[name]} {task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
    )
    with Bars(*columns, console=console, transient=True) as shown:

        def bar(name: str) -> Progress:
            task: TaskID = shown.add_task("waiting", total=None, name=name)

            def tell(what: str, done: int, total: int) -> None:
                shown.update(task, description=what, completed=done, total=total or None)

            return tell

        yield bar


def report(console: Console, result: FlashResult) -> None:
    """Say what was done to one board."""
    done = result.installed
    console.print(
        f"{result.board}: {len(done.sent)} files written, {len(done.copied)} copied on the board, "
        f"{len(done.kept)} were right already, {len(done.deleted)} deleted; all "
        f"{len(result.digests)} verified in {result.seconds:.1f} s"
    )
    console.print(f"  {_slot(result)}", soft_wrap=True)
    for path in result.set_aside:
        console.print(f"  old keys: {path}", soft_wrap=True, markup=False)
    if result.provisioned and result.keys is not None:
        console.print(
            f"  {result.device_id} has its identity now. Its keys, which exist nowhere else:"
        )
        console.print(f"  for the ARC:      {result.keys.arc}", soft_wrap=True, markup=False)
        console.print(f"  for the customer: {result.keys.customer}", soft_wrap=True, markup=False)
    elif result.missing:
        names = " and no ".join(path.name for path in result.missing)
        console.print(
            f"  {result.device_id} had its identity already, but {result.missing[0].parent}/ has "
            f"no {names}. Where its keys are lost, give it new ones with --rekey.",
            soft_wrap=True,
            markup=False,
        )
    else:
        console.print(f"  {result.device_id} had its identity already; its keys are as they were.")


def table(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Say what became of several boards, one line each."""
    lines = Table("port", "board", "device", "result", title=None)
    lines.columns[3].overflow = "fold"
    for outcome in outcomes:
        result = outcome.result
        if result is None:
            lines.add_row(
                escape(outcome.port), "", "", f"[red]failed:[/red] {escape(outcome.error)}"
            )
            continue
        keys = "new keys" if result.provisioned else "keys as they were"
        if result.missing:
            keys = "its keys are not here: --rekey"
        what = f"{len(result.installed.sent)} files written, {keys}, {result.seconds:.1f} s"
        lines.add_row(escape(outcome.port), result.board, escape(result.device_id or "-"), what)
    console.print(lines)
    failed = sum(outcome.result is None for outcome in outcomes)
    console.print(f"{len(outcomes) - failed} of {len(outcomes)} boards flashed.")


def _slot(result: FlashResult) -> str:
    done = result.installed
    if not done.is_trial:
        return f"The app is in slot {done.slot}."
    return (
        f"The new app is in slot {done.slot}, the old one beside it. It has to pass its self-test "
        f"in three starts, or the board goes back to the old one."
    )
