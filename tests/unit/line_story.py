"""Alarms, uploads, fetches and disarms on damaged lines: the table of lines, and what must hold.

Runs on CPython and MicroPython. All faults are on all four wires, both links in both directions.
"""

from fake_line import Chance, Harm
from fake_world import World

from detector import codes, states

DISARM_LIMIT_MS = 50
_FORGIVEN_MS = 40000  # a line that is whole again brings everything within this
_SETTLE_MS = 300
_UPLOAD_MS = 2500
_REST_MS = 2500

# name, faults of every wire (fake_line.Harm; windows from the story's begin), options:
#   tick_ms          the superloop's pace
#   stall_every_ms   so often a flash operation of 45 ms
#   first_tick_ms    the device's clock at its start
#   uploads          every alarm image must be whole at the alarm centre by the alarm's end
# Rates are one in so many bits or bytes. 115200 baud are 11520 bytes a second.
# fmt: off
SCENARIOS = (
    ("whole", {}, {"uploads": True}),
    ("ticks that wrap", {}, {"uploads": True, "first_tick_ms": (1 << 30) - 4000}),
    ("slow loop", {}, {"uploads": True, "tick_ms": 7}),
    ("bit errors 1e-6", {"bit": 1000000}, {"uploads": True}),
    ("bit errors 1e-5", {"bit": 100000}, {"uploads": True}),
    ("bit errors 1e-4", {"bit": 10000}, {}),
    ("bit errors 1e-3", {"bit": 1000}, {}),
    ("lost bytes", {"lose": 20000}, {"uploads": True}),
    ("many lost bytes", {"lose": 300}, {}),
    ("runs of lost bytes", {"burst": 8000}, {}),
    ("doubled bytes", {"twice": 3000}, {}),
    ("stutter", {"again": 4000}, {}),
    ("noise between", {"noise": 2000}, {}),
    ("echo", {"echo": 400}, {}),
    ("much echo", {"echo": 30}, {}),
    ("late by 150 ms", {"late_ms": 150}, {"uploads": True}),
    ("late by 400 ms", {"late_ms": 400}, {}),
    ("held up for 700 ms", {"held": ((600, 1300), (3000, 3700), (5000, 5700))}, {}),
    ("10 s gap", {"lost": ((900, 10900),)}, {}),
    ("10 s held", {"held": ((900, 10900),)}, {}),
    ("gaps of 300 ms", {"lost": tuple([(at, at + 300) for at in range(500, 30000, 900)])}, {}),
    ("flash deafens", {}, {"stall_every_ms": 150}),
    ("flash deafens, slow loop", {}, {"stall_every_ms": 400, "tick_ms": 5}),
    ("flash deafens, bit errors", {"bit": 20000}, {"stall_every_ms": 250}),
    ("everything", {"bit": 20000, "lose": 9000, "burst": 50000, "twice": 20000, "again": 30000,
                    "noise": 20000, "echo": 9000, "late_ms": 20},
     {"stall_every_ms": 500, "tick_ms": 3}),
)
# fmt: on


