"""One line by itself: debounce, level at boot, and whether the latch must have heard it."""

import unittest

from fake_board import FakeBoard
from fake_parts import Parts

from detector import codes, states, ticks
from detector.config import Config
from detector.gate import Gate
from detector.gatekeeper import Gatekeeper
from detector.trips import CONFIRMED_TRIP, DEAF_TRIP, NO_TRIP, TOLD_ONLY, TRIP
from detector.zones import HIGH_AT_BOOT, NOTHING, TRIPPED, Zone, Zones

DEBOUNCE_MS = 5


class TestZone(unittest.TestCase):
    def setUp(self) -> None:
        self.board = FakeBoard()
        self.gate = Gate(self.board, 0)

    def zone(self, kind: int) -> Zone:
        """Return a zone whose line is low and has been seen so."""
        zone = Zone(self.board, kind, DEBOUNCE_MS, 0)
        self.assertEqual(zone.tick(10, self.gate), NOTHING)
        return zone

    def test_a_rise_counts_once_when_it_has_lasted_for_the_debounce(self) -> None:
        zone = self.zone(codes.TRIP_PANIC)
        self.board.line("TRIP_PANIC", 1)
        seen = [zone.tick(now_ms, self.gate) for now_ms in (20, 24, 25, 26, 90)]
        self.assertEqual(seen, [NOTHING, NOTHING, TRIPPED, NOTHING, NOTHING])

    def test_a_line_that_is_high_at_boot_takes_two_looks_and_is_no_rise(self) -> None:
        self.board.line("TRIP_PANIC", 1)
        zone = Zone(self.board, codes.TRIP_PANIC, DEBOUNCE_MS, 0)
        self.assertEqual((zone.high, zone.reported), (False, False))
        seen = [zone.tick(now_ms, self.gate) for now_ms in (100, 104, 105, 106)]
        self.assertEqual(seen, [NOTHING, NOTHING, HIGH_AT_BOOT, NOTHING])

    def test_after_it_has_fallen_it_is_a_line_like_any_other(self) -> None:
        self.board.line("TRIP_PANIC", 1)
        zone = Zone(self.board, codes.TRIP_PANIC, DEBOUNCE_MS, 0)
        zone.tick(100, self.gate)
        zone.tick(105, self.gate)
        self.board.line("TRIP_PANIC", 0)
        zone.tick(110, self.gate)
        self.board.line("TRIP_PANIC", 1)
        zone.tick(115, self.gate)
        self.assertEqual(zone.tick(120, self.gate), TRIPPED)

    def test_panic_may_set_the_latch_unless_it_was_cleared_since_the_line_was_low(self) -> None:
        zone = self.zone(codes.TRIP_PANIC)
        self.assertEqual(zone.may_set_latch(self.gate), True)
        self.gate.clear_latch()
        self.assertEqual(zone.may_set_latch(self.gate), False)
        zone.tick(11, self.gate)
        self.assertEqual(zone.may_set_latch(self.gate), True)

    def test_intrusion_may_set_the_latch_if_it_was_low_since_the_arm_lines_rose(self) -> None:
        zone = self.zone(codes.TRIP_INTRUSION)
        self.assertEqual(zone.may_set_latch(self.gate), False)
        self.gate.set_arm_lines(True)
        self.assertEqual(zone.may_set_latch(self.gate), False)
        zone.tick(11, self.gate)
        self.assertEqual(zone.may_set_latch(self.gate), True)
        self.gate.set_arm_lines(False)
        self.assertEqual(zone.may_set_latch(self.gate), False)

    def test_a_line_that_was_never_low_may_not(self) -> None:
        for clears in range(-2, 3):
            zone = Zone(self.board, codes.TRIP_PANIC, DEBOUNCE_MS, 0)
            self.gate.clears = clears
            self.assertEqual(zone.may_set_latch(self.gate), False)

    def test_fire_and_panic_are_fresh_from_the_start_the_others_when_they_were_low(self) -> None:
        for kind in range(len(codes.TRIP_NAMES)):
            zone = Zone(self.board, kind, DEBOUNCE_MS, 0)
            self.assertEqual(zone.is_fresh, kind in (codes.TRIP_FIRE, codes.TRIP_PANIC))
            zone.tick(1, self.gate)
            self.assertTrue(zone.is_fresh)

    def test_a_watch_begins_with_the_lines_that_are_low(self) -> None:
        low, high = self.zone(codes.TRIP_CONTACT), self.zone(codes.TRIP_INTRUSION)
        self.board.line("TRIP_INTRUSION", 1)
        high.tick(20, self.gate)
        low.begin_watch(self.gate)
        high.begin_watch(self.gate)
        self.assertEqual((low.is_fresh, high.is_fresh), (True, False))


