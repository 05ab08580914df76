"""The gate and the boot self-test on the fake board."""

import unittest

from fake_board import FakeBoard

from detector import codes, selftest
from detector.gate import ALIVE_MS, HEARTBEAT_MS, Gate


class TestGate(unittest.TestCase):
    def setUp(self) -> None:
        self.board = FakeBoard()
        self.gate = Gate(self.board, 0)
        self.board.log.clear()

    def test_opening_without_a_latch_opens_nothing(self) -> None:
        self.gate.open(0)
        self.assertFalse(self.gate.is_open())

    def test_shutting_drives_enable_low_stops_the_heart_and_clears_the_latch_in_this_order(
        self,
    ) -> None:
        self.board.latch = True
        self.gate.open(0)
        self.board.log.clear()
        self.gate.shut()
        self.assertEqual(
            self.board.log, [("UPLINK_EN", 0), ("LATCH_CLEAR", 1), ("LATCH_CLEAR", 0)]
        )
        self.gate.tick(HEARTBEAT_MS * 2)
        self.assertEqual(len(self.board.log), 3)

    def test_the_heart_beats_only_while_open_and_only_in_the_tick(self) -> None:
        for now_ms in range(0, ALIVE_MS * 2, 10):
            self.gate.tick(now_ms)
        self.assertEqual(self.board.log, [])
        self.board.latch = True
        self.board.now_ms = 5000
        self.gate.open(5000)
        self.board.log.clear()
        for now_ms in range(5000, 5000 + 4 * HEARTBEAT_MS + 10, 10):
            self.board.now_ms = now_ms
            self.assertEqual(self.gate.tick(now_ms), 0)
        self.assertEqual([role for role, _level in self.board.log], ["HEARTBEAT"] * 4)

    def test_a_latch_that_max_clears_is_no_fault(self) -> None:
        self.board.latch = True
        self.gate.open(0)
        self.board.latch = False
        for now_ms in range(0, 60):
            self.board.now_ms = now_ms
            self.assertEqual(self.gate.tick(now_ms), 0)

    def test_arm_lines_move_together_and_only_on_a_change(self) -> None:
        self.gate.set_arm_lines(True)
        self.gate.set_arm_lines(True)
        self.assertEqual(self.board.log, [("ARM_CONTACT", 1), ("ARM_INTRUSION", 1)])
        self.assertEqual(self.gate.arms, 1)


class TestSelfTest(unittest.TestCase):
    def setUp(self) -> None:
        self.board = FakeBoard()

    def run_it(self) -> int:
        """Make a gate, forget what that drove, and return what the self-test found."""
        gate = Gate(self.board, 0)
        self.board.log.clear()
        return selftest.run(gate, self.board)

    def test_a_sound_board_passes(self) -> None:
        self.assertEqual(self.run_it(), 0)

    def test_each_broken_net_has_its_fault(self) -> None:
        for name, value, fault in (
            ("sense_stuck", 1, codes.FAULT_GATE_SENSE),
            ("enable_stuck", 1, codes.FAULT_ENABLE_STUCK),
            ("floating", ("UPLINK_EN",), codes.FAULT_ENABLE_FLOATING),
        ):
            self.board = FakeBoard()
            setattr(self.board, name, value)
            self.assertEqual(self.run_it(), fault)

    def test_the_self_test_never_drives_enable_high(self) -> None:
        self.run_it()
        self.assertFalse(("UPLINK_EN", 1) in self.board.log)

    def test_while_a_floating_enable_is_lifted_the_latch_is_held_clear(self) -> None:
        self.board.floating = ("UPLINK_EN",)
        self.run_it()
        lifted = self.board.log.index(("UPLINK_EN", 1))
        self.assertEqual(
            self.board.log[lifted - 1 :],
            [("LATCH_CLEAR", 1), ("UPLINK_EN", 1), ("UPLINK_EN", 0), ("LATCH_CLEAR", 0)],
        )

    def test_after_the_self_test_enable_is_driven_again(self) -> None:
        gate = Gate(self.board, 0)
        selftest.run(gate, self.board)
        self.board.latch = True
        gate.open(0)
        self.assertTrue(gate.is_open())

    def test_a_floating_enable_forbids_arming(self) -> None:
        self.assertTrue(codes.FAULTS_BLOCKING & codes.FAULT_ENABLE_FLOATING)


if __name__ == "__main__":
    unittest.main()
