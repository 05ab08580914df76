"""A frame reader at the end of a wire, for the tests of what it finds there."""

import unittest

from fake_uart import FakeWire

from detector.frames import FrameReader


class Reading(unittest.TestCase):
    """`reader` takes payloads up to 512 bytes."""

    def setUp(self) -> None:
        """Start with a silent line and a new reader."""
        self.wire = FakeWire()
        self.reader = FrameReader(self.wire.b, 512)

    def feed(self, data: bytes) -> None:
        """Put bytes on the line."""
        self.wire.a.write(data)

    def found(self, now_ms: int = 0, polls: int = 50) -> list:
        """Return the payloads of all frames that the reader finds now."""
        payloads = []
        for _ in range(polls):
            if self.reader.poll(now_ms):
                payloads.append(bytes(self.reader.payload()))
        return payloads
