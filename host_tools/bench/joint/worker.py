"""The bench of one board as a process: `python -m host_tools.bench.joint.worker JSON`.

It prints one JSON object a line: {"phase": sentence}, {"total": n}, {"test": name} when one
begins, {"outcome": word} when it is over. SIGTERM ends it as Ctrl-C does: with a record, and with
the target given back.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
import typer

from host_tools.bench import kinds
from host_tools.bench.command import run
from host_tools.bench.outcome import TestRecord
from host_tools.bench.progress import Telling


class LineTeller(Telling):
    """Tells the course of a run to another process."""

    def __init__(self) -> None:
        """Keep a way out that pytest's capturing does not take away."""
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")

    def phase(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """Tell what is going on outside tests."""
        self._say(phase=sentence)

    def tested(self, test: TestRecord) -> None:
        """Tell what came out of a test."""
        self._say(outcome=test.outcome)

    def close(self) -> None:
        """Say nothing more."""
        self._file.close()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell how many tests there are."""
        self._say(total=len(session.items))

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        """Tell which test begins."""
        self._say(test=nodeid.rpartition("::")[2])

    def _say(self, **words: object) -> None:
        self._file.write(json.dumps(words) + "\n")
        self._file.flush()


def main(line: str) -> int:
    """Run the bench that the line describes and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = json.loads(line)
    try:
        return run(
            target=kinds.from_json(asked["target"]),
            folder=Path(asked["folder"]),
            keyword=asked["keyword"],
            marker=asked["marker"],
            teller=LineTeller(),
        )
    except typer.Exit as error:
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
