"""`sluss flash` against a virtual board: files, read back by littlefs-python, and the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector import flash_map
from detector.version import VERSION
from host_tools.deadline import Deadline
from host_tools.flash import (
    JumperError,
    LostError,
    NoReplError,
    VerifyError,
    build_image,
    check_app,
)
from host_tools.flash.packed import Part
from host_tools.flash.sender import Progress, Sender
from host_tools.virtual_board.client import VirtualBoard
from tests.host.flash.flashing import SECONDS, files_on, flash, on_board, starter

_RAW_BYTES = flash_map.RAW_BLOCKS * flash_map.BLOCK_BYTES

# --- files ------------------------------------------------------------------------------------


def test_a_blank_board_gets_every_file_and_nothing_else(
    flashed_image: tuple[bytes, Path],
) -> None:
    assert files_on(flashed_image[0]) == build_image("VIRTUAL").files


def test_a_second_run_writes_nothing(provisioned: VirtualBoard, keys: Path) -> None:
    operations = provisioned.flash_operations()
    result = flash(provisioned, keys)
    assert result.installed.sent == ()
    assert provisioned.flash_operations() == operations


def test_only_what_differs_is_sent_and_strays_are_deleted(
    provisioned: VirtualBoard, keys: Path
) -> None:
    on_board(
        provisioned,
        "import os\nos.mkdir('/old')\n"
        "with open('/main.py', 'w') as file: file.write('x')\n"
        "with open('/old/stray.py', 'w') as file: file.write('y')",
    )
    result = flash(provisioned, keys)
    assert result.installed.sent == ("main.py",)
    assert result.installed.deleted == ("old/stray.py",)
    assert files_on(provisioned.flash_image()) == build_image("VIRTUAL").files


def test_flashing_leaves_the_raw_blocks_as_they_are(
    provisioned: VirtualBoard, keys: Path, flashed_image: tuple[bytes, Path]
) -> None:
    flash(provisioned, keys, sabotage=lambda path, text: f"{text}\n_PATCHED = {path!r}\n")
    assert provisioned.flash_image()[-_RAW_BYTES:] == flashed_image[0][-_RAW_BYTES:]


@pytest.mark.parametrize("name", ["a.app", "loader.mpy.new"])
def test_a_file_that_did_not_arrive_is_found_out(
    name: str, board: VirtualBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Sender.send

    def forgetful(
        self: Sender, path: str, parts: list[Part], source: str, progress: Progress
    ) -> None:
        wrong = [Part(part.data[::-1]) for part in parts] if path == name else parts
        send(self, path, wrong, source, progress)

    monkeypatch.setattr(Sender, "send", forgetful)
    with pytest.raises(VerifyError, match=name):
        flash(board, None)


def test_a_board_that_loses_power_on_the_way_is_flashed_by_the_next_run(
    board: VirtualBoard, tmp_path: Path
) -> None:
    def cut(what: str, done: int, total: int) -> None:
        if what == "a.app" and done > total // 2:
            board.power(False)

    with pytest.raises(LostError, match="run this again"):
        flash(board, tmp_path / "keys", progress=cut, deadline=Deadline(5.0))
    board.power(True)
    result = flash(board, tmp_path / "keys")
    assert set(result.installed.kept) == set(build_image("VIRTUAL").root)
    assert files_on(board.flash_image()) == build_image("VIRTUAL").files


def test_a_board_that_cannot_write_is_quoted(board: VirtualBoard, tmp_path: Path) -> None:
    def spoil(what: str, done: int, total: int) -> None:
        if done > total // 2:
            board.fault("flash-fails")

    with pytest.raises(LostError, match=r"could not write \S+: OSError: \S.*\.$"):
        flash(board, tmp_path / "keys", progress=spoil, deadline=Deadline(8.0))


# --- start ------------------------------------------------------------------------------------


def test_the_detector_is_started_and_says_its_version(
    provisioned: VirtualBoard, keys: Path
) -> None:
    assert flash(provisioned, keys, start=starter(provisioned)).version == VERSION


def test_the_detector_starts_in_seven_eighths_of_its_heap(
    tmp_path: Path, flashed_image: tuple[bytes, Path]
) -> None:
    """What is left is for later; without a test it would go a byte at a time."""
    (tmp_path / "flash.bin").write_bytes(flashed_image[0])
    with VirtualBoard(tmp_path, heapsize="112wk") as board:
        assert check_app(board.ports.console, Deadline(SECONDS)) == VERSION


def test_a_detector_of_another_version_is_found_out(provisioned: VirtualBoard, keys: Path) -> None:
    def older(path: str, text: str) -> str:
        return text.replace(VERSION, "0.0.9") if path == "detector/version.py" else text

    with pytest.raises(VerifyError, match=r"0\.0\.9"):
        flash(provisioned, keys, sabotage=older, start=starter(provisioned))


def test_a_detector_that_does_not_start_is_quoted(provisioned: VirtualBoard, keys: Path) -> None:
    def broken(path: str, text: str) -> str:
        return "raise ValueError('broken on purpose')\n" if path == "main.py" else text

    with pytest.raises(LostError, match="broken on purpose"):
        flash(provisioned, keys, sabotage=broken, deadline=Deadline(8.0))


def test_a_running_detector_keeps_its_prompt_shut(provisioned: VirtualBoard, keys: Path) -> None:
    starter(provisioned)()
    check_app(provisioned.ports.console, Deadline(SECONDS))
    with pytest.raises(NoReplError, match="The detector is running"):
        flash(provisioned, keys)


def test_a_blank_board_without_the_jumper_is_refused(board: VirtualBoard, tmp_path: Path) -> None:
    board.jumper(False)
    with pytest.raises(JumperError, match="jumper is out"):
        flash(board, tmp_path / "keys")
    assert files_on(board.flash_image()) == {}
