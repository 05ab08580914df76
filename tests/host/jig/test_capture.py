"""The model of the capture block: what it knows, what it refuses, and when it stores a record."""

from __future__ import annotations

import contextlib
import struct

import pytest
from mpremote.transport import TransportExecError

from host_tools.deadline import Deadline
from host_tools.flash.transport import ReplTransport
from host_tools.virtual_board import capture
from host_tools.virtual_board.capture import Capture
from jig import pins
from tests.host.virtual_board_helpers import LoggedBoard, raw_repl

_NONE = capture._NO_PIN
_GATE = 1 << pins.SIGNALS.index("GATE")
_SILENT = 1 << pins.SIGNALS.index("TX_SILENT")


class FakeWires:
    """Wires whose levels and counts a test sets."""

    bauds = pins.BAUDS
    first_wire = pins.FIRST_WIRE
    hub_tx = pins.HUB_TX
    silent = pins.SIGNALS.index("TX_SILENT")

    def __init__(self) -> None:
        self.now = 0
        self.low_us: int | None = None
        self.sent = [(0, (100, 0, 0, 0))]  # from when on so many bytes

    def levels(self) -> int:
        return self.now

    def low_since_us(self) -> int | None:
        return self.low_us

    def counts(self, now_us: int) -> tuple[int, int, int, int]:
        return [counts for t_us, counts in self.sent if t_us <= now_us][-1]

    def settle(self, now_us: int) -> None:
        pass


def packed(words: tuple[int, ...]) -> bytes:
    return struct.pack(f"<{len(words)}H", *words)


def set_up(block: Capture) -> None:
    block.set_up(0, 7_000_000, (0, _NONE, _NONE), packed(capture._SAMPLES_19_PINS))
    block.set_up(1, 1_000_000, (27, 27, 18), packed(capture._TELLS_SILENCE))
    for wire, baud in enumerate(pins.BAUDS):
        pin = pins.FIRST_WIRE + wire
        block.set_up(4 + wire, baud * 16, (pin, pin, _NONE), packed(capture._COUNTS_BYTES))


@pytest.fixture
def wires() -> FakeWires:
    return FakeWires()


@pytest.fixture
def block(wires: FakeWires) -> Capture:
    """A block that runs since 1 ms."""
    block = Capture(wires)
    set_up(block)
    for number in (0, 1, 4, 5, 6, 7):
        block.set_active(number, True, 1000)
    return block


def records(answer: bytes) -> tuple[int, list[tuple[int, ...]]]:
    """Return how many there were, and those that are left."""
    return struct.unpack_from("<I", answer)[0], list(struct.iter_unpack("<6I", answer[4:]))


def test_it_begins_with_a_record_of_what_is(block: Capture) -> None:
    assert records(block.take(1000)) == (1, [(0, 1000, 0, 0, 0, 0)])


def test_a_change_is_a_record_and_no_change_is_none(block: Capture, wires: FakeWires) -> None:
    block.take(1000)
    wires.now = _GATE
    block.sample(1005)
    block.sample(1007)
    assert records(block.take(1010)) == (1, [(_GATE, 1005, 0, 0, 0, 0)])


def test_without_a_change_a_record_comes_every_993_us_however_late_it_is_read(
    block: Capture, wires: FakeWires
) -> None:
    block.take(1000)
    wires.sent.append((2500, (107, 0, 0, 0)))
    count, found = records(block.take(4000))
    assert count == 3
    assert [record[:3] for record in found] == [(0, 1993, 0), (0, 2986, 7), (0, 3979, 7)]


def test_ticks_before_a_change_come_before_it_with_the_old_levels(
    block: Capture, wires: FakeWires
) -> None:
    block.take(1000)
    wires.now = _GATE
    block.sample(2000)
    assert [record[:2] for record in records(block.take(2000))[1]] == [(0, 1993), (_GATE, 2000)]


def test_bytes_that_are_about_to_be_moved_are_counted_after_the_ticks_before(
    block: Capture, wires: FakeWires
) -> None:
    block.take(1000)
    block.before_settle(2_000_000)
    wires.sent = [(0, (105, 0, 0, 0))]
    assert [record[2] for record in records(block.take(2986))[1]] == [0, 5]