class Story:
    """One run: `hub` and `arc` are the other ends, as small_peer.SmallPeer is one."""

    def __init__(self, row: tuple, seed: int, make_peer: object) -> None:
        """Start a detector with whole lines; `make_peer(world, line, role)` makes an end."""
        _name, self._faults, self._options = row
        options = self._options
        self.world = World(seed, options.get("first_tick_ms", 0), options.get("tick_ms", 1))
        self._seed = seed
        self.hub = make_peer(self.world, self.world.hub_line, "customer")
        self.arc = make_peer(self.world, self.world.uplink_line, "arc")
        self.world.peers = [self.hub, self.arc, self]
        self._begun_ms = 0
        self.disarms_seen = 0  # that arrived undamaged while the gate was open
        self.slowest_ms = 0

    def step(self) -> None:
        """Stall the device where the row says so."""
        every_ms = self._options.get("stall_every_ms", 0)
        if every_ms and self._begun_ms and self.world.now_ms % every_ms == 0:
            self.world.stall(45)

    def run(self, alarms: int) -> None:
        """Go through so many alarms on the bad line, mend it, fetch everything; check it all."""
        world = self.world
        check(world.run_until(lambda: self.hub.connected, 3000), "the hub was not connected")
        self._harm()
        for _ in range(alarms):
            self._alarm()
            self._picture()
            self._ask_for_all()
            world.run(_REST_MS)
        self._bit_identical()
        if self._options.get("uploads"):
            self._all_uploaded()
        self._mend()
        world.run(_SETTLE_MS)
        self._fetch_all()
        self._bit_identical()
        self._beliefs()
        check(world.written_while_shut == 0, "bytes were written to the shut uplink")

    # --- steps -----------------------------------------------------------------------------------

    def _harm(self) -> None:
        self._begun_ms = now_ms = self.world.now_ms
        faults = dict(self._faults)
        for name in ("lost", "held"):
            windows = faults.get(name, ())
            faults[name] = tuple([(now_ms + first, now_ms + end) for first, end in windows])
        for number, line in enumerate((self.world.hub_line, self.world.uplink_line)):
            line.a.harm = Harm(Chance(self._seed * 7 + number), **faults)
            line.b.harm = Harm(Chance(self._seed * 11 + number), **faults)

    def _mend(self) -> None:
        self._begun_ms = 0
        for line in (self.world.hub_line, self.world.uplink_line):
            line.a.harm = line.b.harm = None

    def _alarm(self) -> None:
        """Trip, let the images go out for a while, disarm until it is obeyed."""
        world = self.world
        world.line("TRIP_PANIC", 1)
        opened = world.run_until(lambda: world.board.gate() == 1, 400)
        check(opened, "the gate did not open")
        world.line("TRIP_PANIC", 0)
        world.run(_UPLOAD_MS)
        seen = len(world.hub_watch.arrived)
        begun_ms = world.now_ms

        self.hub.chat()  # what may be lost before the disarm must not hold it up

        def ended() -> bool:
            self.hub.say("disarm")
            return world.app.controller.state != states.ALARM

        check(world.run_until(ended, 30000), "no disarm came through in 30 s")
        shut_ms = world.gate_changes[-1][0]
        check(world.gate_changes[-1][1] == 0, "the gate is open after the disarm")
        for _payload, arrived_ms in world.hub_watch.arrived[seen:]:
            if begun_ms <= arrived_ms <= shut_ms:
                self.disarms_seen += 1
                self.slowest_ms = max(self.slowest_ms, shut_ms - arrived_ms)
                break
        check(self.slowest_ms <= DISARM_LIMIT_MS, "shut %d ms after a disarm" % self.slowest_ms)
        self.hub.unsay()

    def _picture(self) -> None:
        """Have the customer take a picture, which comes by itself."""
        world = self.world
        controller = world.app.controller
        if controller.capture_picture(world.ticks_ms()) == codes.OK:
            taken = world.run_until(lambda: controller.state == states.IDLE, 5000)
            check(taken, "the picture was not taken")

    def _ask_for_all(self) -> None:
        """Ask for every image; what a bad line makes of it is seen at the end."""
        for image_id in self.world.app.parts.store.ids():
            if self.hub.image(image_id) is None:
                self.hub.unsay()
                self.world.run_until(lambda: self.hub.say("fetch", ("id", image_id)), 500)
        self.hub.unsay()

    def _fetch_all(self) -> None:
        world = self.world
        check(world.run_until(lambda: self.hub.connected, _FORGIVEN_MS), "the hub stays away")
        for image_id in world.app.parts.store.ids():

            def whole(image_id: int = image_id) -> bool:
                return self.hub.image(image_id) is not None

            world.run_until(whole, 2500)
            for _ in range(4):
                if whole():
                    break
                self.hub.unsay()
                world.run_until(lambda: self.hub.say("fetch", ("id", image_id)), 3000)
                world.run_until(whole, 5000)
            check(whole(), "image %d cannot be fetched" % image_id)

    # --- what must hold --------------------------------------------------------------------------

    def _bit_identical(self) -> None:
        """Every image that counts as whole is what the camera delivered."""
        for peer in (self.hub, self.arc):
            for image in peer.whole_images():
                check(image in self.world.camera.served, "a corrupt image counts as whole")

    def _all_uploaded(self) -> None:
        store = self.world.app.parts.store
        for image_id in store.ids():
            info = store.info(image_id)
            if info.kind != codes.IMAGE_CUSTOMER:
                check(self.arc.image(image_id) is not None, "image %d: not uploaded" % image_id)
                check(info.delivered_arc, "image %d: its arrival is not known" % image_id)

    def _beliefs(self) -> None:
        """What the detector holds for delivered has arrived."""
        store = self.world.app.parts.store
        for image_id in store.ids():
            info = store.info(image_id)
            if info.delivered_arc:
                check(self.arc.image(image_id) is not None, "received, and not at the ARC")
            if info.delivered_customer:
                check(self.hub.image(image_id) is not None, "fetched, and not at the customer")


def check(holds: object, what: str) -> None:
    """Raise AssertionError with `what` unless it holds."""
    if not holds:
        raise AssertionError(what)
