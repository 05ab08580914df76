"""How much one poll reads, parses and asks of the UART: a tick must not wait for a line."""

import unittest

from fake_uart import frame
from frame_reading import Reading

from detector import frames


class TestUart(Reading):
    """What the reader asks of it."""

    def setUp(self) -> None:
        super().setUp()
        self.asked = 0  # how often the UART was asked whether bytes are there
        self.read = []  # into what it was read
        uart = self.wire.b
        really_any, really_read = uart.any, uart.readinto

        def counting_any() -> int:
            self.asked += 1
            return really_any()

        def noting_readinto(buf: bytearray, *count: int) -> int | None:
            self.read.append(buf)
            return really_read(buf, *count)

        uart.any = counting_any
        uart.readinto = noting_readinto

    def assert_asks_once(self, now_ms: int) -> None:
        """Poll; fail unless it found nothing and asked once."""
        self.asked = 0
        self.assertIs(self.reader.poll(now_ms), False)
        self.assertEqual(self.asked, 1)

    def test_a_poll_that_waits_for_bytes_asks_once(self) -> None:
        self.assert_asks_once(0)
        whole = frame(payload=b"x" * 100)
        self.feed(whole[:7])
        self.assert_asks_once(0)
        self.feed(whole[7:12])
        self.found(0)
        self.assert_asks_once(5)
        self.assert_asks_once(10)
        self.feed(whole[12:50])
        self.assert_asks_once(20)

    def test_a_uart_that_has_nothing_after_all_is_asked_again_at_the_next_poll(self) -> None:
        self.feed(frame())
        really_read, self.wire.b.readinto = self.wire.b.readinto, lambda buf, count: None
        self.assert_asks_once(0)
        self.wire.b.readinto = really_read
        self.assertEqual(self.found(), [b"hello"])

    def test_a_frame_is_read_into_the_buffer_itself(self) -> None:
        """A view of a part of it would be allocated for each acknowledgement."""
        self.feed(frame(frames.ACK, b""))
        self.assertTrue(self.reader.poll(0))
        self.assertEqual([type(buf) for buf in self.read], [bytearray])

    def test_a_reset_asks_no_more_than_four_times(self) -> None:
        """Whoever babbles on does not hold it."""
        self.feed(bytes(528 * 4 + 1))
        self.reader.reset()
        self.assertEqual(len(self.wire.b.received), 1)


class TestReads(Reading):
    """What is taken out of the UART."""

    def left_after(self, data: bytes, now_ms: int = 0) -> int:
        """Poll once after `data` came; return how many bytes the UART still holds."""
        self.feed(data)
        self.reader.poll(now_ms)
        return self.wire.b.any()

    def test_what_comes_behind_a_frame_stays_with_the_uart(self) -> None:
        one = frame()
        self.assertEqual(self.left_after(one * 3), 2 * len(one))
        self.assertEqual(self.left_after(b""), len(one))
        self.assertEqual(self.left_after(b""), 0)

    def test_so_it_does_once_garbage_has_ended(self) -> None:
        self.feed(b"x" * 40 + frame())
        self.assertEqual(self.found(), [b"hello"])
        one = frame()
        self.assertEqual(self.left_after(one * 3), 2 * len(one))

    def test_a_long_frame_is_read_in_pieces_of_256_bytes(self) -> None:
        whole = frame(payload=bytes(500))
        self.assertEqual(self.left_after(whole[:12]), 0)
        self.assertEqual(self.left_after(whole[12 : 12 + 255]), 255)
        self.assertEqual(self.left_after(whole[12 + 255 : 12 + 256]), 0)
        self.assertEqual(self.left_after(whole[12 + 256 : -1]), 247)
        self.assertEqual(self.left_after(whole[-1:]), 0)
        self.assertEqual(bytes(self.reader.payload()), bytes(500))


class TestSteps(Reading):
    """What is parsed."""

    def test_a_poll_parses_four_headers(self) -> None:
        self.feed(bytes(12 + 6 * 528))
        self.assertIs(self.reader.poll(0), False)
        self.assertEqual(self.reader.errors, 4)
        self.assertEqual(self.wire.b.any(), 3 * 528)
        self.assertIs(self.reader.poll(0), False)
        self.assertEqual(self.reader.errors, 7)

    def test_each_of_them_passes_over_seventeen_marks(self) -> None:
        """The one it began at, and sixteen that were looked at; the last header is the frame's."""
        for marks, polls in ((3 * 17, 1), (3 * 17 + 1, 2), (7 * 17, 2), (7 * 17 + 1, 3)):
            self.setUp()
            self.feed(bytes(12))
            self.reader.poll(0)  # from now on all there is is read at once
            self.feed(frames.SYNC * marks + frame(payload=b"x"))
            self.assertEqual((self.found(0, polls - 1), self.found(0, 1)), ([], [b"x"]), marks)


if __name__ == "__main__":
    unittest.main()
