"""The bench record: what was tested, measured and seen, as data, before anybody draws it.

`record.json` is made from here and from nowhere else, and the report is made from the record, so
that a report can be drawn again from the record alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from host_tools.attestation import Attestation
from host_tools.bench.hearsay import Told
from host_tools.bench.measurement import Measurement
from host_tools.bench.outcome import (
    BAD,
    PASSED,
    PartVerdict,
    Recovery,
    TestRecord,
    judge_all,
)
from host_tools.bench.witness import Event
from host_tools.git_state import GitState

SCHEMA = 2
VIRTUAL_BOARD = "VIRTUAL"  # a folder in boards/

SABOTAGES: Mapping[str, str] = {
    "gate-bridged": "the gate's switch is bridged, behind the point where the firmware senses it",
    "latch-ignored": "the gate's circuit ignores the latch",
    "opens-in-armed": "the firmware's table lets the gate open while only armed",
}
"""What `--sabotage` knows: each run with one must fail."""


@dataclass
class Waveform:
    """A cut from the witness's log, for the report to draw."""

    title: str
    test: str
    since_us: int
    until_us: int
    levels: dict[str, int]  # of each drawn signal just before since_us
    events: list[Event]
    marks: list[tuple[int, str]] = field(default_factory=list)  # t_us and a word
    states: Told = field(default_factory=list)  # the firmware's word

    def as_json(self) -> dict[str, Any]:
        """Return the waveform as record.json holds it."""
        return {
            "title": self.title,
            "test": self.test,
            "since_us": self.since_us,
            "until_us": self.until_us,
            "levels": self.levels,
            "events": [list(event) for event in self.events],
            "marks": [list(mark) for mark in self.marks],
            "states": [list(told) for told in self.states],
        }


@dataclass
class Picture:
    """A picture that crossed the gate (or the hub link) and was compared with the camera's own."""

    file: str  # name in pictures/
    caption: str
    sha256: str
    served_sha256: str
    canary: str  # hex
    bytes: int
    test: str = ""

    @property
    def identical(self) -> bool:
        """True when what arrived is bit for bit what the camera delivered."""
        return self.sha256 == self.served_sha256


@dataclass
class Record:
    """One run of the bench."""

    target: str
    selection: str = ""  # the -k expression, if only a part was run
    sabotage: str = ""
    device: dict[str, Any] = field(default_factory=dict)  # id, firmware version, protocol, board
    firmware: dict[str, str] = field(default_factory=dict)  # file -> sha256, as on the board
    tools: dict[str, str] = field(default_factory=dict)  # name -> version
    attestation: Attestation | None = None  # asked by this run, of the board it was about
    git: GitState = field(default_factory=GitState)
    started: str = ""
    ended: str = ""
    seconds: float = 0.0
    stopped: str = ""  # why the session ended early, if it did
    tests: list[TestRecord] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)  # power-cycles between tests
    measurements: list[Measurement] = field(default_factory=list)
    waveforms: list[Waveform] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    transcripts: list[str] = field(default_factory=list)  # paths beside record.json
    waves: list[str] = field(default_factory=list)  # the same: a VCD of each board

    @property
    def passed(self) -> bool:
        """True when something was run, nothing failed and the session came to its end."""
        return (
            not self.stopped
            and any(test.outcome == PASSED for test in self.tests)
            and not any(test.outcome in BAD for test in self.tests)
        )

    @property
    def is_virtual(self) -> bool:
        """True for a model of a board, wherever it is computed."""
        return bool(self.device.get("board") == VIRTUAL_BOARD)

    def add_measurement(self, new: Measurement) -> None:
        """Take a measurement; one with the same name, unit and limits gets its values."""
        for old in self.measurements:
            if (old.name, old.unit, old.low, old.high, old.judged) == (
                new.name,
                new.unit,
                new.low,
                new.high,
                new.judged,
            ):
                old.values += new.values
                return
        self.measurements.append(new)

    def verdicts(self) -> list[PartVerdict]:
        """Judge every row of PROMISES by the suite's tests, those that did not run too."""
        return judge_all(self.tests)

    def as_json(self) -> dict[str, Any]:
        """Return the whole record as plain data."""
        return {
            "schema": SCHEMA,
            "target": self.target,
            "verdict": "pass" if self.passed else "fail",
            "stopped": self.stopped,
            "selection": self.selection,
            "sabotage": self.sabotage,
            "started": self.started,
            "ended": self.ended,
            "seconds": round(self.seconds, 3),
            "device": self.device,
            "firmware": self.firmware,
            "tools": self.tools,
            "attestation": None if self.attestation is None else asdict(self.attestation),
            "git": self.git.as_json(),
            "promises": [asdict(verdict) for verdict in self.verdicts()],
            "tests": [asdict(test) for test in self.tests],
            "recoveries": [asdict(recovery) for recovery in self.recoveries],
            "measurements": [measurement.as_json() for measurement in self.measurements],
            "waveforms": [waveform.as_json() for waveform in self.waveforms],
            "pictures": [
                {**asdict(picture), "identical": picture.identical} for picture in self.pictures
            ],
            "transcripts": self.transcripts,
            "waves": self.waves,
        }

    def write(self, path: Path) -> None:
        """Write record.json, whole or not at all."""
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(self.as_json(), indent=1) + "\n", encoding="utf-8")
        draft.replace(path)


def load(path: Path) -> Record:
    """Read a record.json back. Raises ValueError when it is none."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(f"{path} is no bench record of schema {SCHEMA}")
    return Record(
        target=data["target"],
        selection=data["selection"],
        sabotage=data["sabotage"],
        device=data["device"],
        firmware=data["firmware"],
        tools=data["tools"],
        attestation=data["attestation"] and Attestation(**data["attestation"]),
        git=GitState.from_json(data["git"]),
        started=data["started"],
        ended=data["ended"],
        seconds=data["seconds"],
        stopped=data["stopped"],
        tests=[TestRecord(**test) for test in data["tests"]],
        recoveries=[Recovery(**recovery) for recovery in data["recoveries"]],
        measurements=[
            Measurement(
                name=item["name"],
                unit=item["unit"],
                values=item["values"],
                low=item["low"],
                high=item["high"],
                judged=item["judged"],
                test=item["test"],
            )
            for item in data["measurements"]
        ],
        waveforms=[
            Waveform(
                title=item["title"],
                test=item["test"],
                since_us=item["since_us"],
                until_us=item["until_us"],
                levels=item["levels"],
                events=[Event(*event) for event in item["events"]],
                marks=[(mark[0], mark[1]) for mark in item["marks"]],
                states=[(told[0], told[1]) for told in item["states"]],
            )
            for item in data["waveforms"]
        ],
        pictures=[
            Picture(**{key: value for key, value in item.items() if key != "identical"})
            for item in data["pictures"]
        ],
        transcripts=data["transcripts"],
        waves=data["waves"],
    )


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes as hex."""
    return hashlib.sha256(data).hexdigest()
