"""Draws a joint record as one self-contained HTML page, in the style of a board's own report."""

from __future__ import annotations

from pathlib import Path

from host_tools import pages
from host_tools.bench import promises
from host_tools.bench.joint.record import FAIL, NOT_RUN, PASS, QUARANTINED, JointRecord

_TEMPLATES = Path(__file__).parent.parent / "templates"


def render(record: JointRecord) -> str:
    """Return report.html; it stands beside the boards' folders, one level down."""
    environment = pages.environment(_TEMPLATES)
    environment.filters["css"] = lambda words: words.lower().replace(" ", "-")
    return environment.get_template("joint.html.j2").render(
        record=record,
        headline=headline(record),
        parts=promises.PROMISES,
        counts={verdict: record.count(verdict) for verdict in (PASS, FAIL, QUARANTINED, NOT_RUN)},
    )


def write(record: JointRecord, folder: Path) -> Path:
    """Write record.json and report.html into `folder` and return the report's path."""
    record.write(folder / "record.json")
    path = folder / "report.html"
    path.write_text(render(record), encoding="utf-8")
    return path


def headline(record: JointRecord) -> str:
    """Say the outcome in one sentence."""
    total = len(record.boards)
    if record.passed:
        return f"All {total} boards passed." if total > 1 else "The board passed."
    words = {
        PASS: "passed",
        FAIL: "failed",
        QUARANTINED: "quarantined",
        NOT_RUN: "not run",
    }
    told = [f"{n} {word}" for verdict, word in words.items() if (n := record.count(verdict))]
    return f"Of {total} board{'s' if total > 1 else ''}: {', '.join(told)}."
