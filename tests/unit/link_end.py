"""One end of a link whose other end is the test, byte by byte."""

import unittest

from fake_uart import FakeWire

from detector.link import Link


class Notes:
    """A handler that writes down what it is told."""

    def __init__(self) -> None:
        self.hellos = []
        self.messages = []
        self.chunks = []
        self.acked = []
        self.on_ack = None

    def on_hello(self, payload: memoryview) -> None:
        self.hellos.append(bytes(payload))

    def on_message(self, payload: memoryview, order: int) -> None:
        self.messages.append((bytes(payload), order))

    def on_chunk(self, payload: memoryview) -> None:
        self.chunks.append(bytes(payload))

    def on_acked(self, tag: int) -> None:
        self.acked.append(tag)
        if self.on_ack:
            self.on_ack()


class OneEnd(unittest.TestCase):
    """A link at the wire's end `a`; the test is the other side, byte by byte."""

    def setUp(self) -> None:
        self.wire = FakeWire()
        self.link = Link(self.wire.a, 512)
        self.link.handler = self.notes = Notes()
        self.link.start(0)

    def feed(self, *whole: bytes) -> None:
        """Let frames arrive."""
        for data in whole:
            self.wire.b.write(data)

    def written(self) -> bytes:
        """Return what the link wrote since the last time."""
        data = bytes(self.wire.b.received)
        self.wire.b.received = bytearray()
        return data
