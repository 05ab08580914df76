"""The circuit's corners: its bits, its times, what it does without power and with a broken net."""

from __future__ import annotations

import pytest

from host_tools.virtual_board.circuit import FAULTS, LINES, PINS, Circuit

FRESH = (True, False, 0, 0, 0, 0, 0, 0, None, None)


def test_a_new_circuit_has_everything_low_and_nothing_running() -> None:
    assert Circuit().state(5) == FRESH


def test_alive_takes_two_seconds_and_max_twenty_minutes() -> None:
    board = Circuit()
    board.set_line("TRIP_PANIC", True, 7)
    assert board.next_deadline_us() == 7 + 20 * 60 * 1_000_000
    board.set_pin("HEARTBEAT", True, 7)
    assert board.next_deadline_us() == 7 + 2_000_000


@pytest.mark.parametrize("index", range(len(PINS)))
def test_a_pins_net_is_its_own_bit_in_the_order_of_pins(index: int) -> None:
    board = Circuit()
    board.set_pin(PINS[index], True, 1)
    assert board.nets() == 1 << index
    assert [board.net(pin) for pin in PINS] == [pin == PINS[index] for pin in PINS]
    assert board.state(1)[5:7] == (1 << index, 1 << index)
    board.set_pin(PINS[index], False, 2)
    assert (board.nets(), board.state(2)[5:7]) == (0, (1 << index, 0))
    board.set_pin(PINS[index], None, 3, pulled_down=True)
    assert board.state(3)[5:8] == (0, 0, 1 << index)


def test_a_pin_that_changes_leaves_the_others_alone() -> None:
    board = Circuit()
    for pin in ("ARM_CONTACT", "CAM_EN", "ARM_INTRUSION"):
        board.set_pin(pin, True, 1)
    board.set_pin("ARM_CONTACT", False, 2)
    board.set_pin("ARM_INTRUSION", None, 3)
    assert [pin for pin in PINS if board.net(pin)] == ["CAM_EN"]
    board.set_pin("UPLINK_EN", None, 4, pulled_down=True)
    board.set_pin("LATCH_CLEAR", None, 4, pulled_down=True)
    board.set_pin("UPLINK_EN", None, 5)
    assert board.state(5)[7] == 1 << PINS.index("LATCH_CLEAR")


@pytest.mark.parametrize("index", range(len(LINES)))
def test_a_sensor_line_has_its_own_level(index: int) -> None:
    board = Circuit()
    board.set_line(LINES[index], True, 1)
    assert [board.line(line) for line in LINES] == [line == LINES[index] for line in LINES]
    assert board.state(1)[3] == 1 << index
    board.set_line(LINES[index], False, 2)
    assert not board.line(LINES[index])


def test_a_line_that_falls_leaves_the_others_high() -> None:
    board = Circuit()
    board.set_line("TRIP_CONTACT", True, 1)
    board.set_line("TAMPER", True, 2)
    board.set_line("TAMPER", False, 3)
    assert [line for line in LINES if board.line(line)] == ["TRIP_CONTACT"]


def test_the_latch_remembers_each_line_that_set_it() -> None:
    board = Circuit()
    board.set_line("TRIP_FIRE", True, 1)
    board.set_line("TRIP_PANIC", True, 2)
    assert board.state(2)[4] == 1 << LINES.index("TRIP_FIRE") | 1 << LINES.index("TRIP_PANIC")


@pytest.mark.parametrize("index", range(len(FAULTS)))
def test_every_fault_is_named_and_has_its_own_bit(index: int) -> None:
    board = Circuit()
    board.set_fault(FAULTS[index], True, 1)
    assert (board.faults, board.state(1)[2]) == ((FAULTS[index],), 1 << index)


def test_mending_one_fault_leaves_the_others() -> None:
    board = Circuit()
    for fault in ("sense-low", "latch-deaf", "arm-stuck"):
        board.set_fault(fault, True, 1)
    board.set_fault("latch-deaf", False, 2)
    assert board.faults == ("sense-low", "arm-stuck")


def test_the_camera_has_power_while_its_pin_is_high() -> None:
    board = Circuit()
    dark = board.cam_rail
    board.set_pin("CAM_EN", True, 1)
    assert (dark, board.cam_rail) == (False, True)
    board.release_pins(2)
    assert not board.cam_rail


