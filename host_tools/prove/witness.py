"""Whoever watches: the invariants, judged by the circuit and by what went over the wires.

Of the firmware it asks little: the state it says it is in, because P1 is about that, whether an
alarm runs, and its faults. Everything else it has seen itself: which edges counted, which commands
were answered with OK, what was written to the journal, what time it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from host_tools.prove import claims
from host_tools.prove.eyes import CAMERA, EN, Eyes
from host_tools.virtual_board.circuit import LINES

if TYPE_CHECKING:
    from host_tools.prove.terms import Terms
    from host_tools.prove.world import World


class Witness(Eyes):
    """Adds to what is seen what is heard, and judges at the end of each input."""

    def __init__(self, world: World, terms: Terms) -> None:
        super().__init__(world, terms)
        self._before: tuple[bool, int | None, bool] = (False, None, False)  # a command
        self._waiting = 0  # lines that the tick must take for a trip

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

    def on_tick(self) -> None:
        """See a tick begin: which lines wait for it?"""
        world = self._world
        may_wait = not (world.has_event() or world.circuit.service or world.circuit.faults)
        self._waiting = self.pending() if may_wait else 0

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
        if self._gate or self._nets & EN or (self._latch and self._clears()):
            self.violate(claims.SHUT_AFTER_RESET, "boot.py has run and the gate is not shut")
        self.forget()

    def after_stop(self) -> None:
        """Judge what main's handler has left when it resets the chip."""
        if self._gate:
            self.violate(claims.SHUT_AFTER_RESET, "main's handler has left the gate open")

    def after_input(self, ticked: bool, faults_before: int | None) -> None:
        """Judge the state that an input has led to."""
        now_us = self._world.now_us()
        if self._gate:
            self._check_open_gate(now_us, ticked)
        if self._fell & EN and self._latch and self._clears():
            self.violate(claims.SHUT_AT_ONCE, "UPLINK_EN fell and the latch was not cleared")
        world = self._world
        if not world.runs:
            return
        self._check_capture(now_us, ticked)
        if ticked:
            self._check_trips(now_us)
        faults = world.faults()
        if faults_before is not None and faults_before & ~faults:
            self.violate(claims.FAULT_STAYS, "a fault went away while the detector ran")
        if faults & self._terms.circuit_faults and not self.broken:
            false = faults & self._terms.circuit_faults
            names = ", ".join(world.firmware.codes.fault_names(false))
            self.violate(claims.NO_FALSE_FAULT, f"a sound circuit is called faulty: {names}")
        if (
            ticked
            and self._nets & CAMERA
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

    def _check_trips(self, now_us: int) -> None:
        """Judge whether a line that waited long enough has begun an alarm."""
        begun = self._world.has_event()
        waited = self.trip_lines & self._waiting
        if waited and not begun and self.trip_until is not None and now_us >= self.trip_until:
            self.violate(claims.NO_LOST_TRIP, "a line tripped and stayed high, and nothing began")
        lines = 0 if begun else self._waiting & self.pending()
        if not lines & self.trip_lines:
            self.trip_until = now_us + self._terms.debounce_us if lines else None
        self.trip_lines = lines

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
