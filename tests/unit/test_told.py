"""What is written down and told of each story: every record and every event, in their order.

The order is part of it: an alarm's record and the intent to open stand before the trip's.
"""

import unittest

from fake_board import FakeBoard
from fake_parts import ENTRY_MS, EXIT_MS, WINDOW_MS, Parts

from detector import codes, states
from detector.capture import FAILED, FINISHED
from detector.journal import JournalFull


class Told(unittest.TestCase):
    """Forgets what came before, and compares all that came since."""

    def setUp(self) -> None:
        self.parts = Parts()

    def forget(self) -> None:
        """Begin the story here."""
        self.parts.journal.records.clear()
        self.parts.hub.events.clear()

    def written(self, *wanted: tuple) -> None:
        """Compare the records; each is (kind's word, event id, a, b)."""
        records = [
            (codes.journal_name(kind), event_id, a, b)
            for kind, event_id, a, b in self.parts.journal.records
        ]
        self.assertEqual(records, list(wanted))

    def told(self, *wanted: dict) -> None:
        """Compare the events on the hub link."""
        self.assertEqual(self.parts.hub.events, list(wanted))


class TestAlarms(Told):
    def test_an_alarm_with_an_entry_delay_that_the_alarm_centre_ends(self) -> None:
        parts = self.parts
        parts.command(states.EV_ARM)
        parts.run(EXIT_MS + 2)
        parts.trip(codes.TRIP_CONTACT)
        parts.run(ENTRY_MS + 7)
        parts.command(states.EV_HANDLED)
        self.written(
            ("arm", 0, EXIT_MS, 0),
            ("trip", 1, codes.TRIP_CONTACT, 1),
            ("alarm", 1, codes.TRIP_CONTACT, 0),
            ("gate-intent", 1, 0, 0),
            ("gate-shut", 1, states.EV_HANDLED, 9),
            ("handled", 1, states.ALARM, 0),
            ("alarm-end", 1, states.EV_HANDLED, 1),
        )
        self.told(
            {"e": "state", "state": "ARMED", "armed": True},
            {"e": "trip", "event": 1, "kind": "contact", "confirmed": True},
            {"e": "state", "state": "ALARM", "armed": True},
            {"e": "alarm", "event": 1, "kind": "contact", "confirmed": True},
            {"e": "state", "state": "ARMED", "armed": True},
            {"e": "alarm-end", "event": 1, "why": "handled"},
        )

    def test_an_alarm_at_once_that_the_window_ends(self) -> None:
        self.parts.trip(codes.TRIP_PANIC)
        self.parts.run(WINDOW_MS)
        self.written(
            ("alarm", 1, codes.TRIP_PANIC, 0),
            ("gate-intent", 1, 0, 0),
            ("trip", 1, codes.TRIP_PANIC, 1),
            ("gate-shut", 1, states.EV_WINDOW_END, WINDOW_MS),
            ("alarm-end", 1, states.EV_WINDOW_END, 1),
        )
        self.told(
            {"e": "state", "state": "ALARM", "armed": False},
            {"e": "alarm", "event": 1, "kind": "panic", "confirmed": True},
            {"e": "trip", "event": 1, "kind": "panic", "confirmed": True},
            {"e": "state", "state": "IDLE", "armed": False},
            {"e": "alarm-end", "event": 1, "why": "window-end"},
        )

    def test_a_trip_that_the_latch_does_not_confirm(self) -> None:
        self.parts.board.deaf = True
        self.parts.trip(codes.TRIP_FIRE)
        self.written(
            ("alarm", 1, codes.TRIP_FIRE, 0),
            ("trip", 1, codes.TRIP_FIRE, 0),
            ("fault", 1, codes.FAULT_LATCH_DEAF, 0),
        )
        self.told(
            {"e": "state", "state": "ALARM", "armed": False},
            {"e": "alarm", "event": 1, "kind": "fire", "confirmed": False},
            {"e": "trip", "event": 1, "kind": "fire", "confirmed": False},
            {"e": "fault", "faults": ["latch-deaf"]},
        )

    def test_an_instant_trip_in_an_entry_delay_gives_the_alarm_its_name(self) -> None:
        parts = self.parts
        parts.enter(states.ARMED, True)
        parts.trip(codes.TRIP_CONTACT)
        self.forget()
        parts.trip(codes.TRIP_FIRE)
        self.assertEqual(parts.event.kind, codes.TRIP_FIRE)
        self.assertEqual(parts.event.kinds, 1 << codes.TRIP_CONTACT | 1 << codes.TRIP_FIRE)
        self.written(
            ("alarm", 1, codes.TRIP_FIRE, 0),
            ("gate-intent", 1, 0, 0),
            ("trip", 1, codes.TRIP_FIRE, 1),
        )

    def test_without_an_entry_delay_the_alarm_stands_before_its_trip(self) -> None:
        self.parts.config.entry_delay_ms = 0
        self.parts.enter(states.ARMED, True)
        self.forget()
        self.parts.trip(codes.TRIP_CONTACT)
        self.assertEqual(self.parts.journal.kinds()[0], codes.JR_ALARM)

    def test_an_alarm_of_a_line_that_was_high_at_boot_is_not_confirmed(self) -> None:
        def high(board: FakeBoard) -> None:
            board.levels["TRIP_PANIC"] = 1

        self.parts = Parts(before_start=high)
        self.parts.run(10)
        self.written(("alarm", 1, codes.TRIP_PANIC, 0), ("trip", 1, codes.TRIP_PANIC, 0))

    def test_an_intrusion_that_is_no_trip_is_not_told(self) -> None:
        self.parts.trip(codes.TRIP_INTRUSION)
        self.written()
        self.told()

    def test_tamper_that_is_no_trip_is_told(self) -> None:
        self.parts.trip(codes.TRIP_TAMPER)
        self.written(("trip", 0, codes.TRIP_TAMPER, 0))
        self.told({"e": "tamper", "confirmed": False})

    def test_the_circuits_own_end_of_an_alarm(self) -> None:
        self.parts.trip(codes.TRIP_PANIC)
        self.forget()
        self.parts.board.latch = False  # MAX
        self.parts.run(5)
        self.written(("gate-shut", 1, states.EV_MAX, 3))
        self.assertEqual(self.parts.board.levels["UPLINK_EN"], 0)


