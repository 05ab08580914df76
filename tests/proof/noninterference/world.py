"""A whole detector and what surrounds it, driven by a trace of events; nothing in it is by chance.

A trace is a dict, as JSON gives it:

    aged           whether the store is nearly full of older pictures, or the detector is new
    start_ticks    the chip's ticks at the first boot
    alarms_differ  whether alarm pictures differ between the two runs, as the customer's always do
    shots          of each picture in turn: whether it has an end mark (in both runs), [bytes,
                   filler] in the first run, and in the second
    events         [name, argument ...], see `World.do`
"""

import struct

from fake_flash import BLOCK_COUNT

from detector import codes, states
from detector.flash_map import IMAGES_BLOCK, RAW_BLOCKS
from detector.identity import Identity
from detector.journal_slots import BODY, BODY_BYTES, RECORD_BYTES
from detector.raw_flash import raw_blocks
from tests.proof.noninterference import chip
from tests.proof.noninterference.camera import Picture
from tests.proof.noninterference.meter import TURN_US, Chance, Meter, Time
from tests.proof.noninterference.past import FIRST, KEYS, SECOND, past
from tests.proof.noninterference.peers import AlarmCentre, Peer
from tests.proof.noninterference.shipped import App, Attestation

_BOOT_MS = 60
_SETTLE_MS = 20  # after each event: longer than the debounce
_REST_US = 4 * TURN_US  # a turn of the loop while nothing is on a wire
# At the end what is on its way arrives, and the journal is printed.
_CLOSING_MS = 1500
_SECOND_ARGUMENT = 12  # of journal_slots.BODY
_IMAGES_FIRST = BLOCK_COUNT - RAW_BLOCKS + IMAGES_BLOCK


