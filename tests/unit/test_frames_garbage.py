"""Where a frame begins among what only looks like one, to the byte."""

import struct
import unittest
from binascii import crc32

from fake_uart import frame
from frame_reading import Reading

from detector import frames

GARBAGE = b"x" * 12  # as long as a header


def header(mark: bytes, length: int = 0) -> bytes:
    """Return a header with this mark whose check is right."""
    fields = mark + struct.pack("<BBHHH", frames.MSG, 0, 1, 2, length)
    return fields + struct.pack("<H", crc32(fields) & 0xFFFF)


class TestMarks(Reading):
    def test_both_bytes_of_a_mark_must_be_right(self) -> None:
        for mark, count in (
            (b"\xa5\x5a", 1),
            (b"\xa5\x5b", 0),
            (b"\xa4\x5a", 0),
            (b"\x5a\xa5", 0),
        ):
            self.setUp()
            self.feed(header(mark))
            self.assertEqual(len(self.found()), count, mark)

    def test_an_empty_frame_that_ends_the_garbage_waits_for_nothing(self) -> None:
        for count in (1, 11, 12, 13, 20, 32, 100):
            self.setUp()
            self.feed(b"x" * count + frame(frames.ACK, b""))
            self.assertEqual(self.found(), [b""], count)

    def test_garbage_that_ends_with_half_a_mark_costs_one_error(self) -> None:
        self.feed(GARBAGE[:11] + b"\xa5")
        self.assertEqual(self.found(), [])
        self.assertEqual((self.wire.b.any(), self.reader.is_receiving()), (0, True))
        self.feed(frame()[1:])
        self.assertEqual((self.found(), self.reader.errors), ([b"hello"], 1))

    def test_garbage_that_ends_otherwise_is_dropped_whole(self) -> None:
        self.feed(GARBAGE)
        self.assertEqual(self.found(), [])
        self.assertEqual(self.reader.is_receiving(), False)
        self.feed(frame())
        self.assertEqual((self.found(), self.reader.errors), ([b"hello"], 1))

    def test_a_mark_with_a_whole_header_that_is_none_is_dropped_with_the_rest(self) -> None:
        self.feed(GARBAGE + b"x" * 8 + frames.SYNC + b"x" * 10)
        self.assertEqual(self.found(), [])
        self.assertEqual((self.reader.errors, self.reader.is_receiving()), (2, False))

    def test_marks_in_garbage_cost_no_error_of_their_own(self) -> None:
        self.feed(GARBAGE + (b"x" * 8 + frames.SYNC) * 6 + b"x" * 14)
        self.assertEqual(self.found(), [])
        self.assertEqual((self.reader.errors, self.reader.is_receiving()), (2, False))


class TestHalfFrames(Reading):
    """The header of a longest frame has come at 0 ms; its rest is lost."""

    def setUp(self) -> None:
        super().setUp()
        self.half = frame(payload=bytes(512))

    def test_a_whole_frame_inside_is_found_by_the_very_poll_that_looks(self) -> None:
        self.feed(self.half[:20])
        self.found(0)
        self.feed(frame())
        self.assertEqual(self.found(10, 1), [b"hello"])

    def test_what_came_behind_it_is_parsed_by_the_very_poll_that_gives_it_up(self) -> None:
        self.feed(self.half[:12])
        self.found(0)
        self.feed(frame())
        self.assertEqual(self.found(200, 1), [b"hello"])
        self.assertEqual((self.reader.errors, self.reader.damaged), (1, True))

    def test_its_last_byte_is_given_up_too_where_it_could_begin_a_mark(self) -> None:
        seq = 1
        while frame(payload=bytes(512), seq=seq)[11] != frames.SYNC[0]:
            seq += 1
        self.feed(frame(payload=bytes(512), seq=seq)[:12])
        self.found(0)
        self.found(200)
        self.assertEqual(self.reader.is_receiving(), False)
        self.feed(frame())
        self.assertEqual((self.found(210), self.reader.errors), ([b"hello"], 1))

    def test_a_mark_in_its_last_bytes_is_no_header(self) -> None:
        """Where a header there would reach beyond the buffer."""
        whole = frame(payload=bytes(508) + frames.SYNC + b"\x03\x00")
        self.feed(whole[:526])
        self.found(0)
        self.assertEqual((self.found(10), self.reader.errors), ([], 0))
        self.feed(whole[526:])
        self.assertEqual((len(self.found(20)), self.reader.errors), (1, 0))

    def test_a_frame_inside_that_reaches_beyond_the_buffer_waits_till_it_is_given_up(self) -> None:
        inner = frame(payload=b"y" * 100)
        self.feed(self.half[: 12 + 402] + inner[:-4])
        self.found(0)
        self.assertEqual((self.found(10), self.reader.errors), ([], 0))
        self.assertEqual(self.found(200), [])
        self.feed(inner[-4:])
        self.assertEqual(self.found(210), [b"y" * 100])


if __name__ == "__main__":
    unittest.main()
