"""Every board: a pin for every role, no pin twice, and none that could open the gate in reset."""

from __future__ import annotations

import ast
import json
from types import ModuleType

import pytest

from detector.codes import ZONE_ROLES
from host_tools.boards import BOARDS_DIR, load_pins
from tests.repo.chips import CHIPS, MODULES
from tests.repo.sources import FIRMWARE, tree

_BOARDS = sorted(path.parent.name for path in BOARDS_DIR.glob("*/pins.py"))
_LINES_IN = (*ZONE_ROLES, "SERVICE", "LATCH_SENSE", "UPLINK_SENSE")
_LINES_OUT = ("UPLINK_EN", "LATCH_CLEAR", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION", "CAM_EN")
# High on one of these would be a key to the gate, power for the camera, or an arm line.
_LOW_IN_RESET = ("UPLINK_EN", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION", "CAM_EN")
# A UART's first number and its last (baud) and a bus's first are no pins.
_PINS_OF = {
    "CAM_SPI": slice(1, None),
    "CAM_I2C": slice(1, None),
    "HUB_UART": slice(1, 3),
    "UPLINK_UART": slice(1, 3),
}

each_board = pytest.mark.parametrize("board", _BOARDS)


@each_board
def test_every_role_has_a_pin(board: str) -> None:
    pins = load_pins(board)
    roles = (*_LINES_IN, *_LINES_OUT, "CAM_CS", *_PINS_OF)
    assert [role for role in roles if not hasattr(pins, role)] == []


@each_board
def test_no_pin_has_two_roles(board: str) -> None:
    numbers = _pin_numbers(load_pins(board))
    assert sorted(numbers) == sorted(set(numbers))


@each_board
def test_no_pin_that_is_high_in_reset_has_a_role_that_must_be_low(board: str) -> None:
    pins = load_pins(board)
    not_low = CHIPS[_about(board)["chip"]].not_low
    wrong = {
        role: not_low[getattr(pins, role)]
        for role in _LOW_IN_RESET
        if getattr(pins, role) in not_low
    }
    assert wrong == {}


@each_board
def test_every_pin_is_one_that_chip_and_module_leave_free(board: str) -> None:
    about = _about(board)
    numbers = _pin_numbers(load_pins(board))
    taken = MODULES[about["module"]]
    assert [number for number in numbers if number not in CHIPS[about["chip"]].pins] == []
    assert {number: taken[number] for number in numbers if number in taken} == {}


@each_board
def test_every_role_that_the_firmware_asks_for_exists(board: str) -> None:
    pins = load_pins(board)
    asked = {
        call.args[0].value
        for path in [
            *(FIRMWARE / "detector").glob("*.py"),
            FIRMWARE / "boot.py",
            FIRMWARE / "main.py",
        ]
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("pin_in", "pin_out", "pin_pulled_up", "Pin")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert [role for role in sorted(asked) if not hasattr(pins, role)] == []


@each_board
def test_the_board_says_its_own_name(board: str) -> None:
    assert board == load_pins(board).BOARD
    assert board == _about(board)["board"]


@each_board
def test_the_board_has_a_readme(board: str) -> None:
    assert (BOARDS_DIR / board / "README.md").is_file()


def _about(board: str) -> dict[str, str]:
    about = json.loads((BOARDS_DIR / board / "board.json").read_text(encoding="utf-8"))
    assert isinstance(about, dict)
    return about


def _pin_numbers(pins: ModuleType) -> list[int]:
    numbers = []
    for name in dir(pins):
        value = getattr(pins, name)
        if isinstance(value, int):
            numbers.append(value)
        elif isinstance(value, tuple):
            numbers += value[_PINS_OF[name]]
    return numbers