class TestZones(unittest.TestCase):
    def setUp(self) -> None:
        self.board = FakeBoard()
        self.gate = Gate(self.board, 0)
        self.zones = Zones(self.board, Config({"debounce_ms": DEBOUNCE_MS}), 0)

    def look(self, now_ms: int) -> None:
        """Sample every line."""
        for zone in self.zones.all:
            zone.tick(now_ms, self.gate)

    def asked(self) -> tuple:
        """Return what the zones say together."""
        zone = self.zones.risen_again(self.gate)
        kind = None if zone is None else zone.kind
        return self.zones.any_high(), self.zones.any_rising(), kind

    def test_a_line_is_high_then_rising_then_may_rise_again(self) -> None:
        self.look(10)
        self.assertEqual(self.asked(), (False, False, None))
        self.board.line("TRIP_FIRE", 1)
        self.look(20)
        self.assertEqual(self.asked(), (True, True, None))
        self.look(25)
        self.assertEqual(self.asked(), (True, False, codes.TRIP_FIRE))
        self.board.line("TRIP_FIRE", 0)
        self.look(30)
        self.assertEqual(self.asked(), (False, False, None))

    def test_an_intrusion_rises_again_only_with_the_arm_lines_up(self) -> None:
        self.look(10)
        self.board.line("TRIP_INTRUSION", 1)
        self.look(20)
        self.look(25)
        self.assertEqual(self.asked(), (True, False, None))
        self.gate.set_arm_lines(True)
        self.assertEqual(self.asked(), (True, False, codes.TRIP_INTRUSION))


class TestJudge(unittest.TestCase):
    """What Trips makes of a rise, one line at a time."""

    def judged(self, parts: Parts, kind: int) -> int:
        """Raise a line; return what is made of it after the debounce."""
        now_ms = parts.board.now_ms
        parts.board.line(codes.ZONE_ROLES[kind], 1)
        trips, zone = parts.controller.trips, parts.zones.all[kind]
        first = trips.judge(now_ms + 1, zone, parts.controller)
        self.assertEqual(first, NO_TRIP)
        return trips.judge(now_ms + 1 + DEBOUNCE_MS, zone, parts.controller)

    def test_a_rise_that_the_latch_confirms(self) -> None:
        self.assertEqual(self.judged(Parts(), codes.TRIP_PANIC), CONFIRMED_TRIP)

    def test_a_rise_that_it_should_have_confirmed(self) -> None:
        parts = Parts()
        parts.board.deaf = True
        self.assertEqual(self.judged(parts, codes.TRIP_PANIC), DEAF_TRIP)

    def test_a_rise_that_it_cannot_confirm(self) -> None:
        parts = Parts()
        parts.enter(states.ARMED, True)
        parts.gate.set_arm_lines(False)  # as under a fault
        self.assertEqual(self.judged(parts, codes.TRIP_INTRUSION), TRIP)

    def test_a_rise_that_is_no_trip_is_told_if_it_is_tamper(self) -> None:
        self.assertEqual(self.judged(Parts(), codes.TRIP_TAMPER), TOLD_ONLY)
        self.assertEqual(self.judged(Parts(), codes.TRIP_INTRUSION), NO_TRIP)

    def test_a_new_keeper_looks_twice_at_a_latch_that_is_set(self) -> None:
        parts = Parts()
        parts.board.latch = True
        keeper = Gatekeeper(parts.gate, parts.zones, parts.record, parts.event)
        keeper.hub = parts.hub
        for clears in (0, 1, 2):
            parts.gate.clears = clears
            self.assertEqual(keeper.stray_latch(), False)
        keeper.step(5, states.IDLE, False)
        self.assertEqual((parts.gate.clears, keeper.stray_latch()), (2, True))
        keeper.step(6, states.IDLE, False)
        self.assertEqual((parts.gate.clears, parts.board.latch), (3, False))
        self.assertEqual(parts.hub.words(), ["latch-cleared"])

    def test_a_latch_that_fell_by_itself_is_forgotten(self) -> None:
        parts = Parts()
        parts.board.latch = True
        parts.keeper.step(5, states.IDLE, False)
        parts.board.latch = False  # by the circuit's MAX: no clearing is counted
        parts.keeper.step(6, states.IDLE, False)
        self.assertEqual(parts.keeper.stray_latch(), False)
        parts.board.latch = True
        parts.keeper.step(7, states.IDLE, False)
        self.assertEqual(parts.board.latch, True)


class TestTicks(unittest.TestCase):
    def test_a_difference_reaches_from_minus_half_a_period_to_one_less_than_half(self) -> None:
        self.assertEqual(ticks.TICKS_PERIOD, 2 * 0x20000000)
        self.assertEqual(ticks.diff_ms(0x1FFFFFFF, 0), 0x1FFFFFFF)
        self.assertEqual(ticks.diff_ms(0x20000000, 0), -0x20000000)
        self.assertEqual(ticks.diff_ms(5, 0x3FFFFFFF), 6)
        self.assertEqual(ticks.diff_ms(0x3FFFFFFF, 5), -6)

    def test_a_sum_wraps(self) -> None:
        self.assertEqual(ticks.add_ms(0x3FFFFFFF, 2), 1)
        self.assertEqual(ticks.add_ms(1, -2), 0x3FFFFFFF)

    def test_a_deadline_is_reached_at_its_tick(self) -> None:
        seen = [ticks.reached(now_ms, 7) for now_ms in (6, 7, 8)]
        self.assertEqual(seen, [False, True, True])


if __name__ == "__main__":
    unittest.main()
