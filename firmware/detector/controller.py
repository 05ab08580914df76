"""The controller: only writer of the state.

Time comes in as an argument, nothing blocks, and every edge is looked up in states.TABLE. Leaving
ALARM: shut, then change state, then everything else. Entering: change state, journal, open, check.
"""

from detector import codes, states, status, ticks
from detector.capture import FAILED, FINISHED, IMAGE_DONE
from detector.clock import REFUSED, TOLD
from detector.compat import const
from detector.trips import CONFIRMED_TRIP, DEAF_TRIP, NO_TRIP, TOLD_ONLY, Trips

# So many trips of one event have a record each; the event's end says how many there were. A sensor
# that rattles for a whole alarm would use up the journal, which cannot be erased meanwhile.
_TRIPS_RECORDED = const(16)


class Controller:
    """State machine over gate, zones, capture and store; the hub is told what happens."""

    def __init__(self, parts: "Parts", now_ms: int) -> None:
        """Take the wired parts (see app.Parts); the state is what the journal recovered."""
        self.config = parts.config
        self.lacks = parts.lacks  # commands that this model does not have
        self.clock = parts.clock
        self.gate = parts.gate
        self.zones = parts.zones
        self.trips = Trips(parts.gate, parts.zones, parts.config.debounce_ms, now_ms)
        self.record = parts.record
        self.keeper = parts.keeper
        self.capture = parts.capture
        self.store = parts.store
        self.event = parts.event
        self.pictures = parts.pictures
        self.hub: "Hub" = None  # set by app: told events
        self.uplink: "Uplink" = None  # set by app
        self.armed = bool(parts.record.journal.armed)
        self.state = states.ARMED if self.armed else states.IDLE
        self.exit_running = False
        self.entry_running = False
        self.service = self.gate.service()
        self.now_ms = now_ms
        self.exit_ms = now_ms
        self.entry_ms = now_ms
        self._window_ms = now_ms
        self._capture_ms = now_ms
        self._known_faults = self.record.faults
        self._update_arm_lines()

    # --- commands: each returns codes.OK or why not ---------------------------------------------

    def arm(self, now_ms: int) -> int:
        """Start the exit delay; refused by the jumper, a fault, an open zone, the table."""
        if self.service:
            return codes.ERR_SERVICE
        if self.record.faults & codes.FAULTS_BLOCKING:
            return codes.ERR_FAULT
        guard, target, _armed = states.TABLE[self.state][states.EV_ARM]
        if guard == states.REFUSED:
            return target
        if self.armed:  # a capture that came from ARMED: nothing changes
            return codes.OK
        if self.zones.any_high():
            return codes.ERR_OPEN_ZONES
        self.record.set_armed(True)
        if not self.record.write(now_ms, codes.JR_ARM, 0, self.config.exit_delay_ms):
            self.record.set_armed(False)
            return codes.ERR_FAULT
        self.exit_running = True
        self.exit_ms = ticks.add_ms(now_ms, self.config.exit_delay_ms)
        self._enter(target, True)
        return codes.OK

    def disarm(self, now_ms: int) -> int:
        """Shut and go to IDLE; in CUSTOMER_CAPTURE only the state to return to becomes IDLE."""
        return self._end(now_ms, states.EV_DISARM, codes.JR_DISARM)

    def cancel(self, now_ms: int) -> int:
        """Take the customer's recall of the alarm: as disarm, with another record."""
        return self._end(now_ms, states.EV_CANCEL, codes.JR_CANCEL)

    def handled(self, now_ms: int) -> int:
        """Take the alarm centre's word that it is done: shut, and ARMED again if it was."""
        return self._end(now_ms, states.EV_HANDLED, codes.JR_HANDLED)

    def capture_picture(self, now_ms: int) -> int:
        """Take one picture for the customer; the gate stays shut."""
        guard, target, _armed = states.TABLE[self.state][states.EV_CAPTURE]
        if guard == states.REFUSED:
            return target
        if not self.record.write(now_ms, codes.JR_CUSTOMER_CAPTURE):
            return codes.ERR_FAULT
        self._capture_ms = ticks.add_ms(now_ms, self.config.capture_timeout_ms)
        self.capture.start(now_ms, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self._enter(target, self.armed)
        return codes.OK

    def set_clock(self, now_ms: int, day: int, second: int) -> int:
        """Take the hub's time (days since 2020-01-01, second of the day); never backwards."""
        taken = self.clock.set(now_ms, day, second)
        if taken == REFUSED:
            return codes.ERR_ARGUMENT
        if taken == TOLD:
            self.record.write(now_ms, codes.JR_CLOCK)
        return codes.OK

    def image_received(self, now_ms: int, image_id: int) -> None:
        """Note that the alarm centre has the whole image."""
        self.record.write(now_ms, codes.JR_UPLOAD, self.event.id, image_id)

    def image_fetched(self, now_ms: int, image_id: int) -> None:
        """Note that the customer has the whole image."""
        self.record.write(now_ms, codes.JR_FETCH, 0, image_id)

    def status(self) -> tuple:
        """Return the status as (name, value) pairs, in their fixed order."""
        return status.pairs(self)

    def open_zones(self) -> list[str]:
        """Name the lines that are high now."""
        return [codes.TRIP_NAMES[zone.kind] for zone in self.zones.all if zone.high]

    # --- the tick --------------------------------------------------------------------------------

    def tick(self, now_ms: int) -> None:
        """Do a bounded step of everything; allocates nothing while nothing happens."""
        self.now_ms = now_ms
        self.clock.tick(now_ms)
        self.record.stamp(now_ms)
        self._watch_jumper(now_ms)
        self.trips.begin_tick(now_ms)
        for zone in self.zones.all:
            found = self.trips.judge(now_ms, zone, self)
            if found != NO_TRIP:
                self._on_trip(now_ms, zone.kind, found)
        if not self.event.running and self.keeper.stray_latch():
            zone = self.trips.unseen_rise(self)
            if zone is not None:
                self._accept(now_ms, zone.kind, True)
        self._watch_deadlines(now_ms)
        self.record.latch(self.gate.tick(now_ms))
        if self.record.faults != self._known_faults:
            self._on_new_faults(now_ms)
        self.keeper.step(now_ms, self.state, self.service)
        self._step_capture(now_ms)

    def _on_new_faults(self, now_ms: int) -> None:
        new = self.record.faults & ~self._known_faults
        if new & codes.FAULTS_BLOCKING:
            self.keeper.shut(now_ms, states.EV_FAULT)
            self._update_arm_lines()
        self.record.write(now_ms, codes.JR_FAULT, self.event.id, new)
        self._known_faults = self.record.faults
        self.hub.event((("e", "fault"), ("faults", codes.fault_names(self.record.faults))))

    def _watch_jumper(self, now_ms: int) -> None:
        service = self.gate.service()
        if service == self.service:
            return
        self.service = service
        if service:
            self.keeper.shut(now_ms, states.EV_JUMPER)
        self._update_arm_lines()
        self.record.write(now_ms, codes.JR_JUMPER, self.event.id, 1 if service else 0)
        self.hub.event((("e", "jumper"), ("in", service)))
        if service and (self.armed or self.state == states.ALARM):
            # Tamper that no line can confirm: reported, opens nothing, is no fault (DESIGN 3).
            self._accept(now_ms, codes.TRIP_TAMPER, False)

    def _watch_deadlines(self, now_ms: int) -> None:
        if self.exit_running and ticks.reached(now_ms, self.exit_ms):
            self.exit_running = False
            self._update_arm_lines()
            self.zones.begin_watch(self.gate)
        if self.entry_running and ticks.reached(now_ms, self.entry_ms):
            self._enter_alarm(now_ms, self.event.kind)
        if self.state == states.ALARM and ticks.reached(now_ms, self._window_ms):
            self._end(now_ms, states.EV_WINDOW_END, 0)
        if self.state == states.CUSTOMER_CAPTURE and ticks.reached(now_ms, self._capture_ms):
            self._end_capture(now_ms, states.EV_CAPTURE_TIMEOUT)

    # --- trips -----------------------------------------------------------------------------------

    def _on_trip(self, now_ms: int, kind: int, found: int) -> None:
        if found == TOLD_ONLY:
            self.record.write(now_ms, codes.JR_TRIP, 0, kind)
            self.hub.event((("e", "tamper"), ("confirmed", False)))
            return
        if found == DEAF_TRIP:
            self.record.latch(codes.FAULT_LATCH_DEAF)
        self._accept(now_ms, kind, found == CONFIRMED_TRIP)

    def _accept(self, now_ms: int, kind: int, confirmed: bool) -> None:
        """Take a trip into the running event, or begin one: at once or after the entry delay."""
        event = self.event
        if not event.running:
            event.begin(kind)
        event.add(kind, confirmed)
        delayed = self.config.entry_zone[kind] and self.config.entry_delay_ms > 0
        if self.state != states.ALARM and not delayed:
            self._enter_alarm(now_ms, kind)
        elif self.state != states.ALARM and not self.entry_running:
            self.entry_running = True
            self.entry_ms = ticks.add_ms(now_ms, self.config.entry_delay_ms)
        # After the opening: it does not wait for what is written and told here.
        if event.trips <= _TRIPS_RECORDED:
            self.record.write(now_ms, codes.JR_TRIP, event.id, kind, 1 if confirmed else 0)
        self._tell_trip("trip", kind, confirmed)

    def _enter_alarm(self, now_ms: int, kind: int) -> None:
        if self.state == states.CUSTOMER_CAPTURE:
            self.capture.abort()
            self.record.write(now_ms, codes.JR_CAPTURE_END, 0, kind)
        event = self.event
        event.kind = kind
        self.entry_running = False
        self._window_ms = ticks.add_ms(now_ms, self.config.window_ms)
        self._enter(states.ALARM, self.armed)
        self.record.write(now_ms, codes.JR_ALARM, event.id, kind)
        self.keeper.step(now_ms, self.state, self.service)
        self._tell_trip("alarm", kind, event.confirmed)
        burst = self.config.burst[kind]
        self.capture.start(now_ms, kind, event.id, burst, self.config.shot_interval_ms)

    def _tell_trip(self, word: str, kind: int, confirmed: bool) -> None:
        name = codes.TRIP_NAMES[kind]
        event = ("event", self.event.id)
        self.hub.event((("e", word), event, ("kind", name), ("confirmed", confirmed)))

    # --- ends ------------------------------------------------------------------------------------

    def _end(self, now_ms: int, event: int, record_kind: int) -> int:
        """Follow the table's row of a disarm, cancel, handled or the window's end."""
        guard, target, armed = states.TABLE[self.state][event]
        if guard == states.REFUSED:
            return target
        was_open = self.keeper.shut_now()  # before the state, before flash, before any message
        came_from = self.state
        armed_after = self.armed if armed == states.KEEP else armed == 1
        self.entry_running = False
        self.exit_running = self.exit_running and armed_after
        if came_from == states.ALARM:
            self.capture.abort()
        self._enter(target, armed_after)
        if was_open:
            self.keeper.record_shut(now_ms, event)
        if record_kind:
            self.record.write(now_ms, record_kind, self.event.id, came_from)
        if came_from == states.ALARM:
            self.record.write(now_ms, codes.JR_ALARM_END, self.event.id, event, self.event.trips)
            why = ("why", states.EVENT_NAMES[event])
            self.hub.event((("e", "alarm-end"), ("event", self.event.id), why))
        self.event.end()
        return codes.OK

    def _end_capture(self, now_ms: int, event: int) -> None:
        """Follow the table's row of a customer capture's end; buffers are wiped."""
        target = states.TABLE[self.state][event][1]
        self.capture.abort()
        self._enter(target, self.armed)
        self.record.write(now_ms, codes.JR_CAPTURE_END, 0, event)
        if event == states.EV_CAPTURE_TIMEOUT:
            why = ("why", states.EVENT_NAMES[event])
            self.hub.event((("e", "capture-failed"), why))

    def _enter(self, target: int, armed: bool) -> None:
        """Write the state: the only place that does."""
        self.armed = armed
        if target == states.BY_ARMED:
            target = states.ARMED if armed else states.IDLE
        self.state = target
        self.record.set_armed(armed)
        self._update_arm_lines()
        if self.hub is not None:
            self.hub.event(
                (("e", "state"), ("state", states.STATE_NAMES[target]), ("armed", armed))
            )

    def _update_arm_lines(self) -> None:
        faults = self.record.faults & codes.FAULTS_BLOCKING
        self.gate.set_arm_lines(
            self.armed and not self.exit_running and not self.service and faults == 0
        )

    # --- images ----------------------------------------------------------------------------------

    def _step_capture(self, now_ms: int) -> None:
        result = self.capture.poll(now_ms)
        if result == IMAGE_DONE:
            self.pictures.taken(now_ms, self.state, self.capture.image_id)
        elif result == FAILED:
            self.pictures.failed(self.capture.error)
            if self.state == states.CUSTOMER_CAPTURE:
                self._end_capture(now_ms, states.EV_CAMERA_FAULT)
        elif result == FINISHED and self.state == states.CUSTOMER_CAPTURE:
            self._end_capture(now_ms, states.EV_CAPTURE_DONE)
