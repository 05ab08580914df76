"""Wires the parts of a board together and runs the superloop.

One loop, one order: hub first (a disarm is obeyed before anything else is done), then the uplink,
the controller's tick, the console and the chores. Whatever goes wrong ends in `main`: shut, reset.
"""

import sys

from detector import attest, codes, crypto, selftest, service
from detector.ages import Ages
from detector.alarm_event import AlarmEvent
from detector.arducam_mini import ArducamMini
from detector.capture import CHUNK_BYTES, Capture
from detector.chores import Chores
from detector.clock import Clock
from detector.config import Config
from detector.console import Console
from detector.controller import Controller
from detector.gate import Gate
from detector.gatekeeper import Gatekeeper
from detector.hal import Hal
from detector.hub import Hub
from detector.identity import Identity
from detector.journal import Journal
from detector.keystore import KeyStore
from detector.pictures import Pictures
from detector.raw_flash import FlashError, raw_blocks
from detector.record import Record
from detector.retention import Retention
from detector.store import Store
from detector.uplink import Uplink
from detector.zones import Zones


class Parts:
    """Everything below the controller, made in the order in which it may be needed."""

    def __init__(self, hal: Hal, identity: "Identity", now_ms: int) -> None:
        """Make the gate first: it is shut before anything else can fail."""
        self.gate = Gate(hal, now_ms)
        self.config = Config(identity.config)
        self.lacks = hal.lacks
        raw = raw_blocks(hal.flash)
        self.journal = Journal(raw)
        faults = 0
        try:
            self.journal.recover()
        except FlashError:  # the alarm is told all the same; without records the gate stays shut
            faults = codes.FAULT_JOURNAL
        self.keys = KeyStore(raw)  # recovered by the store
        last = self.journal
        self.clock = Clock(now_ms, last.day, last.second, last.last_unclocked_min)
        self.record = Record(self.journal, self.clock)
        self.record.latch(faults)
        self.zones = Zones(hal, self.config, now_ms)
        self.event = AlarmEvent(self.journal.last_event)
        self.keeper = Gatekeeper(self.gate, self.zones, self.record, self.event)
        self.pictures = Pictures(self.record, self.event, self.gate)
        ages = Ages(self.clock, self.config.retention_days)  # type: ignore[attr-defined]
        self.store = Store(raw, self.keys, self.journal, ages, hal.random)
        self.retention = Retention(ages, self.keys, self.store, self.record, now_ms)
        camera = _camera(hal, self.config.camera_settle_ms)  # type: ignore[attr-defined]
        self.capture = Capture(camera, self.store, self.clock, bytearray(CHUNK_BYTES))


