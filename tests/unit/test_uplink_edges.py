"""What an opening and a closing of the uplink leave behind: nothing, each by itself."""

import unittest

from fake_peer import KEYS, Chance, FakeController, FakeLinkStore, FakePeer
from fake_uart import FakeWire

from detector import codes, states
from detector.uplink import Uplink


class FakeEvent:
    """A panic."""

    id = 5
    kind = codes.TRIP_PANIC
    kinds = 1 << codes.TRIP_PANIC
    confirmed = True


class TimedController(FakeController):
    """Notes when it was told."""

    def handled(self, now_ms: int) -> int:
        self.calls.append(("handled at", now_ms))
        self.on_handled()
        return codes.OK

    def image_received(self, now_ms: int, image_id: int) -> None:
        self.calls.append(("received at", now_ms, image_id))


class UplinkEdges(unittest.TestCase):
    def setUp(self) -> None:
        self.wire = FakeWire()
        self.controller = TimedController()
        self.controller.state = states.ALARM
        self.store = FakeLinkStore()
        for image_id in (7, 8):
            self.store.add(image_id, codes.TRIP_PANIC)
        self.uplink = self.new()
        self.controller.on_handled = self.uplink.closed
        self.peer = FakePeer(self.wire)
        self.now_ms = 1000

    def new(self) -> Uplink:
        """Return an uplink at the wire's end."""
        return Uplink(self.wire.a, "dev-1", KEYS, self.controller, self.store, Chance(1))

    def run_ms(self, ms: int) -> list:
        """Let both ends poll; return what the uplink's polls said."""
        said = []
        for _ in range(ms):
            said.append(self.uplink.poll(self.now_ms))
            self.peer.link.poll(self.now_ms)
            self.now_ms += 1
        return said

    def meet(self) -> None:
        """Open, and begin a session from the other side."""
        self.uplink.opened(self.now_ms, FakeEvent())
        self.peer.hello()
        self.run_ms(20)

    def ask(self, name: str, *arguments: tuple) -> dict:
        """Send a command; return its reply."""
        self.peer.command(name, *arguments)
        self.run_ms(10)
        return self.peer.replies[-1]

    def test_a_new_uplink_is_closed_and_silent(self) -> None:
        link = self.uplink.link
        found = (self.uplink.is_open, link.enabled, link.running, self.uplink.poll(0))
        self.assertEqual(found, (False, False, False, False))
        self.uplink.closed()
        self.assertEqual((self.uplink.is_open, link.enabled), (False, False))

    def test_it_calls_at_once_and_every_300_ms(self) -> None:
        self.uplink.opened(1000, FakeEvent())
        calls = []
        for now_ms in (1000, 1299, 1300, 1301, 1599, 1600):
            before = self.wire.a.written
            self.uplink.poll(now_ms)
            self.uplink.poll(now_ms)
            calls.append(self.wire.a.written > before)
        self.assertEqual(calls, [True, False, True, False, False, True])

    def test_polls_say_whether_something_moved(self) -> None:
        self.assertEqual(self.run_ms(1), [False])
        self.uplink.opened(self.now_ms, FakeEvent())
        self.assertEqual(self.run_ms(3), [True, False, False])
        self.peer.hello()
        self.run_ms(20)
        self.assertEqual(self.run_ms(2), [False, False])
        self.peer.command("handled")
        self.assertEqual(True in self.run_ms(3), True)
        self.assertEqual(self.run_ms(1), [False])

    def test_the_time_of_a_command_is_that_of_its_poll(self) -> None:
        self.meet()
        self.uplink.offer(7)
        self.run_ms(30)
        self.ask("received", ("id", 7))
        self.peer.command("handled")
        self.run_ms(10)
        times = [call[1] for call in self.controller.calls]
        self.assertEqual(len(times), 2)
        self.assertGreater(times[0], 1020)
        self.assertGreater(times[1], times[0])

    def test_a_closing_leaves_nothing(self) -> None:
        self.meet()
        self.uplink.offer(7)
        self.uplink.offer(8)
        self.run_ms(60)
        self.ask("received", ("id", 7))
        nonce = self.uplink.session.nonce()
        self.assertEqual((len(nonce), self.uplink._received), (16, [7]))
        self.uplink.closed()
        uplink = self.uplink
        self.assertEqual((uplink.is_open, uplink.link.enabled), (False, False))
        self.assertEqual((uplink.session.nonce(), uplink.session.peer), (b"", b""))
        self.assertEqual((uplink._received, uplink._alarm), ([], b""))
        self.assertEqual(uplink.transfer.listed(8), False)

    def test_an_opening_takes_over_nothing_either(self) -> None:
        self.meet()
        self.uplink.offer(7)
        self.uplink.offer(8)
        self.run_ms(60)
        self.ask("received", ("id", 7))
        message = self.peer.session.sign(b'{"cmd":"handled"}')
        self.uplink.opened(self.now_ms, FakeEvent())
        uplink = self.uplink
        self.assertEqual((uplink._received, uplink.transfer.listed(8)), ([], False))
        self.assertEqual(uplink.session.check(memoryview(message)), 0)
        self.assertEqual((uplink.is_open, uplink._now_ms), (True, self.now_ms))

    def test_a_lost_line_brings_a_new_session_after_five_seconds(self) -> None:
        self.meet()
        self.uplink.offer(7)
        nonce = self.uplink.session.nonce()
        self.wire.a.cut = True
        self.uplink.poll(self.now_ms)
        self.uplink.poll(self.now_ms)
        begin_ms = self.now_ms
        self.uplink.poll(begin_ms + 5000)
        self.assertEqual(self.uplink.session.nonce(), nonce)
        self.assertEqual(self.uplink.poll(begin_ms + 5001), True)
        self.assertEqual(self.uplink.link.running, False)
        self.assertFalse(self.uplink.session.nonce() in (nonce, b""))
        self.assertEqual(self.uplink.transfer.listed(7), True)
        self.assertEqual(self.uplink.link.chunks_left(), 0)
        written = self.wire.a.written
        self.uplink.poll(begin_ms + 5002)
        self.assertGreater(self.wire.a.written, written)
        self.wire.a.cut = False
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.events.clear()
        self.now_ms = begin_ms + 5003
        self.peer.hello()
        self.run_ms(60)
        self.assertEqual(self.peer.words(), ["alarm", "image", "image-end"])

    def test_image_ids_are_32_bits_and_not_zero(self) -> None:
        self.meet()
        codes_of = [
            self.ask("received", ("id", image_id))["code"]
            for image_id in (0, 1, 0xFFFFFFFF, 0x100000000)
        ]
        no_image, argument = codes.ERR_NO_IMAGE, codes.ERR_ARGUMENT
        self.assertEqual(codes_of, [argument, no_image, no_image, argument])

    def test_a_received_image_is_struck_off_also_where_that_cannot_be_marked(self) -> None:
        def fail(image_id: int, reader: int) -> None:
            raise OSError(5)

        self.store.mark_delivered = fail
        self.meet()
        self.uplink.offer(7)
        self.run_ms(30)
        self.assertEqual(self.ask("received", ("id", 7))["ok"], True)
        self.assertEqual(self.uplink.transfer.listed(7), False)
        self.assertEqual(self.controller.calls[0][0], "received at")

    def test_what_it_does_not_know_it_does_not_do(self) -> None:
        self.assertEqual(self.uplink.obey("more", {}), (codes.ERR_UNKNOWN, ()))

    def test_all_attributes_are_there_from_the_start(self) -> None:
        names = set(self.new().__dict__)
        self.meet()
        self.ask("received", ("id", 7))
        self.uplink.closed()
        self.assertEqual(set(self.uplink.__dict__), names)


if __name__ == "__main__":
    unittest.main()
