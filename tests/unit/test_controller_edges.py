"""The controller's corners: what a command leaves alone, and what no state would show."""

import unittest

from fake_parts import ENTRY_MS, EXIT_MS, WINDOW_MS, Parts

from detector import codes, states
from detector.alarm_event import AlarmEvent
from detector.capture import FAILED
from detector.clock import DAY_UNKNOWN, Clock
from detector.controller import Controller
from detector.gate import Gate
from detector.gatekeeper import Gatekeeper
from detector.record import Record
from detector.trips import Trips
from detector.version import VERSION
from detector.zones import Zone


class TestArming(unittest.TestCase):
    def setUp(self) -> None:
        self.parts = Parts()

    def arm_lines(self) -> tuple:
        """Return the levels of both."""
        levels = self.parts.board.levels
        return levels["ARM_CONTACT"], levels["ARM_INTRUSION"]

    def test_the_jumper_forbids_it(self) -> None:
        self.parts.board.levels["SERVICE"] = 1
        self.parts.run(1)
        self.assertEqual(self.parts.command(states.EV_ARM), codes.ERR_SERVICE)

    def test_its_record_says_that_it_is_armed(self) -> None:
        seen = []
        append = self.parts.journal.append

        def watch(kind: int, event_id: int = 0, a: int = 0, b: int = 0) -> None:
            seen.append((kind, event_id, a, self.parts.journal.armed))
            append(kind, event_id, a, b)

        self.parts.journal.append = watch
        self.parts.command(states.EV_ARM)
        self.assertEqual(seen, [(codes.JR_ARM, 0, EXIT_MS, True)])

    def test_without_its_record_nothing_is_armed(self) -> None:
        self.parts.journal.broken = True
        self.parts.command(states.EV_ARM)
        self.assertEqual(self.parts.journal.armed, False)

    def test_again_from_a_capture_changes_nothing(self) -> None:
        self.parts.enter(states.CUSTOMER_CAPTURE, True)
        count = len(self.parts.journal.records)
        self.assertEqual(self.parts.command(states.EV_ARM), codes.OK)
        self.assertEqual(len(self.parts.journal.records), count)
        self.assertEqual(self.parts.controller.exit_running, False)
        self.assertEqual(self.arm_lines(), (1, 1))

    def test_after_a_reset_the_arm_lines_rise_before_the_first_tick(self) -> None:
        parts = Parts(armed=True)
        parts.board.levels["ARM_CONTACT"] = 0
        parts.gate.arm_lines = False
        again = Controller(parts, parts.board.now_ms)
        self.assertEqual((again.exit_running, again.entry_running), (False, False))
        self.assertEqual(parts.board.levels["ARM_CONTACT"], 1)

    def test_a_disarm_ends_the_exit_delay(self) -> None:
        self.parts.command(states.EV_ARM)
        self.parts.run(5)
        self.parts.command(states.EV_DISARM)
        self.assertEqual(self.parts.controller.exit_running, False)
        self.assertEqual(self.parts.journal.armed, False)

    def test_an_alarm_that_the_centre_ends_leaves_the_arm_lines_up(self) -> None:
        self.parts.enter(states.ALARM, True)
        self.parts.command(states.EV_HANDLED)
        self.assertEqual(self.parts.controller.exit_running, False)
        self.assertEqual(self.arm_lines(), (1, 1))

    def test_a_disarm_lowers_the_arm_lines_at_once(self) -> None:
        self.parts.enter(states.ARMED, True)
        self.parts.command(states.EV_DISARM)
        self.assertEqual(self.arm_lines(), (0, 0))

    def test_the_jumper_lowers_the_arm_lines_and_its_removal_raises_them(self) -> None:
        self.parts.enter(states.ARMED, True)
        self.parts.board.levels["SERVICE"] = 1
        self.parts.run(1)
        self.assertEqual(self.arm_lines(), (0, 0))
        self.parts.board.levels["SERVICE"] = 0
        self.parts.run(1)
        self.assertEqual(self.arm_lines(), (1, 1))
        kinds = [event["kind"] for event in self.parts.hub.events if event["e"] == "trip"]
        self.assertEqual(kinds, ["tamper"])

    def test_an_entry_delay_of_a_millisecond_is_a_delay(self) -> None:
        self.parts.config.entry_delay_ms = 1
        self.parts.enter(states.ARMED, True)
        self.parts.board.line("TRIP_CONTACT", 1)
        self.parts.run(6)
        self.assertEqual(self.parts.controller.state, states.ARMED)
        self.assertEqual(self.parts.event.running, True)
        self.parts.run(1)
        self.assertEqual(self.parts.controller.state, states.ALARM)


