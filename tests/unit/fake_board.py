"""A board in memory for unit tests: pins, the reference circuit in small, and silent parts.

It runs under CPython and MicroPython alike. The circuit here is the tests' own, forty lines to be
read at a glance; the bench's circuit (host_tools/virtual_board/circuit.py) is the real witness.
"""

from detector.codes import ERR_CAMERA, ZONE_ROLES

_ALWAYS = ("TRIP_FIRE", "TRIP_PANIC")
_BY_ARM_LINE = (
    ("TRIP_CONTACT", "ARM_CONTACT"),
    ("TAMPER", "ARM_CONTACT"),
    ("TRIP_INTRUSION", "ARM_INTRUSION"),
)
ALIVE_MS = 2000


class FakePin:
    """One net; an input reads what the circuit says, an output drives it."""

    def __init__(self, board: "FakeBoard", role: str) -> None:
        """Belong to `board` under a role's name."""
        self.board = board
        self.role = role

    def value(self, level: int | None = None) -> int | None:
        """Read the net, or drive it."""
        if level is None:
            return self.board.read(self.role)
        self.board.drive(self.role, level)
        return None


class FakeBoard:
    """Hal for Gate and Zones: `line` moves a sensor line, `now_ms` is the time."""

    def __init__(self) -> None:
        """Start with everything low, as in reset."""
        self.now_ms = 0
        self.levels = {}
        self.latch = False
        self.deaf = False
        self.sense_stuck = None
        self.enable_stuck = None
        self.floating = ()  # outputs whose pull-down is missing: they keep what was driven last
        self.beat_ms = -ALIVE_MS
        self.log = []  # (role, level) of every driven change, in order; None keeps none

    def pin_in(self, role: str) -> FakePin:
        """Return an input."""
        return FakePin(self, role)

    def pin_out(self, role: str) -> FakePin:
        """Return an output, low."""
        self.drive(role, 0)
        return FakePin(self, role)

    def pin_pulled_up(self, role: str) -> FakePin:
        """Return an input with a weak pull-up, which lifts only what has no pull-down."""
        self.drive(role, 1 if role in self.floating else 0)
        return FakePin(self, role)

    def line(self, role: str, level: int) -> None:
        """Move a sensor line; a rising edge sets the latch where it may."""
        rises = level and not self.levels.get(role, 0)
        self.levels[role] = level
        may = role in _ALWAYS
        for line, arm in _BY_ARM_LINE:
            if line == role and self.levels.get(arm, 0):
                may = True
        if rises and may and role in ZONE_ROLES and not self.deaf:
            self.latch = True

    def drive(self, role: str, level: int) -> None:
        """Take an output's new level."""
        if self.levels.get(role, 0) != level:
            if self.log is not None:
                self.log.append((role, level))
            if role == "HEARTBEAT":
                self.beat_ms = self.now_ms
        self.levels[role] = level
        if role == "LATCH_CLEAR" and level:
            self.latch = False

    def read(self, role: str) -> int:
        """Return a net's level as the chip sees it."""
        if role == "LATCH_SENSE":
            return 1 if self.latch else 0
        if role == "UPLINK_SENSE":
            return self.gate() if self.sense_stuck is None else self.sense_stuck
        if role == "UPLINK_EN" and self.enable_stuck is not None:
            return self.enable_stuck
        return self.levels.get(role, 0)

    def gate(self) -> int:
        """Return whether the uplink's rail is up."""
        alive = self.now_ms - self.beat_ms < ALIVE_MS
        service = self.levels.get("SERVICE", 0)
        return 1 if self.latch and self.read("UPLINK_EN") and alive and not service else 0


class FakeJournal:
    """Records in a list; `broken` makes every append fail."""

    def __init__(self, armed: bool = False, error: type = OSError) -> None:
        """Take what recovery would have found."""
        self.records = []
        self.armed = armed
        self.faults = 0
        self.last_event = 0
        self.seq = 0
        self.head = bytes(12)
        self.broken = False
        self.error = error
        self.failing = False
        self.ahead = 4
        self.unsettled = 0
        self.housekept = 0  # calls of housekeep

    def append(self, kind: int, event_id: int = 0, a: int = 0, b: int = 0) -> None:
        """Keep one record; raises where broken."""
        if self.broken:
            raise self.error
        self.records.append((kind, event_id, a, b))
        self.seq += 1

    def settle(self) -> None:
        """Make one record final."""
        self.unsettled -= 1

    def kinds(self) -> list:
        """Return the kinds of all records, in order."""
        return [record[0] for record in self.records]

    def housekeep(self) -> bool:
        """Count, and have nothing to do."""
        self.housekept += 1
        return False


class FakeStore:
    """No images."""

    failing = False

    def __init__(self) -> None:
        """Start at rest."""
        self.housekept = 0

    def ids(self) -> list:
        """Return no image."""
        return []

    def housekeep(self) -> bool:
        """Count, and have nothing to do."""
        self.housekept += 1
        return False


class FakeCapture:
    """Does what `result` says at the next poll."""

    def __init__(self) -> None:
        """Start at rest."""
        self.result = 0
        self.image_id = 0
        self.error = ERR_CAMERA
        self.started = None
        self.interval_ms = None
        self.aborted = 0

    def start(self, now_ms: int, kind: int, event_id: int, count: int, interval_ms: int) -> None:
        """Note what was asked for."""
        self.started = (kind, event_id, count)
        self.interval_ms = interval_ms

    def poll(self, now_ms: int) -> int:
        """Return the result set by the test, once."""
        result = self.result
        self.result = 0
        return result

    def abort(self) -> None:
        """Count."""
        self.aborted += 1
        self.started = None


class FakeHub:
    """Keeps the events; `link` is itself, idle unless the test says otherwise."""

    def __init__(self) -> None:
        """Start with none."""
        self.link = self
        self.busy = False
        self.events = []
        self.sent = []
        self.auth_failures = 0

    def idle(self) -> bool:
        """Say whether nothing is on its way."""
        return not self.busy

    def event(self, pairs: tuple) -> None:
        """Keep one."""
        self.events.append(dict(pairs))

    def send_image(self, image_id: int) -> None:
        """Keep the id."""
        self.sent.append(image_id)

    def words(self) -> list:
        """Return the event words, in order."""
        return [event["e"] for event in self.events]


class FakeUplink:
    """Keeps what it was told, with the board's gate at that moment."""

    def __init__(self, board: FakeBoard) -> None:
        """Watch `board`."""
        self.board = board
        self.calls = []
        self.is_drained = True
        self.auth_failures = 0

    def opened(self, now_ms: int, event: object) -> None:
        """Note the opening."""
        self.calls.append(("opened", self.board.gate()))

    def closed(self) -> None:
        """Note the closing."""
        self.calls.append(("closed", self.board.gate()))

    def drained(self) -> bool:
        """Say what the test set."""
        return self.is_drained

    def offer(self, image_id: int) -> None:
        """Note the image."""
        self.calls.append(("offer", image_id))
