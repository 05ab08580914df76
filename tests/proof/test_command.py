"""`sluss prove`: what it prints, its exit code and the evidence that it leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from host_tools import evidence
from host_tools.cli import build
from host_tools.prove import claims, command
from host_tools.prove.search import Found, Violation

_VIOLATION = Violation(claims.ALARM_ONLY, "the gate is open in IDLE", (("power", 1),))


def run(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(build(), ["prove", "--workers", "0", *arguments])


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the command leaves as evidence."""
    written: list[tuple[Any, ...]] = []
    monkeypatch.setattr(evidence, "write", lambda *given, passed: written.append((*given, passed)))
    return written


def test_a_run_of_one_part_prints_its_figures_and_is_no_evidence(kept: list[Any]) -> None:
    done = run("--part", "power-on", "--transitions", "3000")
    assert done.exit_code == 0, done.output
    assert re.search(r"from power-on +[\d,]+ +[\d,]+ ", done.output)
    assert all(
        re.search(rf"^{name} +held", done.output, re.MULTILINE) for name in claims.INVARIANTS
    )
    assert kept == []


def test_a_violation_is_printed_written_and_fails(
    kept: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def found(parts: list[Any], *_rest: object) -> list[Found]:
        return [Found(part, states=1, count=2, violations=[_VIOLATION]) for part in parts]

    monkeypatch.setattr(command, "explore", found)
    done = run("--folder", str(tmp_path))
    assert done.exit_code == 1
    assert "P1             VIOLATED" in done.output
    assert done.output.count("P1: the gate is open in IDLE") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["trace-01.py"]
    [(kind, figures, passed)] = kept
    assert (kind, figures["violating transitions"], passed) == ("prove", 6, False)


def test_an_unknown_part_is_refused() -> None:
    assert run("--part", "no-such").exit_code == 2
