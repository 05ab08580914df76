"""Tests of the link: window, acknowledgement, repetition."""

import sys
import unittest

from fake_uart import FakeWire, frame

from detector import frames, link
from detector.link import AHEAD, BEHIND, IN_ORDER, Link
from detector.window import Window

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython


class Notes:
    """A handler that writes down what it is told."""

    def __init__(self):
        self.messages = []
        self.orders = []
        self.chunks = []
        self.hellos = []
        self.acked = []

    def on_hello(self, payload):
        self.hellos.append(bytes(payload))

    def on_message(self, payload, order):
        self.orders.append((bytes(payload), order))
        if order == IN_ORDER:
            self.messages.append(bytes(payload))

    def on_chunk(self, payload):
        self.chunks.append(bytes(payload))

    def on_acked(self, tag):
        self.acked.append(tag)


class Source:
    """An image whose chunk i is full of the byte i; remembers what was read."""

    def __init__(self, fails_at=-1):
        self.read = []
        self.fails_at = fails_at

    def read_chunk(self, index, buf):
        if index == self.fails_at:
            raise OSError(5)
        self.read.append(index)
        buf[:] = bytes([index & 0xFF]) * 1024


class LinkTest(unittest.TestCase):
    def setUp(self):
        self.connect(FakeWire())

    def connect(self, wire):
        self.wire = wire
        self.now_ms = 0
        self.device = Link(wire.a, 512)
        self.host = Link(wire.b, 1024)
        for end in (self.device, self.host):
            end.handler = Notes()
            end.start(0)

    def run_ms(self, ms, step_us=1000):
        """Let both ends poll and the wire move for a while."""
        for i in range(ms * 1000 // step_us):
            self.wire.advance(step_us)
            self.device.poll(self.now_ms + i * step_us // 1000)
            self.host.poll(self.now_ms + i * step_us // 1000)
        self.now_ms += ms

    def test_messages_arrive_once_and_in_order(self):
        for i in range(8):
            self.device.send_message(b"m%d" % i)
        self.run_ms(30)
        self.assertEqual(self.host.handler.messages, [b"m%d" % i for i in range(8)])

    def test_the_ninth_message_is_refused(self):
        for _ in range(8):
            self.assertTrue(self.device.send_message(b"x"))
        self.assertFalse(self.device.send_message(b"x"))

    def test_a_message_without_a_session_is_refused(self):
        self.device.stop()
        self.assertFalse(self.device.send_message(b"x"))

    def test_a_tag_comes_back_when_its_message_is_acknowledged(self):
        self.device.send_message(b"x", 7)
        self.device.send_message(b"y")
        self.run_ms(10)
        self.assertEqual(self.device.handler.acked, [7])

    def test_a_tag_comes_back_once_though_chunks_follow_in_its_place(self):
        self.device.send_message(b"x", 7)
        self.device.send_chunks(Source(), 0, 20)
        self.run_ms(60)
        self.assertEqual(self.device.handler.acked, [7])

    def test_what_is_acknowledged_is_not_sent_again(self):
        window = Window()
        for _ in range(3):
            window.push(b"x", 0)
            window.advance()
        window.send = 1
        window.skip_to(2)
        self.assertEqual(window.send, 2)
        window.skip_to(1)
        self.assertEqual(window.send, 2)

    def test_an_acknowledgement_during_a_repeat_ends_it(self):
        for _ in range(3):
            self.device.send_message(b"x")
        self.device.poll(0)
        self.device.poll(0)
        self.wire.a.tx_limit = 1
        self.wire.a.waiting = bytearray(1)  # the UART takes nothing
        self.device.poll(link.RESEND_MS)
        self.host.poll(0)
        self.host.poll(0)
        self.host.poll(0)
        for _ in range(3):
            self.device.poll(link.RESEND_MS)
        self.wire.a.tx_limit = 0
        self.wire.a.waiting = bytearray()
        for _ in range(3):
            self.device.poll(link.RESEND_MS)
        self.assertTrue(self.device.idle())

    def test_chunks_arrive_in_order(self):
        self.device.send_chunks(Source(), 3, 30)
        self.run_ms(100)
        self.assertEqual([chunk[0] for chunk in self.host.handler.chunks], list(range(3, 30)))

    def test_a_message_overtakes_the_chunks_of_an_image(self):
        self.device.send_chunks(Source(), 0, 200)
        self.run_ms(5)
        self.device.send_message(b"now")
        self.run_ms(10)
        self.assertEqual(self.host.handler.messages, [b"now"])
        self.assertGreater(self.device.chunks_left(), 0)

    def test_what_a_noisy_line_damages_is_sent_again(self):
        for end in (self.wire.a, self.wire.b):
            end.bit_errors_every = 3000
            end.lose_every = 7000
        self.device.send_chunks(Source(), 0, 60)
        self.device.send_message(b"with it")
        self.run_ms(9000)
        self.assertEqual([chunk[0] for chunk in self.host.handler.chunks], list(range(60)))
        self.assertEqual(self.host.handler.messages, [b"with it"])
        self.assertGreater(self.device.resent, 0)

    def test_a_gap_is_filled_without_waiting_for_the_time_out(self):
        self.wire.a.cut = True
        self.device.send_message(b"lost")
        self.device.poll(0)
        self.wire.a.cut = False
        self.device.send_message(b"seen")
        self.run_ms(20)
        self.assertEqual(self.host.handler.messages, [b"lost", b"seen"])

    def test_a_damaged_message_is_sent_again_at_once(self):
        self.device.send_message(b"damaged" * 10)
        self.device._window.advance()
        self.device._send_numbered()
        self.device._writer.frame[30] ^= 1
        self.run_ms(50)
        self.assertEqual(self.host.handler.messages, [b"damaged" * 10])

    def test_a_lost_last_message_is_sent_again_after_the_time_out(self):
        self.wire.a.cut = True
        self.device.send_message(b"lost")
        self.device.poll(0)
        self.wire.a.cut = False
        self.run_ms(240)
        self.assertEqual(self.host.handler.messages, [])
        self.run_ms(20)
        self.assertEqual(self.host.handler.messages, [b"lost"])

    def test_a_lost_acknowledgement_does_not_deliver_twice(self):
        self.wire.b.cut = True
        self.device.send_message(b"once")
        self.run_ms(10)
        self.wire.b.cut = False
        self.run_ms(600)
        self.assertEqual(self.host.handler.messages, [b"once"])
        self.assertTrue(self.device.idle())

    def test_a_repeat_reads_the_chunk_from_its_source(self):
        self.wire.a.cut = True
        source = Source()
        self.device.send_chunks(source, 0, 2)
        self.run_ms(10)
        self.wire.a.cut = False
        self.run_ms(600)
        self.assertEqual(source.read[:4], [0, 1, 0, 1])
        self.assertEqual(len(self.host.handler.chunks), 2)

    def test_sequence_numbers_wrap(self):
        for end in (self.device, self.host):
            window = end._window
            window.base = window.send = window.next = end._expected = 0xFFFC
        self.device.send_chunks(Source(), 0, 20)
        self.run_ms(100)
        self.assertEqual(len(self.host.handler.chunks), 20)

    def test_a_source_that_fails_ends_its_image_and_not_the_link(self):
        self.device.send_chunks(Source(fails_at=2), 0, 20)
        self.run_ms(30)
        self.assertTrue(self.device.source_failed)
        self.assertEqual(self.device.chunks_left(), 0)
        self.assertEqual([len(chunk) for chunk in self.host.handler.chunks], [1024, 1024, 0])
        self.device.send_message(b"after")
        self.run_ms(30)
        self.assertEqual(self.host.handler.messages, [b"after"])

    def test_a_uart_that_takes_a_few_bytes_at_once_loses_nothing(self):
        self.wire.a.at_once = 7
        self.device.send_chunks(Source(), 0, 3)
        self.run_ms(600)
        self.assertEqual(len(self.host.handler.chunks), 3)

    def test_an_acknowledgement_of_another_session_is_ignored(self):
        self.device.send_message(b"x", 7)
        self.wire.b.write(frame(frames.ACK, b"", 0, 0, 500))
        self.device.poll(0)
        self.device.poll(0)
        self.assertEqual(self.device.handler.acked, [])

    def test_a_message_out_of_its_turn_is_shown_as_such(self):
        self.wire.b.write(frame(seq=2, ack=0))
        self.wire.b.write(frame(seq=0, ack=0))
        self.wire.b.write(frame(seq=0, ack=0))
        self.run_ms(5)
        orders = [order for _payload, order in self.device.handler.orders]
        self.assertEqual(orders, [AHEAD, IN_ORDER, BEHIND])

    def test_a_silenced_link_writes_and_reads_nothing(self):
        self.device.send_message(b"secret")
        self.device.silence()
        self.wire.b.write(frame(seq=0, ack=0))
        self.run_ms(600)
        self.assertEqual(self.wire.a.written, 0)
        self.assertEqual(self.device.handler.orders, [])

    def test_what_was_queued_before_the_silence_is_gone_after_it(self):
        self.wire.a.at_once = 100
        self.device.send_chunks(Source(), 0, 5)
        self.device.send_message(b"secret")
        self.device.poll(0)
        written = self.wire.a.written
        self.device.silence()
        self.wire.b.write(b"stale")
        self.device.enable()
        self.device.start(0)
        self.host.stop()
        self.run_ms(600)
        self.assertEqual(self.wire.a.written, written)
        self.assertEqual(self.wire.a.any(), 0)

    def test_it_says_when_nothing_is_acknowledged_for_long(self):
        self.wire.a.cut = True
        self.device.send_message(b"x")
        self.run_ms(1000)
        self.assertTrue(self.device.stalled(self.now_ms, 900))
        self.assertFalse(self.device.stalled(self.now_ms, 1100))

    def test_an_upload_fills_a_paced_line(self):
        self.connect(FakeWire(921600))
        self.wire.a.tx_limit = 2200
        self.device.send_chunks(Source(), 0, 90)
        start_us = self.wire.now_us
        while len(self.host.handler.chunks) < 90 and self.wire.now_us < 2000000:
            self.run_ms(1)
        goodput = 90 * 1024 * 10 * 1000 // ((self.wire.now_us - start_us) * 9216 // 10000)
        self.assertGreater(goodput, 97 * 10)  # per mille of the line's rate, less the first lap
        self.assertEqual(self.device.resent, 0)

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_polling_with_nothing_to_do_allocates_nothing(self):
        self.run_ms(5)
        device = self.device
        device.poll(10)
        micropython.heap_lock()
        try:
            for i in range(100):
                device.poll(i)
        finally:
            micropython.heap_unlock()


if __name__ == "__main__":
    unittest.main()
