"""Two UARTs and the wire between them, in memory, with the faults a wire has.

Runs on CPython and MicroPython. Unpaced (baud 0) a byte is there as soon as it is written; paced,
`advance(us)` moves bytes at ten bits each. Random damage comes from an own small generator, the
same on every interpreter.
"""

from detector import frames
from detector.frames import FrameWriter


def frame(
    kind: int = frames.MSG, payload: bytes = b"hello", flags: int = 0, seq: int = 1, ack: int = 2
) -> bytes:
    """Return a whole frame as bytes."""
    writer = FrameWriter()
    writer.payload[: len(payload)] = payload
    return bytes(writer.frame[: writer.finish(kind, flags, seq, ack, len(payload))])


class FakeUart:
    """One end: any, readinto, write as the rp2 port has them with timeout=0."""

    def __init__(self, wire: "FakeWire") -> None:
        """Belong to `wire`; `peer` is set by it."""
        self.wire = wire
        self.peer = None
        self.received = bytearray()
        self.waiting = bytearray()  # written, not yet on the wire
        self.tx_limit = 0  # bytes the tx buffer holds; 0: no limit
        self.rx_limit = 0
        self.at_once = 0  # most bytes a write takes; 0: no limit
        self.written = 0
        self.cut = False  # what this end writes is lost
        self.bit_errors_every = 0  # bytes between two damaged ones, on average
        self.lose_every = 0  # the same for lost bytes

    def any(self) -> int:
        """Return how many bytes have arrived."""
        return len(self.received)

    def readinto(self, buf: bytearray, count: int | None = None) -> int | None:
        """Move at most `count` bytes into `buf`; None when there is none."""
        count = min(len(buf) if count is None else count, len(self.received))
        if count == 0:
            return None
        buf[:count] = self.received[:count]
        self.received = self.received[count:]
        return count

    def write(self, data: bytes, start: int = 0, count: int | None = None) -> int | None:
        """Take what fits of `count` bytes (all by default); None when nothing does."""
        data = data[start:] if count is None else data[start : start + count]
        count = len(data)
        if self.at_once:
            count = min(count, self.at_once)
        if self.tx_limit:
            count = min(count, self.tx_limit - len(self.waiting))
        if count <= 0:
            return None
        self.waiting += bytes(data[:count])
        self.written += count
        if self.wire.baud == 0:
            self.move(count)
        return count

    def txdone(self) -> bool:
        """Say whether everything written has left."""
        return len(self.waiting) == 0

    def move(self, count: int) -> int:
        """Put at most `count` waiting bytes on the wire; return how many."""
        data = self.waiting[:count]
        self.waiting = self.waiting[count:]
        moved = len(data)
        if self.cut:
            return moved
        data = self.wire.harm(data, self.bit_errors_every, self.lose_every)
        if self.peer.rx_limit:
            data = data[: max(0, self.peer.rx_limit - len(self.peer.received))]
        self.peer.received += data
        return moved


class FakeWire:
    """A pair of FakeUarts, `a` and `b`."""

    def __init__(self, baud: int = 0) -> None:
        """Connect; baud 0 is not paced."""
        self.baud = baud
        self.now_us = 0
        self._state = 12345
        self.a = FakeUart(self)
        self.b = FakeUart(self)
        self.a.peer = self.b
        self.b.peer = self.a
        self._credit = [0, 0]

    def advance(self, us: int) -> None:
        """Let time pass: a byte takes ten bits."""
        self.now_us += us
        for i, end in enumerate((self.a, self.b)):
            self._credit[i] += us * self.baud
            count = self._credit[i] // 10000000
            moved = end.move(count)
            self._credit[i] -= count * 10000000
            if moved < count:
                self._credit[i] = 0

    def random(self, below: int) -> int:
        """Return a number of the wire's own generator."""
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % below

    def harm(self, data: bytearray, bit_errors_every: int, lose_every: int) -> bytearray:
        """Flip and drop bytes of `data` at the given rates."""
        if bit_errors_every == 0 and lose_every == 0:
            return data
        out = bytearray()
        for value in data:
            if lose_every and self.random(lose_every) == 0:
                continue
            if bit_errors_every and self.random(bit_errors_every) == 0:
                value ^= 1 << self.random(8)
            out.append(value)
        return out
