"""What both links share, at its edges: room, dropped replies, counters that were overtaken."""

import unittest

from fake_peer import KEYS, Chance, FakeController, FakeLinkStore, FakePeer
from fake_uart import FakeWire, frame

from detector import codes, frames, states
from detector.channel import Channel
from detector.uplink import Uplink


class FakeEvent:
    """A panic."""

    id = 5
    kind = codes.TRIP_PANIC
    kinds = 1 << codes.TRIP_PANIC
    confirmed = True


class TestChannel(unittest.TestCase):
    def setUp(self) -> None:
        self.wire = FakeWire()
        self.controller = FakeController()
        self.controller.state = states.ALARM
        self.channel = Uplink(
            self.wire.a, "dev-1", KEYS, self.controller, FakeLinkStore(), Chance(1)
        )
        self.acked = []
        self.channel.on_acked = self.acked.append
        self.now_ms = 0
        self.peer = FakePeer(self.wire)

    def run_ms(self, ms: int) -> None:
        """Let both ends poll."""
        for _ in range(ms):
            self.channel.poll(self.now_ms)
            self.peer.link.poll(self.now_ms)
            self.now_ms += 1

    def meet(self) -> None:
        """Open and begin a session."""
        self.channel.opened(0, FakeEvent())
        self.peer.hello()
        self.run_ms(20)

    def raw(self, message: bytes, seq: int) -> None:
        """Let a signed message arrive under a number of the link."""
        self.wire.b.write(frame(frames.MSG, message, 0, seq, self.channel.link._window.next))
        self.channel.poll(self.now_ms)

    def test_without_a_session_nothing_is_signed(self) -> None:
        self.assertEqual(self.channel.send((("e", "x"),)), False)
        self.assertEqual((self.channel.session._sent, self.channel.replies_dropped), (0, 0))

    def test_eight_messages_have_room_and_the_ninth_draws_no_counter(self) -> None:
        self.meet()
        before = self.channel.session._sent
        told = [self.channel.send((("e", "x"),)) for _ in range(9)]
        self.assertEqual(told, [True] * 8 + [False])
        self.assertEqual(self.channel.session._sent, before + 8)
        self.run_ms(30)
        self.assertEqual(self.channel.send_body(b"{}"), True)
        self.run_ms(10)
        self.assertEqual((self.acked, self.peer.forged), ([], 0))
        self.channel.send((("e", "x"),), 7)
        self.run_ms(10)
        self.assertEqual(self.acked, [7])

    def test_a_reply_without_room_is_dropped_and_counted(self) -> None:
        self.meet()
        self.assertEqual(self.channel.replies_dropped, 0)
        self.peer.command("received", ("id", 1))
        self.run_ms(10)
        self.assertEqual(self.channel.replies_dropped, 0)
        for _ in range(8):
            self.channel.send((("e", "x"),))
        self.peer.command("received", ("id", 2))
        self.peer.link.poll(self.now_ms)
        self.channel.poll(self.now_ms)
        self.assertEqual(self.channel.replies_dropped, 1)

    def test_a_message_of_512_bytes_is_heard_and_no_longer_one(self) -> None:
        for size, replies in ((512, 1), (513, 0)):
            self.setUp()
            self.meet()
            body = b'{"cmd":"x"}'
            message = self.peer.session.sign(body + b" " * (size - 20 - len(body)))
            self.assertEqual(len(message), size)
            self.peer.link.send_message(message)
            self.run_ms(10)
            self.assertEqual(len(self.peer.replies), replies, size)

    def test_by_itself_it_knows_no_command(self) -> None:
        self.assertEqual(Channel.obey(self.channel, "handled", {}), (codes.ERR_UNKNOWN, ()))

    def test_only_what_was_overtaken_may_come_late_and_be_no_forgery(self) -> None:
        self.meet()
        sign = self.peer.session.sign
        first, lost, cancel = sign(b'{"cmd":"x"}'), sign(b'{"cmd":"y"}'), sign(b'{"cmd":"cancel"}')
        self.raw(first, 0)
        self.raw(cancel, 2)  # ahead of `lost`
        self.assertEqual(self.channel.auth_failures, 0)
        self.raw(lost, 1)
        self.assertEqual(self.channel.auth_failures, 0)
        self.raw(first, 2)
        self.assertEqual(self.channel.auth_failures, 1)

    def test_a_new_session_has_overtaken_nothing(self) -> None:
        self.meet()
        sign = self.peer.session.sign
        sign(b'{"cmd":"x"}')
        self.raw(sign(b'{"cmd":"cancel"}'), 1)
        self.peer.session.restart()
        self.peer.link.stop()
        self.peer.hello()
        self.run_ms(20)
        again = self.peer.session.sign(b'{"cmd":"x"}')
        self.raw(again, 0)
        self.assertEqual(self.channel.auth_failures, 0)
        self.raw(again, 1)
        self.assertEqual(self.channel.auth_failures, 1)


if __name__ == "__main__":
    unittest.main()