class App:
    """A provisioned detector; `slot` is the loader's word for what runs, None outside a board."""

    def __init__(self, hal: Hal, identity: "Identity", slot: "Slot | None" = None) -> None:
        """Wire, test and recover; the state is what the journal says."""
        now_ms = hal.ticks_ms()
        self.hal = hal
        self.slot = slot
        self.parts = parts = Parts(hal, identity, now_ms)
        self._self_test(now_ms)
        self.controller = controller = Controller(parts, now_ms)
        root = identity.root_key
        arc = (crypto.ARC_COMMAND, crypto.ARC_EVENT, crypto.ARC_IMAGE)
        customer = (crypto.CUSTOMER_COMMAND, crypto.CUSTOMER_EVENT, crypto.CUSTOMER_IMAGE)
        arc_keys = tuple([crypto.derive(root, label) for label in arc])
        customer_keys = tuple([crypto.derive(root, label) for label in customer])
        name = identity.device_id
        store = parts.store
        self.hub = Hub(hal.uart("HUB"), name, customer_keys, controller, store, hal.random)
        self.uplink = Uplink(hal.uart("UPLINK"), name, arc_keys, controller, store, hal.random)
        for part in (controller, parts.keeper, parts.pictures):
            part.hub = self.hub
            part.uplink = self.uplink
        self.console = Console(hal, controller, parts.journal, False)
        self.console.attest = attest.of(slot)
        self.console.slot = slot
        self.chores = Chores(controller, self.hub, self.uplink, now_ms)
        self.trial = None
        if slot is not None and slot.unsettled:
            from detector.trial import Trial  # its memory is needed then only

            self.trial = Trial(slot, controller, now_ms)
        self._tell_boot(now_ms)

    def step(self, now_ms: int) -> None:
        """Run the superloop once."""
        self.hub.poll(now_ms)
        # The circuit may have shut by itself (MAX, jumper): then not a byte more is written.
        if self.uplink.is_open and self.parts.gate.is_open():
            self.uplink.poll(now_ms)
        self.controller.tick(now_ms)
        self.parts.record.settle(now_ms, self.hub.link.is_receiving())
        self.console.poll(now_ms)
        self.parts.retention.step(now_ms)
        self.chores.poll(now_ms)
        if self.trial is not None and self.trial.poll(now_ms):
            self.trial = None

    def run(self) -> None:
        """Run until the chip is reset; does not return."""
        hal = self.hal
        if self.slot is not None:
            self.slot.forget()
        hal.collect()
        hal.start_watchdog(self.parts.config.watchdog_ms)  # type: ignore[attr-defined]
        while True:
            self.step(hal.ticks_ms())
            hal.feed()
            hal.idle()

    def _self_test(self, now_ms: int) -> None:
        record = self.parts.record
        found = selftest.run(self.parts.gate, self.hal)
        if found and self.slot is not None and self.slot.trial:
            # Not latched: if the app is wrong, the one before it need not suffer for that; and if
            # the board is, that one finds it as well.
            raise RuntimeError("self-test: " + ", ".join(codes.fault_names(found)))
        if found == 0 and self.hal.powered_on():
            record.clear(now_ms)
        record.latch(found)

    def _tell_boot(self, now_ms: int) -> None:
        journal = self.parts.journal
        interrupted = bool(journal.last_was_alarm)
        cause = self.hal.reset_cause()
        event_id = self.parts.event.id if interrupted else 0
        self.parts.record.write(now_ms, codes.JR_BOOT, event_id, cause, 1 if interrupted else 0)
        self.hub.event((("e", "boot"), ("cause", cause), ("interrupted", interrupted)))
        faults = codes.fault_names(self.parts.record.faults)
        if faults:
            self.hub.event((("e", "fault"), ("faults", faults)))


def _camera(hal: Hal, settle_ms: int) -> object:
    """Return the driver of the board's camera, switched off."""
    power = hal.pin_out("CAM_EN")
    if hal.camera == "esp32_camera":
        from detector.esp32_camera import Esp32Camera  # not where it would only cost RAM

        return Esp32Camera(hal.camera_module, power, settle_ms)
    spi, i2c = hal.camera_spi(), hal.camera_i2c()
    return ArducamMini(spi, hal.pin_out("CAM_CS"), i2c, power, settle_ms)


def main(slot: "Slot") -> None:
    """Run the detector; with the service jumper in, or without an identity, the service program.

    Returns only from the service program, with the jumper in. Anything that goes wrong in the
    detector shuts the gate and resets the chip: no REPL follows it. `slot` is the loader's word
    for the app that this is.
    """
    hal = Hal()
    jumper = hal.pin_in("SERVICE")
    if jumper.value():
        service.run(hal, slot, True)
        if not jumper.value():  # it was pulled meanwhile
            hal.reset()
        return
    hal.interrupts(False)
    try:
        identity = Identity.load(raw_blocks(hal.flash))
        if identity is None:
            service.run(hal, slot, False)
        else:
            App(hal, identity, slot).run()
    except BaseException as error:
        _stop(hal, error)


def _stop(hal: Hal, error: BaseException) -> None:
    """Shut, say why on the console, reset; whatever fails here, the reset does not."""
    try:
        Gate(hal, hal.ticks_ms())  # a new gate starts shut
        sys.print_exception(error)
    finally:
        hal.reset()