class TestCaptures(unittest.TestCase):
    def setUp(self) -> None:
        self.parts = Parts()

    def test_a_customers_picture_is_one_without_an_interval(self) -> None:
        self.parts.command(states.EV_CAPTURE)
        self.assertEqual(self.parts.capture.started, (codes.IMAGE_CUSTOMER, 0, 1))
        self.assertEqual(self.parts.capture.interval_ms, 0)

    def test_a_burst_has_the_configured_interval(self) -> None:
        self.parts.trip(codes.TRIP_PANIC)
        self.assertEqual(self.parts.capture.interval_ms, self.parts.config.shot_interval_ms)

    def test_the_end_of_an_alarm_ends_its_burst(self) -> None:
        self.parts.trip(codes.TRIP_PANIC)
        self.assertEqual(self.parts.capture.aborted, 0)
        self.parts.command(states.EV_DISARM)
        self.assertEqual(self.parts.capture.aborted, 1)

    def test_a_disarm_leaves_a_customers_picture_alone(self) -> None:
        self.parts.enter(states.CUSTOMER_CAPTURE, True)
        self.parts.command(states.EV_DISARM)
        self.assertEqual(self.parts.capture.aborted, 0)

    def test_a_camera_that_fails_in_an_alarm_does_not_shut_the_gate(self) -> None:
        self.parts.enter(states.ALARM, False)
        self.parts.capture.result = FAILED
        self.parts.run(5)
        self.assertEqual(self.parts.record.faults, codes.FAULT_CAMERA)
        self.assertEqual((self.parts.controller.state, self.parts.board.gate()), (states.ALARM, 1))


class TestStatus(unittest.TestCase):
    def test_it_says_everything_in_its_fixed_order(self) -> None:
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.run(100)
        parts.store.ids = lambda: [1, 2]
        pairs = [pair for pair in parts.controller.status() if pair[0] != "heap"]
        self.assertEqual(
            pairs,
            [
                ("state", "ARMED"),
                ("armed", True),
                ("exit_delay", EXIT_MS - 100),
                ("entry_delay", 0),
                ("faults", []),
                ("latch", False),
                ("gate", False),
                ("service", False),
                ("open", []),
                ("images", 2),
                ("event", 0),
                ("time_known", False),
                ("lacks", []),
                ("journal", 1),
                ("journal_head", "1:" + "00" * 12),
                ("version", VERSION),
                ("protocol", 1),
            ],
        )

    def test_in_an_entry_delay_it_says_how_much_is_left(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        parts.trip(codes.TRIP_CONTACT)
        told = dict(parts.controller.status())
        # `trip` runs for 8 ms, of which the debounce takes 6.
        self.assertEqual((told["entry_delay"], told["open"]), (ENTRY_MS - 2, ["contact"]))


class TestAttributes(unittest.TestCase):
    """An attribute that appears later makes MicroPython allocate, in the steady tick maybe."""

    def test_all_attributes_are_there_from_the_start(self) -> None:
        parts = Parts()
        fresh = {
            "controller": Controller(parts, 0),
            "trips": Trips(parts.gate, parts.zones, 5, 0),
            "record": Record(parts.journal, Clock(0, DAY_UNKNOWN, 0)),
            "gate": Gate(parts.board, 0),
            "keeper": Gatekeeper(parts.gate, parts.zones, parts.record, parts.event),
            "event": AlarmEvent(0),
            "zone": Zone(parts.board, codes.TRIP_CONTACT, 5, 0),
        }
        names = {part: set(thing.__dict__) for part, thing in fresh.items()}
        parts = Parts()
        parts.command(states.EV_ARM)
        parts.run(EXIT_MS + 2)
        parts.trip(codes.TRIP_CONTACT)
        parts.record.settle(parts.board.now_ms, False)
        parts.run(ENTRY_MS + WINDOW_MS)
        parts.release(codes.TRIP_CONTACT)
        parts.command(states.EV_CAPTURE)
        parts.run(1001)
        used = {
            "controller": parts.controller,
            "trips": parts.controller.trips,
            "record": parts.record,
            "gate": parts.gate,
            "keeper": parts.keeper,
            "event": parts.event,
            "zone": parts.zones.all[codes.TRIP_CONTACT],
        }
        for part, thing in used.items():
            self.assertEqual(set(thing.__dict__), names[part], part)


if __name__ == "__main__":
    unittest.main()
