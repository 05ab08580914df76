"""Prints at the end how much was compared."""

from __future__ import annotations

from typing import Any

from tests.proof.noninterference.tally import TALLY


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the figures, where there are any."""
    for line in TALLY.lines():
        terminalreporter.write_line(f"non-interference: {line}")
