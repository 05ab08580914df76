"""What the loop does in quiet moments, and that it leaves it alone in the others."""

import unittest

from fake_parts import EXIT_MS, Parts

from detector import codes, states
from detector.chores import Chores
from detector.journal import JournalFull


class TestChores(unittest.TestCase):
    def setUp(self) -> None:
        self.parts = Parts()
        controller = self.parts.controller
        self.chores = Chores(controller, self.parts.hub, self.parts.uplink, 0)

    def run_ms(self, ms: int) -> None:
        """Tick and do chores, as the superloop does."""
        for _ in range(ms):
            self.parts.run(1)
            self.chores.poll(self.parts.board.now_ms)

    def housekept(self, ms: int = 100) -> tuple:
        """Return how often journal and store were looked after in a while."""
        before = (self.parts.journal.housekept, self.parts.store.housekept)
        self.run_ms(ms)
        return (self.parts.journal.housekept - before[0], self.parts.store.housekept - before[1])

    def test_flash_is_looked_after_while_it_is_quiet(self) -> None:
        self.assertEqual(self.housekept(), (5, 5))
        self.parts.enter(states.ARMED, True)
        self.assertEqual(self.housekept(), (5, 5))

    def test_rarely_while_something_is_on_its_way_to_the_customer(self) -> None:
        self.parts.hub.busy = True
        self.run_ms(1000)
        self.assertEqual(self.housekept(900), (0, 0))
        self.assertEqual(self.housekept(1000), (1, 1))
        self.parts.journal.ahead = 1
        self.assertEqual(self.housekept(), (5, 5))

    def test_and_not_in_an_alarm_nor_in_an_entry_delay(self) -> None:
        self.parts.enter(states.ARMED, True)
        self.parts.trip(codes.TRIP_CONTACT)
        self.assertEqual(self.housekept(), (0, 0))
        self.parts.trip(codes.TRIP_PANIC)
        self.assertEqual(self.parts.controller.state, states.ALARM)
        self.assertEqual(self.housekept(), (0, 0))

    def test_an_open_window_is_no_reason_to_leave_it_undone(self) -> None:
        self.parts.board.line("TRIP_CONTACT", 1)
        self.run_ms(50)
        self.assertEqual(self.housekept(), (5, 5))

    def test_nor_is_anything_begun_while_a_line_is_debounced(self) -> None:
        while self.housekept(1) == (0, 0):
            pass
        self.run_ms(17)
        self.parts.board.line("TRIP_CONTACT", 1)
        self.assertEqual(self.housekept(4), (0, 0))

    def test_in_an_alarm_without_the_gate_a_full_journal_is_erased(self) -> None:
        parts = self.parts
        parts.journal.error = JournalFull
        parts.journal.broken = True
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        self.assertEqual(self.housekept(), (5, 0))
        parts.journal.broken = False
        parts.trip(codes.TRIP_FIRE)  # its record finds room
        self.assertEqual(self.housekept(), (0, 0))

    def test_wrong_authentications_are_journaled_at_once_and_then_once_a_minute(self) -> None:
        parts = self.parts
        parts.hub.auth_failures = 2
        self.run_ms(1)
        parts.hub.auth_failures = 3
        parts.uplink.auth_failures = 1
        self.run_ms(100)
        found = [record[2:] for record in parts.journal.records if record[0] == codes.JR_AUTH]
        self.assertEqual(found, [(2, 0)])
        parts.board.now_ms += 60000
        self.run_ms(1)
        found = [record[2:] for record in parts.journal.records if record[0] == codes.JR_AUTH]
        self.assertEqual(found, [(2, 0), (3, 1)])


class TestFullJournal(unittest.TestCase):
    def full(self) -> Parts:
        """Return a detector in an alarm whose journal has just run full."""
        parts = Parts()
        parts.enter(states.ALARM, True)
        self.assertEqual(parts.board.gate(), 1)
        parts.journal.error = JournalFull
        parts.journal.broken = True
        parts.trip(codes.TRIP_FIRE)
        return parts

    def test_an_open_gate_shuts_when_nothing_can_be_recorded_any_more(self) -> None:
        parts = self.full()
        self.assertEqual((parts.controller.state, parts.board.gate()), (states.ALARM, 0))
        self.assertEqual(parts.hub.words().count("journal-full"), 1)

    def test_it_is_no_fault(self) -> None:
        parts = self.full()
        self.assertEqual(parts.record.faults, 0)
        parts.journal.broken = False
        parts.command(states.EV_DISARM)
        parts.release(codes.TRIP_FIRE)
        parts.release(codes.TRIP_PANIC)
        self.assertEqual(parts.command(states.EV_ARM), codes.OK)
        parts.run(EXIT_MS + 2)
        parts.trip(codes.TRIP_INTRUSION)
        self.assertEqual(parts.board.gate(), 1)

    def test_with_no_room_for_the_intent_the_gate_stays_shut_and_the_alarm_is_told(self) -> None:
        parts = Parts()
        parts.journal.error = JournalFull
        parts.journal.broken = True
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual((parts.board.gate(), parts.record.faults), (0, 0))
        self.assertTrue("alarm" in parts.hub.words())
        self.assertTrue("journal-full" in parts.hub.words())


if __name__ == "__main__":
    unittest.main()
