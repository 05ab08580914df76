"""Evidence files, the state of the source, and a board's attestation: what a certificate reads."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from host_tools import ROOT, attestation, evidence
from host_tools.attestation import Attestation
from host_tools.git_state import git_state

FIGURES = {"states": 1_234_567, "seconds": 58.5, "machine": "2 cores"}


@pytest.mark.parametrize("passed", [True, False])
def test_evidence_comes_back_as_it_was_written(passed: bool, tmp_path: Path) -> None:
    evidence.write("prove", FIGURES, passed=passed, folder=tmp_path)
    found = evidence.read("prove", tmp_path)
    assert found is not None
    assert (found.kind, found.figures, found.passed) == ("prove", FIGURES, passed)
    assert found.git == git_state()


def test_what_did_not_run_has_no_evidence(tmp_path: Path) -> None:
    assert evidence.read("cut", tmp_path) is None


def test_an_unknown_kind_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gossip"):
        evidence.write("gossip", {}, passed=True, folder=tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "kept"},
        {"kind": "cut"},
        {"figures": {"states": None}},
        {"figures": [1]},
        {"git": {"commit": "", "dirty": False}},
        {"git": {"commit": "", "dirty": 0, "firmware": ""}},
        {"when": 5},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_no_evidence_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = evidence.write("prove", FIGURES, passed=True, folder=tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(evidence.EvidenceError, match=str(path)):
        evidence.read("prove", tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"kind": "prove"}'])
def test_a_damaged_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "prove.json").write_text(text)
    with pytest.raises(evidence.EvidenceError):
        evidence.read("prove", tmp_path)


# --- the source ---------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a firmware of one file, committed."""
    (tmp_path / "firmware" / "detector").mkdir(parents=True)
    (tmp_path / "firmware" / "detector" / "gate.py").write_text("SHUT = True\n")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def test_a_clean_clone_has_its_commit(clone: Path) -> None:
    command = ["git", "-C", str(clone), "rev-parse", "HEAD"]
    head = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert (git_state(clone).commit, git_state(clone).dirty) == (head, False)


@pytest.mark.parametrize("name", ["tests.py", "firmware/detector/gate.py"])
def test_any_change_makes_it_dirty(name: str, clone: Path) -> None:
    (clone / name).write_text("CHANGED = True\n")
    assert git_state(clone).dirty


def test_the_firmwares_digest_follows_its_files_and_nothing_else(clone: Path) -> None:
    before = git_state(clone).firmware
    (clone / "README.md").write_text("more\n")
    assert git_state(clone).firmware == before
    (clone / "firmware" / "detector" / "gate.py").rename(clone / "firmware" / "detector" / "a.py")
    moved = git_state(clone).firmware
    (clone / "firmware" / "detector" / "a.py").write_text("SHUT = False\n")
    assert len({before, moved, git_state(clone).firmware}) == 3


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    state = git_state(tmp_path)
    assert (state.commit, state.dirty) == ("", False)


# --- the board's answer -------------------------------------------------------------------------

FIRMWARE = {"main.py": "11" * 32, "boot.py": "22" * 32, "detector/gate.mpy": "33" * 32}


def test_the_expected_answer_is_the_one_that_the_firmware_describes() -> None:
    whole = hashlib.sha256(b"\xaa\xbb")
    for name, digest in sorted(FIRMWARE.items()):
        whole.update(name.encode() + b"\x00" + bytes.fromhex(digest))
    assert attestation.expected(FIRMWARE, "aabb") == whole.hexdigest()
    assert Attestation("aabb", whole.hexdigest(), "").is_of(FIRMWARE)


@pytest.mark.parametrize(
    "other",
    [
        {**FIRMWARE, "main.py": "12" * 32},
        {**FIRMWARE, "more.py": "11" * 32},
        {"main.py": FIRMWARE["main.py"]},
    ],
    ids=["changed", "more", "less"],
)
def test_other_files_have_another_answer(other: dict[str, str]) -> None:
    answer = Attestation("aabb", attestation.expected(FIRMWARE, "aabb"), "")
    assert not answer.is_of(other)
    assert not Attestation("aabc", answer.digest, "").is_of(FIRMWARE)


def test_a_bench_run_has_the_boards_answer_over_a_nonce_of_its_own(small_bench: Path) -> None:
    record = json.loads((small_bench / "record.json").read_text())
    found = record["attestation"]
    assert len(found["nonce"]) == 2 * attestation.NONCE_BYTES
    assert found["digest"] == attestation.expected(record["firmware"], found["nonce"])
    assert record["git"]["firmware"] == git_state(ROOT).firmware
