"""Every board: a pin for every role, none that its chip makes unfit, and one story told by all."""

from __future__ import annotations

import ast

import pytest

from detector.codes import ZONE_ROLES
from host_tools import pin_facts
from host_tools.boards import BOARDS_DIR, board_names, load_board, load_pins
from host_tools.wires import ALWAYS, BY_CAMERA, NO_PINS, circuit, wires
from tests.repo.sources import FIRMWARE, tree

_BOARDS = sorted(path.parent.name for path in BOARDS_DIR.glob("*/pins.py"))
# High on one of these would be a key to the gate, power for the camera, or an arm line.
_KEYS = {"UPLINK_EN", "LATCH_CLEAR", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION", "CAM_EN"}

each_board = pytest.mark.parametrize("board", _BOARDS)


def test_pins_and_description_of_a_board_come_together() -> None:
    assert board_names() == _BOARDS


@each_board
def test_every_role_has_a_pin_of_its_own_that_is_fit_for_it(board: str) -> None:
    assert pin_facts.problems(board) == []


def test_the_circuit_calls_what_could_open_something_a_key_and_holds_it_low() -> None:
    roles = circuit()["roles"]
    assert {role for role, row in roles.items() if row["use"] == "key"} == _KEYS
    assert {roles[role]["pull"] for role in _KEYS} == {"down"}
    lines = (*ZONE_ROLES, "SERVICE")
    assert {(roles[role]["use"], roles[role]["pull"]) for role in lines} == {("in", "down")}


def test_no_role_of_the_circuit_is_forgotten() -> None:
    table = circuit()
    every = {role for roles in (ALWAYS, *BY_CAMERA.values()) for role in roles}
    assert every == {*table["roles"], *table["groups"]}


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
    others = {role for roles in BY_CAMERA.values() for role in roles}
    needed = asked - (others - set(BY_CAMERA[pins.CAMERA]))
    assert [role for role in sorted(needed) if not hasattr(pins, role)] == []


@each_board
def test_firmware_and_host_read_the_same_of_the_model(board: str) -> None:
    about, pins = load_board(board), load_pins(board)
    assert board == pins.BOARD
    features = about.features
    assert (features.camera, features.customer_picture, features.live_view) == (
        pins.CAMERA,
        pins.CUSTOMER_PICTURE,
        pins.LIVE_VIEW,
    )


def test_the_virtual_board_is_wired_as_the_pico_that_it_stands_for() -> None:
    assert wires(load_pins("VIRTUAL")) == wires(load_pins("RPI_PICO"))
    virtual, pico = load_pins("VIRTUAL"), load_pins("RPI_PICO")
    assert {name: getattr(virtual, name) for name in NO_PINS if name != "BOARD"} == {
        name: getattr(pico, name) for name in NO_PINS if name != "BOARD"
    }
    one, other = load_board("VIRTUAL"), load_board("RPI_PICO")
    assert (one.chip, one.flash_bytes) == (other.chip, other.flash_bytes)


@each_board
def test_a_boards_folder_is_named_as_its_interpreter_names_itself(board: str) -> None:
    if board != "VIRTUAL":
        assert load_board(board).build == board


@each_board
def test_the_board_has_a_readme(board: str) -> None:
    assert (BOARDS_DIR / board / "README.md").is_file()
