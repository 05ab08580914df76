"""The mutants that no test notices, each with its reason: tests/mutation/survivors.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant, Name
from scripts.mutation.targets import FOLDER

EQUIVALENT = "equivalent"  # no input tells it from the original; `why` is the proof
HARMLESS = "harmless"  # it differs, `why` traces that no promise and no user sees it
# Of all mutants, how many may be called equivalent.
EQUIVALENT_SHARE = 0.03


@dataclass(frozen=True)
class Survivor:
    """One entry."""

    name: Name
    verdict: str
    why: str


def survivors(path: Path = FOLDER / "survivors.toml") -> list[Survivor]:
    """Read the file; raise ValueError for an entry without a verdict or a reason."""
    with path.open("rb") as file:
        entries = tomllib.load(file).get("survivor", [])
    found = []
    for entry in entries:
        name = Name(
            entry["module"],
            entry["operator"],
            entry["scope"],
            entry["before"],
            entry["after"],
            entry.get("nth", 1),
        )
        if entry["verdict"] not in (EQUIVALENT, HARMLESS) or len(entry["why"].split()) < 5:
            raise ValueError(f"{name} needs a verdict and its reason")
        found.append(Survivor(name, entry["verdict"], entry["why"]))
    return found


def stale(listed: Iterable[Survivor], made: Iterable[Mutant]) -> list[Name]:
    """Return the entries that name no mutant that the modules have today."""
    names = {mutant.name for mutant in made}
    return [survivor.name for survivor in listed if survivor.name not in names]
