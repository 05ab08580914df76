"""Who is at the other ends: the customer's hub and the alarm centre, as the host tools behave.

What they do depends on the trace and on what the detector says, never on what is in a picture.
"""

from fake_peer import Chance, FakePeer
from fake_uart import FakeWire

from detector import crypto, json_pairs
from detector.link import IN_ORDER, Link
from detector.session import FRESH, OVERHEAD_BYTES, Session, peer_nonce

_HELLO_MS = 300


class Peer(FakePeer):
    """One end of a link that greets whoever says HELLO and goes on where it was."""

    def __init__(self, wire: FakeWire, keys: tuple, seed: int) -> None:
        """Take the keys (command, event) of one reader."""
        command_key, event_key = keys
        self.wire = wire
        self.link = Link(wire.b, 1024)
        self.link.handler = self
        self.session = Session(event_key, command_key, True, Chance(seed))
        self._stranger = Session(event_key, b"x" * crypto.KEY_BYTES, True, Chance(seed + 1))
        self.session.restart()
        self.up = True
        self._image_id = 0  # the image that is coming in, and
        self._chunks = 0  # how many chunks of it are there
        self._now_ms = 0
        self._greeted_ms = 0

    def poll(self, now_ms: int) -> None:
        """Do a step, unless the link is down."""
        self._now_ms = now_ms
        if not self.up:
            return
        self.link.poll(now_ms)
        if not self.link.running and now_ms - self._greeted_ms >= _HELLO_MS:
            self.greet()

    def plug(self, up: bool) -> None:
        """Connect, or lose the link in the middle of whatever is on it."""
        if up == self.up:
            return
        self.up = up
        self.wire.a.cut = not up
        self.wire.b.cut = not up
        if up:
            self.redial()

    def redial(self) -> None:
        """Begin a new session."""
        self.wire.b.received = bytearray()
        self.wire.b.waiting = bytearray()
        self.link.silence()
        self.link.enable()
        self.session.restart()
        self.greet()

    def greet(self) -> None:
        """Say HELLO, and what of an image is there."""
        self._greeted_ms = self._now_ms
        have = ((str(self._image_id), self._chunks),) if self._image_id else ()
        self.hello((("have", have),))

    def forge(self, name: str) -> None:
        """Send a command that somebody else signed."""
        self._stranger.set_peer(self.session.peer)
        self.link.send_message(self._stranger.sign(json_pairs.dumps((("cmd", name),))))

    def on_hello(self, payload: memoryview) -> None:
        """Begin a session, or ask for one."""
        hello = json_pairs.loads(payload)
        if hello["re"] != self.session.nonce().hex():
            if self.link.running:
                self.link.stop()
                self.session.restart()
            self.greet()
        elif not self.link.running:
            self.session.set_peer(peer_nonce(hello))
            self.link.start(self._now_ms)

    def on_message(self, payload: memoryview, order: int) -> None:
        """Follow the images that come."""
        found = self.session.check(payload)
        if found != FRESH or order != IN_ORDER:
            return
        self.session.accept(payload, found)
        body = json_pairs.loads(payload[OVERHEAD_BYTES:])
        if body.get("e") == "image":
            self._image_id = body["id"]
            self._chunks = body["from"]
        elif body.get("e") == "image-end":
            self._image_id = 0
            if "mac" in body:
                self.on_image(body["id"])

    def on_chunk(self, payload: memoryview) -> None:
        """Count."""
        self._chunks += 1

    def on_image(self, image_id: int) -> None:
        """Learn that an image is there, whole."""


class AlarmCentre(Peer):
    """Acknowledges every image; its modem has power while the gate is open."""

    def on_image(self, image_id: int) -> None:
        """Say so."""
        self.command("received", ("id", image_id))
