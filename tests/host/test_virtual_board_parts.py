"""The virtual board's parts, each by itself: UART pacing, flash rules, recorder, clock."""

from __future__ import annotations

import errno
from datetime import datetime
from pathlib import Path

import pytest

from host_tools.virtual_board.flash import (
    BLOCK_BYTES,
    COSTS,
    FLASH_BYTES,
    FlashChip,
    FlashCut,
    FlashError,
    PowerLostError,
)
from host_tools.virtual_board.recorder import Recorder
from host_tools.virtual_board.rtc import Rtc
from host_tools.virtual_board.uart import FIFO_BYTES, LineFault, PacedUart

BAUD = 100_000
BYTE_NS = 100_000


class FakePort:
    """A port with somebody at the other end."""

    def __init__(self) -> None:
        self.typed = bytearray()
        self.heard = bytearray()
        self.readable = False

    def type(self, data: bytes) -> None:
        self.typed += data
        self.readable = True

    def read(self, limit: int) -> bytes:
        data = bytes(self.typed[:limit])
        del self.typed[:limit]
        self.readable = bool(data)
        return data

    def write(self, data: bytes) -> int:
        self.heard += data
        return len(data)


def make_uart(is_gated: bool = False, rxbuf: int = 256) -> tuple[PacedUart, FakePort]:
    port = FakePort()
    uart = PacedUart(port, BAUD, is_gated, seed=1)
    uart.open(BAUD, rxbuf, 256, 0)
    return uart, port


# --- UART ---------------------------------------------------------------------------------------


def test_a_byte_leaves_when_its_ten_bits_have_passed() -> None:
    uart, port = make_uart()
    uart.write(b"ab", 0)
    uart.settle(BYTE_NS - 1)
    before = bytes(port.heard)
    uart.settle(BYTE_NS)
    assert (before, bytes(port.heard)) == (b"", b"a")


def test_the_transmit_buffer_takes_what_it_has_room_for() -> None:
    uart, _port = make_uart()
    assert uart.write(bytes(1000), 0) == 256 + FIFO_BYTES


def test_sent_means_the_last_bit_has_left() -> None:
    uart, _port = make_uart()
    uart.write(b"abc", 0)
    assert (uart.is_sent(3 * BYTE_NS - 1), uart.is_sent(3 * BYTE_NS)) == (False, True)


def test_received_bytes_arrive_one_by_one() -> None:
    uart, port = make_uart()
    port.type(b"abcd")
    uart.settle(0)
    assert [uart.available(n * BYTE_NS) for n in range(5)] == [0, 1, 2, 3, 4]


def test_a_long_message_arrives_without_a_gap() -> None:
    uart, port = make_uart(rxbuf=4096)
    port.type(bytes(3000))
    for step in range(3001):
        uart.settle(step * BYTE_NS)
    assert uart.available(3001 * BYTE_NS) >= 2999


def test_a_receiver_that_nobody_empties_loses_the_rest() -> None:
    uart, port = make_uart(rxbuf=32)
    port.type(bytes(200))
    uart.settle(0)
    waiting = uart.available(300 * BYTE_NS)
    assert (waiting, uart.counts.lost) == (32 + FIFO_BYTES, 200 - 32 - FIFO_BYTES)


def test_a_deaf_receiver_keeps_its_fifo_only() -> None:
    uart, port = make_uart()
    uart.set_deaf(True, 0)
    port.type(bytes(200))
    uart.settle(0)
    uart.set_deaf(False, 300 * BYTE_NS)
    assert uart.available(300 * BYTE_NS) == FIFO_BYTES


def test_a_uart_that_is_not_set_up_hears_nothing() -> None:
    uart, port = make_uart()
    uart.reset()
    port.type(b"abc")
    uart.settle(0)
    uart.settle(10 * BYTE_NS)
    uart.open(BAUD, 256, 256, 10 * BYTE_NS)
    assert uart.available(20 * BYTE_NS) == 0


def test_a_shut_gate_stops_both_directions() -> None:
    uart, port = make_uart(is_gated=True)
    uart.write(b"out", 0)
    port.type(b"in")
    uart.settle(0)
    waiting = uart.available(10 * BYTE_NS)
    assert (waiting, bytes(port.heard), uart.counts.written, uart.counts.passed) == (0, b"", 3, 0)


