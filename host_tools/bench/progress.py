"""What a person sees while the bench runs: a line per test, and a bar that says how far it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from host_tools.bench import outcome as outcomes
from host_tools.bench import promises
from host_tools.bench.outcome import BAD, TestRecord
from host_tools.bench.record import Record

_SIGNS = {
    outcomes.PASSED: "[green]✓[/]",
    outcomes.FAILED: "[bold red]✗[/]",
    outcomes.ERROR: "[bold red]![/]",
    outcomes.SKIPPED: "[dim]-[/]",
    outcomes.LOST: "[bold red]![/]",
}
_STYLES = {
    promises.KEPT: "green",
    promises.BROKEN: "bold red",
    promises.NOT_BUILT: "dim",
    promises.NOT_TESTED: "yellow",
    promises.PARTLY_TESTED: "yellow",
}


class Telling:
    """Is told the course of a run, instead of pytest's own reporter; itself it tells nobody."""

    def phase(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """Say what is going on outside tests; single steps of something with their number."""

    def tested(self, test: TestRecord) -> None:
        """Say what came out of a test."""

    def summary(self, record: Record, headline: str, report: Path) -> None:
        """Say the verdicts and where the report is."""

    def close(self) -> None:
        """Say nothing more."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the place of pytest's reporter."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            config.pluginmanager.unregister(reporter)


class Teller(Telling):
    """Prints the course of a run."""

    def __init__(self, quiet: bool = False) -> None:
        """Keep a way to the terminal that pytest's capturing does not take away."""
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self.console = Console(file=self._file, highlight=False, quiet=quiet)
        self._bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._count = 0
        self._told_steps = False
        self._total = 0

    # --- the run's own words --------------------------------------------------------------------

    def phase(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """Say what is going on outside tests; single steps of something are for the bar only."""
        self._bar.update(self._task, description=sentence)
        if not total:
            self.console.print(f"[dim]{escape(sentence)}[/]")
        elif not self._told_steps:
            self._told_steps = True
            self.console.print("[dim]flashing the firmware through the console[/]")

    def tested(self, test: TestRecord) -> None:
        """Print one test's line."""
        self._count += 1
        promises = f" [cyan]{' '.join(test.promises)}[/]" if test.promises else ""
        self.console.print(
            f"{_SIGNS[test.outcome]} [dim]{self._count:3d}/{self._total}[/]{promises}"
            f" {escape(test.sentence)} [dim]{test.seconds:.2f} s[/]",
            soft_wrap=True,
        )
        if test.outcome in (*BAD, outcomes.LOST):
            self.console.print(f"[red]{escape(_indent(test.message))}[/]", soft_wrap=True)
        elif test.outcome == outcomes.SKIPPED:
            self.console.print(f"[dim]{escape(_indent(test.message))}[/]", soft_wrap=True)
        self._bar.update(self._task, completed=self._count)

    def summary(self, record: Record, headline: str, report: Path) -> None:
        """Print the verdicts and where the report is."""
        self._bar.stop()
        self.console.print()
        for verdict in record.verdicts():
            name = f"{verdict.promise} {verdict.part}".strip()
            style = _STYLES[verdict.verdict]
            self.console.print(f"  {name:28} [{style}]{verdict.words()}[/]")
        self.console.print()
        if record.stopped:
            self.console.print(f"[bold red]Ended early:[/] {escape(record.stopped)}")
        colour = "green" if record.passed else "red"
        self.console.print(f"[bold {colour}]{escape(headline)}[/]")
        self.console.print(f"Report: {escape(str(report))}", soft_wrap=True)

    def close(self) -> None:
        """Give the terminal back."""
        self._bar.stop()
        self._file.close()

    # --- pytest's hooks -------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the bar when the number of tests is known."""
        self._total = len(session.items)
        self._bar.update(self._task, total=self._total)
        self._bar.start()

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        """Show which test is running."""
        self._bar.update(self._task, description=nodeid.rpartition("::")[2][:48])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Print why a file of tests could not be read."""
        if report.failed:
            self.console.print(
                f"[bold red]{escape(report.nodeid)}[/]\n{escape(report.longreprtext)}"
            )

    def pytest_internalerror(self, excrepr: object) -> None:
        """Print an error of pytest or a plugin itself."""
        self.console.print(f"[bold red]internal error[/]\n{escape(str(excrepr))}")


def _indent(text: str) -> str:
    return "\n".join("      " + line for line in text.splitlines())
