"""What a board's description may say, and what it is refused for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_tools.boards import BOARDS_DIR, BoardError, board_names, load_board

Change = Callable[[dict[str, Any]], None]


def _without_chip(about: dict[str, Any]) -> None:
    del about["chip"]


def _with_more(about: dict[str, Any]) -> None:
    about["colour"] = "green"


def _invented_digest(about: dict[str, Any]) -> None:
    about["image"]["sha256"] = "unknown"


def _no_reason(about: dict[str, Any]) -> None:
    about["image"]["why_unknown"] = ""


def _both(about: dict[str, Any]) -> None:
    about["image"]["sha256"] = "0" * 64


def _other_name(about: dict[str, Any]) -> None:
    about["board"] = "VIRTUAL"


def _capital_vid(about: dict[str, Any]) -> None:
    about["usb"][0]["vid"] = "2E8A"


def _no_volume(about: dict[str, Any]) -> None:
    about["boot_volume"] = None


def _half_a_block(about: dict[str, Any]) -> None:
    about["flash_bytes"] += 1


def _camera_of_its_own(about: dict[str, Any]) -> None:
    about["features"]["camera"] = "webcam"


def _feature_left_out(about: dict[str, Any]) -> None:
    del about["features"]["live_view"]


def test_every_board_can_be_loaded() -> None:
    assert board_names() == ["ESP32_GENERIC_S3", "RPI_PICO", "RPI_PICO2", "VIRTUAL"]
    for name in board_names():
        assert load_board(name).board == name


def test_a_board_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no board 'NOWHERE'"):
        load_board("NOWHERE")


def test_usb_ids_are_asked_for_by_what_runs() -> None:
    board = load_board("RPI_PICO2")
    assert [usb.pid for usb in board.usb_ids("boot")] == ["000f"]
    assert [usb.pid for usb in board.usb_ids("micropython")] == ["0005"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without_chip, "chip"),
        (_with_more, "colour"),
        (_invented_digest, "sha256"),
        (_no_reason, "why_unknown"),
        (_both, "why_unknown"),
        (_other_name, "says that it is VIRTUAL"),
        (_capital_vid, "vid"),
        (_no_volume, "boot_volume"),
        (_half_a_block, "whole blocks"),
        (_camera_of_its_own, "camera"),
        (_feature_left_out, "live_view"),
    ],
)
def test_a_wrong_description_is_refused_with_the_reason(
    change: Change, reason: str, tmp_path: Path
) -> None:
    about = json.loads((BOARDS_DIR / "RPI_PICO" / "board.json").read_text(encoding="utf-8"))
    change(about)
    folder = tmp_path / "RPI_PICO"
    folder.mkdir()
    (folder / "board.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(BoardError, match=reason):
        load_board("RPI_PICO", tmp_path)