class World:
    """One run of a trace with one of its two albums."""

    def __init__(self, trace: dict, second: bool, firmware: object = None) -> None:
        """Build everything; `second` takes the second album.

        `firmware(app)` may make another firmware of the shipped one, after each boot.
        """
        self.time = Time(trace["start_ticks"])
        self._trace = trace
        self._second = second
        self._firmware = firmware
        self._exposures = 0
        self._picture = None  # the last one exposed
        self._image_id = 0  # the last one stored
        self.stored = 0  # how many were, in this run
        self._advanced_us = 0
        self._plugged = True
        self._camera_works = True
        album = SECOND if second else FIRST
        before = past(trace["aged"], album)
        self.pictures = dict(before.pictures)  # image id -> Picture, of all that were stored
        self.hal = hal = chip.Hal(
            self.time, Chance(b"detector"), self._next_picture, before.blocks
        )
        self.hub = Peer(hal.wires[chip.HUB], _keys("customer"), 7)
        self.arc = AlarmCentre(hal.wires[chip.UPLINK], _keys("arc"), 9)
        self.arc.plug(False)
        self.app: "App" = None
        self.meter: "Meter" = None

    def run(self) -> "World":
        """Boot, let happen what the trace says, print the journal; return itself."""
        self.meter = Meter(self.time)
        try:
            self._boot(chip.POWER_ON)
            for event in self._trace["events"]:
                self.do(event)
                self.pass_ms(_SETTLE_MS)
            self.pass_ms(_CLOSING_MS)
            self.do(("type", "status"))
            self.do(("type", "journal"))
            while self.hal.typed or not self.app.console.idle():
                self.pass_ms(1)
            self.pass_ms(_CLOSING_MS)
        finally:
            self.meter.remove()
        return self

    def journaled(self) -> set:
        """Return the words of all records in the journal."""
        journal = self.app.parts.journal
        record = bytearray(RECORD_BYTES)
        found = set()
        for number in range(journal.first_seq, journal.seq + 1):
            if journal.read(number, record):
                fields = struct.unpack(BODY, record[:BODY_BYTES])
                found.add(codes.journal_name(fields[2]))
                if fields[2] == codes.JR_DELETE:
                    found.add("deleted for reason %d" % fields[_SECOND_ARGUMENT])
        return found

    # --- what may happen -------------------------------------------------------------------------

    def do(self, event: tuple) -> None:
        """Let one thing happen: the method of its name, with its arguments."""
        getattr(self, "_" + event[0])(*event[1:])

    def _wait(self, ms: int) -> None:
        self.pass_ms(ms)

    def _hang(self, ms: int) -> None:
        self.time.charge(ms * 1000)

    def _leap(self, hours: int) -> None:
        self.time.charge(hours * 3600 * 1000000)

    def _customer(self, name: str, *arguments: tuple) -> None:
        self.hub.command(name, *[tuple(pair) for pair in arguments])

    def _centre(self, name: str, *arguments: tuple) -> None:
        self.arc.command(name, *[tuple(pair) for pair in arguments])

    def _forge(self, name: str) -> None:
        self.hub.forge(name)

    def _noise(self, seed: int, count: int) -> None:
        noise = Chance(b"noise %d" % seed)
        self.hal.wires[chip.HUB].b.write(b"".join([noise(8) for _ in range(count)]))

    def _hub_link(self, up: int) -> None:
        self.hub.plug(bool(up))

    def _uplink(self, up: int) -> None:
        self._plugged = bool(up)

    def _line(self, kind: int, level: int) -> None:
        self.hal.line(codes.ZONE_ROLES[kind], level)

    def _pulse(self, kind: int) -> None:
        self.hal.line(codes.ZONE_ROLES[kind], 1)
        self.hal.line(codes.ZONE_ROLES[kind], 0)

    def _jumper(self, level: int) -> None:
        self.hal.line("SERVICE", level)

    def _type(self, text: str) -> None:
        self.hal.typed += text.encode() + b"\r"

    def _camera(self, works: int) -> None:
        self._camera_works = bool(works)

    def _flash(self, works: int) -> None:
        self.hal.flash.failing = () if works else range(_IMAGES_FIRST, BLOCK_COUNT)

    def _reset(self, cause: int) -> None:
        self._boot(cause)

    # --- time ------------------------------------------------------------------------------------

    def pass_ms(self, ms: int) -> None:
        """Let the superloop run for so long, and a turn at least."""
        end_us = self.time.us + ms * 1000
        self._turn()
        while self.time.us < end_us:
            self._turn()

    def _boot(self, cause: int) -> None:
        self.hal.start(cause)
        self._image_id = 0
        self.meter.is_on = True
        # The jumper is for the service program, which is no detector: App starts all the same.
        self.app = App(self.hal, Identity.load(raw_blocks(self.hal.flash)))
        self.meter.is_on = False
        self.app.console.attest = Attestation
        if self._firmware is not None:
            self._firmware(self.app)
        self.pass_ms(_BOOT_MS)

    def _turn(self) -> None:
        self.meter.is_on = True
        if not self.hal.camera.power.level:  # it breaks between pictures, not within one
            self.hal.camera.spi_alive = self._camera_works
        self.app.step(self.time.ticks())
        self.meter.is_on = False
        capture = self.app.parts.capture
        if capture.image_id != self._image_id:
            self._image_id = capture.image_id
            self.pictures[self._image_id] = self._picture
            self.stored += 1
        self.time.charge(TURN_US if self._is_busy() else _REST_US)
        gate = bool(self.hal.gate()) and self._plugged
        if gate and not self.arc.up:
            self.hal.begin(chip.UPLINK)
        self.arc.plug(gate)
        for wire in self.hal.wires.values():
            wire.advance(self.time.us - self._advanced_us)
        self._advanced_us = self.time.us
        self.hub.poll(self.time.ms())
        self.arc.poll(self.time.ms())

    def _is_busy(self) -> bool:
        hal = self.hal
        if hal.camera.power.level or hal.typed or not self.app.console.idle():
            return True
        for wire in hal.wires.values():
            for end in (wire.a, wire.b):
                if end.waiting or end.received:
                    return True
        return False

    def _next_picture(self) -> Picture:
        shots = self._trace["shots"]
        shot = shots[self._exposures % len(shots)]
        in_alarm = self.app.controller.state == states.ALARM
        second = self._second and (not in_alarm or self._trace["alarms_differ"])
        length, filler = shot[2 if second else 1]
        self._exposures += 1
        seed = b"%d " % self._exposures + (SECOND if second else FIRST)
        self._picture = Picture(seed, length, filler, shot[0])
        return self._picture


def _keys(reader: str) -> tuple:
    """Return the keys (command, event) of "customer" or "arc"."""
    return KEYS[reader + "-command"], KEYS[reader + "-event"]
