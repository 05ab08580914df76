"""The gate and the boot self-test on the fake board."""

import unittest

from fake_board import FakeBoard

from detector import codes, selftest
from detector.gate import ALIVE_MS, HEARTBEAT_MS, Disagreement, Gate


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

    def test_a_new_gate_is_shut_and_has_cleared_the_latch(self) -> None:
        board = FakeBoard()
        board.latch = True
        gate = Gate(board, 0)
        self.assertEqual(board.log, [("LATCH_CLEAR", 1), ("LATCH_CLEAR", 0)])
        self.assertEqual((board.latch, gate.wanted, gate.clears), (False, False, 1))

    def test_every_clearing_is_counted_and_the_count_wraps(self) -> None:
        counted = [self.gate.clears]
        for _ in range(2):
            self.gate.clear_latch()
            counted.append(self.gate.clears)
        self.assertEqual(counted, [1, 2, 3])
        self.gate.clears = 0x3FFFFFFF
        self.gate.clear_latch()
        self.assertEqual(self.gate.clears, 0)

    def test_every_rise_of_the_arm_lines_is_counted_and_the_count_wraps(self) -> None:
        self.gate.arms = 0x3FFFFFFE
        counted = []
        for _ in range(2):
            self.gate.set_arm_lines(True)
            self.gate.set_arm_lines(False)
            counted.append(self.gate.arms)
        self.assertEqual(counted, [0x3FFFFFFF, 0])

    def test_disarming_lowers_both_arm_lines(self) -> None:
        self.gate.set_arm_lines(True)
        self.board.log.clear()
        self.gate.set_arm_lines(False)
        self.assertEqual(self.board.log, [("ARM_CONTACT", 0), ("ARM_INTRUSION", 0)])


class TestHeart(unittest.TestCase):
    """The times are the circuit's: ALIVE falls 2 s after an edge."""

    def setUp(self) -> None:
        self.board = FakeBoard()
        self.gate = Gate(self.board, 0)
        self.board.latch = True
        self.gate.open(0)
        self.board.log.clear()

    def ticks(self, first_ms: int, end_ms: int) -> list:
        """Tick each millisecond; return what every tick found."""
        found = []
        for now_ms in range(first_ms, end_ms):
            self.board.now_ms = now_ms
            found.append(self.gate.tick(now_ms))
        return found

    def test_an_edge_comes_every_250_ms_and_each_is_an_edge(self) -> None:
        self.ticks(1, 250)
        self.assertEqual(self.board.log, [])
        self.ticks(250, 251)
        self.assertEqual(self.board.log, [("HEARTBEAT", 0)])
        self.ticks(251, 751)
        self.assertEqual([level for _role, level in self.board.log], [0, 1, 0])

    def test_a_second_without_a_beat_is_a_hang(self) -> None:
        self.assertEqual((self.gate.lapsed(999), self.gate.lapsed(1000)), (False, True))

    def test_two_seconds_after_the_last_edge_an_open_gate_is_wrong(self) -> None:
        self.board.sense_stuck = 1
        # From 2000 ms on the rail should be down; that lasts longer than 20 ms at 2021.
        found = self.ticks(1000, 2022)
        self.assertEqual(found, [0] * 1021 + [codes.FAULT_GATE_SENSE])


class TestReadBack(unittest.TestCase):
    def setUp(self) -> None:
        self.board = FakeBoard()
        self.gate = Gate(self.board, 0)
        self.assertEqual(self.gate.tick(100), 0)

    def test_a_first_look_says_nothing_however_late_it_comes(self) -> None:
        wrong = Disagreement()
        names = set(wrong.__dict__)
        self.assertFalse(wrong.lasts(100000, True))
        self.assertEqual(set(wrong.__dict__), names)  # a new one would allocate in the tick

    def test_a_disagreement_lasts_when_it_is_older_than_20_ms(self) -> None:
        wrong = Disagreement()
        seen = [wrong.lasts(now_ms, True) for now_ms in (500, 520, 521)]
        self.assertEqual(seen, [False, False, True])

    def test_one_right_look_between_begins_anew(self) -> None:
        wrong = Disagreement()
        wrong.lasts(500, True)
        self.assertFalse(wrong.lasts(515, False))
        self.assertFalse(wrong.lasts(521, True))
        self.assertTrue(wrong.lasts(542, True))

    def test_a_stuck_output_is_a_fault_after_20_ms_and_not_at_the_first_look(self) -> None:
        for role, fault in (
            ("UPLINK_EN", codes.FAULT_ENABLE_STUCK),
            ("ARM_CONTACT", codes.FAULT_ARM_LINES),
            ("ARM_INTRUSION", codes.FAULT_ARM_LINES),
        ):
            self.setUp()
            self.board.levels[role] = 1  # the net, whatever is driven
            found = [self.gate.tick(now_ms) for now_ms in (200, 220, 221)]
            self.assertEqual(found, [0, 0, fault], role)

    def test_two_stuck_outputs_are_two_faults(self) -> None:
        self.board.levels["UPLINK_EN"] = 1
        self.board.levels["ARM_CONTACT"] = 1
        both = codes.FAULT_ENABLE_STUCK | codes.FAULT_ARM_LINES
        self.assertEqual(self.gate.driven_wrong(), both)


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

    def test_the_pull_up_has_64_reads_time_to_lift_a_floating_net(self) -> None:
        gate = Gate(self.board, 0)
        read = self.board.read
        looks = []

        def watch(role: str) -> int:
            looks.append(role)
            return read(role)

        self.board.read = watch
        gate.enable_floats(self.board)
        self.assertEqual(looks, ["UPLINK_EN"] * 64)

    def test_a_floating_enable_forbids_arming(self) -> None:
        self.assertTrue(codes.FAULTS_BLOCKING & codes.FAULT_ENABLE_FLOATING)


if __name__ == "__main__":
    unittest.main()
