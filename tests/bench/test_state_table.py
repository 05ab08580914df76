"""Every state with every trip and every command: state, latch and gate as the table says.

The cells come from detector.states.TABLE. What the firmware says of its state is asked on the
console, which is the fastest; latch, gate and bytes on the uplink are the witness's.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from detector import codes, states
from host_tools.bench.session import Bench
from host_tools.bench.target import Target
from host_tools.bench.witness import GATE, LATCH, Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient
from tests.bench import scenario, situations
from tests.bench.cells import SITUATIONS, Cell, all_cells

pytestmark = pytest.mark.raw_board  # cells that change nothing share one bring-up

COMMAND_WORDS = {
    states.EV_ARM: "arm",
    states.EV_DISARM: "disarm",
    states.EV_CANCEL: "cancel",
    states.EV_HANDLED: "handled",
    states.EV_CAPTURE: "capture",
    states.EV_LIVE: "live",
}


@pytest.fixture(scope="module", autouse=True)
def _leave_idle(bench: Bench) -> Iterator[None]:
    """Let no capture of the last cell come to its end: its picture would fill the hub link."""
    yield
    situations.bring_to(bench.target, bench.hub, bench.console, SITUATIONS[0])


def _param(cell: Cell) -> object:
    marks = [pytest.mark.promise(cell.promise)]
    if states.CUSTOMER_CAPTURE in (cell.situation.state, cell.after.state):
        marks.append(pytest.mark.needs("camera"))  # it must be slow to be caught in that state
    return pytest.param(cell, id=cell.name, marks=marks)


def apply(cell: Cell, target: Target, hub: HubClient, arc: ArcClient) -> None:
    """Let the cell's event happen from outside and check the answer to a command."""
    if cell.is_trip:
        scenario.trip(target, codes.TRIP_NAMES[cell.event])
        return
    if cell.event == states.EV_CAPTURE and cell.after.state == states.CUSTOMER_CAPTURE:
        target.camera(broken="never-done")
    by_arc = cell.event == states.EV_HANDLED and cell.situation.state == states.ALARM
    code = scenario.say(arc if by_arc else hub, COMMAND_WORDS[cell.event])
    if cell.event == states.EV_HANDLED and not by_arc:
        assert code == codes.ERR_NOT_ALLOWED  # the alarm centre's word, and its line is dead
    elif cell.event == states.EV_LIVE:
        assert code == codes.ERR_NOT_BUILT
    elif cell.stays and cell.refusal is None:
        assert code in (codes.OK, codes.ERR_ALREADY)
    else:
        assert code == (cell.refusal or codes.OK)


def check_gate(cell: Cell, witness: Witness, since_us: int) -> None:
    """Check latch, gate and silence: open only where the table lets it, else shut and silent."""
    if cell.may_open:
        took_ms = scenario.opens(witness, since_us, scenario.ENTRY_MS + scenario.SHUT_MS)
        least_ms = scenario.ENTRY_MS if cell.is_delayed else 0
        assert took_ms >= least_ms, f"the gate opened early, after {took_ms:.1f} ms"
        assert witness.level(GATE) == 1
        assert witness.level(LATCH) == 1
        return
    scenario.latch_is(witness, 0)
    shut_us = since_us
    if states.GATE_OPEN[cell.situation.state]:
        shut_us = witness.wait(GATE, 0, scenario.patience(), since_us).t_us
    scenario.stayed_shut(witness, shut_us)
    scenario.wrote_nothing(witness, shut_us)


@pytest.mark.parametrize("cell", [_param(cell) for cell in all_cells()])
def test_the_board_does_what_the_table_says(
    cell: Cell,
    target: Target,
    witness: Witness,
    hub: HubClient,
    arc: ArcClient,
    console: ConsoleClient,
) -> None:
    """State, latch, gate and silence of the uplink are as this cell of the table says."""
    situations.bring_to(target, hub, console, cell.situation)
    since = witness.now_us()
    apply(cell, target, hub, arc)
    says = situations.becomes(console, cell.after)
    assert (says["armed"], says["faults"]) == (situations.armed(cell.after), "-")
    check_gate(cell, witness, since)


def test_the_cells_are_the_whole_table() -> None:
    """No trip, no command and no state is left out of the cells above."""
    tried = {(cell.situation.state, cell.event) for cell in all_cells()}
    events = {*range(len(codes.TRIP_NAMES)), *COMMAND_WORDS}
    assert tried == {(state, event) for state in range(len(states.TABLE)) for event in events}
