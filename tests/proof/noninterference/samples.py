"""Writes samples.json: traces for an interpreter that has no Hypothesis. --check compares.

    stories    written by hand, below
    generated  of Hypothesis's traces of one seed, those that add something to what is reached
    shrunk     for each control the shortest trace by which Hypothesis finds it

    PYTHONPATH=tests/unit .venv/bin/python -m tests.proof.noninterference.samples [--check]

The check draws the traces anew and compares; it runs none of them, test_samples.py does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, seed, settings

from tests.proof.noninterference.compare import judge
from tests.proof.noninterference.controls import CONTROLS
from tests.proof.noninterference.traces import Trace, traces

_FILE = Path(__file__).with_name("samples.json")
_SEED = 1
_DRAWN = 150
_LARGEST = 3 * 8192  # bytes of a picture: an interpreter on a slow machine runs these
_RULES = settings(
    max_examples=_DRAWN,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_SHOTS = [[True, [3000, 0], [7000, 100]], [True, [9000, 0], [16380, 0]]]
_STORIES = [
    # Pictures, then an alarm, then the pictures again; the ticks wrap meanwhile.
    {
        "events": [
            ["customer", "capture"], ["wait", 700], ["customer", "capture"], ["wait", 1500],
            ["customer", "arm"], ["wait", 250], ["line", 0, 1], ["wait", 1500], ["line", 0, 0],
            ["centre", "handled"], ["wait", 700], ["customer", "fetch", ["id", 1]],
            ["wait", 1500], ["customer", "delete", ["id", 1]], ["customer", "list"],
            ["customer", "status"], ["customer", "disarm"],
        ],
        "shots": _SHOTS,
        "alarms_differ": False,
        "aged": False,
        "start_ticks": 1073739824,
    },
    # A picture on its way when the link is lost, others half taken and half sent at a reset.
    # Then a glitch, an alarm that is cancelled, a fault.
    {
        "events": [
            ["customer", "clock", ["day", 2500], ["second", 0]],
            ["customer", "capture"], ["wait", 700], ["hub_link", 0], ["wait", 5600],
            ["hub_link", 1], ["wait", 1500], ["customer", "capture"], ["wait", 500],
            ["reset", 1], ["customer", "capture"], ["wait", 700], ["reset", 3],
            ["type", "status"], ["pulse", 3], ["wait", 100], ["line", 2, 1], ["wait", 700],
            ["customer", "cancel"], ["line", 2, 0], ["camera", 0], ["customer", "capture"],
            ["wait", 700], ["camera", 1], ["reset", 1],
        ],
        "shots": _SHOTS,
        "alarms_differ": True,
        "aged": True,
        "start_ticks": 0,
    },
]  # fmt: skip


def _drawn() -> list[Trace]:
    """Return Hypothesis's first traces of the seed, those with small pictures."""
    found: list[Trace] = []

    @seed(_SEED)
    @_RULES
    @given(traces())
    def draw(trace: Trace) -> None:
        if all(shot[1][0] <= _LARGEST for shot in trace["shots"]):
            found.append(trace)

    draw()
    return found


def _chosen(drawn: list[Trace]) -> list[dict[str, Any]]:
    """Return those that reach something that none before them did, with their numbers."""
    reached: set[str] = set()
    chosen = []
    for number, trace in enumerate(drawn):
        verdict = judge(trace)
        if verdict.leak:
            raise SystemExit(f"a leak: {verdict.leak}\n{json.dumps(trace)}")
        if not verdict.reached <= reached:
            reached |= verdict.reached
            chosen.append({"number": number, "trace": trace})
    return chosen


def _shrunk() -> dict[str, Trace]:
    rules = settings(_RULES, max_examples=400, phases=[Phase.generate, Phase.shrink])
    return {
        control.__name__: find(
            traces(),
            lambda trace, control=control: judge(trace, control).leak != "",
            settings=rules,
            random=Random(1),
        )
        for control in CONTROLS
    }


def _write() -> None:
    samples = {"stories": _STORIES, "generated": _chosen(_drawn()), "shrunk": _shrunk()}
    _FILE.write_text(json.dumps(samples, separators=(",", ":")) + "\n", encoding="utf-8")


def stale() -> list[str]:
    """Say what in samples.json is not what this script would write."""
    samples = json.loads(_FILE.read_text(encoding="utf-8"))
    drawn = _drawn()
    wrong = []
    if samples["stories"] != _STORIES:
        wrong.append("the stories")
    if any(drawn[one["number"]] != one["trace"] for one in samples["generated"]):
        wrong.append("the generated traces")
    if sorted(samples["shrunk"]) != sorted(control.__name__ for control in CONTROLS):
        wrong.append("the controls")
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        _write()
    elif stale():
        sys.exit(f"samples.json is stale: {', '.join(stale())}; run {__spec__.name}")
