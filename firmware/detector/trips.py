"""Which rises of a line are trips, and whether the circuit's latch confirms them.

Decides and remembers, changes nothing: the controller does what follows.
"""

from detector import codes, states, ticks
from detector.compat import const
from detector.zones import HIGH_AT_BOOT, NOTHING, TRIPPED

NO_TRIP = const(0)
TRIP = const(1)  # nothing in the circuit confirms it: it is told and opens nothing
CONFIRMED_TRIP = const(2)
TOLD_ONLY = const(3)  # tamper where it is no trip: a 24-hour line
DEAF_TRIP = const(4)  # as TRIP, and the latch should have been set

_DELAYED_BY_EXIT = (codes.TRIP_INTRUSION, codes.TRIP_CONTACT, codes.TRIP_TAMPER)


class Trips:
    """Judges what the zones see by the state, the delays and the latch."""

    def __init__(self, gate: "Gate", zones: "Zones", debounce_ms: int, now_ms: int) -> None:
        """Take gate and zones to read; `debounce_ms` is that of the zones."""
        self._gate = gate
        self._zones = zones
        self._debounce_ms = debounce_ms
        self._looked_ms = now_ms
        self._gap_ms = 0  # from the last look at the lines but one to the last, and
        self._gap_before_ms = 0  # the one before
        # gate.clears when the latch was last seen set; None before.
        self._set_clears: int | None = None

    def begin_tick(self, now_ms: int) -> None:
        """Note how long nobody looked at the lines, and whether the latch is set."""
        self._gap_before_ms = self._gap_ms
        self._gap_ms = ticks.diff_ms(now_ms, self._looked_ms)
        self._looked_ms = now_ms
        if self._gate.latch_set():
            self._set_clears = self._gate.clears

    def judge(self, now_ms: int, zone: "Zone", controller: "Controller") -> int:
        """Sample one line and return what its rise is; once for each time it is high."""
        seen = zone.tick(now_ms, self._gate)
        if seen == NOTHING:
            return NO_TRIP
        if not self._counts(zone, seen, controller):
            return TOLD_ONLY if zone.kind == codes.TRIP_TAMPER else NO_TRIP
        if self._gate.latch_set():
            return CONFIRMED_TRIP
        # A latch that was seen set since it was last cleared is not deaf: MAX has run out.
        was_set = self._set_clears == self._gate.clears
        if seen != HIGH_AT_BOOT and not was_set and zone.may_set_latch(self._gate):
            return DEAF_TRIP
        return TRIP

    def unseen_rise(self, controller: "Controller") -> "Zone | None":
        """Return the line behind a latch that is set while no line was seen to rise.

        A line may fall and rise within one long tick (a flash erase takes 45 ms); the latch sees
        it. In a short tick it cannot: there a set latch is a glitch, of whatever line.
        """
        if max(self._gap_ms, self._gap_before_ms) < self._debounce_ms:
            return None
        zone = self._zones.risen_again(self._gate)
        if zone is None or not self._gate.latch_set():
            return None
        return zone if self._counts(zone, TRIPPED, controller) else None

    def _counts(self, zone: "Zone", seen: int, controller: "Controller") -> bool:
        guard = states.TABLE[controller.state][zone.kind][0]
        if guard == states.REFUSED or (guard == states.IF_ARMED and not controller.armed):
            return False
        if zone.kind not in _DELAYED_BY_EXIT or guard == states.JOINS:
            return True
        # Not in the exit delay, and a line that rose in it must fall before it counts. The arm
        # lines are not asked: with a fault they are low, and the alarm still has to be told.
        return not controller.exit_running and (seen == HIGH_AT_BOOT or zone.is_fresh)
