"""What a person wires a board by says what its pins.py says; checked without drawing anything."""

from __future__ import annotations

import re

import pytest

from host_tools.boards import BOARDS_DIR, load_pins
from host_tools.wires import wires
from scripts.wiring import BEGIN, connect_list, note, real_boards, wiring_yaml, with_list

each_board = pytest.mark.parametrize("board", real_boards())
_HINT = "run `make wiring`"


def text_of(board: str, name: str) -> str:
    return (BOARDS_DIR / board / name).read_text(encoding="utf-8")


@each_board
def test_the_list_of_wires_is_that_of_the_numbers_below_it(board: str) -> None:
    text = text_of(board, "pins.py")
    assert BEGIN in text, _HINT
    assert with_list(text, board) == text, _HINT


@each_board
def test_every_pin_is_in_the_list_once(board: str) -> None:
    listed = re.findall(r"^#   (?:GP|IO)(\d+) ", connect_list(board), re.MULTILINE)
    assert sorted(map(int, listed)) == sorted(wire.gpio for wire in wires(load_pins(board)))


@each_board
def test_the_pictures_source_is_made_of_todays_pins(board: str) -> None:
    assert text_of(board, "wiring.yaml") == wiring_yaml(board), _HINT


@each_board
def test_the_picture_is_made_of_todays_source(board: str) -> None:
    assert note(text_of(board, "wiring.yaml")) in text_of(board, "wiring.svg"), _HINT


@each_board
def test_the_readme_shows_the_picture(board: str) -> None:
    assert "](wiring.svg)" in text_of(board, "README.md")


def test_an_old_list_is_replaced_and_a_missing_one_written() -> None:
    text = text_of("RPI_PICO", "pins.py")
    assert with_list(text.replace("GP14  pin 19", "GP15  pin 20"), "RPI_PICO") == text
    bare = text.replace(connect_list("RPI_PICO") + "\n", "")
    assert BEGIN not in bare
    assert with_list(bare, "RPI_PICO") == text


def test_another_source_has_another_note() -> None:
    assert note("a") != note("b")