def test_bytes_written_while_shut_do_not_appear_later() -> None:
    uart, port = make_uart(is_gated=True)
    uart.write(b"abcdef", 0)
    uart.set_gate(True, 10 * BYTE_NS)
    uart.settle(20 * BYTE_NS)
    assert bytes(port.heard) == b""


def test_the_gate_cuts_between_two_bytes() -> None:
    uart, port = make_uart(is_gated=True)
    uart.set_gate(True, 0)
    uart.write(b"abcdef", 0)
    uart.set_gate(False, 2 * BYTE_NS + 1)
    uart.settle(20 * BYTE_NS)
    assert bytes(port.heard) == b"ab"


def test_a_byte_that_began_before_the_gate_opened_is_lost() -> None:
    uart, port = make_uart(is_gated=True)
    uart.write(b"ab", 0)
    uart.set_gate(True, BYTE_NS // 2)
    uart.settle(10 * BYTE_NS)
    assert bytes(port.heard) == b"b"


def test_a_cut_line_passes_nothing() -> None:
    uart, port = make_uart()
    uart.fault = LineFault(cut=True)
    uart.write(b"abc", 0)
    uart.settle(10 * BYTE_NS)
    assert bytes(port.heard) == b""


def test_noise_flips_about_as_many_bits_as_asked() -> None:
    uart, port = make_uart()
    uart.fault = LineFault(bit_error_rate=0.01)
    for step in range(100):
        uart.write(bytes(100), step * 100 * BYTE_NS)
        uart.settle((step + 1) * 100 * BYTE_NS)
    flipped = sum(byte.bit_count() for byte in port.heard)
    assert len(port.heard) == 10_000
    assert 600 < flipped < 1000


def test_dropped_bytes_are_missing() -> None:
    uart, port = make_uart()
    uart.fault = LineFault(drop=0.5)
    uart.write(bytes(200), 0)
    uart.settle(300 * BYTE_NS)
    assert 60 < len(port.heard) < 140


def test_a_reset_empties_the_transmitter() -> None:
    uart, port = make_uart()
    uart.write(b"abc", 0)
    uart.reset()
    uart.settle(10 * BYTE_NS)
    assert bytes(port.heard) == b""


# --- flash --------------------------------------------------------------------------------------


@pytest.fixture
def chip(tmp_path: Path) -> FlashChip:
    return FlashChip(tmp_path / "flash.bin")


def test_a_new_chip_is_blank(chip: FlashChip) -> None:
    assert chip.read(0, FLASH_BYTES) == b"\xff" * FLASH_BYTES


def test_programming_only_clears_bits(chip: FlashChip) -> None:
    chip.program(256, b"\xf0" * 256)
    chip.program(256, b"\x3c" * 256)
    assert chip.read(256, 256) == b"\x30" * 256


def test_erasing_sets_one_block_and_no_other(chip: FlashChip) -> None:
    chip.program(0, bytes(3 * BLOCK_BYTES))
    chip.erase(BLOCK_BYTES)
    after = chip.read(0, 3 * BLOCK_BYTES)
    assert after == bytes(BLOCK_BYTES) + b"\xff" * BLOCK_BYTES + bytes(BLOCK_BYTES)


@pytest.mark.parametrize(
    ("address", "count"), [(1, 256), (0, 255), (FLASH_BYTES - 256, 512), (-256, 256)]
)
def test_a_program_that_does_not_fit_pages_is_refused(
    chip: FlashChip, address: int, count: int
) -> None:
    with pytest.raises(FlashError) as caught:
        chip.program(address, bytes(count))
    assert caught.value.errno == errno.EINVAL


def test_the_file_keeps_the_content(tmp_path: Path) -> None:
    first = FlashChip(tmp_path / "flash.bin")
    first.program(512, b"\x55" * 256)
    first.close()
    assert FlashChip(tmp_path / "flash.bin").read(512, 256) == b"\x55" * 256


def test_a_file_of_another_size_is_no_chip(tmp_path: Path) -> None:
    (tmp_path / "flash.bin").write_bytes(b"\xff" * 4096)
    with pytest.raises(ValueError, match="not a flash image"):
        FlashChip(tmp_path / "flash.bin")


def test_pico_costs_are_45_ms_a_block_and_400_us_a_page(chip: FlashChip) -> None:
    chip.costs = COSTS["pico"]
    assert (chip.erase(0), chip.program(0, bytes(1024))) == (45_000, 1_600)


def test_a_power_cut_comes_at_the_nth_operation_and_leaves_it_undone(chip: FlashChip) -> None:
    chip.cut = FlashCut(2, during=False)
    chip.program(0, bytes(256))
    with pytest.raises(PowerLostError):
        chip.program(256, bytes(256))
    assert chip.read(0, 512) == bytes(256) + b"\xff" * 256


def test_a_power_cut_during_an_operation_leaves_it_half_done(chip: FlashChip) -> None:
    chip.cut = FlashCut(1, during=True)
    with pytest.raises(PowerLostError):
        chip.program(0, bytes(512))
    assert chip.read(0, 512) == bytes(256) + b"\xff" * 256


def test_a_failing_range_fails_and_the_rest_works(chip: FlashChip) -> None:
    chip.failing = range(3, 5)
    chip.erase(2 * BLOCK_BYTES)
    with pytest.raises(FlashError) as caught:
        chip.erase(4 * BLOCK_BYTES)
    assert caught.value.errno == errno.EIO


def test_operations_are_counted(chip: FlashChip) -> None:
    chip.erase(0)
    chip.program(0, bytes(256))
    chip.read(0, 256)
    assert (chip.operations, chip.erases, chip.programs) == (2, 1, 1)


# --- recorder -----------------------------------------------------------------------------------


def listen(recorder: Recorder) -> list[tuple[int, str, int]]:
    heard: list[tuple[int, str, int]] = []
    recorder.listeners.append(lambda *event: heard.append(event))
    return heard


def test_only_changes_are_told() -> None:
    recorder = Recorder()
    heard = listen(recorder)
    for t_us, level in ((1, 0), (2, 1), (3, 1), (4, 0)):
        recorder.record(t_us, "GATE", level)
    assert heard == [(1, "GATE", 0), (2, "GATE", 1), (4, "GATE", 0)]


def test_each_reset_is_told_also_of_the_same_cause() -> None:
    recorder = Recorder()
    heard = listen(recorder)
    recorder.record(1, "RESET", 3)
    recorder.record(2, "RESET", 3)
    assert len(heard) == 2


def test_counts_are_told_once_a_millisecond_with_the_time_of_the_last() -> None:
    recorder = Recorder()
    heard = listen(recorder)
    for t_us in range(5000, 5500, 100):
        recorder.record_often(t_us, "HUB_RX", t_us)
    due = recorder.next_us()
    recorder.flush()
    assert (heard, due) == ([(5000, "HUB_RX", 5000), (5400, "HUB_RX", 5400)], 6400)


def test_a_held_back_count_is_told_before_the_change_that_followed_it() -> None:
    recorder = Recorder()
    heard = listen(recorder)
    recorder.record_often(5000, "HUB_RX", 1)
    recorder.record_often(5100, "HUB_RX", 2)
    recorder.record(5200, "GATE", 0)
    assert heard == [(5000, "HUB_RX", 1), (5100, "HUB_RX", 2), (5200, "GATE", 0)]


def test_the_log_never_runs_backwards() -> None:
    recorder = Recorder()
    heard = listen(recorder)
    recorder.record(5200, "GATE", 1)
    recorder.record_often(5100, "HUB_RX", 2)
    assert [event[0] for event in heard] == [5200, 5200]


# --- clock --------------------------------------------------------------------------------------


def test_the_clock_starts_in_2021() -> None:
    rtc = Rtc()
    rtc.restart(5_000_000)
    assert rtc.now(6_500_000) == datetime(2021, 1, 1, 0, 0, 1, 500_000)


def test_a_stopped_clock_stands_and_then_goes_on() -> None:
    rtc = Rtc()
    rtc.stop(True, 1_000_000)
    standing = rtc.now(9_000_000)
    rtc.stop(False, 9_000_000)
    assert (standing.second, rtc.now(10_000_000).second) == (1, 2)


def test_a_step_moves_the_clock() -> None:
    rtc = Rtc()
    rtc.step(-3600, 0)
    assert rtc.now(0) == datetime(2020, 12, 31, 23)


def test_what_is_set_is_read_back() -> None:
    rtc = Rtc()
    fields = Rtc().get(0)[:2] + b"\x02\x00\x03\x00\x00\x00\x04\x00\x05\x00\x06\x00\x00\x00"
    rtc.set(fields, 0)
    assert rtc.now(0) == datetime(2021, 2, 3, 4, 5, 6)