def test_a_bypassed_gate_is_open_and_sense_does_not_show_it() -> None:
    board = Circuit()
    board.set_fault("gate-bypassed", True, 1)
    assert (board.gate, board.sense) == (True, False)
    board.set_power(False, 2)
    assert not board.gate


def test_a_sense_that_is_stuck_high_is_low_without_power() -> None:
    board = Circuit()
    board.set_fault("sense-high", True, 1)
    board.set_power(False, 2)
    assert not board.sense


def test_sense_shows_an_open_gate() -> None:
    board = Circuit()
    board.set_line("TRIP_PANIC", True, 1)
    board.set_pin("UPLINK_EN", True, 1)
    shut = board.sense
    board.set_pin("HEARTBEAT", True, 1)
    assert (shut, board.sense) == (False, True)


def test_stuck_arm_lines_read_back_high_and_nothing_else_does() -> None:
    board = Circuit()
    board.set_fault("arm-stuck", True, 1)
    assert [pin for pin in PINS if board.net(pin)] == ["ARM_CONTACT", "ARM_INTRUSION"]


def test_a_held_clear_that_does_not_reach_the_latch_stops_no_line() -> None:
    board = Circuit()
    board.set_fault("clear-open", True, 1)
    board.set_pin("LATCH_CLEAR", True, 2)
    board.set_line("TRIP_PANIC", True, 3)
    assert board.latch


def test_without_power_a_pin_drives_nothing_and_no_timer_runs() -> None:
    board = Circuit()
    board.set_power(False, 1)
    board.set_pin("HEARTBEAT", True, 2)
    board.set_pin("UPLINK_EN", True, 2)
    assert board.state(2) == (False, *FRESH[1:])
    board.set_power(True, 3)
    assert (board.nets(), board.alive) == (0, False)


def test_power_that_comes_back_finds_no_fault_mended_and_the_jumper_where_it_was() -> None:
    board = Circuit()
    board.set_service(True, 1)
    board.set_fault("latch-stuck", True, 1)
    board.set_power(False, 2)
    board.set_power(True, 3)
    assert (board.service, board.faults, board.latch) == (True, ("latch-stuck",), True)


def test_the_next_deadline_is_none_then_alives_then_whichever_is_first() -> None:
    board = Circuit(alive_us=1_000, max_us=3_000)
    found = [board.next_deadline_us()]
    board.set_pin("HEARTBEAT", True, 0)
    found.append(board.next_deadline_us())
    board.set_line("TRIP_PANIC", True, 500)
    found.append(board.next_deadline_us())
    board.set_pin("HEARTBEAT", False, 900)
    board.set_pin("HEARTBEAT", True, 1_800)
    board.set_pin("HEARTBEAT", False, 2_700)
    found.append(board.next_deadline_us())
    assert found == [None, 1_000, 1_000, 3_500]


def test_deadlines_in_the_state_are_counted_from_now() -> None:
    board = Circuit(alive_us=1_000, max_us=3_000)
    board.set_pin("HEARTBEAT", True, 100)
    board.set_line("TRIP_PANIC", True, 200)
    assert board.state(300)[8:] == (800, 2_900)


@pytest.mark.parametrize("on", [True, False])
def test_time_that_passed_before_the_power_or_a_reset_counts(on: bool) -> None:
    board = Circuit(alive_us=1_000, max_us=3_000)
    board.set_line("TRIP_PANIC", True, 0)
    board.set_power(on, 3_000)
    assert not board.latch
    board = Circuit(alive_us=1_000, max_us=3_000)
    board.set_line("TRIP_PANIC", True, 0)
    board.release_pins(3_000)
    assert not board.latch


def test_a_driven_pin_that_stays_as_it_is_makes_no_edge() -> None:
    board = Circuit(alive_us=1_000)
    board.set_pin("HEARTBEAT", False, 0)
    board.set_pin("CAM_EN", True, 0)
    assert not board.alive


def test_without_power_no_broken_net_is_high_either() -> None:
    board = Circuit()
    for fault in ("enable-stuck", "enable-floating", "arm-stuck"):
        board.set_fault(fault, True, 1)
    board.set_power(False, 2)
    assert board.nets() == 0


def test_a_reset_mcu_pulls_down_every_pin_or_none() -> None:
    board = Circuit()
    board.release_pins(1, pulled_down=True)
    assert board.state(1)[7] == 0b111111
    board.release_pins(2)
    assert board.state(2)[7] == 0
