"""When the gate opens and shuts: once per event, and never without its record.

Between the controller (which knows the state) and the gate (which knows the pins). Shutting always
comes before any flash operation and any message.
"""

from detector import codes, states, ticks
from detector.compat import const

# After a clear the latch is looked at again in a later tick: a line may have risen meanwhile.
_CLEARS_BEFORE_FAULT = const(3)


class Gatekeeper:
    """Opens for a confirmed event in a state that may open, shuts for any reason."""

    def __init__(
        self, gate: "Gate", zones: "Zones", record: "Record", event: "AlarmEvent"
    ) -> None:
        """Take the parts; `uplink` and `hub` are set by app."""
        self.gate = gate
        self.uplink: "Uplink" = None
        self.hub: "Hub" = None
        self._zones = zones
        self._record = record
        self._event = event
        # gate.clears when the latch was seen set with no event; None while it is not.
        self._stray_clears: int | None = None
        self._useless_clears = 0

    def step(self, now_ms: int, state: int, service: bool) -> None:
        """Open, check or tidy as `state` and the circuit's latch ask; once a tick."""
        event = self._event
        if not self.gate.wanted:
            if event.confirmed and not event.opened and states.GATE_OPEN[state]:
                # What was written before the last shutting runs out into the shut gate first.
                if self.uplink.drained():
                    self._open(now_ms, service)
            elif not event.running:
                self._tidy_latch(now_ms)
        elif not self.gate.latch_set():  # MAX ran out
            self.shut(now_ms, states.EV_MAX)
        elif self.gate.lapsed(now_ms):
            self.shut(now_ms, states.EV_HANG)
        elif self._record.full:
            self.shut(now_ms, states.EV_JOURNAL_FULL)
            self._tell_full()
        elif not event.uplinked and self.gate.is_open() and not self._record.journal.unsettled:
            # Not before: until its record is final an opening could be denied afterwards.
            event.uplinked = True
            self.uplink.opened(now_ms, event)

    def stray_latch(self) -> bool:
        """Say whether the latch was seen set with no event, and not cleared since."""
        return self._stray_clears == self.gate.clears

    def shut(self, now_ms: int, why: int) -> None:
        """Shut, whatever the reason (an EV_ number of states.py); journal it if it was open."""
        if self.shut_now():
            self.record_shut(now_ms, why)

    def shut_now(self) -> bool:
        """Shut and silence the uplink, and nothing else; say whether the gate was wanted open."""
        was_wanted = self.gate.wanted
        self.gate.shut()
        self.uplink.closed()
        return was_wanted

    def record_shut(self, now_ms: int, why: int) -> None:
        """Journal that the gate was shut, and for how long it had been open."""
        open_ms = ticks.diff_ms(now_ms, self._event.opened_ms)
        self._record.write(now_ms, codes.JR_GATE_SHUT, self._event.id, why, open_ms)

    def _open(self, now_ms: int, service: bool) -> None:
        event = self._event
        event.opened = True  # or refused for good: no second try within an event
        if service or self._record.faults & codes.FAULTS_BLOCKING:
            return
        if self._record.write(now_ms, codes.JR_GATE_INTENT, event.id):
            event.opened_ms = now_ms
            self.gate.open(now_ms)
        elif self._record.full:
            self._tell_full()

    def _tell_full(self) -> None:
        # No record, no opening: the alarm goes on without the gate.
        self.hub.event((("e", "journal-full"),))

    def _tidy_latch(self, now_ms: int) -> None:
        # Set without an accepted or pending trip: a glitch, or a line that bounced in a delay. It
        # is cleared as soon as its line is low, so that nothing old opens with the next event.
        if not self.gate.latch_set():
            self._stray_clears = None
            self._useless_clears = 0
            return
        if self._stray_clears != self.gate.clears:
            # The line may have risen since it was sampled: look at it again before clearing. What
            # was seen before the last clear (an event's end) says nothing about this latch.
            self._stray_clears = self.gate.clears
            return
        if self._zones.any_rising():
            return
        self.gate.clear_latch()
        self._useless_clears += 1
        if self._useless_clears > _CLEARS_BEFORE_FAULT:
            self._record.latch(codes.FAULT_LATCH_STUCK)
        elif self._useless_clears == 1:
            self._record.write(now_ms, codes.JR_LATCH_CLEARED)
            self.hub.event((("e", "latch-cleared"),))
