"""The bench record: what was tested, measured and seen, as data, before anybody draws it.

`record.json` is made from here and from nowhere else, and the report is made from the record, so
that a report can be drawn again from the record alone.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from host_tools.bench.witness import Event

SCHEMA = 1

# Outcomes of a test
PASSED = "passed"
FAILED = "failed"
ERROR = "error"  # the board could not be brought into the state that the test starts from
SKIPPED = "skipped"
LOST = "lost"  # the board was lost before the test began: it says nothing, the run is void

# Verdicts of a promise
KEPT = "KEPT"
BROKEN = "BROKEN"
NOT_BUILT = "NOT BUILT"
NOT_TESTED = "NOT TESTED"

SABOTAGES: Mapping[str, str] = {
    "gate-bridged": "the gate's switch is bridged, behind the point where the firmware senses it",
    "latch-ignored": "the gate's circuit ignores the latch",
    "opens-in-armed": "the firmware's table lets the gate open while only armed",
}
"""What `--sabotage` knows: each run with one must fail."""

# Far more than any series has: a bound on the record's size, not a sample.
_KEPT_VALUES = 5000


@dataclass(frozen=True)
class Part:
    """One promise, or the part of it that this version has or has not."""

    promise: str  # "P5"
    part: str  # "" for a whole promise, else what this part is about
    built: bool
    sentence: str  # the promise, for a stranger
    why: str  # what shows it; for a part that is not built, what is missing


PROMISES = (
    Part(
        "P1",
        "",
        True,
        "The alarm centre can receive images only while an alarm is on: fire, intrusion, contact,"
        " panic. Never otherwise.",
        "Every state with every trip and every command; bytes written and passed are counted"
        " outside the firmware.",
    ),
    Part(
        "P2",
        "",
        True,
        "Firmware alone, however wrong, cannot open the gate: a sensor line that counts at that"
        " moment must have tripped.",
        "Hostile firmware that holds every pin as it likes: shut without a trip, open with one.",
    ),
    Part(
        "P3",
        "",
        True,
        "Reset, crash, hang, power loss, a soft reset with pins held, a REPL: gate shut.",
        "Each is done to the board in the middle of an alarm.",
    ),
    Part(
        "P4",
        "",
        True,
        "An open gate shuts within 50 ms of a valid disarm, cancel or 'handled', and by itself"
        " 2.1 s after the firmware stops living, 20 min after the trip in any case.",
        "Measured from the last byte on the wire to the gate; the 20 min timer in a shortened"
        " form.",
    ),
    Part(
        "P5",
        "pictures",
        True,
        "The customer may take pictures without an alarm; the alarm centre can neither receive"
        " nor decrypt them.",
        "No byte goes to the uplink, and every key of the alarm centre fails on the picture.",
    ),
    Part(
        "P5",
        "live view",
        False,
        "The customer may watch live without an alarm; the alarm centre can neither receive nor"
        " decrypt it.",
        "The customer's live view is not built yet.",
    ),
    Part(
        "P6",
        "",
        False,
        "Live view for the alarm centre exists only inside an alarm.",
        "There is no live view for the alarm centre yet; the command is refused in every state.",
    ),
    Part(
        "P7",
        "deletion on the detector",
        True,
        "Deleted means that the picture's key is destroyed and the deletion is on record.",
        "The raw flash is searched for the key after a deletion, the journal for its record.",
    ),
    Part(
        "P7",
        "60 days",
        False,
        "Every image is deleted, everywhere, at 60 days at the latest, also when the clock was"
        " wrong or the power was off.",
        "Retention by age is not built yet, neither on the detector nor at a station.",
    ),
    Part(
        "P8",
        "",
        False,
        "Earlier alarm images are shown to an operator only with one of four stated purposes.",
        "The station, where operators look at images, is not built yet.",
    ),
    Part(
        "P9",
        "journal on the detector",
        True,
        "Every gate opening, capture, upload, export and deletion is logged on the detector,"
        " tamper-evident.",
        "The journal's chain is verified outside the firmware and compared with what happened.",
    ),
    Part(
        "P9",
        "access log",
        False,
        "Every view by an operator is logged, and that log outlives the images.",
        "The access log belongs to the station, which is not built yet.",
    ),
    Part(
        "P10",
        "",
        False,
        "The customer sees all alarm events, their images and every view of them, and can take"
        " all of it out with other persons masked.",
        "The customer's portal is not built yet.",
    ),
)


@dataclass
class TestRecord:
    """One test: its sentence, the promises it speaks for and what came out."""

    __test__ = False  # not a test class, whatever its name begins with

    id: str
    sentence: str
    promises: list[str]
    outcome: str
    seconds: float
    message: str = ""  # why it failed or was skipped, for a person


@dataclass
class Measurement:
    """One measured quantity: all its values, and the limits that were set before."""

    name: str
    unit: str
    values: list[float]
    low: float | None = None
    high: float | None = None
    judged: str = "max"  # which figure the limits are for: "max", "p99" or "median"
    test: str = ""

    def __post_init__(self) -> None:
        """Drop the digits that nothing here can measure."""
        self.values = [round(value, 4) for value in self.values[:_KEPT_VALUES]]

    @property
    def n(self) -> int:
        """How many values."""
        return len(self.values)

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """The 99th percentile (nearest rank: a value that was really measured)."""
        ordered = sorted(self.values)
        return ordered[max(0, -(-99 * len(ordered) // 100) - 1)]

    @property
    def max(self) -> float:
        """The largest value."""
        return max(self.values)

    @property
    def min(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def figure(self) -> float:
        """The figure that the limits are for."""
        return {"max": self.max, "p99": self.p99, "median": self.median}[self.judged]

    @property
    def within(self) -> bool:
        """True when the limits hold; the lower one is for the smallest value."""
        return (self.low is None or self.min >= self.low) and (
            self.high is None or self.figure <= self.high
        )

    def sentence(self) -> str:
        """Say what was measured against what, for a failing test."""
        low = "" if self.low is None else f" (at least {self.low:g} {self.unit})"
        high = "" if self.high is None else f" (at most {self.high:g} {self.unit})"
        return (
            f"{self.name}: smallest {self.min:.3f} {self.unit}{low},"
            f" {self.judged} {self.figure:.3f} {self.unit}{high}, n = {self.n}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the measurement as record.json holds it."""
        return {
            "name": self.name,
            "unit": self.unit,
            "n": self.n,
            "min": self.min,
            "median": self.median,
            "p99": self.p99,
            "max": self.max,
            "low": self.low,
            "high": self.high,
            "judged": self.judged,
            "verdict": "pass" if self.within else "fail",
            "test": self.test,
            "values": self.values,
        }


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
class PartVerdict:
    """The verdict on one row of PROMISES."""

    promise: str
    part: str
    verdict: str
    passed: int
    failed: int


