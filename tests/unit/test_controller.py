"""The controller on the fake board: the whole table, the order of things, captures, resets."""

import unittest

from fake_parts import ENTRY_MS, ROLES, Parts

from detector import codes, states
from detector.capture import FAILED, FINISHED, IMAGE_DONE

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

    def test_the_uplink_is_silent_until_the_record_of_the_opening_is_final(self) -> None:
        parts = Parts()
        parts.journal.unsettled = 2
        parts.trip(codes.TRIP_PANIC)
        parts.run(5)
        self.assertEqual(parts.board.gate(), 1)
        self.assertEqual(parts.uplink.calls, [])
        parts.journal.unsettled = 0
        parts.run(1)
        self.assertEqual(parts.uplink.calls, [("opened", 1)])

    def test_the_uplink_hears_of_the_opening_after_it_and_of_the_shutting_after_it(self) -> None:
        parts = Parts()
        parts.enter(states.ALARM, False)
        parts.command(states.EV_CANCEL)
        calls = [call for call in parts.uplink.calls if call[0] == "opened"]
        self.assertEqual(calls, [("opened", 1)])
        self.assertEqual(parts.uplink.calls[-1], ("closed", 0))


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

    def test_a_picture_that_cannot_be_journaled_is_refused(self) -> None:
        parts = Parts()
        parts.journal.broken = True
        self.assertEqual(parts.command(states.EV_CAPTURE), codes.ERR_FAULT)
        self.assertEqual(parts.controller.state, states.IDLE)
        self.assertIsNone(parts.capture.started)


class TestClock(unittest.TestCase):
    def test_a_time_that_is_news_is_journaled_and_one_that_is_not_is_not(self) -> None:
        parts = Parts()
        set_clock = parts.controller.set_clock
        now_ms = parts.board.now_ms
        self.assertEqual(set_clock(now_ms, 2500, 1000), codes.OK)
        self.assertEqual(set_clock(now_ms, 2500, 1010), codes.OK)
        self.assertEqual(set_clock(now_ms, 2500, 300), codes.ERR_ARGUMENT)
        self.assertEqual(parts.journal.kinds().count(codes.JR_CLOCK), 1)
        self.assertEqual(set_clock(now_ms, 2501, 0), codes.OK)
        self.assertEqual(parts.journal.kinds().count(codes.JR_CLOCK), 2)


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
