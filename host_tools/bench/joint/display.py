"""What a person sees of a joint run: a bar for a board at work, a line for one that is done."""

from __future__ import annotations

import threading
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from host_tools.bench.joint.record import FAIL, NOT_RUN, PASS, QUARANTINED, Board
from host_tools.bench.kinds import Spec
from host_tools.bench.outcome import BAD

_STYLES = {PASS: "green", FAIL: "bold red", QUARANTINED: "bold magenta", NOT_RUN: "dim"}


class Display:
    """One display for all boards; a crew.Listener, safe for threads."""

    def __init__(self, boards: int, quiet: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, quiet=quiet)
        self._lock = threading.Lock()
        self._bars = Progress(
            TextColumn("  {task.fields[board]:18.18}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[bad]}[/]{task.description:44.44}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self._all = self._bars.add_task("boards", total=boards, board="all boards", bad="")
        self._tasks: dict[str, Any] = {}
        self._bad: dict[str, int] = {}

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bars.stop()

    def begins(self, spec: Spec) -> None:
        """Add a bar."""
        with self._lock:
            self._bad[spec.name] = 0
            self._tasks[spec.name] = self._bars.add_task("", total=None, board=spec.name, bad="")
        self.console.print(f"[dim]{escape(spec.name)}: bench of a {spec.kind} target begins[/]")

    def hears(self, spec: Spec, words: dict[str, Any]) -> None:
        """Move a bar."""
        task = self._tasks[spec.name]
        if "total" in words:
            self._bars.update(task, total=words["total"])
        elif "outcome" in words:
            with self._lock:
                self._bad[spec.name] += words["outcome"] in BAD
            bad = self._bad[spec.name]
            self._bars.update(task, advance=1, bad=f"{bad} failed " if bad else "")
        else:
            doing = words["test"][5:] if "test" in words else words.get("phase", "")
            self._bars.update(task, description=doing.replace("_", " "))

    def ends(self, board: Board) -> None:
        """Take a bar away and say what became of its board."""
        with self._lock:
            self._bars.remove_task(self._tasks.pop(board.name))
        self._bars.advance(self._all)
        style = _STYLES[board.verdict]
        self.console.print(
            f"[{style}]{board.verdict:11}[/] {escape(board.name)}: {escape(board.why)}"
            f" [dim]{board.seconds:.0f} s[/]",
            soft_wrap=True,
        )