def test_more_records_than_the_rings_hold_are_counted_and_only_the_newest_kept(
    block: Capture,
) -> None:
    block.take(1000)
    count, found = records(block.take(1000 + 2000 * 993))
    assert (count, len(found)) == (2000, 1024)
    assert found[-1][1] == 1000 + 2000 * 993


def test_a_wire_that_no_uart_drives_is_silent_after_128_us(
    block: Capture, wires: FakeWires
) -> None:
    block.take(1000)
    wires.low_us = 1993 - 127
    assert records(block.take(1993))[1][0][0] == 0
    assert records(block.take(2986))[1][0][0] == _SILENT
    wires.low_us = None
    assert records(block.take(3979))[1][0][0] == 0


def test_a_reset_stops_it(block: Capture) -> None:
    block.stop()
    assert not block.is_running
    assert records(block.take(9000)) == (0, [])
    with pytest.raises(ValueError, match="has no program"):
        block.set_active(0, True, 9000)


def test_it_runs_only_with_all_its_state_machines(wires: FakeWires) -> None:
    block = Capture(wires)
    set_up(block)
    for number in (0, 1, 4, 5, 6):
        block.set_active(number, True, 1000)
    assert records(block.take(5000)) == (0, [])
    block.set_active(7, True, 5000)
    block.set_active(4, False, 5000)
    assert not block.is_running


@pytest.mark.parametrize(
    ("number", "hz", "used"),
    [
        (0, 7_000_001, (0, _NONE, _NONE)),
        (0, 7_000_000, (1, _NONE, _NONE)),
        (1, 1_000_000, (27, 27, 17)),
        (4, 115200 * 8, (19, 19, _NONE)),
        (5, 921600 * 16, (20, 19, _NONE)),
    ],
)
def test_another_clock_or_pin_is_refused(
    number: int, hz: int, used: tuple[int, int, int], wires: FakeWires
) -> None:
    programs = {0: capture._SAMPLES_19_PINS, 1: capture._TELLS_SILENCE}
    program = programs.get(number, capture._COUNTS_BYTES)
    with pytest.raises(ValueError, match="no model"):
        Capture(wires).set_up(number, hz, used, packed(program))


@pytest.mark.parametrize("at", range(len(capture._COUNTS_BYTES)))
def test_a_program_with_another_word_is_refused(at: int, wires: FakeWires) -> None:
    words = list(capture._COUNTS_BYTES)
    words[at] ^= 1
    with pytest.raises(ValueError, match="no model"):
        Capture(wires).set_up(4, 115200 * 16, (19, 19, _NONE), packed(tuple(words)))


def test_a_state_machine_without_a_use_is_refused(wires: FakeWires) -> None:
    with pytest.raises(ValueError):
        Capture(wires).set_up(2, 1, (0, 0, 0), packed(capture._COUNTS_BYTES))


# --- as a program on the jig's chip sees it ------------------------------------------------------

_OTHER = """
import rp2, machine
@rp2.asm_pio()
def other():
    push(noblock)
rp2.StateMachine(0, other, freq=7_000_000, in_base=machine.Pin(0))
"""
_CHAIN = """
import rp2
a, b = rp2.DMA(), rp2.DMA()
for one, two in ((a, b), (b, a)):
    one.config(read=0x50200020, write=0, count=1, ctrl=one.pack_ctrl(chain_to=two.channel),
               trigger=True)
"""


@pytest.mark.parametrize(
    ("code", "says"), [(_OTHER, "OSError: [Errno 22] EINVAL"), (_CHAIN, "NotImplementedError")]
)
def test_the_chip_refuses_what_it_has_no_model_of(
    code: str, says: str, board: LoggedBoard
) -> None:
    with contextlib.closing(ReplTransport(board.jig_port, Deadline(20))) as repl:
        repl.start_repl()
        with pytest.raises(TransportExecError) as caught:
            repl.exec(code)
    assert says in str(caught.value.error_output)


def test_a_detectors_chip_has_no_pio(board: LoggedBoard) -> None:
    board.power(True)
    with raw_repl(board) as repl:
        said = repl.exec("import rp2; print(hasattr(rp2, 'PIO'), hasattr(rp2, 'Flash'))")
    assert said.decode().split() == ["False", "True"]
