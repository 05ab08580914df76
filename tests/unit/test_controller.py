"""The controller on the fake board: the whole table, the order of things, faults and delays."""

import unittest

from fake_board import FakeBoard, FakeCapture, FakeHub, FakeJournal, FakeStore, FakeUplink

from detector import codes, states
from detector.alarm_event import AlarmEvent
from detector.capture import FAILED, FINISHED, IMAGE_DONE
from detector.clock import DAY_UNKNOWN, Clock
from detector.config import Config
from detector.controller import Controller
from detector.gate import Gate
from detector.gatekeeper import Gatekeeper
from detector.journal import JournalError
from detector.pictures import Pictures
from detector.record import Record
from detector.zones import Zones

EXIT_MS = 300
ENTRY_MS = 400
WINDOW_MS = 3000
ROLES = codes.ZONE_ROLES


class Parts:
    """What app wires, on the fake board."""

    def __init__(self, armed: bool = False, before_start: object = None) -> None:
        self.board = board = FakeBoard()
        if before_start:
            before_start(board)
        self.config = Config(
            {
                "exit_delay_ms": EXIT_MS,
                "entry_delay_ms": ENTRY_MS,
                "window_ms": WINDOW_MS,
                "capture_timeout_ms": 1000,
                "entry_zones": ["contact"],
            }
        )
        self.journal = FakeJournal(armed, JournalError)
        self.clock = Clock(0, DAY_UNKNOWN, 0)
        self.record = Record(self.journal, self.clock)
        self.gate = Gate(board, 0)
        self.zones = Zones(board, self.config, 0)
        self.event = AlarmEvent(0)
        self.keeper = Gatekeeper(self.gate, self.zones, self.record, self.event)
        self.capture = FakeCapture()
        self.store = FakeStore()
        self.hub = FakeHub()
        self.uplink = FakeUplink(board)
        self.pictures = Pictures(self.record, self.event, self.gate)
        self.pictures.hub = self.hub
        self.pictures.uplink = self.uplink
        self.keeper.hub = self.hub
        self.keeper.uplink = self.uplink
        self.controller = Controller(self, 0)
        self.controller.hub = self.hub
        self.controller.uplink = self.uplink
        self.run(2)

    def run(self, ms: int) -> None:
        """Let time pass, a tick each millisecond."""
        for _ in range(ms):
            self.board.now_ms += 1
            self.controller.tick(self.board.now_ms)

    def trip(self, kind: int) -> None:
        """Raise a line, long enough to count."""
        self.board.line(ROLES[kind], 1)
        self.run(8)

    def release(self, kind: int) -> None:
        """Let a line fall."""
        self.board.line(ROLES[kind], 0)
        self.run(2)

    def command(self, event: int) -> int:
        """Give a command by its EV_ number."""
        c = self.controller
        name = {
            states.EV_ARM: c.arm,
            states.EV_DISARM: c.disarm,
            states.EV_CANCEL: c.cancel,
            states.EV_HANDLED: c.handled,
            states.EV_CAPTURE: c.capture_picture,
        }[event]
        return name(self.board.now_ms)

    def enter(self, state: int, armed: bool) -> None:
        """Bring the controller into a state from IDLE, with its armed flag."""
        if armed:
            self.command(states.EV_ARM)
            self.run(EXIT_MS + 2)
        if state == states.ALARM:
            self.trip(codes.TRIP_PANIC)
            self.release(codes.TRIP_PANIC)
        if state == states.CUSTOMER_CAPTURE:
            self.command(states.EV_CAPTURE)


PLACES = (
    (states.IDLE, False),
    (states.ARMED, True),
    (states.ALARM, False),
    (states.ALARM, True),
    (states.CUSTOMER_CAPTURE, False),
    (states.CUSTOMER_CAPTURE, True),
)
COMMANDS = (
    states.EV_ARM,
    states.EV_DISARM,
    states.EV_CANCEL,
    states.EV_HANDLED,
    states.EV_CAPTURE,
)


