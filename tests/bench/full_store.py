"""A board whose store is filled: one alarm after the other until no image finds room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.bench.session import Bench
from tests.bench import pictures, repl, scenario
from tests.bench.scenario import FIRE

_LONG_WINDOW_MS = 60_000
_BURST_MS = 10_000


@dataclass(frozen=True)
class Filled:
    """A board whose store was filled, with what was seen meanwhile."""

    bench: Bench
    first: int  # the journal's last record before
    oldest: int  # the image that must give way first
    took_ms: list[float]  # from the last byte of each disarm to the gate's fall


def fill(other: Bench, large_pictures: Path) -> Filled:
    """Have alarms without a pause, so that no time is between them for housekeeping."""
    repl.reconfigure(other.target, window_ms=_LONG_WINDOW_MS)  # no burst is cut short by its end
    first = int(scenario.status(other.hub)["journal"])
    other.target.camera(images=large_pictures)
    took_ms = [_another_alarm(other)]
    oldest = int(pictures.listed(other.hub)[0]["id"])
    while not _is_full(other):
        took_ms.append(_another_alarm(other))
    return Filled(other, first, oldest, took_ms)


def _is_full(bench: Bench) -> bool:
    """Say whether the customer was told that a picture found no room."""
    return any(event.get("why") == "store-full" for event in bench.hub.events)


def _another_alarm(bench: Bench) -> float:
    """Have an alarm's pictures stored, or found too many, and disarm; return ms to the fall."""
    images = int(bench.status()["images"]) + scenario.CONFIG["burst_fire"]
    scenario.alarm(bench.target, FIRE)
    scenario.patience(_BURST_MS).wait_for(
        lambda: _is_full(bench) or int(bench.status()["images"]) == images, "no burst was stored"
    )
    return scenario.shut_after(bench.witness, bench.hub, "disarm")
