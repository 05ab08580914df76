"""The bench record: verdicts, figures, and its way to disk and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host_tools.bench import promises
from host_tools.bench import record as records
from host_tools.bench.measurement import Measurement
from host_tools.bench.outcome import (
    ERROR,
    FAILED,
    LOST,
    NOT_RUN,
    PASSED,
    SKIPPED,
    TestRecord,
)
from host_tools.bench.record import Record
from tests.host.bench_sample import sample_record


def _verdict(tests: list[TestRecord], promise: str, part: str = "") -> str:
    found = [
        verdict.verdict
        for verdict in Record("virtual", tests=tests).verdicts()
        if (verdict.promise, verdict.part) == (promise, part)
    ]
    assert len(found) == 1
    return found[0]


def _test(outcome: str, *promises: str) -> TestRecord:
    return TestRecord("t", "A test.", list(promises), outcome, 0.1)


def test_a_promise_is_kept_when_every_test_that_speaks_for_it_passed() -> None:
    assert _verdict([_test(PASSED, "P1"), _test(PASSED, "P1", "P2")], "P1") == "KEPT"


@pytest.mark.parametrize("outcome", [SKIPPED, NOT_RUN, LOST])
def test_a_promise_is_not_kept_by_a_part_of_its_tests(outcome: str) -> None:
    tests = [_test(PASSED, "P1"), _test(outcome, "P1"), _test(PASSED, "P2")]
    assert _verdict(tests, "P1") == "PARTLY TESTED"
    assert _verdict(tests, "P2") == "KEPT"
    words = [one.words() for one in Record("virtual", tests=tests).verdicts()]
    assert words[:2] == ["PARTLY TESTED (1 of 2)", "KEPT"]


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [(PASSED, "NOT PROVIDED"), (NOT_RUN, "NOT PROVIDED"), (FAILED, "BROKEN")],
)
def test_a_board_with_a_radio_does_not_provide_p2_whatever_passed(
    outcome: str, verdict: str, tmp_path: Path
) -> None:
    tests = [_test(outcome, "P2"), _test(PASSED, "P1")]
    record = Record("jig", device={"board": "ESP32_GENERIC_S3", "radio": True}, tests=tests)
    record.write(tmp_path / "record.json")
    found = {one.promise: one.verdict for one in records.load(tmp_path / "record.json").verdicts()}
    assert (found["P1"], found["P2"]) == ("KEPT", verdict)


@pytest.mark.parametrize("outcome", [FAILED, ERROR])
def test_one_failure_breaks_a_promise(outcome: str) -> None:
    assert _verdict([_test(PASSED, "P1"), _test(outcome, "P1")], "P1") == "BROKEN"


@pytest.mark.parametrize(
    "tests",
    [[], [_test(SKIPPED, "P3")], [_test(NOT_RUN, "P3")], [_test(LOST, "P3")]],
    ids=["none", "skipped", "not-run", "lost"],
)
def test_a_promise_without_a_passing_test_is_never_kept(tests: list[TestRecord]) -> None:
    assert _verdict(tests, "P3") == "NOT TESTED"


def test_a_part_that_is_not_built_is_never_kept() -> None:
    tests = [_test(PASSED, "P5", "P6")]
    assert _verdict(tests, "P6") == "NOT BUILT"
    assert _verdict(tests, "P5", "live view") == "NOT BUILT"
    assert _verdict(tests, "P5", "pictures") == "KEPT"


def test_a_failure_against_a_promise_that_is_not_built_still_shows() -> None:
    assert _verdict([_test(FAILED, "P6")], "P6") == "BROKEN"


def test_the_table_has_all_ten_promises() -> None:
    assert promises.promise_ids() == [f"P{number}" for number in range(1, 11)]


def test_a_run_passes_only_with_a_passed_test_and_no_failure() -> None:
    passed, failed = _test(PASSED, "P1"), _test(FAILED, "P1")
    assert Record("virtual", tests=[passed]).passed
    assert not Record("virtual", tests=[passed, failed]).passed
    assert not Record("virtual").passed
    assert not Record("virtual", tests=[_test(SKIPPED, "P1")]).passed
    assert not Record("virtual", tests=[passed], stopped="lost").passed


def test_p99_is_a_value_that_was_measured() -> None:
    series = Measurement("x", "ms", [float(value) for value in range(1, 201)])
    assert (series.n, series.median, series.p99, series.max) == (200, 100.5, 198.0, 200.0)


def test_p99_of_few_values_is_the_largest() -> None:
    assert Measurement("x", "ms", [3.0, 1.0, 2.0]).p99 == 3.0


@pytest.mark.parametrize(("judged", "within"), [("max", False), ("p99", True), ("median", True)])
def test_the_upper_limit_is_for_the_judged_figure(judged: str, within: bool) -> None:
    series = Measurement("x", "ms", [1.0] * 199 + [9.0], high=5.0, judged=judged)
    assert series.within is within


def test_the_lower_limit_is_for_the_smallest_value() -> None:
    assert not Measurement("x", "ms", [1.0, 5.0], low=2.0).within


def test_a_record_survives_its_way_to_disk_and_back(tmp_path: Path) -> None:
    record = sample_record(tmp_path)
    record.write(tmp_path / "record.json")
    again = records.load(tmp_path / "record.json")
    assert again.as_json() == json.loads((tmp_path / "record.json").read_text())
    assert again.verdicts() == record.verdicts()


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text('{"schema": 99}')
    with pytest.raises(ValueError, match="no bench record"):
        records.load(tmp_path / "record.json")