class TestFullJournal(Told):
    def setUp(self) -> None:
        super().setUp()
        self.parts.journal.error = JournalFull

    def test_an_alarm_without_room_for_its_record_goes_on_with_the_gate_shut(self) -> None:
        self.parts.journal.broken = True
        self.parts.trip(codes.TRIP_PANIC)
        self.assertEqual((self.parts.board.gate(), self.parts.record.faults), (0, 0))
        self.told(
            {"e": "state", "state": "ALARM", "armed": False},
            {"e": "journal-full"},
            {"e": "alarm", "event": 1, "kind": "panic", "confirmed": True},
            {"e": "trip", "event": 1, "kind": "panic", "confirmed": True},
        )

    def test_a_journal_that_fills_up_shuts_an_open_gate(self) -> None:
        self.parts.trip(codes.TRIP_PANIC)
        self.forget()
        self.parts.journal.broken = True
        self.parts.controller.image_received(self.parts.board.now_ms, 1)
        self.parts.run(3)
        self.assertEqual((self.parts.board.gate(), self.parts.controller.state), (0, states.ALARM))
        self.told({"e": "journal-full"})


class TestCaptures(Told):
    def test_a_picture_that_a_fire_interrupts(self) -> None:
        self.parts.command(states.EV_CAPTURE)
        self.parts.trip(codes.TRIP_FIRE)
        self.written(
            ("customer-capture", 0, 0, 0),
            ("capture-end", 0, codes.TRIP_FIRE, 0),
            ("alarm", 1, codes.TRIP_FIRE, 0),
            ("gate-intent", 1, 0, 0),
            ("trip", 1, codes.TRIP_FIRE, 1),
        )

    def test_a_picture_that_is_taken(self) -> None:
        self.parts.command(states.EV_CAPTURE)
        self.parts.capture.result = FINISHED
        self.parts.run(1)
        self.written(("customer-capture", 0, 0, 0), ("capture-end", 0, states.EV_CAPTURE_DONE, 0))
        self.told(
            {"e": "state", "state": "CUSTOMER_CAPTURE", "armed": False},
            {"e": "state", "state": "IDLE", "armed": False},
        )

    def test_a_picture_that_never_ends(self) -> None:
        self.parts.command(states.EV_CAPTURE)
        self.forget()
        self.parts.run(1001)
        self.written(("capture-end", 0, states.EV_CAPTURE_TIMEOUT, 0))
        self.told(
            {"e": "state", "state": "IDLE", "armed": False},
            {"e": "capture-failed", "why": "capture-timeout"},
        )

    def test_a_camera_that_fails(self) -> None:
        self.parts.command(states.EV_CAPTURE)
        self.forget()
        self.parts.capture.result = FAILED
        self.parts.run(2)
        self.written(
            ("capture-end", 0, states.EV_CAMERA_FAULT, 0), ("fault", 0, codes.FAULT_CAMERA, 0)
        )
        self.told(
            {"e": "capture-failed", "why": "camera"},
            {"e": "state", "state": "IDLE", "armed": False},
            {"e": "fault", "faults": ["camera"]},
        )

    def test_what_the_links_have_delivered(self) -> None:
        self.parts.enter(states.ALARM, False)
        self.forget()
        self.parts.controller.image_received(self.parts.board.now_ms, 7)
        self.parts.controller.image_fetched(self.parts.board.now_ms, 8)
        self.written(("upload", 1, 7, 0), ("fetch", 0, 8, 0))


