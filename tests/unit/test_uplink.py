"""Tests of the uplink: silent while shut, images to the ARC."""

import sys
import unittest

from fake_peer import KEYS, Chance, FakeController, FakeLinkStore, FakePeer
from fake_uart import FakeWire, frame

from detector import codes, frames, states
from detector.uplink import Uplink

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython


class FakeEvent:
    """An alarm with two kinds."""

    id = 5
    kind = codes.TRIP_PANIC
    kinds = 1 << codes.TRIP_PANIC | 1 << codes.TRIP_FIRE
    confirmed = True


class UplinkTest(unittest.TestCase):
    def setUp(self):
        self.wire = FakeWire()
        self.controller = FakeController()
        self.controller.state = states.ALARM
        self.store = FakeLinkStore()
        parts = (self.wire.a, "dev-1", KEYS, self.controller, self.store, Chance(1))
        self.uplink = Uplink(*parts)
        self.controller.on_handled = self.uplink.closed
        self.peer = FakePeer(self.wire)
        self.now_ms = 0

    def run_ms(self, ms):
        for _ in range(ms):
            self.uplink.poll(self.now_ms)
            self.peer.link.poll(self.now_ms)
            self.now_ms += 1

    def open(self):
        self.uplink.opened(self.now_ms, FakeEvent())

    def meet(self):
        """Open, and begin a session from the other side."""
        self.open()
        self.peer.hello()
        self.run_ms(20)

    def ask(self, name, *arguments):
        before = len(self.peer.replies)
        self.peer.command(name, *arguments)
        self.run_ms(10)
        return self.peer.replies[-1] if len(self.peer.replies) > before else None

    # --- closed ---------------------------------------------------------------------------------

    def test_while_closed_not_a_byte_is_written_whatever_comes(self):
        self.peer.hello()
        self.run_ms(400)
        self.wire.b.write(frame(frames.MSG, bytes(60)) * 5)
        self.run_ms(400)
        self.assertEqual(self.wire.a.written, 0)

    def test_while_closed_an_image_is_not_even_listed(self):
        self.store.add(7, codes.TRIP_PANIC)
        self.assertFalse(self.uplink.offer(7))
        self.meet()
        self.assertEqual(self.peer.words(), ["alarm"])

    def test_closing_in_the_middle_of_an_upload_stops_within_the_frame(self):
        self.store.add(7, codes.TRIP_PANIC, 200)
        self.meet()
        self.uplink.offer(7)
        self.wire.a.at_once = 100
        self.run_ms(5)
        self.uplink.closed()
        written = self.wire.a.written
        self.run_ms(600)
        self.assertEqual(self.wire.a.written, written)

    def test_nothing_queued_before_the_closing_appears_after_the_next_opening(self):
        self.store.add(7, codes.TRIP_PANIC, 200)
        self.meet()
        self.uplink.offer(7)
        self.run_ms(3)
        self.uplink.closed()
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.events = []
        self.peer.chunks = []
        self.meet()
        self.run_ms(100)
        self.assertEqual(self.peer.words(), ["alarm"])
        self.assertEqual(self.peer.chunks, [])

    def test_after_half_a_frame_the_next_opening_begins_with_a_whole_one(self):
        self.store.add(7, codes.TRIP_PANIC, 200)
        self.meet()
        self.uplink.offer(7)
        self.wire.a.at_once = 100
        self.run_ms(5)
        self.uplink.closed()
        self.wire.b.received = bytearray()
        self.open()
        self.uplink.poll(self.now_ms)
        self.assertEqual(bytes(self.wire.b.received[:3]), frames.SYNC + bytes([frames.HELLO]))

    def test_what_the_uart_still_holds_is_not_drained_although_the_uplink_is_closed(self):
        self.meet()
        self.wire.baud = 115200
        self.wire.a.write(bytes(100))
        self.uplink.closed()
        self.assertFalse(self.uplink.drained())
        self.wire.advance(100 * 87)
        self.assertTrue(self.uplink.drained())

    def test_what_was_received_while_closed_is_not_looked_at(self):
        self.meet()
        message = self.peer.session.sign(b'{"cmd":"handled"}')
        self.uplink.closed()
        self.wire.b.write(frame(frames.MSG, message, 0, 0, 0))
        self.open()
        self.run_ms(20)
        self.assertEqual(self.controller.calls, [])
        self.assertEqual(self.uplink.auth_failures, 0)

    def test_closing_twice_or_unopened_does_nothing(self):
        self.uplink.closed()
        self.uplink.closed()
        self.meet()
        self.assertEqual(self.peer.words(), ["alarm"])

    # --- open -----------------------------------------------------------------------------------

    def test_it_says_hello_at_once_when_opened(self):
        self.open()
        self.uplink.poll(0)
        self.assertGreater(self.wire.a.written, 0)

    def test_it_goes_on_saying_hello_until_somebody_answers(self):
        self.open()
        self.run_ms(1000)
        self.assertEqual(len(self.peer.hellos), 4)

    def test_the_alarm_comes_before_any_image(self):
        self.store.add(7, codes.TRIP_PANIC)
        self.open()
        self.uplink.offer(7)
        self.peer.hello()
        self.run_ms(60)
        self.assertEqual(self.peer.words(), ["alarm", "image", "image-end"])

    def test_the_alarm_has_its_kinds_and_its_time(self):
        self.meet()
        wanted = {
            "e": "alarm",
            "event": 5,
            "kind": "panic",
            "kinds": ["fire", "panic"],
            "confirmed": True,
            "day": 2500,
            "second": 4000,
        }
        self.assertEqual(self.peer.events[0], wanted)

    def test_each_opening_has_a_new_challenge(self):
        self.open()
        nonce = self.uplink.session.nonce()
        self.uplink.closed()
        self.open()
        self.assertNotEqual(self.uplink.session.nonce(), nonce)

    def test_a_command_of_an_earlier_opening_is_worth_nothing(self):
        self.meet()
        self.ask("received", ("id", 7))
        message = self.peer.session.sign(b'{"cmd":"handled"}')
        self.uplink.closed()
        self.peer.link.stop()
        self.peer.session.restart()
        self.meet()
        self.peer.link.send_message(message)
        self.run_ms(10)
        self.assertEqual(self.controller.calls, [])
        self.assertEqual(self.uplink.auth_failures, 1)

    def test_a_customers_picture_is_never_sent(self):
        self.store.add(7, codes.IMAGE_CUSTOMER)
        self.meet()
        self.assertFalse(self.uplink.offer(7))
        self.run_ms(50)
        self.assertEqual(self.peer.words(), ["alarm"])

    def test_a_customers_picture_that_was_listed_by_mistake_is_not_read_either(self):
        self.store.add(4, codes.IMAGE_CUSTOMER)
        self.meet()
        self.uplink.transfer.add(4)
        self.run_ms(50)
        self.assertEqual(self.peer.events[-1], {"e": "image-end", "id": 4, "err": "no-image"})
        self.assertEqual(self.peer.chunks, [])

    def test_an_image_that_cannot_be_read_is_not_offered(self):
        self.store.add(4, codes.TRIP_FIRE)
        self.store.unreadable = [4]
        self.meet()
        self.assertFalse(self.uplink.offer(4))

    def test_the_customers_commands_are_refused(self):
        self.meet()
        for name in ("arm", "disarm", "cancel", "capture", "status", "list", "fetch", "delete"):
            self.assertEqual(self.ask(name)["code"], codes.ERR_NOT_ALLOWED)
        self.assertEqual(self.controller.calls, [])

    def test_handled_shuts_and_nothing_answers(self):
        self.meet()
        self.assertIsNone(self.ask("handled"))
        self.assertEqual(self.controller.calls, ["handled"])
        written = self.wire.a.written
        self.run_ms(600)
        self.assertEqual(self.wire.a.written, written)

    def test_a_received_image_is_marked_and_noted_once(self):
        self.store.add(7, codes.TRIP_PANIC)
        self.meet()
        self.uplink.offer(7)
        self.run_ms(60)
        self.assertTrue(self.ask("received", ("id", 7))["ok"])
        self.assertTrue(self.ask("received", ("id", 7))["ok"])
        self.assertEqual(self.store.delivered, [(7, 0)])
        self.assertEqual(self.controller.calls, [("received", 7)])

    def test_an_image_that_was_never_offered_cannot_be_received(self):
        self.store.add(7, codes.TRIP_PANIC)
        self.meet()
        self.assertEqual(self.ask("received", ("id", 7))["code"], codes.ERR_NO_IMAGE)
        self.assertEqual(self.ask("received", ("id", "7"))["code"], codes.ERR_ARGUMENT)
        self.assertEqual(self.store.delivered, [])

    def test_an_image_is_sent_again_in_a_new_session_until_it_is_received(self):
        self.store.add(7, codes.TRIP_PANIC)
        self.meet()
        self.uplink.offer(7)
        self.run_ms(60)
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.events = []
        self.peer.hello((("have", (("7", 8),)),))
        self.run_ms(60)
        self.assertEqual(self.peer.words(), ["alarm", "image", "image-end"])
        self.assertEqual(self.peer.events[1]["from"], 8)

    def test_a_line_that_was_dead_for_long_brings_a_new_session(self):
        self.store.add(7, codes.TRIP_PANIC, 200)
        self.meet()
        self.uplink.offer(7)
        self.wire.a.cut = self.wire.b.cut = True
        self.run_ms(5400)
        self.wire.a.cut = self.wire.b.cut = False
        hellos = len(self.peer.hellos)
        self.run_ms(400)
        self.assertGreater(len(self.peer.hellos), hellos)

    # --- memory ---------------------------------------------------------------------------------

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_polling_with_nothing_to_do_allocates_nothing(self):
        self.meet()
        self.run_ms(300)
        uplink = self.uplink
        now_ms = self.now_ms
        micropython.heap_lock()
        try:
            for i in range(100):
                uplink.poll(now_ms + i)
            uplink.is_open = False
            for i in range(100):
                uplink.poll(now_ms + i)
        finally:
            micropython.heap_unlock()


if __name__ == "__main__":
    unittest.main()
