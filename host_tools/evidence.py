"""Evidence: what a long-running tool found, as a small file that `sluss certificate` reads.

The one place that knows the format. build/evidence/<kind>.json, the newest run of each kind:

    {"kind": "prove", "when": "2026-01-02T03:04:05Z", "git": {"commit": ..., "dirty": ...,
     "firmware": ...}, "figures": {"states": 1234567, ...}, "verdict": "pass"}

A tool calls `write` once, at its end, also when it failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from host_tools import ROOT
from host_tools.git_state import GitState, git_state
from host_tools.utc import utc_now

FOLDER = ROOT / "build" / "evidence"
PASS = "pass"
FAIL = "fail"
_FIELDS = {"kind", "when", "git", "figures", "verdict"}

Figure = int | float | str


class EvidenceError(Exception):
    """A file of evidence cannot be read or is none; the text names it."""


@dataclass(frozen=True)
class Kind:
    """One kind of evidence, as a stranger reads of it."""

    name: str
    title: str
    sentence: str


KINDS = (
    Kind(
        "prove",
        "Every state",
        "The shipped controller and the circuit, taken together through every state that they can"
        " reach and every input in each; the promises P1 to P4 and P6 are checked in all of them.",
    ),
    Kind(
        "cut",
        "Power cuts",
        "The power is cut before, inside and after flash operations, the detector started again:"
        " the gate is shut, the journal holds, nothing that was acknowledged is lost.",
    ),
    Kind(
        "mutation",
        "Mutants",
        "Small errors are put into firmware and circuit, one at a time; the tests must notice.",
    ),
)


@dataclass(frozen=True)
class Evidence:
    """One run of one tool."""

    kind: str
    when: str  # UTC, its end
    git: GitState
    figures: Mapping[str, Figure]
    verdict: str  # PASS or FAIL

    @property
    def passed(self) -> bool:
        """True when the run says that all is well."""
        return self.verdict == PASS


def write(
    kind: str, figures: Mapping[str, Figure], *, passed: bool, folder: Path = FOLDER
) -> Path:
    """Keep the result of the run that ends now; figures by short names, with units in them."""
    if kind not in {known.name for known in KINDS}:
        raise ValueError(f"there is no evidence of kind {kind!r}")
    found = Evidence(kind, utc_now(), git_state(), dict(figures), PASS if passed else FAIL)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}.json"
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
    return path


def read(kind: str, folder: Path = FOLDER) -> Evidence | None:
    """Return the newest result of a kind, None where the tool has not run; raise EvidenceError."""
    path = folder / f"{kind}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path} cannot be read as evidence: {error}") from error
    try:
        found = Evidence(
            data["kind"],
            data["when"],
            GitState.from_json(data["git"]),
            data["figures"],
            data["verdict"],
        )
        is_sound = (
            set(data) == _FIELDS
            and found.kind == kind
            and isinstance(found.when, str)
            and found.verdict in (PASS, FAIL)
            and all(
                isinstance(name, str) and isinstance(figure, Figure)
                for name, figure in found.figures.items()
            )
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(f"{path} is no evidence: {error!r}") from error
    if not is_sound:
        raise EvidenceError(f"{path} is no evidence of kind {kind!r}")
    return found
