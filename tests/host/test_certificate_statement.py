"""What a certificate states, what it refuses to state, and the page that says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from host_tools import evidence
from host_tools.attestation import Attestation, expected
from host_tools.bench import outcome, promises
from host_tools.bench import record as records
from host_tools.bench.record import Record
from host_tools.certificate import page, statement
from host_tools.certificate.statement import NOT_RUN, OTHER_FIRMWARE, NotCertifiableError
from host_tools.git_state import git_state
from tests.host.bench_sample import sample_record
from tests.host.certificate_sample import MADE, record_file, sample_parts
from tests.host.html_tags import Tags

Change = Callable[[Record], None]


def gathered(
    folder: Path, change: Change | None = None, answer: Attestation | None = None
) -> dict[str, Any]:
    """Return the parts for the made-up record after a change of it."""
    record = sample_record(folder)
    if change is not None:
        change(record)
    record.write(folder / "record.json")
    return statement.gather(folder / "record.json", answer, folder / "evidence")


def drawn(parts: dict[str, Any]) -> str:
    return page.render(parts, MADE, "0123abcd 4567cdef").decode()


def _failed(record: Record) -> None:
    record.tests[2].outcome = outcome.FAILED


def _board_in_error(record: Record) -> None:
    record.tests[-2].outcome = outcome.ERROR  # of a test that speaks for no promise


def _lost(record: Record) -> None:
    record.stopped = "The board was lost."


def _partial(record: Record) -> None:
    record.selection = "panic"


def _without_p4(record: Record) -> None:
    record.tests = [test for test in record.tests if "P4" not in test.promises]


def _sabotaged(record: Record) -> None:
    record.sabotage = "gate-bridged"


def _silent(record: Record) -> None:
    record.attestation = None


def _reflashed(record: Record) -> None:
    record.firmware["detector/gate.mpy"] = "00" * 32


def _unknown_file(record: Record) -> None:
    record.firmware["detector/backdoor.mpy"] = "00" * 32


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_failed, "run failed. P2 broken"),
        (_board_in_error, "run failed. No promise broken, but 1 test failed"),
        (_lost, "run failed. The board was lost."),
        (_partial, "Only a part of the bench was run \\(panic\\)"),
        (_without_p4, "not whole. .* P4 not tested"),
        (_sabotaged, "sabotaged on purpose \\(gate-bridged\\)"),
        (_silent, "no attestation"),
        (_reflashed, "attests other firmware than was benched"),
        (_unknown_file, "attests other firmware than was benched"),
    ],
)
def test_what_must_not_be_certified_is_refused_with_the_reason(
    change: Change, why: str, tmp_path: Path
) -> None:
    gathered(tmp_path)  # without the change it is certified
    with pytest.raises(NotCertifiableError, match=why):
        gathered(tmp_path, change)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"verdict": "NOT BUILT"', '"verdict": "KEPT"'),
        ('"passed": 1', '"passed": 2'),
        ('"p99": ', '"p99": 0.'),
        ('"schema": 2', '"schema": 1'),
        ('"tests": [', '"tests": [5,'),
        ('"firmware": "abab', '"firmware": 5, "x": "abab'),
        ("{", ""),
    ],
)
def test_a_record_that_was_edited_is_refused(old: str, new: str, tmp_path: Path) -> None:
    path = record_file(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(NotCertifiableError, match=str(path)):
        statement.gather(path, evidence_folder=tmp_path)


def test_a_record_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotCertifiableError, match="no bench record"):
        statement.gather(tmp_path / "record.json")


def test_what_the_board_attests_now_counts_more_than_what_it_did_then(tmp_path: Path) -> None:
    firmware = sample_record(tmp_path).firmware
    now = Attestation("ee" * 32, expected(firmware, "ee" * 32), MADE)
    parts = gathered(tmp_path, answer=now)
    assert (parts["attestation"]["nonce"], parts["attestation"]["asked"]) == (now.nonce, MADE)
    stale = replace(now, digest=expected({**firmware, "more.py": "00" * 32}, now.nonce))
    with pytest.raises(NotCertifiableError, match="stale"):
        gathered(tmp_path, answer=stale)


def test_the_record_that_was_certified_is_named_by_its_digest(tmp_path: Path) -> None:
    parts = gathered(tmp_path)
    digest = records.sha256_hex((tmp_path / "record.json").read_bytes())
    assert parts["bench"]["record_sha256"] == digest


# --- evidence -----------------------------------------------------------------------------------


def test_what_was_not_run_is_shown_so_and_nowhere_as_passed(tmp_path: Path) -> None:
    parts = sample_parts(tmp_path)
    assert {run["verdict"] for run in parts["evidence"].values()} == {NOT_RUN}
    assert drawn(parts).count('<span class="pill not-run">not run</span>') == len(evidence.KINDS)


def test_evidence_of_this_firmware_is_shown_with_its_figures(tmp_path: Path) -> None:
    figures = {"states": 1_234_567, "seconds": 58.5}
    evidence.write("prove", figures, passed=True, folder=tmp_path / "evidence")
    parts = gathered(tmp_path, _of_this_source)
    assert parts["evidence"]["prove"]["figures"] == figures
    assert parts["evidence"]["prove"]["verdict"] == evidence.PASS
    assert "<dt>states</dt><dd>1\u202f234\u202f567</dd>" in drawn(parts)


@pytest.mark.parametrize("passed", [True, False])
def test_evidence_of_other_firmware_counts_for_nothing(passed: bool, tmp_path: Path) -> None:
    evidence.write("prove", {"states": 5}, passed=passed, folder=tmp_path / "evidence")
    parts = gathered(tmp_path)
    assert parts["evidence"]["prove"]["verdict"] == OTHER_FIRMWARE
    assert '<span class="pill other-firmware">' in drawn(parts)


def test_a_run_that_failed_on_this_firmware_is_not_certified(tmp_path: Path) -> None:
    evidence.write("cut", {"points": 5}, passed=False, folder=tmp_path / "evidence")
    with pytest.raises(NotCertifiableError, match=r"Power cuts: the run of .* failed"):
        gathered(tmp_path, _of_this_source)


def test_damaged_evidence_is_refused_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "prove.json").write_text("{}")
    with pytest.raises(NotCertifiableError, match="no evidence"):
        gathered(tmp_path)


def _of_this_source(record: Record) -> None:
    record.git = git_state()


# --- the page -----------------------------------------------------------------------------------


def test_the_page_is_whole_and_asks_nothing_of_anybody(tmp_path: Path) -> None:
    text = drawn(sample_parts(tmp_path))
    tags = Tags()
    tags.feed(text)
    assert (tags.open, tags.targets) == ([], [])
    assert "<script" not in text
    assert "http" not in text


def test_the_page_says_all_that_is_certified(tmp_path: Path) -> None:
    parts = sample_parts(tmp_path)
    text = drawn(parts)
    for wanted in (
        "0123abcd 4567cdef",
        "SLUSS-BENCH-1",
        parts["bench"]["record_sha256"],
        parts["attestation"]["nonce"],
        parts["attestation"]["digest"],
        parts["source"]["benched"]["commit"],
        *(item["name"] for item in parts["bench"]["measurements"]),
        *(row["sentence"].split(",")[0].split("'")[0] for row in parts["bench"]["promises"]),
        *parts["firmware"].values(),
        *(sentence.split("'")[0] for sentence in parts["limits"]),
    ):
        assert wanted in text, wanted


def test_the_page_says_that_self_attestation_says_nothing_against_hostile_firmware(
    tmp_path: Path,
) -> None:
    assert "it says nothing against hostile firmware" in drawn(sample_parts(tmp_path))


def test_a_virtual_boards_certificate_says_that_it_is_one(tmp_path: Path) -> None:
    assert statement.VIRTUAL_LIMIT in gathered(tmp_path)["limits"]

    def soldered(record: Record) -> None:
        record.target = "jig"
        record.device["board"] = "RPI_PICO"

    def wired(record: Record) -> None:
        record.target = "jig"

    assert statement.VIRTUAL_LIMIT in gathered(tmp_path, wired)["limits"]
    assert statement.VIRTUAL_LIMIT not in gathered(tmp_path, soldered)["limits"]


def test_the_certificate_of_a_board_with_a_radio_says_that_p2_is_not_provided(
    tmp_path: Path,
) -> None:
    def with_radio(record: Record) -> None:
        record.device["radio"] = True

    parts = gathered(tmp_path, with_radio)
    assert promises.WHY_NOT_PROVIDED in parts["limits"]
    assert '<span class="pill not-provided">NOT PROVIDED</span>' in drawn(parts)


def test_a_part_that_is_not_built_is_shown_as_such(tmp_path: Path) -> None:
    unbuilt = sum(not part.built for part in promises.PROMISES)
    text = drawn(sample_parts(tmp_path))
    assert text.count('<span class="pill not-built">NOT BUILT</span>') == unbuilt


def test_a_source_with_changes_is_said_to_have_them(tmp_path: Path) -> None:
    def changed(record: Record) -> None:
        record.git = replace(record.git, dirty=True)

    clean, dirty = drawn(gathered(tmp_path)), drawn(gathered(tmp_path, changed))
    benched = f"{sample_record(tmp_path).git.commit}</code>, with changes that no commit holds"
    assert (benched in clean, benched in dirty) == (False, True)


def test_what_a_board_says_of_itself_cannot_break_the_page(tmp_path: Path) -> None:
    def hostile(record: Record) -> None:
        record.device["id"] = "<script>alert('&')</script>"

    assert "<script" not in drawn(gathered(tmp_path, hostile))
