"""The jig: pins low in reset, wires as its manual says, and no knowledge of a detector."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from host_tools.bench.target import LINES
from host_tools.bench.witness import COUNTERS
from host_tools.boards import BOARDS_DIR, load_pins
from host_tools.pin_facts import REFUSES, load_module
from host_tools.virtual_board import capture
from jig import pins
from tests.repo.sources import FIRMWARE, imports, jig_files, name_of, tree

_OF_THE_CHIP = {"machine", "rp2", "uctypes", "select", "sys"}
_EDGES = {"board.py", "capture.py", "pio.py"}
_BOARDS = sorted(path.parent.name for path in BOARDS_DIR.glob("*/pins.py"))

each_file = pytest.mark.parametrize("path", jig_files(), ids=name_of)


def _wiring() -> dict[int, str]:
    """Return what hangs on each GPIO, as the tables say."""
    wires = {pins.FIRST_WIRE + number: wire for number, wire in enumerate(pins.WIRES)}
    apart = {pins.SUPPLY: "SUPPLY", pins.HUB_TX: "HUB_TX"}
    return {**dict(enumerate(pins.SIGNALS)), **apart, **wires}


def test_the_manual_connects_every_pin_as_the_tables_say() -> None:
    said = re.findall(r"^    GP(\d+) +([A-Z_]+)", str(pins.__doc__), flags=re.MULTILINE)
    assert {int(number): role for number, role in said} == _wiring()
    assert len(said) == len(_wiring())


def test_every_pin_is_free_and_low_in_reset() -> None:
    pico = load_module("pico")
    # The default UART's pins are fine: a stock image has its prompt on USB.
    unfit = [fact for fact in pico.facts if "out" in REFUSES[fact.kind]]
    assert [fact.why for fact in unfit if fact.pins & _wiring().keys()] == []
    assert set(_wiring()) <= pico.pins


def test_no_role_has_two_pins() -> None:
    assert len(set(_wiring().values())) == len(_wiring())


def test_the_jig_has_what_the_bench_speaks_of() -> None:
    assert pins.LINES == LINES
    assert set(pins.WIRES) == COUNTERS
    assert set(pins.OUTPUTS) - {"SUPPLY"} <= set(pins.SIGNALS)


@pytest.mark.parametrize("board", _BOARDS)
def test_bytes_are_counted_at_the_baud_rates_of_every_board(board: str) -> None:
    about = load_pins(board)
    hub, uplink = about.HUB_UART[3], about.UPLINK_UART[3]
    assert dict(zip(pins.WIRES, pins.BAUDS, strict=True)) == {
        "HUB_RX": hub,
        "UPLINK_RX": uplink,
        "UPLINK_TX_WRITTEN": uplink,
        "UPLINK_TX_PASSED": uplink,
    }


def test_the_virtual_capture_block_ticks_as_the_program_does() -> None:
    found = {
        target.id: statement.value.value
        for statement in tree(FIRMWARE / "jig" / "pio.py").body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    assert found["TICK_US"] == capture.TICK_US


@each_file
def test_the_jig_knows_nothing_of_a_detectors_firmware(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & {"detector", "host_tools"}


@each_file
def test_only_the_jigs_edges_touch_the_chip(path: Path) -> None:
    if path.name not in _EDGES:
        assert not imports(path) & _OF_THE_CHIP
