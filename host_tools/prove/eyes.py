"""The witness's eyes on the circuit: which edges counted, what is driven, and the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from host_tools.prove import claims
from host_tools.virtual_board.circuit import ARMED_BY, LINES, PINS

if TYPE_CHECKING:
    from host_tools.prove.chip import Seen
    from host_tools.prove.terms import Terms
    from host_tools.prove.world import World

_BIT = {role: 1 << index for index, role in enumerate(PINS)}
EN = _BIT["UPLINK_EN"]
CAMERA = _BIT["CAM_EN"]
_CLEAR = _BIT["LATCH_CLEAR"]
_BEAT = _BIT["HEARTBEAT"]
_ARM = _BIT["ARM_CONTACT"] | _BIT["ARM_INTRUSION"]


class Eyes:
    """Keeps what it has seen, as state, and what was violated in the input that runs now."""

    def __init__(self, world: World, terms: Terms) -> None:
        self._world = world
        self._terms = terms
        self.violations: list[tuple[str, str]] = []
        # Seen so far; each is state.
        # Lines that counted since UPLINK_EN, ALIVE (while it mattered) or the latch fell last.
        self.edges = 0
        self.intended = False  # an intent is journaled, and UPLINK_EN has not fallen since
        self.shut_until: int | None = None  # when the gate must be shut: the window's end
        self.max_until: int | None = None
        self.alive_until: int | None = None
        self.cycled = False  # the supply was off since the detector ran last
        self.broken = False  # something of the circuit broke, and a fault may tell of it
        # Seen of the detector that runs; its end makes an end of it.
        self.armed = False  # by the journal, and by commands that were answered with OK
        self.exit_until: int | None = None
        self.entry_until: int | None = None
        self.capture_until: int | None = None
        self.trip_lines = 0  # of edges: those that a tick has found high, and
        self.trip_until: int | None = None  # when an alarm must have begun
        # Of the input that runs now; not state.
        self._driven = 0  # what the firmware drives high, and
        self._nets = 0  # what that has come to
        self._latch = self._alive = self._gate = False
        self._fell = 0  # outputs that the firmware let fall
        self.ending = False  # a command that ends an alarm is being obeyed

    STATE = (
        *("edges", "intended", "shut_until", "max_until", "alive_until", "cycled", "broken"),
        *("armed", "exit_until", "entry_until", "capture_until", "trip_lines", "trip_until"),
    )
    NOTHING_RUNS = (False, None, None, None, 0, None)  # the last of these

    def forget(self) -> None:
        """Take it that the detector runs no more."""
        self.armed, self.trip_lines = False, 0
        self.exit_until = self.entry_until = self.capture_until = self.trip_until = None

    def begin(self, seen: Seen) -> None:
        """Start watching an input."""
        self.violations = []
        self._driven = self._world.chip.driven
        self._fell = 0
        self.ending = False
        _levels, self._nets, self._latch, self._alive, self._gate, _faults = seen

    def pending(self) -> int:
        """Return the lines, as bits, that are high since an edge that counted."""
        circuit = self._world.circuit
        return self.edges & sum(1 << kind for kind, line in enumerate(LINES) if circuit.line(line))

    def violate(self, invariant: str, sentence: str) -> None:
        """Note a violation, unless the circuit's fault takes that invariant away."""
        if invariant not in self._world.given_up:
            self.violations.append((invariant, sentence))

    # --- the circuit ----------------------------------------------------------------------------

    def on_edge(self, line: str) -> None:
        """See a sensor line rise, before the circuit does: does this edge count?"""
        arm_line = ARMED_BY[LINES.index(line)]
        if arm_line is not None and not self._nets & _BIT[arm_line]:
            return
        if self._nets & _CLEAR or not self._world.circuit.powered:
            return
        if not self.edges:
            self.max_until = self._world.now_us() + self._world.circuit.max_us
        self.edges |= 1 << LINES.index(line)
        if self.entry_until is None and LINES.index(line) in self._terms.entry_kinds:
            self.entry_until = self._world.now_us() + self._terms.entry_us

    def on_change(self, seen: Seen) -> None:
        """See the circuit change; for what its faults do to a net nobody is blamed."""
        _levels, nets, latch, alive, gate, _faults = seen
        driven = self._world.chip.driven
        rose = driven & ~self._driven
        fell = self._driven & ~driven
        self._driven = driven
        self._fell |= fell
        if not latch or fell & EN or (self._alive and not alive and nets & EN):
            self.edges = 0
            self.max_until = self.max_until if gate else None
        if fell & EN:
            self.intended = False
        if (rose | fell) & _BEAT:
            self._on_beat()
        if rose & EN and not self.intended:
            self.violate(claims.RECORD_FIRST, "UPLINK_EN rose before the intent was journaled")
        if rose & _ARM:
            self._on_arm_lines()
        if gate and not self._gate:
            self._on_opening()
        elif self._gate and not gate:
            self.shut_until = self.alive_until = None
        self._nets, self._latch, self._alive, self._gate = nets, latch, alive, gate
        if gate:
            self.check_open()

    def _on_beat(self) -> None:
        self.alive_until = self._world.now_us() + self._world.circuit.alive_us
        if self._world.runs and not self._driven & EN:
            self.violate(claims.SHUT_AFTER_RESET, "the heart beats while the gate is shut")

    def _on_arm_lines(self) -> None:
        now_us = self._world.now_us()
        if not self.armed:
            self.violate(claims.ALARM_ONLY, "an arm line rose unarmed")
        elif self.exit_until is not None and now_us < self.exit_until:
            self.violate(claims.ALARM_ONLY, "an arm line rose in the exit delay")
        elif self._world.circuit.service:
            self.violate(claims.ALARM_ONLY, "an arm line rose with the jumper in")

    def _on_opening(self) -> None:
        if not self.edges:
            self.violate(claims.COUNTED_TRIP, "the gate opened without a new edge that counted")
        if not self.intended:
            self.violate(claims.RECORD_FIRST, "the gate opened before the intent was journaled")
        self.shut_until = self._world.now_us() + self._terms.window_us

    def check_open(self) -> None:
        """Judge a gate that is open now by where the firmware says it is."""
        world = self._world
        if world.boots:
            return  # judged when boot.py's lines have run
        if not world.runs:
            self.violate(claims.SHUT_AFTER_RESET, "the gate is open and no detector runs")
        elif not world.in_alarm():
            self.violate(claims.ALARM_ONLY, f"the gate is open in {world.state_name()}")
