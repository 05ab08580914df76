"""Writes a witness's whole log as a value change dump (VCD), for GTKWave, PulseView and others.

One microsecond a unit, the board's own clock. Lines are wires of one bit, unknown (x) until the
log first speaks of them. Numbers are reals: at a vector the PulseView that is released (libsigrok
0.5.2) stops reading, past a real it goes on. RESET is two numbers, since two equal causes are two
resets: the last cause, and how many there were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vcd import VCDWriter

from host_tools.bench.target import LINES
from host_tools.bench.witness import (
    ALIVE,
    CAM_RAIL,
    COUNTERS,
    GATE,
    LATCH,
    POWER,
    RESET,
    SERVICE,
    UPLINK_EN,
    Event,
)

RESETS = "RESETS"  # how many resets so far
TEST = "TEST"  # which test runs: its number in the list at the file's head
NUMBERS = COUNTERS | {RESET, RESETS, TEST}

SCOPES: Mapping[str, Sequence[str]] = {
    "lines": (*LINES, SERVICE),
    "gate": ("ARM_CONTACT", "ARM_INTRUSION", "LATCH_CLEAR", LATCH, UPLINK_EN, "HEARTBEAT", ALIVE,
             GATE, "UPLINK_SENSE"),
    "supply": (POWER, RESET, RESETS, "CAM_EN", CAM_RAIL),
    "bytes": sorted(COUNTERS),
}  # fmt: skip
"""Where each signal is found in a viewer's tree; what is not here is beside the folders."""

Mark = tuple[int, str]
"""From when on (us) which test ran."""


def write(path: Path, board: str, events: Sequence[Event], tests: Sequence[Mark] = ()) -> None:
    """Write the log of one board; events and tests in order of time."""
    board = board.replace("-", "_")  # a scope's name is an identifier
    marks = [Event(t_us, TEST, number) for number, (t_us, _name) in enumerate(tests, start=1)]
    log = _counted(sorted([*events, *marks], key=lambda event: event.t_us))
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        writer = VCDWriter(
            file,
            timescale="1 us",
            date="",  # the record has it
            version="sluss bench",
            comment="\n".join([f"{TEST} {n}: {name}" for n, (_t, name) in enumerate(tests, 1)]),
        )
        variables = _register(writer, board, {event.signal for event in log})
        for event in log:
            writer.change(variables[event.signal], event.t_us, event.value)
        writer.close()
    draft.replace(path)


def _counted(events: Sequence[Event]) -> list[Event]:
    """Put a running count beside the resets; RESET 0 is the log's beginning and none."""
    log: list[Event] = []
    resets = 0
    for event in events:
        log.append(event)
        if event.signal == RESET:
            resets += event.value != 0
            log.append(Event(event.t_us, RESETS, resets))
    return log


def _register(writer: VCDWriter, board: str, signals: set[str]) -> dict[str, Any]:
    """Declare each signal in its folder; return its handle by name."""
    folder_of = {signal: folder for folder, names in SCOPES.items() for signal in names}
    order = list(folder_of)
    variables = {}
    for signal in sorted(
        signals, key=lambda name: (order.index(name) if name in folder_of else -1, name)
    ):
        scope = (board, folder_of[signal]) if signal in folder_of else (board,)
        kind, bits = ("real", 64) if signal in NUMBERS else ("wire", 1)
        variables[signal] = writer.register_var(scope, signal, kind, size=bits)
    return variables
