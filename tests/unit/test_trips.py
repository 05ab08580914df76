"""Delays, glitches and rises on the fake board: what is a trip, and what the latch confirms."""

import unittest

from fake_parts import ENTRY_MS, EXIT_MS, WINDOW_MS, Parts

from detector import codes, states


class TestDelays(unittest.TestCase):
    def test_trips_in_the_exit_delay_do_not_count_and_arm_lines_are_low(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual(parts.controller.state, states.ARMED)
        self.assertEqual(parts.board.levels.get("ARM_INTRUSION", 0), 0)

    def test_fire_in_the_exit_delay_is_an_alarm_at_once(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.trip(codes.TRIP_FIRE)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))

    def test_a_line_still_high_when_the_exit_delay_ends_must_fall_before_it_counts(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.trip(codes.TRIP_INTRUSION)
        parts.run(EXIT_MS + 50)
        self.assertEqual(parts.controller.state, states.ARMED)
        parts.release(codes.TRIP_INTRUSION)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual(parts.controller.state, states.ALARM)
        self.assertEqual(parts.board.gate(), 1)
        self.assertEqual(parts.record.faults, 0)

    def test_a_line_that_rises_right_before_the_exit_delay_ends_must_fall_too(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.run(EXIT_MS - 3)
        parts.trip(codes.TRIP_INTRUSION)
        parts.run(20)
        self.assertEqual((parts.controller.state, parts.record.faults), (states.ARMED, 0))

    def test_a_line_that_rises_right_after_the_exit_delay_has_ended_is_a_trip(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        while not parts.gate.arm_lines:
            parts.run(1)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))
        self.assertEqual(parts.record.faults, 0)

    def test_the_gate_stays_shut_in_the_entry_delay_though_the_latch_is_set(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        parts.trip(codes.TRIP_CONTACT)
        self.assertTrue(parts.board.latch)
        parts.run(ENTRY_MS - 20)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ARMED, 0))
        parts.run(20)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))

    def test_a_disarm_in_the_entry_delay_clears_the_latch_and_no_alarm_follows(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        parts.trip(codes.TRIP_CONTACT)
        self.assertEqual(parts.command(states.EV_DISARM), codes.OK)
        parts.run(ENTRY_MS + 50)
        self.assertEqual((parts.controller.state, parts.board.latch), (states.IDLE, False))

    def test_an_instant_zone_does_not_wait_for_a_running_entry_delay(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        parts.trip(codes.TRIP_CONTACT)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual(parts.controller.state, states.ALARM)

    def test_the_window_ends_the_alarm_and_further_trips_do_not_extend_it(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, True)
        parts.run(WINDOW_MS // 2)
        parts.trip(codes.TRIP_FIRE)
        parts.run(WINDOW_MS // 2)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ARMED, 0))

    def test_a_glitch_shorter_than_the_debounce_is_cleared_from_the_latch(self) -> None:
        parts = Parts()
        parts.board.line("TRIP_PANIC", 1)
        parts.run(2)
        parts.board.line("TRIP_PANIC", 0)
        parts.run(3)
        self.assertEqual((parts.controller.state, parts.board.latch), (states.IDLE, False))
        self.assertTrue(codes.JR_LATCH_CLEARED in parts.journal.kinds())

    def test_a_line_that_rises_behind_its_sample_keeps_its_latch(self) -> None:
        parts = Parts()
        step = parts.keeper.step

        def rise_then_step(now_ms: int, state: int, service: bool) -> None:
            parts.board.line("TRIP_PANIC", 1)  # after the zones were sampled in this tick
            step(now_ms, state, service)

        parts.keeper.step = rise_then_step
        parts.run(10)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))

    def test_so_does_one_that_rises_right_behind_the_end_of_an_alarm(self) -> None:
        parts = Parts()
        # Two looks at a latch that is set, before its line counts; what they saw must not last.
        parts.enter(states.ALARM, False)
        parts.release(codes.TRIP_PANIC)
        step = parts.keeper.step

        def rise_then_step(now_ms: int, state: int, service: bool) -> None:
            parts.board.line("TRIP_PANIC", 1)
            step(now_ms, state, service)

        parts.command(states.EV_DISARM)
        parts.keeper.step = rise_then_step
        parts.run(10)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))

    def test_a_line_that_falls_and_rises_within_one_long_tick_is_a_trip(self) -> None:
        parts = Parts()
        parts.trip(codes.TRIP_PANIC)
        parts.command(states.EV_DISARM)
        parts.run(5)
        parts.board.line("TRIP_PANIC", 0)
        parts.board.line("TRIP_PANIC", 1)
        parts.board.now_ms += 45  # the tick waited for an erase
        parts.run(5)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))

    def test_it_is_taken_at_the_second_look_and_from_a_gap_of_the_debounce_on(self) -> None:
        for gap_ms, seen in ((4, states.IDLE), (5, states.ALARM)):
            parts = Parts()
            parts.trip(codes.TRIP_PANIC)
            parts.command(states.EV_DISARM)
            parts.run(5)
            parts.board.line("TRIP_PANIC", 0)
            parts.board.line("TRIP_PANIC", 1)
            parts.board.now_ms += gap_ms - 1
            parts.run(1)
            self.assertEqual(parts.controller.state, states.IDLE)
            parts.run(1)
            self.assertEqual(parts.controller.state, seen)

    def test_a_latch_that_no_line_explains_is_no_trip_after_a_long_tick_either(self) -> None:
        parts = Parts()
        parts.board.latch = True
        parts.board.now_ms += 45
        parts.run(5)
        self.assertEqual((parts.controller.state, parts.board.latch), (states.IDLE, False))

    def test_a_long_tick_in_an_alarm_counts_no_trip_twice(self) -> None:
        parts = Parts()
        parts.trip(codes.TRIP_PANIC)
        parts.board.now_ms += 45
        parts.run(5)
        self.assertEqual(parts.event.trips, 1)

    def test_a_glitch_on_one_line_is_no_trip_of_another_that_is_still_high(self) -> None:
        parts = Parts()
        parts.trip(codes.TRIP_FIRE)
        parts.command(states.EV_DISARM)
        parts.run(5)
        parts.board.line("TRIP_PANIC", 1)
        parts.run(1)
        parts.board.line("TRIP_PANIC", 0)
        parts.run(20)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.IDLE, 0))
        self.assertEqual((parts.board.latch, parts.record.faults), (False, 0))

    def test_a_rattling_sensor_has_a_bounded_number_of_records_and_its_count_at_the_end(
        self,
    ) -> None:
        parts = Parts()
        for _ in range(100):
            parts.trip(codes.TRIP_PANIC)
            parts.release(codes.TRIP_PANIC)
        parts.command(states.EV_DISARM)
        self.assertEqual(parts.journal.kinds().count(codes.JR_TRIP), 16)
        end = [record for record in parts.journal.records if record[0] == codes.JR_ALARM_END]
        self.assertEqual(end, [(codes.JR_ALARM_END, 1, states.EV_DISARM, 100)])


if __name__ == "__main__":
    unittest.main()
