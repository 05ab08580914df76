"""The steady tick allocates nothing: heap_lock makes every allocation a MemoryError."""

import gc
import sys
import unittest

from fake_flash import FakeFlash
from fake_parts import Parts
from fake_uart import frame
from journal_helpers import opened

from detector import codes, frames, states
from detector.ages import Ages
from detector.chores import Chores
from detector.clock import DAY_UNKNOWN, Clock
from detector.console import Console
from detector.keystore import KeyStore
from detector.link import Link
from detector.raw_flash import raw_blocks
from detector.store import Store

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython


class QuietHal:
    """A console at which nobody types."""

    def console_read(self, buf: bytearray) -> int:
        """Read nothing."""
        return 0


@unittest.skipUnless(_MICROPYTHON, "only MicroPython can lock its heap")
class TestSteadyTick(unittest.TestCase):
    def steady(self, state: int, armed: bool) -> None:
        """Lock the heap and run two seconds of a state in which nothing happens."""
        parts = Parts()
        controller = parts.controller
        chores = Chores(controller, parts.hub, parts.uplink, 0)
        console = Console(QuietHal(), controller, parts.journal, False)
        parts.enter(state, armed)
        parts.run(50)
        parts.board.log = None  # it grows with every heartbeat
        now_ms = parts.board.now_ms
        micropython.heap_lock()
        try:
            for _ in range(2000):
                now_ms += 1
                parts.board.now_ms = now_ms
                controller.tick(now_ms)
                console.poll(now_ms)
                chores.poll(now_ms)
        finally:
            micropython.heap_unlock()
        self.assertEqual(controller.state, state)

    def test_in_idle(self) -> None:
        self.steady(states.IDLE, False)

    def test_in_armed(self) -> None:
        self.steady(states.ARMED, True)

    def test_in_alarm_with_the_gate_open(self) -> None:
        self.steady(states.ALARM, True)


@unittest.skipUnless(_MICROPYTHON, "only MicroPython can say what its heap holds")
class TestGrowth(unittest.TestCase):
    def alarm(self, parts: Parts) -> None:
        """Go through one alarm, and forget what the fakes wrote down of it."""
        parts.trip(codes.TRIP_PANIC)
        self.assertEqual(parts.board.gate(), 1)
        parts.release(codes.TRIP_PANIC)
        parts.command(states.EV_DISARM)
        parts.run(3)
        parts.journal.records.clear()
        parts.hub.events.clear()
        parts.uplink.calls.clear()

    def test_a_thousand_alarms_leave_the_heap_where_it_was(self) -> None:
        parts = Parts()
        parts.board.log = None
        for _ in range(5):
            self.alarm(parts)
        gc.collect()
        before = gc.mem_alloc()
        for _ in range(1000):
            self.alarm(parts)
        gc.collect()
        # Less than a byte an alarm: a stale word on the stack may keep a block or two alive.
        self.assertLess(gc.mem_alloc() - before, 1000)


class AckingUart:
    """Takes every byte at once and brings an acknowledgement of each chunk; allocates nothing."""

    def __init__(self, acks: list) -> None:
        """Hand out the frames `acks`, one whenever a chunk was written."""
        self._acks = acks
        self._next = 0
        self.due = 0

    def any(self) -> int:
        """Return the bytes of the acknowledgement that waits."""
        return frames.HEADER_BYTES if self.due else 0

    def readinto(self, buf: bytearray, count: int) -> int:
        """Give it."""
        ack = self._acks[self._next]
        for index in range(count):
            buf[index] = ack[index]
        self._next += 1
        self.due -= 1
        return count

    def write(self, buf: bytearray, start: int, count: int) -> int:
        """Take all."""
        if count > frames.CHUNK_BYTES:
            self.due += 1
        return count


class QuietFlash(FakeFlash):
    """Once `quiet`, reads leave the buffer as it is: the fake's own copies allocate."""

    quiet = False

    def readblocks(self, number: int, buf: bytearray, offset: int = 0) -> int:
        """Read, or say so."""
        return 0 if self.quiet else FakeFlash.readblocks(self, number, buf, offset)


class NoHandler:
    """Is told nothing: a chunk has no tag."""


@unittest.skipUnless(_MICROPYTHON, "only MicroPython can lock its heap")
class TestUpload(unittest.TestCase):
    def test_sending_the_chunks_of_an_image_and_taking_their_acknowledgements(self) -> None:
        """The frame receiver and the upload step, on the real store and flash."""
        flash = QuietFlash()
        raw = raw_blocks(flash)
        journal = opened(flash)
        ages = Ages(Clock(0, DAY_UNKNOWN, 0), 60)
        store = Store(raw, KeyStore(raw), journal, ages, lambda count: bytes(count))
        chunks = store.begin(codes.TRIP_FIRE, 1, 20000, 0, 0)
        piece = bytearray(frames.CHUNK_BYTES)
        for _ in range(chunks):
            store.chunk(piece)
        image = store.open(store.finish())
        acks = [frame(frames.ACK, b"", 0, 0, index + 1) for index in range(chunks)]
        uart = AckingUart(acks)
        link = Link(uart, 512)
        link.handler = NoHandler()
        link.start(0)
        link.send_chunks(image, 0, chunks)
        flash.quiet = True
        micropython.heap_lock()
        try:
            for now_ms in range(100):
                link.poll(now_ms)
        finally:
            micropython.heap_unlock()
        self.assertTrue(link.idle())
        self.assertEqual(link.sent_bytes, chunks * frames.FRAME_BYTES)


if __name__ == "__main__":
    unittest.main()
