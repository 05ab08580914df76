"""Whoever watches: the invariants, judged by the circuit and by what went over the wires.

Of the firmware it asks one thing, the state it says it is in, because P1 is about that. Everything
else it has seen itself: which edges counted, which commands were answered with OK, what was
written to the journal, what time it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from host_tools.prove import claims
from host_tools.virtual_board.circuit import ARMED_BY, LINES, PINS

if TYPE_CHECKING:
    from host_tools.prove.chip import Seen
    from host_tools.prove.terms import Terms
    from host_tools.prove.world import World

_BIT = {role: 1 << index for index, role in enumerate(PINS)}
_EN = _BIT["UPLINK_EN"]
_CLEAR = _BIT["LATCH_CLEAR"]
_BEAT = _BIT["HEARTBEAT"]
_CAMERA = _BIT["CAM_EN"]
_ARM = _BIT["ARM_CONTACT"] | _BIT["ARM_INTRUSION"]


class Witness:
    """Keeps what it has seen, as state, and what was violated in the input that runs now."""

    def __init__(self, world: World, terms: Terms) -> None:
        self._world = world
        self._terms = terms
        self.violations: list[tuple[str, str]] = []
        # Seen so far; each is state.
        # Lines that counted since UPLINK_EN, ALIVE (while it mattered) or the latch fell last.
        self.edges = 0
        self.intended = False  # an intent is journaled, and UPLINK_EN has not fallen since
        self.armed = False  # by the commands that were answered with OK
        self.exit_until: int | None = None
        self.entry_until: int | None = None
        self.shut_until: int | None = None  # when the gate must be shut: the window's end
        self.max_until: int | None = None
        self.alive_until: int | None = None
        self.capture_until: int | None = None
        self.cycled = False  # the supply was off since the detector ran last
        self.broken = False  # something of the circuit broke, and a fault may tell of it
        # Of the input that runs now; not state.
        self._driven = 0  # what the firmware drives high, and
        self._nets = 0  # what that has come to
        self._latch = self._alive = self._gate = False
        self._fell = 0  # outputs that the firmware let fall
        self._before: tuple[bool, int | None, bool] = (False, None, False)  # a command
        self.ending = False  # a command that ends an alarm is being obeyed

    STATE = (
        *("edges", "intended", "armed", "exit_until", "entry_until", "shut_until", "max_until"),
        *("alive_until", "capture_until", "cycled", "broken"),
    )

    def begin(self, seen: Seen) -> None:
        """Start watching an input."""
        self.violations = []
        self._driven = self._world.chip.driven
        self._fell = 0
        self.ending = False
        _levels, self._nets, self._latch, self._alive, self._gate, _faults = seen

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
        if not latch or fell & _EN or (self._alive and not alive and nets & _EN):
            self.edges = 0
            self.max_until = None
        if fell & _EN:
            self.intended = False
        if (rose | fell) & _BEAT:
            self._on_beat()
        if rose & _EN and not self.intended:
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
        if self._world.runs and not self._driven & _EN:
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

    # --- journal and wires ----------------------------------------------------------------------

    def on_record(self, kind: int) -> None:
        """See a record that was written."""
        codes = self._world.firmware.codes
        if kind == codes.JR_GATE_INTENT:
            self.intended = True
        if self._gate:
            self.check_open()
            ends = (codes.JR_GATE_SHUT, codes.JR_ALARM_END, codes.JR_DISARM, codes.JR_CANCEL)
            if self.ending or kind in ends:
                word = codes.journal_name(kind)
                self.violate(claims.SHUT_AT_ONCE, f"the gate was open while {word} was written")

    def on_message(self, message: dict[str, object]) -> None:
        """See an event that was told to the hub."""
        word = message["e"]
        if word == "alarm":
            self._on_alarm(str(message["kind"]))
        if word == "alarm-end":
            self.entry_until = None
        if self._gate:
            self.check_open()
            if self.ending or word == "alarm-end":
                self.violate(claims.SHUT_AT_ONCE, f"the gate was open while {word!r} was told")

    def _on_alarm(self, kind: str) -> None:
        """See ALARM begin: by a line that counts, and not before its delay is over."""
        now_us = self._world.now_us()
        delayed = self.entry_until is None or now_us < self.entry_until
        if delayed and kind in self._terms.entry_names:
            self.violate(claims.ALARM_ONLY, "an alarm began in its entry delay")
        by_jumper = kind == "tamper" and self._world.circuit.service
        if kind in ("fire", "panic") or by_jumper:
            return
        if not self.armed:
            self.violate(claims.ALARM_ONLY, f"{kind} began an alarm unarmed")
        elif self.exit_until is not None and now_us < self.exit_until:
            self.violate(claims.ALARM_ONLY, f"{kind} began an alarm in the exit delay")

    def on_command(self, name: str, ends_alarm: bool) -> None:
        """See a command that is about to be obeyed or refused."""
        self.ending = ends_alarm
        self._before = (self.armed, self.exit_until, self._world.in_alarm())
        if name == "arm" and not self.armed:
            self.armed = True
            self.exit_until = self._world.now_us() + self._terms.exit_us

    def on_answer(self, link: str, name: str, ok: bool) -> None:
        """See the command's answer."""
        armed, exit_until, was_alarm = self._before
        if not ok:
            self.armed, self.exit_until = armed, exit_until
        elif name in ("disarm", "cancel"):
            self.armed = False
            self.exit_until = self.entry_until = None
        elif link == "uplink" and name in ("live", "more") and not was_alarm:
            self.violate(claims.NO_LIVE, f"{name} was answered with OK outside ALARM")

    # --- after an input -------------------------------------------------------------------------

    def after_reset(self) -> None:
        """Judge pads that are released and not yet driven."""
        if self._gate:
            self.violate(claims.SHUT_AFTER_RESET, "the pads are released and the gate is open")

    def after_boot(self) -> None:
        """Judge what boot.py's lines have left."""
        if self._gate or self._nets & _EN or (self._latch and self._clears()):
            self.violate(claims.SHUT_AFTER_RESET, "boot.py has run and the gate is not shut")
        self.armed = self._world.stored.armed
        self.exit_until = self.entry_until = self.capture_until = None

    def after_stop(self) -> None:
        """Judge what main's handler has left when it resets the chip."""
        if self._gate:
            self.violate(claims.SHUT_AFTER_RESET, "main's handler has left the gate open")

    def after_input(self, ticked: bool, faults_before: int | None) -> None:
        """Judge the state that an input has led to."""
        now_us = self._world.now_us()
        if self._gate:
            self._check_open_gate(now_us, ticked)
        if self._fell & _EN and self._latch and self._clears():
            self.violate(claims.SHUT_AT_ONCE, "UPLINK_EN fell and the latch was not cleared")
        world = self._world
        if not world.runs:
            return
        self._check_capture(now_us, ticked)
        faults = world.faults()
        if faults_before is not None and faults_before & ~faults:
            self.violate(claims.FAULT_STAYS, "a fault went away while the detector ran")
        if faults & self._terms.circuit_faults and not self.broken:
            names = ", ".join(world.firmware.codes.fault_names(faults))
            self.violate(claims.NO_FALSE_FAULT, f"a sound circuit is called faulty: {names}")
        if (
            ticked
            and self._nets & _CAMERA
            and not (self._world.in_alarm() or self._world.captures())
        ):
            self.violate(claims.CAMERA_OFF, f"the camera is on in {self._world.state_name()}")

    def _check_open_gate(self, now_us: int, ticked: bool) -> None:
        self.check_open()
        if ticked and self.shut_until is not None and now_us >= self.shut_until:
            self.violate(claims.SHUT_AT_ONCE, "the window is over and the gate is open")
        if self.max_until is not None and now_us >= self.max_until:
            self.violate(claims.SHUT_AT_ONCE, "MAX is over and the gate is open")
        if self.alive_until is not None and now_us >= self.alive_until:
            self.violate(claims.SHUT_AFTER_RESET, "ALIVE is over and the gate is open")
        if self.ending:
            self.violate(claims.SHUT_AT_ONCE, "the alarm was ended and the gate is open")

    def _check_capture(self, now_us: int, ticked: bool) -> None:
        if not self._world.captures():
            self.capture_until = None
        elif self.capture_until is None:
            self.capture_until = now_us + self._terms.capture_us
        elif ticked and now_us >= self.capture_until:
            self.violate(claims.CAPTURE_ENDS, "CUSTOMER_CAPTURE goes on after its time-out")

    def after_start(self, stored_faults: int, is_unreadable: bool) -> None:
        """Judge the faults that a detector has which has just started."""
        world = self._world
        if self.armed and any(world.circuit.line(LINES[kind]) for kind in self._terms.entry_kinds):
            self.entry_until = (
                world.now_us() + self._terms.entry_us
            )  # high at boot: told after a delay
        faults = world.faults()
        if is_unreadable and not world.blocked_by_journal():
            self.violate(claims.FAULT_STAYS, "the journal was unreadable and no fault says so")
        elif stored_faults & ~faults and not self.cycled and not is_unreadable:
            self.violate(claims.FAULT_STAYS, "a fault went away without a power-cycle")
        if faults & self._terms.circuit_faults and not self.broken:
            self.violate(claims.NO_FALSE_FAULT, "a sound circuit fails the self-test")
        seen = any(name in claims.SEEN_AT_BOOT for name in world.circuit.faults)
        if self.cycled and seen and not faults & self._terms.circuit_faults:
            self.violate(claims.FAULT_STAYS, "a broken circuit passed the self-test")
        self.cycled = False
        self.broken = bool(world.circuit.faults or faults & self._terms.circuit_faults)

    def _clears(self) -> bool:
        """Say whether the latch can be cleared: else nobody can be blamed for it."""
        return "latch-stuck" not in self._world.circuit.faults

    def shown(self) -> dict[str, Any]:
        """Return the levels, for a trace."""
        return {"gate": self._gate, "latch": self._latch, "alive": self._alive, "nets": self._nets}
