"""What is known of each mutant, kept in build/mutation: an interrupted run goes on."""

from __future__ import annotations

import json
from pathlib import Path

from host_tools import ROOT
from scripts.mutation.mutants import Mutant
from scripts.mutation.targets import Target

FOLDER = ROOT / "build" / "mutation" / "results"


class Results:
    """The outcomes of one module's mutants, as long as neither module nor tests change."""

    def __init__(self, target: Target, folder: Path = FOLDER, reuse_killed: bool = False) -> None:
        """Read what is kept; `reuse_killed` takes killed mutants of an older suite as killed."""
        self._path = folder / f"{target.name}.jsonl"
        self._suite = target.suite
        self.is_sound = True  # every outcome was seen with today's suite
        self._outcomes: dict[str, str] = {}
        if not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["suite"] == self._suite:
                self._outcomes[entry["key"]] = entry["outcome"]
            elif reuse_killed and entry["outcome"] != "survived":
                self._outcomes.setdefault(entry["key"], entry["outcome"])
                self.is_sound = False

    def get(self, mutant: Mutant) -> str | None:
        """Return the kept outcome."""
        return self._outcomes.get(mutant.key)

    def put(self, mutant: Mutant, outcome: str) -> None:
        """Keep an outcome at once."""
        self._outcomes[mutant.key] = outcome
        self._path.parent.mkdir(parents=True, exist_ok=True)
        entry = {"suite": self._suite, "key": mutant.key, "outcome": outcome}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
