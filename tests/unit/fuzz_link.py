"""What must hold of two links, whatever the line between them does to their bytes.

In each session what arrives is the beginning of what was sent, in its order, each once and as it
was; what counts as acknowledged has arrived; and on a whole line the rest arrives too.
"""

from fake_line import Line
from fuzz_input import Input, check

from detector.frames import CHUNK_BYTES
from detector.link import IN_ORDER, Link

_BAUD = 115200
_RX_ROOM = 1024 + 32  # hal.py, and the FIFO
_TX_ROOM = 2200
_HEALED_MS = 4000
_CHUNKS = 6


class Source:
    """An image whose chunk n of the m-th is full of m and n."""

    def __init__(self, number: int) -> None:
        """Be the `number`-th."""
        self._number = number

    def read_chunk(self, index: int, buf: bytearray) -> None:
        """Fill `buf`."""
        buf[:] = self.chunk(index)

    def chunk(self, index: int) -> bytes:
        """Return a chunk."""
        return bytes([self._number & 0xFF, index]) * (CHUNK_BYTES // 2)


class End:
    """One link with what it was given to send, and what it heard."""

    def __init__(self, uart: object, rx_payload_bytes: int) -> None:
        """Begin the first session."""
        self.link = Link(uart, rx_payload_bytes)
        self.link.handler = self
        self._count = 0
        self.peer: "End | None" = None
        self.begin(0)

    def begin(self, now_ms: int) -> None:
        """Begin a session with nothing sent."""
        self.sent: list = []
        self.chunks_sent: list = []
        self.heard: list = []
        self.chunks_heard: list = []
        self.link.start(now_ms)

    def say(self, extra_bytes: int) -> None:
        """Send another message, if there is room."""
        self._count += 1
        message = b"%d " % self._count + bytes(extra_bytes)
        if self.link.send_message(message, self._count):
            self.sent.append((message, self._count))

    def on_hello(self, payload: memoryview) -> None:
        """Nobody sends one."""
        check(False, "a HELLO out of nothing")

    def on_message(self, payload: memoryview, order: int) -> None:
        """Take a message in its turn."""
        if order == IN_ORDER:
            self.heard.append(bytes(payload))
            index = len(self.heard) - 1
            sent = self.peer.sent[index][0] if index < len(self.peer.sent) else None
            check(self.heard[-1] == sent, "another message than was sent")

    def on_chunk(self, payload: memoryview) -> None:
        """Take a chunk."""
        self.chunks_heard.append(bytes(payload))
        index = len(self.chunks_heard) - 1
        sent = self.peer.chunks_sent[index] if index < len(self.peer.chunks_sent) else None
        check(self.chunks_heard[-1] == sent, "another chunk than was sent")

    def on_acked(self, tag: int) -> None:
        """Learn that a message has arrived: it must have."""
        for message, number in self.sent:
            if number == tag:
                check(message in self.peer.heard, "acknowledged, and it has not arrived")


class TwoLinks:
    """A device's link and a host's on one line, and everything that can happen to it."""

    def __init__(self) -> None:
        """Connect them."""
        self.line = Line(_BAUD)
        self.line.a.rx_limit = _RX_ROOM
        self.line.a.tx_limit = self.line.b.tx_limit = _TX_ROOM
        self.device = End(self.line.a, 512)
        self.host = End(self.line.b, CHUNK_BYTES)
        self.device.peer = self.host
        self.host.peer = self.device
        self._images = 0
        self._lost_ms = 0

    def say(self, from_device: bool, extra_bytes: int) -> None:
        """Send a message from one end."""
        (self.device if from_device else self.host).say(extra_bytes)

    def send_image(self) -> None:
        """Send an image from the device, if none is being sent."""
        if self.device.link.chunks_left() == 0:
            source = Source(self._images)
            self._images += 1
            self.device.chunks_sent += [source.chunk(index) for index in range(_CHUNKS)]
            self.device.link.send_chunks(source, 0, _CHUNKS)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms):
            self.line.advance(1000)
            now_ms = self.line.now_ms
            self._lost_ms = max(0, self._lost_ms - 1)
            self.line.a.is_off = self._lost_ms > 0
            self.device.link.poll(now_ms)
            self.host.link.poll(now_ms)

    def harm(self, from_device: bool, what: int, at: int, how: int) -> None:
        """Flip, lose, double or add bytes among those that are on their way."""
        end = self.line.a if from_device else self.line.b
        data = end.waiting
        at = at % (len(data) + 1)
        if what == 0 and at < len(data):
            data[at] ^= 1 << (how & 7)
        elif what == 1:
            data = data[:at] + data[at + how :]
        elif what == 2:
            data = data[:at] + data[max(0, at - how) :]
        elif what == 3:
            data = data[:at] + bytes([how & 0xFF]) * (1 + how // 16) + data[at:]
        end.waiting = data

    def lose(self, ms: int) -> None:
        """Lose everything, in both directions, for a while."""
        self._lost_ms = ms

    def deafen(self, is_deaf: bool) -> None:
        """Let the device's flash be busy, or not any more."""
        self.line.a.set_deaf(is_deaf)

    def restart(self) -> None:
        """Begin a new session on a line that is empty."""
        for end in (self.device, self.host):
            end.link.silence()
        for uart in (self.line.a, self.line.b):
            uart.waiting = bytearray()
            uart.received = bytearray()
        for end in (self.device, self.host):
            end.link.enable()
            end.begin(self.line.now_ms)

    def heal(self) -> None:
        """Leave the line alone: everything arrives, and both are at rest."""
        self._lost_ms = 0
        self.deafen(False)
        for _ in range(_HEALED_MS):
            if self.device.link.idle() and self.host.link.idle():
                break
            self.wait(1)
        for end in (self.device, self.host):
            check(end.link.idle(), "a link never comes to rest")
            check(len(end.heard) == len(end.peer.sent), "a message is missing")
            check(len(end.chunks_heard) == len(end.peer.chunks_sent), "a chunk is missing")


def check_link(data: bytes) -> None:
    """Run a program of messages, images, damage and time; then leave the line alone."""
    program = Input(data)
    links = TwoLinks()
    while program:
        word = program.number(9)
        if word <= 1:
            links.say(word == 0, program.byte())
        elif word == 2:
            links.send_image()
        elif word <= 4:
            links.wait(program.byte())
        elif word == 5:
            one = program.byte()
            links.harm(one & 1 == 1, one >> 1 & 3, program.number(2300), program.byte())
        elif word == 6:
            links.lose(program.byte() * 4)
        elif word == 7:
            links.deafen(program.number(2) == 1)
        else:
            links.restart()
    links.heal()
