"""Transcripts: every piece with its time, readable on the console, exact on the links."""

from __future__ import annotations

from pathlib import Path

from host_tools.bench.transcript import Transcripts


def _lines(folder: Path, port: str) -> list[str]:
    return [line[11:] for line in (folder / f"{port}.log").read_text().splitlines()]


def test_the_console_is_written_as_text_and_a_link_as_hex(tmp_path: Path) -> None:
    with Transcripts(tmp_path) as transcripts:
        transcripts.tap("console")("tx", b"status\n")
        transcripts.tap("hub")("rx", b"\xa5\x5a\x01")
    assert _lines(tmp_path, "console") == [r">     7 status\n"]
    assert _lines(tmp_path, "hub") == ["<     3 a5 5a01"]


def test_a_note_is_in_all_three(tmp_path: Path) -> None:
    with Transcripts(tmp_path) as transcripts:
        transcripts.note("a test begins")
    assert all(_lines(tmp_path, port) == ["# a test begins"] for port in ("console", "hub"))


def test_a_tap_that_comes_late_is_harmless(tmp_path: Path) -> None:
    transcripts = Transcripts(tmp_path)
    tap = transcripts.tap("uplink")
    transcripts.close()
    tap("rx", b"late")
    assert _lines(tmp_path, "uplink") == []
