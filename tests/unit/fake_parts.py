"""The controller with everything below it, on the fake board."""

from fake_board import FakeBoard, FakeCapture, FakeHub, FakeJournal, FakeStore, FakeUplink

from detector import codes, states
from detector.alarm_event import AlarmEvent
from detector.clock import DAY_UNKNOWN, Clock
from detector.config import Config
from detector.controller import Controller
from detector.gate import Gate
from detector.gatekeeper import Gatekeeper
from detector.journal import JournalError
from detector.pictures import Pictures
from detector.record import Record
from detector.zones import Zones

EXIT_MS = 300
ENTRY_MS = 400
WINDOW_MS = 3000
ROLES = codes.ZONE_ROLES


class Parts:
    """What app wires, on the fake board."""

    def __init__(self, armed: bool = False, before_start: object = None) -> None:
        self.board = board = FakeBoard()
        if before_start:
            before_start(board)
        self.config = Config(
            {
                "exit_delay_ms": EXIT_MS,
                "entry_delay_ms": ENTRY_MS,
                "window_ms": WINDOW_MS,
                "capture_timeout_ms": 1000,
                "entry_zones": ["contact"],
            }
        )
        self.lacks = ()
        self.journal = FakeJournal(armed, JournalError)
        self.clock = Clock(0, DAY_UNKNOWN, 0)
        self.record = Record(self.journal, self.clock)
        self.gate = Gate(board, 0)
        self.zones = Zones(board, self.config, 0)
        self.event = AlarmEvent(0)
        self.keeper = Gatekeeper(self.gate, self.zones, self.record, self.event)
        self.capture = FakeCapture()
        self.store = FakeStore()
        self.hub = FakeHub()
        self.uplink = FakeUplink(board)
        self.pictures = Pictures(self.record, self.event, self.gate)
        self.pictures.hub = self.hub
        self.pictures.uplink = self.uplink
        self.keeper.hub = self.hub
        self.keeper.uplink = self.uplink
        self.controller = Controller(self, 0)
        self.controller.hub = self.hub
        self.controller.uplink = self.uplink
        self.run(2)

    def run(self, ms: int) -> None:
        """Let time pass, a tick each millisecond."""
        for _ in range(ms):
            self.board.now_ms += 1
            self.controller.tick(self.board.now_ms)

    def trip(self, kind: int) -> None:
        """Raise a line, long enough to count."""
        self.board.line(ROLES[kind], 1)
        self.run(8)

    def release(self, kind: int) -> None:
        """Let a line fall."""
        self.board.line(ROLES[kind], 0)
        self.run(2)

    def command(self, event: int) -> int:
        """Give a command by its EV_ number."""
        c = self.controller
        name = {
            states.EV_ARM: c.arm,
            states.EV_DISARM: c.disarm,
            states.EV_CANCEL: c.cancel,
            states.EV_HANDLED: c.handled,
            states.EV_CAPTURE: c.capture_picture,
        }[event]
        return name(self.board.now_ms)

    def enter(self, state: int, armed: bool) -> None:
        """Bring the controller into a state from IDLE, with its armed flag."""
        if armed:
            self.command(states.EV_ARM)
            self.run(EXIT_MS + 2)
        if state == states.ALARM:
            self.trip(codes.TRIP_PANIC)
            self.release(codes.TRIP_PANIC)
        if state == states.CUSTOMER_CAPTURE:
            self.command(states.EV_CAPTURE)
