"""Sensor lines: debounce, and which rising edge counts as a trip.

A line must have been seen low before it counts, as the circuit's flip-flops need a rising edge. A
line that is high at boot is reported once, but nothing in the circuit can confirm it.
"""

from detector import ticks
from detector.codes import TRIP_FIRE, TRIP_PANIC, ZONE_ROLES
from detector.compat import const

# What `Zone.tick` saw.
NOTHING = const(0)
TRIPPED = const(1)  # a debounced rising edge
HIGH_AT_BOOT = const(2)  # high since before the first look: no edge to confirm it


class Zone:
    """One sensor line of a trip kind (codes.TRIP_*)."""

    def __init__(self, hal: "Hal", kind: int, debounce_ms: int, now_ms: int) -> None:
        """Claim the line's pin; `debounce_ms` is how long it must stay high."""
        self.kind = kind
        # Fire and panic always may set the latch; the others wait for the arm lines (DESIGN 3).
        self.always = kind in (TRIP_FIRE, TRIP_PANIC)
        self._pin = hal.pin_in(ZONE_ROLES[kind])
        self._debounce_ms = debounce_ms
        self.high = False  # the raw level at the last tick
        self._high_ms = now_ms  # when it was first seen high: two looks at least make a trip
        # gate.clears and gate.arms when it was last seen low; None before.
        self._low_clears: int | None = None
        self._low_arms: int | None = None
        self._seen_low = False
        # Seen low since the detector began to watch: a rise may be a trip.
        self.is_fresh = self.always
        self.reported = False  # this high has been told

    def tick(self, now_ms: int, gate: "Gate") -> int:
        """Sample the line; return NOTHING, or TRIPPED or HIGH_AT_BOOT once for each high."""
        if self._pin.value() == 0:
            self._see_low(gate)
            return NOTHING
        if not self.high:
            self.high = True
            self._high_ms = now_ms
        if self.reported or ticks.diff_ms(now_ms, self._high_ms) < self._debounce_ms:
            return NOTHING
        self.reported = True
        return TRIPPED if self._seen_low else HIGH_AT_BOOT

    def _see_low(self, gate: "Gate") -> None:
        self.high = False
        self._seen_low = True
        self.is_fresh = True
        self.reported = False
        self._low_clears = gate.clears
        self._low_arms = gate.arms

    def may_set_latch(self, gate: "Gate") -> bool:
        """Say whether this line's last rise came while it could set the latch.

        Only then must the latch be set: the line was seen low since the arm lines rose (fire and
        panic need none) and since the last LATCH_CLEAR, which would have wiped it. Counts, not
        times, are compared: times would be stale after six quiet days.
        """
        if self._low_clears != gate.clears:
            return False
        return self.always or (gate.arm_lines and self._low_arms == gate.arms)

    def begin_watch(self, gate: "Gate") -> None:
        """Begin to watch (the arm lines have just risen): what is high now must fall first."""
        self.is_fresh = self.always
        if self._pin.value() == 0:
            self._see_low(gate)


class Zones:
    """All sensor lines of a board."""

    def __init__(self, hal: "Hal", config: "Config", now_ms: int) -> None:
        """Make a zone for each role of codes.ZONE_ROLES."""
        self.all = tuple(
            [Zone(hal, kind, config.debounce_ms, now_ms) for kind in range(len(ZONE_ROLES))]
        )

    def begin_watch(self, gate: "Gate") -> None:
        """Have every line that is high now fall before it counts."""
        for zone in self.all:
            zone.begin_watch(gate)

    def any_high(self) -> bool:
        """Say whether a line is high now; allocates nothing."""
        for zone in self.all:
            if zone.high:
                return True
        return False

    def any_rising(self) -> bool:
        """Say whether a line is high that is not debounced yet; allocates nothing."""
        for zone in self.all:
            if zone.high and not zone.reported:
                return True
        return False

    def risen_again(self, gate: "Gate") -> "Zone | None":
        """Return a line that may have fallen and risen unseen, and set the latch with it."""
        for zone in self.all:
            if zone.high and zone.reported and (zone.always or gate.arm_lines):
                return zone
        return None