@dataclass
class Record:
    """One run of the bench."""

    target: str
    selection: str = ""  # the -k expression, if only a part was run
    sabotage: str = ""
    device: dict[str, Any] = field(default_factory=dict)  # id, firmware version, protocol, board
    firmware: dict[str, str] = field(default_factory=dict)  # file -> sha256, as on the board
    tools: dict[str, str] = field(default_factory=dict)  # name -> version
    git_commit: str = ""
    git_dirty: bool = False
    started: str = ""
    ended: str = ""
    seconds: float = 0.0
    stopped: str = ""  # why the session ended early, if it did
    tests: list[TestRecord] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    waveforms: list[Waveform] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    transcripts: list[str] = field(default_factory=list)  # paths beside record.json

    @property
    def passed(self) -> bool:
        """True when something was run, nothing failed and the session came to its end."""
        return (
            not self.stopped
            and any(test.outcome == PASSED for test in self.tests)
            and not any(test.outcome in (FAILED, ERROR) for test in self.tests)
        )

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
        """Judge every row of PROMISES by the tests that ran."""
        return [_judge(part, self.tests) for part in PROMISES]

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
            "git": {"commit": self.git_commit, "dirty": self.git_dirty},
            "promises": [asdict(verdict) for verdict in self.verdicts()],
            "tests": [asdict(test) for test in self.tests],
            "measurements": [measurement.as_json() for measurement in self.measurements],
            "waveforms": [waveform.as_json() for waveform in self.waveforms],
            "pictures": [
                {**asdict(picture), "identical": picture.identical} for picture in self.pictures
            ],
            "transcripts": self.transcripts,
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
        git_commit=data["git"]["commit"],
        git_dirty=data["git"]["dirty"],
        started=data["started"],
        ended=data["ended"],
        seconds=data["seconds"],
        stopped=data["stopped"],
        tests=[TestRecord(**test) for test in data["tests"]],
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
            )
            for item in data["waveforms"]
        ],
        pictures=[
            Picture(**{key: value for key, value in item.items() if key != "identical"})
            for item in data["pictures"]
        ],
        transcripts=data["transcripts"],
    )


def _judge(part: Part, tests: Iterable[TestRecord]) -> PartVerdict:
    outcomes = [test.outcome for test in tests if part.promise in test.promises]
    passed = outcomes.count(PASSED)
    failed = outcomes.count(FAILED) + outcomes.count(ERROR)
    if not part.built:
        # What is not there keeps nothing; a failed test still says that something is wrong.
        whole = not part.part
        return PartVerdict(
            part.promise, part.part, BROKEN if failed and whole else NOT_BUILT, 0, 0
        )
    if failed:
        verdict = BROKEN
    elif passed:
        verdict = KEPT
    else:
        verdict = NOT_TESTED
    return PartVerdict(part.promise, part.part, verdict, passed, failed)


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes as hex."""
    return hashlib.sha256(data).hexdigest()


def utc_now() -> str:
    """Return this moment as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def promise_ids() -> Sequence[str]:
    """Return the promises' numbers in order, each once: what `@pytest.mark.promise` takes."""
    return list(dict.fromkeys(part.promise for part in PROMISES))
