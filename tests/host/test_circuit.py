"""The reference circuit, by itself: what sets the latch, what opens the gate, what shuts it."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from host_tools.virtual_board.circuit import FAULTS, LINES, Circuit

ALIVE_US = 2_000
MAX_US = 50_000


def circuit(*faults: str) -> Circuit:
    made = Circuit(ALIVE_US, MAX_US)
    for fault in faults:
        made.set_fault(fault, True, 0)
    return made


def beat(board: Circuit, now_us: int) -> None:
    board.set_pin("HEARTBEAT", not board.net("HEARTBEAT"), now_us)


def opened(*faults: str) -> Circuit:
    """Return a circuit whose gate is open at 10 us: panic, enable, heartbeat."""
    board = circuit(*faults)
    board.set_line("TRIP_PANIC", True, 10)
    board.set_pin("UPLINK_EN", True, 10)
    beat(board, 10)
    return board


# --- the latch ----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["TRIP_FIRE", "TRIP_PANIC"])
def test_fire_and_panic_set_the_latch_without_any_arm_line(line: str) -> None:
    board = circuit()
    board.set_line(line, True, 1)
    assert board.latch


@pytest.mark.parametrize("line", ["TRIP_INTRUSION", "TRIP_CONTACT", "TAMPER"])
def test_the_other_lines_do_not_set_it_unarmed(line: str) -> None:
    board = circuit()
    board.set_line(line, True, 1)
    assert not board.latch


@pytest.mark.parametrize(
    ("arm_line", "lines"),
    [("ARM_INTRUSION", {"TRIP_INTRUSION"}), ("ARM_CONTACT", {"TRIP_CONTACT", "TAMPER"})],
)
def test_an_arm_line_lets_its_own_lines_and_no_others(arm_line: str, lines: set[str]) -> None:
    always = {"TRIP_FIRE", "TRIP_PANIC"}
    setting = set()
    for line in LINES:
        board = circuit()
        board.set_pin(arm_line, True, 1)
        board.set_line(line, True, 2)
        if board.latch:
            setting.add(line)
    assert setting == lines | always


def test_arming_while_a_line_is_high_does_not_set_the_latch() -> None:
    board = circuit()
    board.set_line("TRIP_CONTACT", True, 1)
    board.set_pin("ARM_CONTACT", True, 2)
    assert not board.latch


def test_the_latch_outlives_its_line_and_the_arm_line() -> None:
    board = circuit()
    board.set_pin("ARM_CONTACT", True, 1)
    board.set_line("TRIP_CONTACT", True, 2)
    board.set_line("TRIP_CONTACT", False, 3)
    board.set_pin("ARM_CONTACT", False, 4)
    assert board.latch


def test_a_line_that_stays_high_counts_once() -> None:
    board = circuit()
    board.set_line("TRIP_PANIC", True, 1)
    board.set_pin("LATCH_CLEAR", True, 2)
    board.set_pin("LATCH_CLEAR", False, 3)
    board.set_line("TRIP_PANIC", True, 4)
    assert not board.latch


def test_a_line_counts_again_after_it_has_fallen() -> None:
    board = circuit()
    board.set_line("TRIP_PANIC", True, 1)
    board.set_pin("LATCH_CLEAR", True, 2)
    board.set_pin("LATCH_CLEAR", False, 3)
    board.set_line("TRIP_PANIC", False, 4)
    board.set_line("TRIP_PANIC", True, 5)
    assert board.latch


def test_clear_dominates_an_edge_that_comes_meanwhile() -> None:
    board = circuit()
    board.set_pin("LATCH_CLEAR", True, 1)
    board.set_line("TRIP_PANIC", True, 2)
    board.set_pin("LATCH_CLEAR", False, 3)
    assert not board.latch


def test_one_line_still_high_does_not_hide_the_edge_of_another() -> None:
    board = circuit()
    board.set_line("TRIP_PANIC", True, 1)
    board.set_pin("LATCH_CLEAR", True, 2)
    board.set_pin("LATCH_CLEAR", False, 3)
    board.set_line("TRIP_FIRE", True, 4)
    assert board.latch


def test_power_on_clears_the_latch_also_with_a_line_high() -> None:
    board = circuit()
    board.set_line("TRIP_PANIC", True, 1)
    board.set_power(False, 2)
    board.set_power(True, 3)
    assert not board.latch


def test_a_line_that_rises_without_power_does_not_count() -> None:
    board = circuit()
    board.set_power(False, 1)
    board.set_line("TRIP_PANIC", True, 2)
    board.set_power(True, 3)
    assert not board.latch


# --- the gate -----------------------------------------------------------------------------------


def test_latch_enable_and_heartbeat_open_the_gate() -> None:
    assert opened().gate


def test_everything_the_chip_can_drive_does_not_open_it_without_a_trip() -> None:
    board = circuit()
    for pin in ("ARM_CONTACT", "ARM_INTRUSION", "UPLINK_EN"):
        board.set_pin(pin, True, 1)
    for now_us in range(2, 20_000, 500):
        beat(board, now_us)
        assert not board.gate


def test_without_enable_it_is_shut() -> None:
    board = opened()
    board.set_pin("UPLINK_EN", False, 20)
    assert not board.gate


def test_an_undriven_enable_is_low() -> None:
    board = opened()
    board.set_pin("UPLINK_EN", None, 20)
    assert not board.gate


def test_the_jumper_shuts_it() -> None:
    board = opened()
    board.set_service(True, 20)
    assert not board.gate


def test_a_chip_reset_shuts_it_and_keeps_the_latch() -> None:
    board = opened()
    board.release_pins(20)
    assert (board.gate, board.latch) == (False, True)


def test_without_power_nothing_is_high() -> None:
    board = opened("gate-bridged", "latch-stuck", "alive-stuck", "enable-stuck", "sense-high")
    board.set_pin("CAM_EN", True, 15)
    board.set_power(False, 20)
    assert not any((board.gate, board.latch, board.alive, board.sense, board.cam_rail))


# --- ALIVE and MAX ------------------------------------------------------------------------------


def test_alive_falls_at_its_time_and_not_before() -> None:
    board = opened()
    board.advance(10 + ALIVE_US - 1)
    before = board.gate
    board.advance(10 + ALIVE_US)
    assert (before, board.alive, board.gate) == (True, False, False)


def test_each_edge_of_the_heartbeat_starts_alive_anew() -> None:
    board = opened()
    beat(board, 1_500)  # falls
    beat(board, 3_000)  # rises
    board.advance(3_000 + ALIVE_US - 1)
    assert board.alive


def test_a_steady_heartbeat_pin_is_no_heartbeat() -> None:
    board = opened()
    board.set_pin("HEARTBEAT", True, 1_500)
    board.advance(10 + ALIVE_US)
    assert not board.alive


def test_max_clears_the_latch_whatever_the_chip_does() -> None:
    board = opened()
    for now_us in range(1_000, MAX_US + 10, 1_000):
        beat(board, now_us)
    still = board.gate
    board.advance(MAX_US + 10)
    assert (still, board.latch, board.gate) == (True, False, False)


def test_a_further_trip_does_not_start_max_anew() -> None:
    board = opened()
    board.set_line("TRIP_FIRE", True, 40_000)
    board.advance(MAX_US + 10)
    assert not board.latch


def test_clearing_the_latch_takes_max_back_to_zero() -> None:
    board = opened()
    board.set_pin("LATCH_CLEAR", True, 40_000)
    board.set_pin("LATCH_CLEAR", False, 40_001)
    board.set_line("TRIP_FIRE", True, 40_002)
    board.advance(MAX_US + 40_001)
    assert board.latch


def test_the_next_deadline_is_the_earlier_of_both() -> None:
    board = circuit()
    board.set_line("TRIP_PANIC", True, 10)
    with_max = board.next_deadline_us()
    beat(board, 20)
    assert (with_max, board.next_deadline_us()) == (MAX_US + 10, ALIVE_US + 20)


@pytest.mark.parametrize(
    "act",
    [
        lambda board, now_us: board.set_line("TAMPER", True, now_us),
        lambda board, now_us: board.set_service(False, now_us),
        lambda board, now_us: board.set_pin("CAM_EN", True, now_us),
        lambda board, now_us: board.set_fault("sense-low", True, now_us),
    ],
)
def test_whatever_happens_the_time_before_it_has_passed(
    act: Callable[[Circuit, int], None],
) -> None:
    board = opened()
    act(board, MAX_US + 10)
    assert (board.latch, board.alive) == (False, False)


def test_nothing_that_was_driven_or_counting_outlives_the_power() -> None:
    board = opened()
    board.set_power(False, 20)
    board.set_power(True, 30)
    assert board.state(30) == (True, False, 0, 8, 0, 0, 0, 0, None, None)


# --- faults -------------------------------------------------------------------------------------


def test_a_stuck_enable_still_needs_latch_and_heartbeat() -> None:
    board = circuit("enable-stuck")
    beat(board, 1)
    shut = board.gate
    board.set_line("TRIP_PANIC", True, 2)
    assert (board.net("UPLINK_EN"), shut, board.gate) == (True, False, True)


def test_a_floating_enable_is_high_only_while_nobody_drives_it() -> None:
    board = circuit("enable-floating")
    undriven = board.net("UPLINK_EN")
    board.set_pin("UPLINK_EN", False, 1)
    assert (undriven, board.net("UPLINK_EN")) == (True, False)


def test_a_pull_down_of_the_mcu_holds_a_floating_enable() -> None:
    board = circuit("enable-floating")
    board.set_pin("UPLINK_EN", None, 1, pulled_down=True)
    held = board.net("UPLINK_EN")
    board.set_pin("UPLINK_EN", None, 2)
    assert (held, board.net("UPLINK_EN")) == (False, True)


def test_a_reset_mcu_may_hold_a_floating_enable() -> None:
    board = circuit("enable-floating")
    board.release_pins(1, pulled_down=True)
    held = board.net("UPLINK_EN")
    board.release_pins(2)
    assert (held, board.net("UPLINK_EN")) == (False, True)


def test_a_pull_is_part_of_the_state() -> None:
    board = circuit()
    board.set_pin("UPLINK_EN", None, 1, pulled_down=True)
    assert board.state(1) != circuit().state(1)


def test_a_stuck_sense_says_nothing_about_the_gate() -> None:
    low, high = opened("sense-low"), circuit("sense-high")
    assert (low.gate, low.sense, high.gate, high.sense) == (True, False, False, True)


def test_a_deaf_latch_hears_no_line() -> None:
    assert not opened("latch-deaf").latch


def test_a_stuck_latch_is_high_also_while_it_is_cleared() -> None:
    board = circuit("latch-stuck")
    board.set_pin("LATCH_CLEAR", True, 1)
    assert board.latch


def test_an_open_clear_line_clears_nothing() -> None:
    board = opened("clear-open")
    board.set_pin("LATCH_CLEAR", True, 20)
    assert board.latch


def test_mending_the_clear_line_clears_at_once() -> None:
    board = opened("clear-open")
    board.set_pin("LATCH_CLEAR", True, 20)
    board.set_fault("clear-open", False, 30)
    assert not board.latch


def test_an_ignored_latch_opens_without_a_trip_and_the_jumper_still_shuts() -> None:
    board = circuit("latch-ignored")
    board.set_pin("UPLINK_EN", True, 1)
    beat(board, 1)
    wide_open = board.gate
    board.set_service(True, 2)
    assert (wide_open, board.gate) == (True, False)


def test_a_stuck_alive_never_falls() -> None:
    board = opened("alive-stuck")
    board.advance(10 * ALIVE_US)
    assert board.alive


def test_stuck_arm_lines_let_every_line() -> None:
    board = circuit("arm-stuck")
    board.set_line("TRIP_INTRUSION", True, 1)
    assert board.latch


def test_an_enable_net_that_is_held_low_opens_nothing() -> None:
    board = opened("enable-low")
    assert (board.latch, board.net("UPLINK_EN"), board.gate) == (True, False, False)


def test_a_stuck_clear_lets_no_line_set_the_latch() -> None:
    board = opened("clear-stuck")
    assert (board.net("LATCH_CLEAR"), board.latch) == (True, False)


def test_a_stuck_heartbeat_makes_nothing_alive() -> None:
    board = opened("beat-stuck")
    board.set_pin("HEARTBEAT", False, 20)
    assert not board.alive


def test_arm_lines_that_are_held_low_let_no_line_but_fire_and_panic() -> None:
    board = circuit("arm-low")
    board.set_pin("ARM_CONTACT", True, 1)
    board.set_line("TRIP_CONTACT", True, 2)
    by_contact = board.latch
    board.set_line("TRIP_FIRE", True, 3)
    assert (by_contact, board.latch) == (False, True)


@pytest.mark.parametrize(("fault", "read"), [("latch-unseen", False), ("latch-imagined", True)])
def test_a_stuck_latch_sense_leaves_the_latch_alone(fault: str, read: bool) -> None:
    board = circuit(fault)
    before = (board.latch, board.latch_sense)
    board.set_line("TRIP_PANIC", True, 1)
    assert (before, board.latch, board.latch_sense) == ((False, read), True, read)


def test_a_bridged_gate_is_open_and_sense_shows_it() -> None:
    board = circuit("gate-bridged")
    assert (board.gate, board.sense) == (True, True)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_mended(fault: str) -> None:
    board = circuit(fault)
    board.set_fault(fault, False, 5)
    assert board.state(5) == circuit().state(5)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(KeyError):
        circuit("gremlins")


# --- exploring ----------------------------------------------------------------------------------


def test_a_copy_goes_its_own_way() -> None:
    board = opened()
    other = copy.copy(board)
    other.set_pin("UPLINK_EN", False, 20)
    assert (board.gate, other.gate) == (True, False)


def test_the_same_history_later_is_the_same_state() -> None:
    early, late = circuit(), circuit()
    for board, start_us in ((early, 0), (late, 777)):
        board.set_line("TRIP_PANIC", True, start_us + 1)
        beat(board, start_us + 5)
    assert early.state(10) == late.state(787)
