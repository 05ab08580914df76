"""The other end of a line of fake_world for MicroPython, where the host's own Peer cannot run.

The same Link and Session; sessions and images as host_tools/links has them, in small. Bodies stay
sealed: they are compared with what the store holds.
"""

from fake_line import Line
from fake_world import DEVICE, World

from detector import json_pairs
from detector.frames import CHUNK_BYTES
from detector.link import IN_ORDER, Link
from detector.session import FRESH, OVERHEAD_BYTES, Session, peer_nonce

_HELLO_MS = 300
_SILENT_MS = 2000


class SmallPeer:
    """A customer's hub or an alarm centre; the latter says `received`."""

    def __init__(self, world: World, line: Line, role: str) -> None:
        """Speak on `line`'s far end with the keys of `role`."""
        self._world = world
        self._role = role
        self._session = Session(
            world.key(role, "event"), world.key(role, "command"), True, world.chance.bytes
        )
        self._link = Link(line.b, 1024)
        self._link.handler = self
        self._images: dict = {}  # id: [chunks, sealed body, whole]
        self._running = 0  # id of the image whose chunks come
        self._unsaid: list = []
        self._said: tuple | None = None
        self._sessions = 0
        self._hello_ms = 0
        self._begin()

    @property
    def connected(self) -> bool:
        """Say whether a session runs."""
        return self._link.running

    def step(self) -> None:
        """Keep the link going."""
        now_ms = self._world.now_ms
        for _ in range(4):
            if not self._link.poll(now_ms):
                break
        if not self._link.running and now_ms >= self._hello_ms:
            self._say_hello()
        elif self._link.stalled(now_ms, _SILENT_MS):
            self._begin()
        if self._unsaid and self._send((("cmd", "received"), ("id", self._unsaid[0]))):
            self._unsaid.pop(0)

    def say(self, name: str, *arguments: tuple) -> bool:
        """Give a command once a session, until `unsay`; say whether it is said."""
        wanted = (self._sessions, (("cmd", name),) + arguments)
        if self._said != wanted and self._send(wanted[1]):
            self._said = wanted
        return self._said == wanted

    def chat(self) -> None:
        """Ask for a few things whose answers nobody waits for."""
        for name in ("status", "list", "status"):
            self._send((("cmd", name),))

    def unsay(self) -> None:
        """Forget what was said: the next is a new command."""
        self._said = None

    def image(self, image_id: int) -> bytes | None:
        """Return the sealed body of a whole image, None without one."""
        found = self._images.get(image_id)
        return bytes(found[1]) if found and found[2] else None

    def whole_images(self) -> list:
        """Return the pictures that belong to all images that are said to be whole."""
        found = []
        for image_id in self._images:
            body = self.image(image_id)
            if body is not None:
                same = body == self._stored(image_id)
                found.append(self._world.camera.served[image_id - 1] if same else b"corrupt")
        return found

    # --- called by the link ----------------------------------------------------------------------

    def on_hello(self, payload: memoryview) -> None:
        """Open the session when the HELLO answers ours; begin anew when it answers another."""
        hello = json_pairs.loads(payload)
        nonce = peer_nonce(hello) if hello is not None else None
        if nonce is None or nonce == self._session.nonce():
            return
        if hello["re"] != self._session.nonce().hex():
            if self._link.running:
                self._begin()
            self._say_hello()
        elif not self._link.running:
            self._session.set_peer(nonce)
            self._link.start(self._world.now_ms)
            self._sessions += 1

    def on_message(self, payload: memoryview, order: int) -> None:
        """Take an authentic message in its turn."""
        if order != IN_ORDER or self._session.check(payload) != FRESH:
            return
        self._session.accept(payload, FRESH)
        body = json_pairs.loads(payload[OVERHEAD_BYTES:])
        word = body.get("e")
        if word == "image":
            self._announced(body["id"], body["chunks"], body["from"])
        elif word == "image-end":
            self._ended(body)

    def on_chunk(self, payload: memoryview) -> None:
        """Take a chunk of the running image; without a whole one it is not gone on with."""
        if len(payload) != CHUNK_BYTES:
            self._running = 0
        if self._running:
            self._images[self._running][1] += bytes(payload)

    def on_acked(self, tag: int) -> None:
        """Need no tags."""

    # --- inside ----------------------------------------------------------------------------------

    def _announced(self, image_id: int, chunks: int, first: int) -> None:
        if first == 0 or image_id not in self._images:
            self._images[image_id] = [chunks, bytearray(), False]
        found = self._images[image_id]
        found[1] = found[1][: first * CHUNK_BYTES]
        self._running = image_id if len(found[1]) == first * CHUNK_BYTES else 0

    def _ended(self, body: dict) -> None:
        image_id = body["id"]
        found = self._images.get(image_id)
        if found and image_id == self._running and "mac" in body:
            found[2] = len(found[1]) == found[0] * CHUNK_BYTES
            if found[2] and self._role == "arc":
                self._unsaid.append(image_id)
        self._running = 0

    def _stored(self, image_id: int) -> bytes:
        image = self._world.app.parts.store.open(image_id)
        body = bytearray()
        buf = bytearray(CHUNK_BYTES)
        for index in range(image.chunks):
            image.read_chunk(index, buf)
            body += buf
        return bytes(body)

    def _send(self, pairs: tuple) -> bool:
        if not self._link.running or self._link.room() <= 0:
            return False
        message = self._session.sign(json_pairs.dumps(pairs))
        if pairs[0][1] == "disarm":
            self._world.hub_watch.wanted.append(message)
        return self._link.send_message(message)

    def _begin(self) -> None:
        self._link.stop()
        self._session.restart()
        self._running = 0
        self._hello_ms = self._world.now_ms

    def _say_hello(self) -> None:
        self._hello_ms = self._world.now_ms + _HELLO_MS
        have = []
        for image_id in self._images:
            chunks, body, is_whole = self._images[image_id]
            here = len(body) // CHUNK_BYTES
            if here and (self._role == "arc" or not is_whole):
                have.append((str(image_id), here))
        extra = (("have", tuple(have)),) if have else ()
        self._link.send_hello(self._session.hello(DEVICE, extra))