def expected(state: int, armed: bool, event: int) -> tuple:
    """Return (code, state, armed) after an event, from the table alone."""
    guard, target, flag = states.TABLE[state][event]
    if guard == states.REFUSED:
        return target, state, armed
    if guard == states.IF_ARMED and not armed:
        return codes.OK, state, armed
    after = armed if flag == states.KEEP else flag == 1
    if target == states.BY_ARMED:
        target = states.ARMED if after else states.IDLE
    return codes.OK, target, after


class TestTable(unittest.TestCase):
    def test_every_command_in_every_state_does_what_the_table_says(self) -> None:
        for state, armed in PLACES:
            for event in COMMANDS:
                parts = Parts()
                parts.enter(state, armed)
                wanted = expected(state, armed, event)
                code = parts.command(event)
                c = parts.controller
                self.assertEqual((code, c.state, c.armed), wanted, (state, armed, event))

    def test_every_trip_in_every_state_does_what_the_table_says(self) -> None:
        for state, armed in PLACES:
            for kind in range(len(ROLES)):
                parts = Parts()
                parts.enter(state, armed)
                parts.trip(kind)
                if kind == codes.TRIP_CONTACT:
                    parts.run(ENTRY_MS)
                _code, after, armed_after = expected(state, armed, kind)
                c = parts.controller
                self.assertEqual((c.state, c.armed), (after, armed_after), (state, armed, kind))

    def test_the_gate_is_open_in_alarm_and_nowhere_else(self) -> None:
        for state, armed in PLACES:
            parts = Parts()
            parts.enter(state, armed)
            parts.run(30)
            self.assertEqual(parts.board.gate(), 1 if state == states.ALARM else 0, (state, armed))


class TestOrder(unittest.TestCase):
    def test_the_gate_is_shut_before_the_state_changes_and_before_any_record(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, False)
        seen = []
        append = parts.journal.append

        def watch(kind: int, event_id: int = 0, a: int = 0, b: int = 0, text: bytes = b"") -> None:
            seen.append((parts.board.gate(), parts.board.levels["UPLINK_EN"]))
            append(kind, event_id, a, b)

        parts.journal.append = watch
        parts.command(states.EV_DISARM)
        self.assertEqual(seen, [(0, 0)] * 3)

    def test_the_intent_is_journaled_before_uplink_en_rises(self) -> None:
        parts = Parts()
        levels = []
        append = parts.journal.append

        def watch(kind: int, event_id: int = 0, a: int = 0, b: int = 0, text: bytes = b"") -> None:
            levels.append((kind, parts.board.levels["UPLINK_EN"]))
            append(kind, event_id, a, b)

        parts.journal.append = watch
        parts.trip(codes.TRIP_PANIC)
        self.assertTrue((codes.JR_GATE_INTENT, 0) in levels)
        self.assertEqual(parts.board.gate(), 1)

    def test_no_record_no_opening_but_the_alarm_is_told(self) -> None:
        parts = Parts()
        parts.journal.broken = True
        parts.trip(codes.TRIP_PANIC)
        parts.run(50)
        self.assertEqual(parts.board.gate(), 0)
        self.assertTrue("alarm" in parts.hub.words())
        self.assertTrue(parts.record.faults & codes.FAULT_JOURNAL)
        self.assertEqual(parts.controller.state, states.ALARM)

    def test_the_gate_waits_until_the_uart_has_let_go_of_an_earlier_opening(self) -> None:
        """Bytes written before the last shutting leave into the shut gate, then it opens."""
        parts = Parts()
        parts.uplink.is_drained = False
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        parts.uplink.is_drained = True
        parts.run(1)
        self.assertEqual(parts.board.gate(), 1)

    def test_the_uplink_hears_of_the_opening_after_it_and_of_the_shutting_after_it(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, False)
        parts.command(states.EV_CANCEL)
        calls = [call for call in parts.uplink.calls if call[0] == "opened"]
        self.assertEqual(calls, [("opened", 1)])
        self.assertEqual(parts.uplink.calls[-1], ("closed", 0))


