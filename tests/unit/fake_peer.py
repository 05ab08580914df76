"""The other side of a channel, as small as it can be: a link, a session, lists of what came."""

from fake_uart import FakeWire

from detector import codes, json_pairs
from detector.keystore import READER_CUSTOMER
from detector.link import Link
from detector.session import FRESH, OVERHEAD_BYTES, Session, peer_nonce
from detector.store import StoreError

COMMAND_KEY = b"c" * 32
EVENT_KEY = b"e" * 32
WRAP_KEY = b"w" * 32
KEYS = (COMMAND_KEY, EVENT_KEY, WRAP_KEY)


class Chance:
    """Random bytes that are never the same twice, and the same in every run."""

    def __init__(self, seed: int) -> None:
        """Count up from `seed`."""
        self.count = seed * 100000

    def __call__(self, size: int) -> bytes:
        """Return `size` bytes."""
        self.count += 1
        return (b"%08d" % self.count * 8)[:size]


class FakePeer:
    """A hub or an alarm centre on the wire's end `b`."""

    def __init__(self, wire: FakeWire, command_key: bytes = COMMAND_KEY, seed: int = 7) -> None:
        """Speak with `command_key`; nothing is sent before `hello`."""
        self.link = Link(wire.b, 1024)
        self.link.handler = self
        self.session = Session(EVENT_KEY, command_key, True, Chance(seed))
        self.session.restart()
        self.hellos = []
        self.events = []
        self.replies = []
        self.chunks = []
        self.forged = 0

    def hello(self, extra: tuple = ()) -> None:
        """Send a HELLO."""
        self.link.send_hello(self.session.hello("peer", extra))

    def command(self, name: str, *arguments: tuple) -> bytes:
        """Send a command; return the signed message, for replays."""
        message = self.session.sign(json_pairs.dumps((("cmd", name),) + arguments))
        self.link.send_message(message)
        return message

    def on_hello(self, payload: memoryview) -> None:
        """Take a HELLO that answers ours as the session's beginning."""
        hello = json_pairs.loads(payload)
        self.hellos.append(hello)
        if hello["re"] == self.session.nonce().hex() and not self.link.running:
            self.session.set_peer(peer_nonce(hello))
            self.link.start(0)

    def on_message(self, payload: memoryview, order: int) -> None:
        """Keep an event or a reply."""
        found = self.session.check(payload)
        if found != FRESH:
            self.forged += 1
            return
        self.session.accept(payload, found)
        body = json_pairs.loads(payload[OVERHEAD_BYTES:])
        if "re" in body:
            self.replies.append(body)
        else:
            self.events.append(body)

    def on_chunk(self, payload: memoryview) -> None:
        """Keep a chunk."""
        self.chunks.append(bytes(payload))

    def on_acked(self, tag: int) -> None:
        """Do nothing."""

    def words(self) -> list:
        """Return the words of all events, in order."""
        return [event["e"] for event in self.events]


class FakeInfo:
    """What a store tells of an image, and the reader it opens: `chunks` chunks of one byte."""

    def __init__(self, image_id: int, kind: int, chunks: int = 8) -> None:
        """Describe an image of event 5."""
        self.image_id = image_id
        self.event_id = 5
        self.kind = kind
        self.chunks = chunks
        self.day = 2000
        self.second = 77
        self.fails_at = -1  # index of a chunk that cannot be read
        self.mac = bytes([image_id & 0xFF]) * 32

    def header(self) -> bytes:
        """Return a header."""
        return bytes([self.image_id & 0xFF]) * 64

    def wrapped(self, key: bytes) -> bytes:
        """Return the key, wrapped; here: the reader's key and padding."""
        return key + bytes(48)

    def read_chunk(self, index: int, buf: bytearray) -> None:
        """Read a chunk; raises OSError where it cannot be read."""
        if index == self.fails_at:
            raise OSError(5)
        buf[:] = bytes([index & 0xFF]) * 1024


class FakeLinkStore:
    """Images in a list."""

    def __init__(self) -> None:
        """Hold none."""
        self.images = []
        self.delivered = []
        self.deleted = []
        self.unreadable = []
        self.of_unknown_age = []

    def is_served(self, image_id: int) -> bool:
        """Say what the test set."""
        return image_id not in self.of_unknown_age

    def add(self, image_id: int, kind: int, chunks: int = 8) -> None:
        """Hold one more."""
        self.images.append(FakeInfo(image_id, kind, chunks))

    def ids(self) -> list:
        """Return all ids, oldest first."""
        return [image.image_id for image in self.images]

    def info(self, image_id: int) -> FakeInfo:
        """Return one; raises StoreError, also for one in `unreadable`."""
        for image in self.images:
            if image.image_id == image_id and image_id not in self.unreadable:
                return image
        raise StoreError("no image")

    def open(self, image_id: int, reader: int = READER_CUSTOMER) -> FakeInfo:
        """Return a reader; like the store, none of a customer's picture for the alarm centre."""
        info = self.info(image_id)
        if reader != READER_CUSTOMER and info.kind == codes.IMAGE_CUSTOMER:
            raise StoreError("reader")
        return info

    def mark_delivered(self, image_id: int, reader: int) -> None:
        """Note it."""
        self.delivered.append((image_id, reader))

    def delete(self, image_id: int, why: int) -> None:
        """Forget one."""
        self.deleted.append((image_id, why))
        self.images = [image for image in self.images if image.image_id != image_id]


class FakeClock:
    """A time of day."""

    day = 2500
    second = 4000


class FakeController:
    """Notes what it is told and answers `code`."""

    def __init__(self) -> None:
        """Be in IDLE."""
        self.state = 0
        self.lacks = ()
        self.code = 0
        self.calls = []
        self.clock = FakeClock()
        self.on_handled = None

    def arm(self, now_ms: int) -> int:
        """Note it."""
        return self.note("arm")

    def disarm(self, now_ms: int) -> int:
        """Note it."""
        return self.note("disarm")

    def cancel(self, now_ms: int) -> int:
        """Note it."""
        return self.note("cancel")

    def capture_picture(self, now_ms: int) -> int:
        """Note it."""
        return self.note("capture")

    def handled(self, now_ms: int) -> int:
        """Note it and shut."""
        if self.on_handled is not None:
            self.on_handled()
        return self.note("handled")

    def set_clock(self, now_ms: int, day: int, second: int) -> int:
        """Note it."""
        return self.note(("clock", day, second))

    def image_received(self, now_ms: int, image_id: int) -> None:
        """Note it."""
        self.note(("received", image_id))

    def image_fetched(self, now_ms: int, image_id: int) -> None:
        """Note it."""
        self.note(("fetched", image_id))

    def open_zones(self) -> list:
        """Name one."""
        return ["contact"]

    def status(self) -> tuple:
        """Return two pairs."""
        return (("state", "IDLE"), ("faults", ["journal"]))

    def note(self, call: object) -> int:
        """Keep a call, return the code."""
        self.calls.append(call)
        return self.code
