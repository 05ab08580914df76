"""The virtual board's parts, each by itself: flash rules, recorder, clock."""

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