class TestDelays(unittest.TestCase):
    def test_trips_in_the_exit_delay_do_not_count_and_arm_lines_are_low(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual(parts.controller.state, states.ARMED)
        self.assertEqual(parts.board.levels.get("ARM_INTRUSION", 0), 0)

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
        parts.run(5)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))


class TestFaults(unittest.TestCase):
    def test_a_deaf_latch_is_found_at_its_first_trip_and_arming_is_refused(self) -> None:
        parts = Parts()
        parts.board.deaf = True
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        parts.release(codes.TRIP_PANIC)
        parts.command(states.EV_DISARM)
        self.assertEqual(parts.command(states.EV_ARM), codes.ERR_FAULT)

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


class TestCapture(unittest.TestCase):
    def test_a_customers_picture_returns_to_where_it_came_from_and_goes_to_the_hub(self) -> None:
        for state, armed in ((states.IDLE, False), (states.ARMED, True)):
            parts = Parts()
            parts.enter(state, armed)
            parts.command(states.EV_CAPTURE)
            self.assertEqual(parts.capture.started, (codes.IMAGE_CUSTOMER, 0, 1))
            parts.capture.result = IMAGE_DONE
            parts.capture.image_id = 7
            parts.run(1)
            parts.capture.result = FINISHED
            parts.run(1)
            self.assertEqual((parts.controller.state, parts.hub.sent), (state, [7]))
            self.assertEqual([c for c in parts.uplink.calls if c[0] == "offer"], [])

    def test_a_camera_that_fails_or_never_ends_leaves_customer_capture(self) -> None:
        parts = Parts()
        parts.command(states.EV_CAPTURE)
        parts.capture.result = FAILED
        parts.run(1)
        self.assertEqual(parts.controller.state, states.IDLE)
        parts.command(states.EV_CAPTURE)
        parts.run(1001)
        self.assertEqual(parts.controller.state, states.IDLE)
        self.assertTrue(parts.capture.aborted > 0)

    def test_a_panic_wipes_a_running_capture_and_starts_the_alarms_burst(self) -> None:
        parts = Parts()
        parts.command(states.EV_CAPTURE)
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual(parts.capture.aborted, 1)
        self.assertEqual(parts.capture.started, (codes.TRIP_PANIC, 1, 6))

    def test_alarm_images_are_offered_to_the_uplink_only_while_the_gate_is_open(self) -> None:
        parts = Parts()
        parts.trip(codes.TRIP_PANIC)
        parts.capture.result = IMAGE_DONE
        parts.capture.image_id = 3
        parts.run(1)
        self.assertEqual(parts.uplink.calls[-1], ("offer", 3))
        parts.board.levels["SERVICE"] = 1
        parts.run(1)
        parts.capture.result = IMAGE_DONE
        parts.capture.image_id = 4
        parts.run(1)
        self.assertEqual([c for c in parts.uplink.calls if c == ("offer", 4)], [])


class TestReset(unittest.TestCase):
    def test_an_armed_detector_is_armed_again_after_a_reset_and_its_arm_lines_are_up(self) -> None:
        parts = Parts(armed=True)
        self.assertEqual(parts.controller.state, states.ARMED)
        self.assertEqual(parts.board.levels["ARM_CONTACT"], 1)

    def test_a_week_of_quiet_does_not_make_trips_stale(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        week_ms = 7 * 24 * 3600 * 1000
        step_ms = 3600 * 1000
        for _ in range(week_ms // step_ms):
            parts.board.now_ms = (parts.board.now_ms + step_ms) & 0x3FFFFFFF
            parts.controller.tick(parts.board.now_ms)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 1))
        self.assertEqual(parts.record.faults, 0)


if __name__ == "__main__":
    unittest.main()
