"""What each sabotage must break: these tests and promises, and not one more.

The lists hold every test of the suite that a sabotage breaks, also those that SELECTION leaves out
of the routine runs. A name without brackets stands for all parameters of the test.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.cells import Cell, all_cells

# Left out for their time alone: bad input, most images, the flash, the cells that need a capture,
# and (by their mark) the long series. SLUSS_SELFPROOF=whole leaves out the long series only.
SELECTION = (
    "not bad_input and not test_flash and not CAPTURE-from"
    " and (not test_images or deleting or live)"
    " and (not test_capture or entry_delay or share or dark)"
)


@dataclass(frozen=True)
class Expected:
    """The promises that a sabotage breaks, and the tests that say so."""

    promises: frozenset[str]
    tests: frozenset[str]


def _in(file: str, *names: str) -> frozenset[str]:
    return frozenset(f"{file}.py::{name}" for name in names)


def _cells(*cells: Cell) -> frozenset[str]:
    name = "test_the_board_does_what_the_table_says"
    return _in("test_state_table", *(f"{name}[{cell.name}]" for cell in cells))


EXPECTED = {
    # The table lets the gate open in ARMED. A trip outside a delay opens at once anyway, and
    # without a trip the latch holds; what is left is the entry delay, with the latch set.
    "opens-in-armed": Expected(
        frozenset({"P1"}),
        _cells(*(cell for cell in all_cells() if cell.name == "ARMED-on-contact"))
        | _in(
            "test_delays",
            "test_during_entry_delay_with_the_latch_set_the_gate_stays_shut",
            "test_when_the_entry_delay_ends_the_gate_opens",
            "test_a_disarm_in_the_entry_delay_clears_the_latch_and_no_alarm_follows",
            "test_an_instant_zone_does_not_wait_for_a_running_entry_delay",
        )
        | _in("test_story", "test_somebody_comes_home_and_disarms_in_time"),
    ),
    # Firmware as it should be never gives its key without an alarm: only hostile firmware, a
    # prompt, and a key that is stuck find out that the latch does nothing.
    "latch-ignored": Expected(
        frozenset({"P2"}),
        _in("test_faults", "test_with_a_stuck_enable_a_disarm_still_shuts")
        | _in(
            "test_hostile",
            "test_without_a_trip_hostile_firmware_stays_shut_for_10_s_and_a_trip_opens_it",
            "test_hostile_firmware_cannot_outlast_max",
        )
        | _in("test_repl", "test_a_prompt_without_the_jumper_opens_nothing_without_a_trip")
        | _in("test_story", "test_hostile_firmware_tries_before_and_after_a_trip"),
    ),
    # An open gate breaks whatever asks whether it is shut, and nothing that does not.
    "gate-bridged": Expected(
        frozenset({"P1", "P2", "P3", "P4", "P5", "P9"}),
        _cells(*(cell for cell in all_cells() if not cell.may_open or cell.is_delayed))
        | _in(
            "test_bad_input",
            "test_bad_input_on_the_hub_link_changes_nothing",
            "test_bad_input_on_the_open_uplink_stops_neither_the_upload_nor_the_disarm",
            "test_a_recorded_disarm_ends_one_alarm_and_never_another",
            "test_a_disarm_is_obeyed_out_of_its_turn",
            "test_nothing_sent_into_a_shut_uplink_reaches_the_detector",
        )
        | _in(
            "test_capture",
            "test_a_customers_picture_arrives_over_the_hub_bit_for_bit_and_the_gate_stays_shut",
            "test_a_capture_returns_to_where_it_came_from",
            "test_a_capture_that_never_ends_is_given_up_in_time",
            "test_a_broken_camera_ends_the_capture_with_an_error",
            "test_a_capture_goes_on_during_an_entry_delay_that_began_in_it",
        )
        | _in(
            "test_delays",
            "test_in_the_exit_delay_a_sensor_opens_nothing",
            "test_a_line_that_stays_high_from_the_exit_delay_must_fall_before_it_counts",
            "test_during_entry_delay_with_the_latch_set_the_gate_stays_shut",
            "test_when_the_entry_delay_ends_the_gate_opens",
            "test_a_disarm_in_the_entry_delay_clears_the_latch_and_no_alarm_follows",
            "test_an_instant_zone_does_not_wait_for_a_running_entry_delay",
            "test_a_glitch_shorter_than_the_debounce_is_no_alarm",
            "test_a_line_that_was_high_at_power_on_is_reported_and_opens_nothing",
        )
        | _in(
            "test_faults",
            "test_with_a_stuck_enable_the_circuit_stays_shut_at_rest",
            "test_with_a_stuck_enable_a_disarm_still_shuts",
            "test_a_sense_that_does_not_see_the_open_gate_shuts_it_and_the_alarm_goes_on",
            "test_a_deaf_latch_is_found_at_its_first_trip_and_forbids_arming",
            "test_no_record_no_opening",
        )
        | _in(
            "test_flash",
            "test_with_a_full_store_a_disarm_is_still_obeyed",
            "test_a_power_cut_within_a_record_leaves_the_gate_shut_and_the_state"
            "_that_is_on_record",
            "test_the_oldest_images_give_way_and_the_next_alarms_come",
        )
        | _in(
            "test_held_up",
            "test_an_armed_detector_with_a_fault_tells_every_alarm_and_opens_nothing",
            "test_a_detector_whose_files_are_damaged_starts_again_and_gives_no_prompt",
            "test_a_firmware_that_comes_back_from_a_hang_does_not_open_the_gate_again",
        )
        | _in(
            "test_hostile",
            "test_without_a_trip_hostile_firmware_stays_shut_for_10_s_and_a_trip_opens_it",
            "test_hostile_firmware_cannot_outlast_max",
            "test_hostile_firmware_cannot_outvote_the_jumper",
            "test_hostile_firmware_that_stops_its_heart_is_shut_by_alive",
        )
        | _in(
            "test_images",
            "test_an_image_that_was_not_finished_when_the_alarm_ended_is_never_sent_later",
            "test_further_trips_join_the_alarm_and_do_not_extend_it",
            "test_a_disarm_is_obeyed_in_the_middle_of_an_upload",
        )
        | _in(
            "test_journal",
            "test_every_gate_opening_has_its_record_and_every_record_its_opening",
        )
        | _in(
            "test_latency",
            "test_two_hundred_alarms_open_and_shut_in_time",
            "test_with_a_picos_flash_costs_two_hundred_alarms_open_and_shut_in_time",
        )
        | _in(
            "test_model",
            "test_a_model_without_pictures_refuses_them_in_every_state_and_keeps_its_camera_off",
        )
        | _in(
            "test_pull_down",
            "test_a_fire_while_the_pull_down_is_missing_is_told_and_opens_nothing",
            "test_a_missing_pull_down_is_found_at_boot_and_forbids_arming",
        )
        | _in(
            "test_repl",
            "test_a_prompt_with_the_jumper_in_cannot_open_the_gate",
            "test_a_prompt_without_the_jumper_opens_nothing_without_a_trip",
            "test_a_soft_reset_with_pins_held_shuts_an_open_gate",
        )
        | _in(
            "test_story",
            "test_a_panic_alarm_from_the_button_to_the_disarm",
            "test_somebody_comes_home_and_disarms_in_time",
            "test_hostile_firmware_tries_before_and_after_a_trip",
        )
        | _in(
            "test_ways_out",
            "test_a_command_of_the_customer_shuts_the_gate",
            "test_the_alarm_centres_handled_shuts_the_gate",
            "test_the_window_ends_and_the_gate_shuts_by_itself",
            "test_max_shuts_whatever_the_firmware_wants_and_no_further_trip_moves_it",
            "test_a_hung_firmware_is_shut_by_alive_and_reset_by_its_watchdog",
            "test_an_exception_that_nobody_catches_shuts_and_resets",
            "test_a_hard_reset_in_the_middle_of_an_upload_shuts_at_once",
            "test_a_power_cut_shuts_and_the_detector_comes_back_as_journaled",
            "test_the_service_jumper_shuts_the_gate_without_the_firmware",
            "test_what_the_uart_held_when_the_gate_shut_is_gone_before_it_opens_again",
            "test_what_was_queued_when_the_gate_shut_does_not_come_out_of_the_next_opening",
        ),
    ),
}
