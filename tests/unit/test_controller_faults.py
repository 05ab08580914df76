"""Faults, hangs and the service jumper on the fake board."""

import unittest

from fake_board import FakeBoard
from fake_parts import ENTRY_MS, Parts

from detector import codes, states
from detector.journal import JournalFull


class TestFaults(unittest.TestCase):
    def test_a_deaf_latch_is_found_at_its_first_trip_and_arming_is_refused(self) -> None:
        parts = Parts()
        parts.board.deaf = True
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        parts.release(codes.TRIP_PANIC)
        parts.command(states.EV_DISARM)
        self.assertEqual(parts.command(states.EV_ARM), codes.ERR_FAULT)

    def test_a_line_that_rises_right_before_max_runs_out_is_no_proof_of_a_deaf_latch(self) -> None:
        for is_full in (False, True):  # the journal: then the gate does not open
            parts = Parts()
            parts.journal.broken = is_full
            parts.journal.error = JournalFull
            parts.trip(codes.TRIP_FIRE)
            self.assertEqual(parts.board.gate(), 0 if is_full else 1)
            parts.board.line("TRIP_PANIC", 1)
            parts.run(1)
            parts.board.latch = False  # the circuit's MAX clears it
            parts.run(20)
            self.assertEqual(parts.record.faults, 0)

    def test_a_line_high_at_boot_is_reported_but_opens_nothing_and_is_no_fault(self) -> None:
        def high(board: FakeBoard) -> None:
            board.levels["TRIP_PANIC"] = 1

        parts = Parts(before_start=high)
        parts.run(20)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        self.assertEqual(parts.record.faults, 0)
        self.assertTrue("alarm" in parts.hub.words())

    def test_a_sense_that_disagrees_for_20_ms_latches_a_fault_that_stays(self) -> None:
        parts = Parts()
        parts.board.sense_stuck = 1
        parts.run(15)
        self.assertEqual(parts.record.faults, 0)
        parts.run(10)
        self.assertEqual(parts.record.faults, codes.FAULT_GATE_SENSE)
        parts.board.sense_stuck = None
        parts.run(50)
        self.assertEqual(parts.record.faults, codes.FAULT_GATE_SENSE)
        self.assertEqual(parts.command(states.EV_ARM), codes.ERR_FAULT)

    def test_a_sense_that_disagrees_in_one_look_after_a_long_tick_is_no_fault(self) -> None:
        parts = Parts()
        parts.board.sense_stuck = 1
        parts.board.now_ms += 45
        parts.run(1)
        parts.board.sense_stuck = None
        parts.run(50)
        self.assertEqual(parts.record.faults, 0)

    def test_with_a_fault_every_trip_while_armed_is_told_and_opens_nothing(self) -> None:
        for kind in range(len(codes.TRIP_NAMES)):
            parts = Parts()
            parts.enter(states.ARMED, True)
            parts.board.sense_stuck = 1
            parts.run(30)
            parts.board.sense_stuck = None
            parts.trip(kind)
            parts.run(ENTRY_MS + 10)
            name = codes.TRIP_NAMES[kind]
            self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0), name)
            told = [event["kind"] for event in parts.hub.events if event["e"] == "alarm"]
            self.assertEqual(told, [name])
            self.assertEqual(parts.record.faults, codes.FAULT_GATE_SENSE)

    def test_after_a_hang_the_gate_stays_shut_and_the_shutting_is_on_record(self) -> None:
        for hang_ms in (1000, 2500):
            parts = Parts()
            parts.enter(states.ALARM, True)
            self.assertEqual(parts.board.gate(), 1)
            parts.board.now_ms += hang_ms
            parts.run(1)
            self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
            parts.run(1500)
            self.assertEqual(parts.board.gate(), 0)
            shut = [record for record in parts.journal.records if record[0] == codes.JR_GATE_SHUT]
            self.assertEqual([record[2] for record in shut], [states.EV_HANG])
            self.assertEqual(parts.record.faults, 0)

    def test_a_slow_tick_is_no_hang(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, True)
        parts.board.now_ms += 700
        parts.run(300)
        self.assertEqual((parts.board.gate(), parts.record.faults), (1, 0))

    def test_a_stuck_enable_is_found_by_its_own_pin(self) -> None:
        parts = Parts()
        parts.board.enable_stuck = 1
        parts.run(30)
        self.assertEqual(parts.record.faults, codes.FAULT_ENABLE_STUCK)

    def test_a_fault_in_alarm_shuts_the_gate_and_the_alarm_goes_on(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, True)
        parts.board.sense_stuck = 0
        parts.run(30)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        self.assertEqual(parts.board.levels["ARM_CONTACT"], 0)

    def test_the_jumper_in_alarm_shuts_for_good_and_is_no_fault(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, True)
        parts.board.levels["SERVICE"] = 1
        parts.run(2)
        parts.board.levels["SERVICE"] = 0
        parts.run(50)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        self.assertEqual(parts.record.faults, 0)

    def test_the_jumper_in_alarm_joins_its_story_as_tamper(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, False)
        parts.board.levels["SERVICE"] = 1
        parts.run(2)
        trips = [event["kind"] for event in parts.hub.events if event["e"] == "trip"]
        self.assertEqual(trips, ["panic", "tamper"])

    def test_the_jumper_in_the_exit_delay_is_tamper(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.board.levels["SERVICE"] = 1
        parts.run(2)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))

    def test_the_jumper_while_armed_is_tamper_that_opens_nothing(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        parts.board.levels["SERVICE"] = 1
        parts.run(5)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        self.assertEqual(parts.record.faults, 0)
        self.assertEqual(parts.hub.events[-1]["confirmed"], False)

    def test_arming_with_an_open_zone_is_refused(self) -> None:
        parts = Parts()
        parts.trip(codes.TRIP_CONTACT)
        self.assertEqual(parts.command(states.EV_ARM), codes.ERR_OPEN_ZONES)
        self.assertEqual(parts.controller.open_zones(), ["contact"])

    def test_arming_that_cannot_be_journaled_is_refused(self) -> None:
        parts = Parts()
        parts.journal.broken = True
        self.assertEqual(parts.command(states.EV_ARM), codes.ERR_FAULT)
        self.assertEqual(parts.controller.state, states.IDLE)


if __name__ == "__main__":
    unittest.main()
