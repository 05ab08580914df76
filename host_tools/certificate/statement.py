"""What a certificate states: gathered from a bench record, a board's answer, and evidence.

Refuses what must not be certified, with a sentence for a person. Nothing here signs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from detector.version import VERSION
from host_tools import evidence
from host_tools.attestation import Attestation
from host_tools.bench import outcome, promises, report
from host_tools.bench import record as records
from host_tools.bench.measurement import Measurement
from host_tools.bench.record import Record
from host_tools.git_state import git_state

NOT_RUN = "not run"
OTHER_FIRMWARE = "other firmware"
_FIGURES = ("name", "unit", "n", "min", "median", "p99", "max", "low", "high", "judged", "verdict")

SELF_ATTESTATION = (
    "The board attested these files itself, over a nonce that it could not know before. That finds"
    " honest firmware of another version; it says nothing against hostile firmware, which could"
    " give the right answer and run something else. The gate (P2) does not rest on it."
)
LIMITS = (
    "The bench speaks of one board in one run.",
    "P2 is claimed for the uplink and for boards without a radio: no pin can gate an on-chip one.",
    "Against hostile firmware P5 rests on attested firmware, not on the circuit.",
    "Hostile firmware during a real alarm is not stopped: then the gate is rightly open.",
    "“Not built”, “not run” and “other firmware” mean what they say; none of them counts as kept.",
    "The signature says who vouches for this, not that it is true. It is worth as much as its"
    " signer, and as sure as you are whose key it is.",
)
VIRTUAL_LIMIT = (
    "The board is a virtual one: firmware and circuit diagram keep the promises together. That a"
    " soldered board does is not shown."
)


class NotCertifiableError(Exception):
    """This must not be certified; the text says why."""


def gather(
    record_path: Path,
    answer: Attestation | None = None,
    evidence_folder: Path = evidence.FOLDER,
) -> dict[str, Any]:
    """Return the parts of a certificate; raise NotCertifiableError.

    `answer` is what the board attested just now; without it, what it attested in the bench's run.
    """
    data, record = _read(record_path)
    _check_run(record)
    attestation = answer or record.attestation
    if attestation is None:
        raise NotCertifiableError(
            "The bench's record has no attestation of the board's firmware. Bench it anew."
        )
    if not attestation.is_of(record.firmware):
        raise NotCertifiableError(
            "The board attests other firmware than was benched: the record is stale. Bench anew."
        )
    by = "sluss certificate, on the board's console" if answer else "the bench, during its run"
    virtual = [VIRTUAL_LIMIT] if record.is_virtual else []
    return {
        "device": {"target": record.target, **record.device},
        "firmware": record.firmware,
        "attestation": {**asdict(attestation), "asked_by": by, "means": SELF_ATTESTATION},
        "bench": _bench(record, hashlib.sha256(data).hexdigest()),
        "evidence": {
            kind.name: _evidence(kind, record, evidence_folder) for kind in evidence.KINDS
        },
        "source": {"benched": record.git.as_json(), "certified": git_state().as_json()},
        "tools": {**record.tools, "sluss": VERSION},
        "limits": [*virtual, *LIMITS],
    }


def _read(path: Path) -> tuple[bytes, Record]:
    """Read a record, which must agree with itself: what can be derived is derived again."""
    try:
        data = path.read_bytes()
        record = records.load(path)
        is_whole = record.as_json() == json.loads(data)
    except OSError as error:
        raise NotCertifiableError(
            f"There is no bench record to certify: {path}: {error.strerror}."
        ) from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise NotCertifiableError(f"{path} is no record of this version's bench.") from error
    if not is_whole:
        raise NotCertifiableError(
            f"{path} does not agree with itself: it was edited, or another version wrote it."
        )
    return data, record


def _check_run(record: Record) -> None:
    if record.sabotage:
        raise NotCertifiableError(
            f"This run was sabotaged on purpose ({record.sabotage}); it says nothing for a board."
        )
    if record.selection:
        raise NotCertifiableError(
            f"Only a part of the bench was run ({record.selection}). Run all of it."
        )
    verdicts = {verdict.verdict for verdict in record.verdicts()}
    if not record.passed or promises.BROKEN in verdicts:
        why = record.stopped or report.headline(record)
        raise NotCertifiableError(f"The bench's run failed. {why}")
    if verdicts & {promises.NOT_TESTED, promises.PARTLY_TESTED}:
        raise NotCertifiableError(f"The bench's run is not whole. {report.headline(record)}")


def _bench(record: Record, digest: str) -> dict[str, Any]:
    found = [test.outcome for test in record.tests]
    return {
        "record_sha256": digest,
        "headline": report.headline(record),
        "started": record.started,
        "ended": record.ended,
        "tests": {name: found.count(name) for name in (outcome.PASSED, outcome.SKIPPED)},
        "promises": [
            {
                "promise": part.promise,
                "part": part.part,
                "sentence": part.sentence,
                "verdict": verdict.verdict,
                "tests": verdict.passed,
            }
            for part, verdict in zip(promises.PROMISES, record.verdicts(), strict=True)
        ],
        "measurements": [_figures(measurement) for measurement in record.measurements],
    }


def _figures(measurement: Measurement) -> dict[str, Any]:
    whole = measurement.as_json()
    return {name: whole[name] for name in _FIGURES}


def _evidence(kind: evidence.Kind, record: Record, folder: Path) -> dict[str, Any]:
    """State one kind's result as what it is worth for this firmware."""
    about = {"title": kind.title, "sentence": kind.sentence}
    try:
        found = evidence.read(kind.name, folder)
    except evidence.EvidenceError as error:
        raise NotCertifiableError(
            f"{error}. Run the tool again, or take the file away."
        ) from error
    if found is None:
        return {**about, "verdict": NOT_RUN}
    is_about_this = found.git.firmware == record.git.firmware
    if is_about_this and not found.passed:
        raise NotCertifiableError(
            f"{kind.title}: the run of {found.when} on this firmware failed; it is not certified."
        )
    return {
        **about,
        "verdict": found.verdict if is_about_this else OTHER_FIRMWARE,
        "when": found.when,
        "source": found.git.as_json(),
        "figures": dict(found.figures),
    }
