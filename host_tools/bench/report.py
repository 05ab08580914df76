"""Draws a record as one self-contained HTML page: no script, no font, no request to anywhere."""

from __future__ import annotations

import base64
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from host_tools import pages
from host_tools.bench import outcome as outcomes
from host_tools.bench import promises, silence, waveform
from host_tools.bench.measurement import Measurement
from host_tools.bench.outcome import BAD, WITHOUT_WORD, PartVerdict, TestRecord
from host_tools.bench.promises import Part
from host_tools.bench.record import SABOTAGES, Picture, Record

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class _Row:
    """One row of the promises table."""

    part: Part
    verdict: PartVerdict

    @property
    def css(self) -> str:
        return self.verdict.verdict.lower().replace(" ", "-")

    @property
    def why(self) -> str:
        if self.verdict.verdict == promises.NOT_PROVIDED:
            return promises.WHY_NOT_PROVIDED
        return self.part.why


@dataclass(frozen=True)
class _Group:
    """The tests that speak for one promise."""

    title: str
    sentence: str
    tests: list[TestRecord]

    @property
    def failed(self) -> int:
        return sum(test.outcome in BAD for test in self.tests)

    @property
    def passed(self) -> int:
        return sum(test.outcome == outcomes.PASSED for test in self.tests)

    @property
    def css(self) -> str:
        if self.failed:
            return "fail-pill"
        return "pass" if self.passed == len(self.tests) else "not-tested"


@dataclass(frozen=True)
class _Shown:
    """A picture with its bytes in the page."""

    picture: Picture
    uri: str


def render(record: Record, folder: Path) -> str:
    """Return report.html for a record whose pictures are in `folder`/pictures."""
    environment = pages.environment(_TEMPLATES)
    environment.filters["figure"] = _figure
    return environment.get_template("report.html.j2").render(
        record=record,
        verdict=headline(record),
        sabotage=SABOTAGES.get(record.sabotage, record.sabotage),
        rows=[
            _Row(part, verdict)
            for part, verdict in zip(promises.PROMISES, record.verdicts(), strict=True)
        ],
        counts={
            "passed": _number(record, {outcomes.PASSED}),
            "failed": _number(record, BAD),
            "without word": _number(record, WITHOUT_WORD),
        },
        waves=[
            (wave, Markup(waveform.draw(wave)), _test_sentence(record, wave.test))
            for wave in sorted(record.waveforms, key=lambda wave: not wave.marks)  # stories first
        ],
        pictures=[shown for picture in record.pictures if (shown := _show(picture, folder))],
        measurements=[
            (measurement, Markup(waveform.histogram(measurement)))
            for measurement in _ordered(record.measurements)
        ],
        groups=_groups(record),
        shut_bytes=_named(record, silence.SHUT_BYTES),
        open_bytes=_named(record, silence.OPEN_BYTES),
    )


def write(record: Record, folder: Path) -> Path:
    """Write report.html into `folder` and return its path."""
    path = folder / "report.html"
    path.write_text(render(record, folder), encoding="utf-8")
    return path


def headline(record: Record) -> str:
    """Say the outcome of a run in one sentence."""
    broken = _names(record, promises.BROKEN)
    if broken:
        return f"{_list(broken)} broken: this detector does not leave the bench."
    if record.stopped:
        return "The run ended early: it shows nothing."
    failed = _number(record, BAD)
    if failed:
        return f"No promise broken, but {_count(failed, 'test')} failed."
    kept = _names(record, promises.KEPT)
    partly = [
        f"{verdict.promise} partly tested ({verdict.passed} of {verdict.tests})"
        for verdict in record.verdicts()
        if verdict.verdict == promises.PARTLY_TESTED
    ]
    untested = _names(record, promises.NOT_TESTED)
    if not kept and not partly:
        return "Nothing that a promise rests on was tested."
    missing = _names(record, promises.NOT_PROVIDED)
    if not partly and not untested and not missing:
        return "Every promise that is built was kept."
    parts = [f"{_list(kept)} kept"] if kept else []
    parts += partly
    parts += [f"{_list(untested)} not tested in this run"] if untested else []
    parts += [f"{_list(missing)} not provided by this board"] if missing else []
    return "; ".join(parts) + "."


def _number(record: Record, wanted: Container[str]) -> int:
    return sum(test.outcome in wanted for test in record.tests)


def _names(record: Record, wanted: str) -> list[str]:
    found = [verdict.promise for verdict in record.verdicts() if verdict.verdict == wanted]
    return list(dict.fromkeys(found))


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _figure(value: float) -> str:
    """Print a measured figure: three digits, no more than were measured; a large one whole."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.3g}"


def _ordered(measurements: list[Measurement]) -> list[Measurement]:
    """Failed ones first, then the long series, then the rest."""
    return sorted(measurements, key=lambda item: (item.within, -item.n, item.name))


def _show(picture: Picture, folder: Path) -> _Shown | None:
    path = folder / "pictures" / picture.file
    if not path.is_file():
        return None
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return _Shown(picture, f"data:image/jpeg;base64,{data}")


def _test_sentence(record: Record, test_id: str) -> str:
    return next((test.sentence for test in record.tests if test.id == test_id), "")


def _groups(record: Record) -> list[_Group]:
    """Put each test under every promise that it speaks for, and the rest at the end."""
    sentences = {part.promise: part.sentence for part in reversed(promises.PROMISES)}
    groups = [
        _Group(promise, sentence, [test for test in record.tests if promise in test.promises])
        for promise, sentence in ((name, sentences[name]) for name in promises.promise_ids())
    ]
    rest = [test for test in record.tests if not test.promises]
    groups.append(_Group("House", "What no promise names, but a detector must do.", rest))
    return [group for group in groups if group.tests]


def _named(record: Record, name: str) -> Measurement | None:
    return next((item for item in record.measurements if item.name == name), None)