class TestFaultsAndJumper(Told):
    def test_each_new_fault_once(self) -> None:
        self.parts.board.sense_stuck = 1
        self.parts.run(30)
        self.parts.board.enable_stuck = 1
        self.parts.run(30)
        self.written(
            ("fault", 0, codes.FAULT_GATE_SENSE, 0), ("fault", 0, codes.FAULT_ENABLE_STUCK, 0)
        )
        self.told(
            {"e": "fault", "faults": ["gate-sense"]},
            {"e": "fault", "faults": ["gate-sense", "enable-stuck"]},
        )

    def test_the_jumper_in_and_out(self) -> None:
        self.parts.board.levels["SERVICE"] = 1
        self.parts.run(1)
        self.parts.board.levels["SERVICE"] = 0
        self.parts.run(1)
        self.written(("jumper", 0, 1, 0), ("jumper", 0, 0, 0))
        self.told({"e": "jumper", "in": True}, {"e": "jumper", "in": False})

    def test_the_jumper_in_an_alarm(self) -> None:
        self.parts.enter(states.ALARM, False)
        self.forget()
        self.parts.board.levels["SERVICE"] = 1
        self.parts.run(1)
        self.parts.board.levels["SERVICE"] = 0
        self.parts.run(1)
        self.written(
            ("gate-shut", 1, states.EV_JUMPER, 5),
            ("jumper", 1, 1, 0),
            ("trip", 1, codes.TRIP_TAMPER, 0),
            ("jumper", 1, 0, 0),
        )

    def test_each_glitch_on_the_latch_once(self) -> None:
        for _ in range(6):
            self.parts.board.latch = True
            self.parts.run(5)
        self.written(*[("latch-cleared", 0, 0, 0)] * 6)
        self.told(*[{"e": "latch-cleared"}] * 6)
        self.assertEqual(self.parts.record.faults, 0)

    def test_a_latch_that_stays_set_is_a_fault_at_its_fourth_clearing(self) -> None:
        parts = self.parts
        read = parts.board.read
        parts.board.read = lambda role: 1 if role == "LATCH_SENSE" else read(role)
        clears = parts.gate.clears
        while not parts.record.faults:
            parts.run(1)
        self.assertEqual(parts.gate.clears - clears, 4)
        parts.run(1)
        self.written(("latch-cleared", 0, 0, 0), ("fault", 0, codes.FAULT_LATCH_STUCK, 0))


if __name__ == "__main__":
    unittest.main()
