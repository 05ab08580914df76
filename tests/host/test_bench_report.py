"""The report: one page that stands alone and says what the record says."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from host_tools.bench import promises, report, waveform
from host_tools.bench.measurement import Measurement
from host_tools.bench.outcome import FAILED, NOT_RUN
from host_tools.bench.record import Record, Waveform
from host_tools.bench.witness import Event
from tests.host.bench_sample import sample_record, sample_waveform
from tests.host.html_tags import Tags


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return sample_record(tmp_path)


class _Tags(Tags):
    """Of a page with drawings."""

    void = Tags.void | {"img", "link"}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Ignore <line/> and its like."""


def test_the_page_is_whole_and_asks_nothing_of_the_network(record: Record, tmp_path: Path) -> None:
    page = report.render(record, tmp_path)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert all(
        target.startswith("data:")
        or target in ("record.json", "junit.xml", *record.transcripts, *record.waves)
        for target in tags.targets
    )
    assert "<script" not in page
    assert "http" not in page


def test_the_page_shows_every_test_measurement_and_picture(record: Record, tmp_path: Path) -> None:
    page = report.render(record, tmp_path)
    for wanted in (
        *(test.id for test in record.tests),
        *(item.name for item in record.measurements),
        *(picture.sha256[:16] for picture in record.pictures),
        *record.firmware.values(),
    ):
        assert wanted in page


def test_a_part_that_is_not_built_is_shown_as_such(record: Record, tmp_path: Path) -> None:
    page = report.render(record, tmp_path)
    unbuilt = sum(not part.built for part in promises.PROMISES)
    assert page.count('<span class="pill not-built">NOT BUILT</span>') == unbuilt


def test_the_page_says_how_silent_the_shut_uplink_was(record: Record, tmp_path: Path) -> None:
    words = " ".join(report.render(record, tmp_path).split())
    assert "wrote 123 456 bytes to the uplink while its gate was open" in words
    assert "in the 40 stretches of time while it was shut: <b>0</b>" in words


def test_what_a_test_says_cannot_break_the_page(record: Record, tmp_path: Path) -> None:
    record.tests[0].outcome = FAILED
    record.tests[0].message = "<script>alert('&')</script>"
    page = report.render(record, tmp_path)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_headline_names_the_broken_promise(record: Record) -> None:
    record.tests[2].outcome = FAILED
    assert report.headline(record) == "P2 broken: this detector does not leave the bench."


def test_the_headline_of_a_good_run_claims_no_more_than_was_built(record: Record) -> None:
    assert report.headline(record) == "Every promise that is built was kept."


def test_the_headline_of_a_part_says_what_was_not_tested(record: Record) -> None:
    record.tests = record.tests[:1]
    assert report.headline(record).startswith("P1 kept; P2, P3, P4, P5, P7 and P9 not tested")


def test_a_promise_with_tests_left_out_is_shown_as_partly_tested(
    record: Record, tmp_path: Path
) -> None:
    record.tests[1].outcome = NOT_RUN
    assert report.headline(record) == (
        "P2, P3, P4, P5, P7 and P9 kept; P1 partly tested (1 of 2)."
    )
    shown = '<span class="pill partly-tested">PARTLY TESTED (1 of 2)</span>'
    assert shown in report.render(record, tmp_path)


def test_a_board_with_a_radio_is_said_not_to_provide_p2(record: Record, tmp_path: Path) -> None:
    assert promises.WHY_NOT_PROVIDED not in report.render(record, tmp_path)
    record.device["radio"] = True
    assert report.headline(record) == (
        "P1, P3, P4, P5, P7 and P9 kept; P2 not provided by this board."
    )
    page = report.render(record, tmp_path)
    assert '<span class="pill not-provided">NOT PROVIDED</span>' in page
    assert promises.WHY_NOT_PROVIDED.split("'")[1] in page


def test_the_headline_of_an_empty_run_claims_nothing() -> None:
    assert report.headline(Record("virtual")) == "Nothing that a promise rests on was tested."


def test_a_waveform_has_a_lane_for_each_signal_with_causes_above() -> None:
    svg = ElementTree.fromstring(waveform.draw(sample_waveform()))
    words = [text.text for text in svg.iter("text")]
    lanes = [word for word in words if word in waveform.LABELS.values()]
    assert lanes[0] == "panic button"
    assert lanes.index("latch") < lanes.index("GATE")
    assert len(lanes) == 7


def test_a_waveform_rises_where_the_event_is() -> None:
    wave = Waveform("t", "", 0, 100_000, {"GATE": 0}, [Event(50_000, "GATE", 1)])
    svg = waveform.draw(wave)
    trace = re.search(r'class="trace" d="([^"]+)"', svg)
    assert trace is not None
    middle = (168 + 1000 - 16) / 2
    assert f"H{middle:.1f}V" in trace[1]


def test_a_waveform_shows_the_states_that_were_told_and_no_others() -> None:
    told = [(0, ""), (25_000, "ARMED"), (50_000, "ALARM")]
    wave = Waveform("t", "", 0, 100_000, {"GATE": 0}, [], [], told)
    svg = waveform.draw(wave)
    assert re.findall(r'<rect class="([a-z-]+)"', svg) == ["armed", "alarm"]
    boxes = re.findall(r'<rect class="[a-z]+" x="([\d.]+)" y="\d+" width="([\d.]+)"', svg)
    assert boxes == [("372.0", "204.0"), ("576.0", "408.0")]
    assert re.findall(r'class="word"[^>]*>([A-Z ]+)<', svg) == ["ARMED", "ALARM"]
    assert "as told" not in waveform.draw(Waveform("t", "", 0, 100_000, {"GATE": 0}, []))


def test_a_waveform_of_very_many_edges_stays_small() -> None:
    edges = [Event(step * 10, "GATE", step % 2) for step in range(50_000)]
    svg = waveform.draw(Waveform("t", "", 0, 500_000, {"GATE": 0}, edges))
    assert len(svg) < 100_000


def test_marks_do_not_lie_over_each_other() -> None:
    wave = Waveform("t", "", 0, 100_000, {"GATE": 0}, [], [(1000, "first"), (2000, "second")])
    rows = re.findall(r'<g class="mark">.*?<text x="[\d.]+" y="(\d+)"', waveform.draw(wave))
    assert len(set(rows)) == 2


def test_a_histogram_shows_the_limit_only_where_it_fits() -> None:
    values = [1.0, 2.0, 2.0, 3.0, 4.0]
    assert 'class="limit"' in waveform.histogram(Measurement("x", "ms", values, high=5.0))
    assert 'class="limit"' not in waveform.histogram(Measurement("x", "ms", values, high=500.0))


def test_few_values_make_no_histogram() -> None:
    assert waveform.histogram(Measurement("x", "ms", [1.0, 2.0])) == ""
