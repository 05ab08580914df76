"""A paced line with the faults that a serial line has, in injected time and from a seed.

Runs on CPython and MicroPython. A UART does not reorder bytes; what it can do is damage, lose,
double and stutter, bring noise, keep bytes back and bring them late, echo, and fall silent. The
device's receiver is deaf beyond its FIFO while the chip's flash is busy.
"""

from binascii import crc32

from fake_uart import FakeUart, FakeWire

from detector import frames

FIFO_BYTES = 32  # what an RP2040's receiver holds while nobody empties it
_SPAN_BYTES = 64  # the longest stutter or burst of noise
_BURST_BYTES = 300  # the longest run of lost bytes
# One in so many bits (`bit`) or bytes; 0: never.
RATES = ("bit", "lose", "burst", "twice", "again", "noise", "echo")


class Chance:
    """Numbers of an own small generator, the same on every interpreter."""

    def __init__(self, seed: int) -> None:
        """Begin with `seed`."""
        self._state = (seed * 2654435761 + 12345) & 0x7FFFFFFF
        self.below(2)

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1."""
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % limit

    def bytes(self, count: int) -> bytes:
        """Return so many bytes."""
        return bytes([self.below(256) for _ in range(count)])


class Harm:
    """What a direction of a line does to its bytes: RATES, `late_ms`, `lost` and `held` windows.

    A window is (first ms, end ms) of the world's time: what is sent in it is lost, or held until
    its end.
    """

    def __init__(self, chance: Chance, **faults: object) -> None:
        """Take rates by their name, `late_ms`, `lost`, `held`."""
        self._chance = chance
        self._rates = {name: faults.get(name, 0) for name in RATES}
        self._left = {name: self._distance(name) for name in RATES}
        self.late_ms = faults.get("late_ms", 0)
        self.lost = faults.get("lost", ())
        self.held = faults.get("held", ())
        self._recent = b""
        self._losing = 0

    def _distance(self, name: str) -> int:
        """Draw how many bits or bytes pass until the next such fault, on average its rate."""
        rate = self._rates[name]
        return 1 + self._chance.below(2 * rate - 1) if rate else 0

    def _hits(self, name: str, count: int) -> list:
        """Return at which of the next `count` bits or bytes the fault happens."""
        found = []
        if not self._rates[name]:
            return found
        at = self._left[name] - 1
        while at < count:
            found.append(at)
            at += self._distance(name)
        self._left[name] = at - count + 1
        return found

    def due_ms(self, now_ms: int) -> int:
        """Return when what is sent now arrives; -1: never."""
        for first, end in self.lost:
            if first <= now_ms < end:
                return -1
        for first, end in self.held:
            if first <= now_ms < end:
                return end + self.late_ms
        return now_ms + self.late_ms

    def echo(self, data: bytearray) -> bytearray:
        """Return what of `data` comes back to its sender."""
        return bytearray([data[at] for at in self._hits("echo", len(data))])

    def apply(self, data: bytearray) -> bytearray:
        """Return what arrives of `data`."""
        chance = self._chance
        if self._rates["bit"]:
            data = bytearray(data)
            for bit in self._hits("bit", 8 * len(data)):
                data[bit >> 3] ^= 1 << (bit & 7)
        data = self._lose(data)
        for at in reversed(self._hits("twice", len(data))):
            data = data[: at + 1] + data[at : at + 1] + data[at + 1 :]
        for at in reversed(self._hits("again", len(data))):
            span = (self._recent + bytes(data[: at + 1]))[-1 - chance.below(_SPAN_BYTES) :]
            data = data[: at + 1] + span + data[at + 1 :]
        for at in reversed(self._hits("noise", len(data))):
            data = data[:at] + chance.bytes(1 + chance.below(_SPAN_BYTES)) + data[at:]
        if self._rates["again"]:
            self._recent = (self._recent + bytes(data))[-_SPAN_BYTES:]
        return data

    def _lose(self, data: bytearray) -> bytearray:
        for at in reversed(self._hits("lose", len(data))):
            data = data[:at] + data[at + 1 :]
        skip = min(self._losing, len(data))  # the run goes on in what is sent next
        self._losing -= skip
        data = data[skip:]
        for at in self._hits("burst", len(data)):
            count = 1 + self._chance.below(_BURST_BYTES)
            self._losing = max(self._losing, count - (len(data) - at))
            data = data[:at] + data[at + count :]
        return data


class LineEnd(FakeUart):
    """One end of a Line; `harm` acts on what this end sends."""

    def __init__(self, wire: "Line") -> None:
        """Be whole, hear everything, send unharmed."""
        FakeUart.__init__(self, wire)
        self.harm: Harm | None = None
        self.is_off = False  # no supply, or a gate between: nothing in, nothing out
        self.fifo_left: int | None = None  # while deaf: what still fits into the FIFO
        self.overrun = 0  # bytes lost because nobody took them in time
        self._flight: list = []  # (due ms, bytes), in order
        self._watch = None  # a Watch

    def watch(self, watch: "Watch") -> None:
        """Have `watch` see every byte that arrives here."""
        self._watch = watch

    def set_deaf(self, is_deaf: bool) -> None:
        """Stop or resume emptying the receiver's FIFO."""
        self.fifo_left = FIFO_BYTES if is_deaf else None

    def move(self, count: int) -> int:
        """Put at most `count` waiting bytes on the wire; return how many."""
        data = self.waiting[:count]
        self.waiting = self.waiting[count:]
        now_ms = self.wire.now_ms
        if data and not self.is_off:
            harm = self.harm
            if harm is None:
                self._flight.append((now_ms, data))
            else:
                due_ms = harm.due_ms(now_ms)
                if due_ms >= 0:
                    self._flight.append((due_ms, harm.apply(data)))
                self.hear(harm.echo(data))
        while self._flight and self._flight[0][0] <= now_ms:
            self.peer.hear(self._flight.pop(0)[1])
        return len(data)

    def hear(self, data: bytearray) -> None:
        """Receive bytes, as far as there is room."""
        if self.is_off or not data:
            return
        room = self.rx_limit - len(self.received) if self.rx_limit else len(data)
        if self.fifo_left is not None:
            room = min(room, self.fifo_left)
        kept = data[: max(0, room)]
        if self.fifo_left is not None:
            self.fifo_left -= len(kept)
        self.overrun += len(data) - len(kept)
        self.received += kept
        if self._watch is not None:
            self._watch.see(kept, len(kept) == len(data))


