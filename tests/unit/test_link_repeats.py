"""When the link sends again what is not acknowledged, to the millisecond."""

import unittest

from fake_uart import frame
from link_end import OneEnd

from detector import frames


class TestRepeats(OneEnd):
    def send(self, count: int, now_ms: int) -> None:
        """Send messages, and forget that they were written."""
        for _ in range(count):
            self.link.send_message(b"m")
        for _ in range(count):
            self.link.poll(now_ms)
        self.written()

    def test_after_250_ms_and_again_after_250_more(self) -> None:
        self.send(1, 1000)
        again = []
        for now_ms in (1249, 1250, 1251, 1499, 1500):
            self.link.poll(now_ms)
            again.append(len(self.written()) > 0)
        self.assertEqual(again, [False, True, False, False, True])
        self.assertEqual(self.link.resent, 2)

    def test_a_second_message_does_not_put_off_the_repeat_of_the_first(self) -> None:
        self.send(1, 1000)
        self.send(1, 1200)
        self.link.poll(1249)
        self.assertEqual(self.written(), b"")
        self.link.poll(1250)
        self.assertEqual(self.link.resent, 2)

    def test_an_acknowledgement_puts_it_off(self) -> None:
        self.send(2, 1000)
        self.feed(frame(frames.ACK, b"", 0, 0, 1))
        self.link.poll(1200)
        self.link.poll(1449)
        self.assertEqual(self.link.resent, 0)
        self.link.poll(1450)
        self.assertEqual(self.link.resent, 1)

    def test_a_nak_is_followed_at_once_and_its_like_250_ms_later(self) -> None:
        self.send(4, 1000)
        self.feed(frame(frames.ACK, b"", 0, 0, 1))
        self.link.poll(1005)
        nak = frame(frames.ACK, b"", frames.FLAG_NAK, 0, 1)
        resent = []
        for now_ms in (1010, 1020, 1030, 1100, 1259, 1260):
            if now_ms != 1030:
                self.feed(nak)
            self.link.poll(now_ms)
            self.link.poll(now_ms)
            resent.append(self.link.resent)
        self.assertEqual(resent, [3, 3, 3, 3, 3, 6])

    def test_the_first_nak_of_a_session_is_followed_whatever_its_number(self) -> None:
        self.link.start(1000)
        self.send(3, 1000)
        self.feed(frame(frames.ACK, b"", frames.FLAG_NAK, 0, 1))
        self.link.poll(1005)
        self.assertEqual(self.link.resent, 2)

    def test_a_nak_with_nothing_out_is_nothing(self) -> None:
        self.feed(frame(frames.ACK, b"", frames.FLAG_NAK, 0, 0))
        self.link.poll(0)
        self.assertEqual((self.link.resent, self.written()), (0, b""))

    def test_it_is_stalled_when_nothing_came_for_longer_than_the_limit(self) -> None:
        self.assertEqual(self.link.stalled(99999, 1), False)
        self.send(2, 1000)
        self.assertEqual(
            (self.link.stalled(1500, 500), self.link.stalled(1501, 500)), (False, True)
        )
        self.feed(frame(frames.ACK, b"", 0, 0, 1))
        self.link.poll(1400)
        found = [self.link.stalled(now_ms, 500) for now_ms in (1501, 1900, 1901)]
        self.assertEqual(found, [False, False, True])


if __name__ == "__main__":
    unittest.main()