class Line(FakeWire):
    """A pair of LineEnds; `a` is the device's."""

    def __init__(self, baud: int) -> None:
        """Connect."""
        FakeWire.__init__(self, baud)
        self.a = LineEnd(self)
        self.b = LineEnd(self)
        self.a.peer = self.b
        self.b.peer = self.a

    @property
    def now_ms(self) -> int:
        """The world's time."""
        return self.now_us // 1000


class Watch:
    """Looks for whole frames with given payloads in what arrives, and notes when they did.

    Independent of the firmware's reader: it searches for the payload and checks both CRCs around.
    """

    def __init__(self, line: Line) -> None:
        """Look at the time of `line`."""
        self._line = line
        self._tail = b""
        self.wanted: list = []
        self.arrived: list = []  # (payload, ms of its last byte)

    def see(self, data: bytes, is_whole: bool) -> None:
        """Take arriving bytes; `is_whole` is False where the receiver lost some behind them."""
        if not self.wanted:
            return
        self._tail += bytes(data)
        for payload in self.wanted:
            at = self._tail.find(payload)
            end = at + len(payload) + frames.CHECK_BYTES
            if at >= frames.HEADER_BYTES and end <= len(self._tail):
                if is_good_frame(self._tail[at - frames.HEADER_BYTES : end]):
                    self.arrived.append((payload, self._line.now_ms))
                self._tail = self._tail[end:]
        self._tail = self._tail[-2 * frames.FRAME_BYTES :] if is_whole else b""


def is_good_frame(data: bytes) -> bool:
    """Say whether `data` is one whole frame with a payload and right checks (see frames.py)."""
    head = frames.HEADER_BYTES
    length = int.from_bytes(data[8:10], "little")
    if data[:2] != frames.SYNC or len(data) != head + length + frames.CHECK_BYTES:
        return False
    if crc32(data[:10]) & 0xFFFF != int.from_bytes(data[10:12], "little"):
        return False
    return crc32(data[head : head + length]) == int.from_bytes(data[head + length :], "little")
