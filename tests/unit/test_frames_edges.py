"""The frames' bytes, numbers and times to the last one, and what a clean line never costs."""

import unittest

from fake_uart import frame
from frame_reading import Reading

from detector import frames
from detector.frames import FrameWriter


class TestBytes(unittest.TestCase):
    """What is on the wire between devices of different ages."""

    def test_kinds_and_flags_keep_their_numbers(self) -> None:
        kinds = (frames.HELLO, frames.ACK, frames.MSG, frames.CHUNK, frames.FLAG_NAK)
        self.assertEqual(kinds, (1, 2, 3, 4, 1))

    def test_a_frame_is_these_bytes(self) -> None:
        wanted = b"\xa5Z\x03\x01\xfe\xff\xcd\xab\x03\x00 \x06abc\xc2A$5"
        self.assertEqual(frame(frames.MSG, b"abc", 1, 0xFFFE, 0xABCD), wanted)
        empty = b"\xa5Z\x02\x00\x02\x01\x04\x03\x00\x00\xc3\xc4"
        self.assertEqual(frame(frames.ACK, b"", 0, 0x102, 0x304), empty)

    def test_the_buffer_holds_exactly_a_chunks_frame(self) -> None:
        writer = FrameWriter()
        self.assertEqual((len(writer.frame), len(writer.payload)), (1040, 1024))
        self.assertEqual(writer.finish(frames.CHUNK, 0, 0, 0, 1024), 1040)


class TestClean(Reading):
    def test_a_new_reader_has_seen_nothing(self) -> None:
        reader = self.reader
        fields = (reader.kind, reader.flags, reader.seq, reader.ack, reader.length, reader.errors)
        self.assertEqual(fields, (0,) * 6)
        self.assertEqual((reader.damaged, reader.is_receiving()), (False, False))
        self.assertEqual((reader.poll(0), bytes(reader.payload())), (False, b""))
        names = set(reader.__dict__)
        self.feed(b"garbage" * 9 + frame(payload=b"x" * 100)[:50])
        self.found()
        self.found(500)
        self.assertEqual(set(reader.__dict__), names)

    def test_a_clean_line_has_no_errors_however_it_comes(self) -> None:
        line = b""
        for length in (0, 1, 2, 255, 256, 511, 512, 0, 0, 3):
            line += frame(payload=bytes([length & 0xFF]) * length)
        for piece in (1, 2, 11, 12, 13, 17, 256, 257, len(line)):
            self.setUp()
            lengths = []
            for at in range(0, len(line), piece):
                self.feed(line[at : at + piece])
                lengths += [len(payload) for payload in self.found(0, 4)]
            lengths += [len(payload) for payload in self.found()]
            self.assertEqual(lengths, [0, 1, 2, 255, 256, 511, 512, 0, 0, 3], piece)
            self.assertEqual((self.reader.errors, self.reader.damaged), (0, False), piece)
            self.assertEqual(self.reader.is_receiving(), False)

    def test_the_longest_payload_is_the_limit(self) -> None:
        self.feed(frame(payload=bytes(512)))
        self.assertEqual((self.found(), self.reader.errors), ([bytes(512)], 0))
        self.feed(frame(payload=bytes(513)))
        self.assertEqual(self.found(), [])
        self.assertGreater(self.reader.errors, 0)

    def test_every_kind_is_taken_and_no_other(self) -> None:
        for kind in range(7):
            self.setUp()
            self.feed(frame(kind))
            self.assertEqual(len(self.found()), 1 if 1 <= kind <= 4 else 0, kind)

    def test_one_byte_is_something_that_arrives(self) -> None:
        self.feed(b"\xa5")
        self.assertEqual(self.reader.is_receiving(), True)
        self.reader.poll(0)
        self.assertEqual(self.reader.is_receiving(), True)


class TestReset(Reading):
    def test_half_a_frame_is_forgotten(self) -> None:
        for have in (1, 12, 13, 50):
            self.setUp()
            self.feed(frame(payload=b"x" * 100)[:have])
            self.found(0, 3)
            self.found(10, 1)
            self.reader.reset()
            self.assertEqual(self.reader.is_receiving(), False)
            self.feed(frame())
            self.assertEqual((self.found(20), self.reader.errors), ([b"hello"], 0), have)

    def test_a_frame_that_was_handed_out_is_forgotten_too(self) -> None:
        self.feed(frame())
        self.assertTrue(self.reader.poll(0))
        self.reader.reset()
        self.feed(frame(payload=b"next"))
        self.assertEqual((self.found(), self.reader.errors), ([b"next"], 0))

    def test_what_waits_with_the_uart_is_thrown_away(self) -> None:
        self.feed(frame() * 30)
        self.reader.reset()
        self.assertEqual(self.wire.b.any(), 0)
        self.assertEqual(self.found(), [])


class TestErrors(Reading):
    def test_each_is_counted_once(self) -> None:
        bad_payload = bytearray(frame(payload=b"x" * 100))
        bad_payload[50] ^= 1
        self.feed(bytes(bad_payload))
        self.assertEqual(self.found(), [])
        self.assertEqual((self.reader.errors, self.reader.damaged), (1, True))
        self.setUp()
        bad_header = bytearray(frame())
        bad_header[3] ^= 1
        self.feed(bytes(bad_header[:12]))
        self.assertEqual(self.found(), [])
        self.assertEqual((self.reader.errors, self.reader.damaged), (1, False))

    def test_a_damaged_hello_or_acknowledgement_is_no_lost_message(self) -> None:
        for kind, is_lost in ((frames.HELLO, False), (frames.MSG, True), (frames.CHUNK, True)):
            self.setUp()
            bad = bytearray(frame(kind, b"x" * 100))
            bad[50] ^= 1
            self.feed(bytes(bad))
            self.found()
            self.assertEqual(self.reader.damaged, is_lost, kind)

    def test_any_flipped_bit_is_noticed_and_the_next_frame_is_found(self) -> None:
        whole = frame(payload=b"abcd")
        for at in range(len(whole)):
            self.setUp()
            bad = bytearray(whole)
            bad[at] ^= 1
            self.feed(bytes(bad) + frame() + frame(payload=b"last"))
            self.assertEqual(self.found(), [b"hello", b"last"], at)

    def test_garbage_that_ends_like_a_mark_does_not_hide_it(self) -> None:
        for garbage in (b"\xa5", b"\xa5\xa5", b"xxxxxxxxxxx\xa5", b"\xa5\x5a\xa5", b"x" * 12):
            self.setUp()
            self.feed(garbage + frame())
            self.assertEqual(self.found(), [b"hello"], garbage)
            self.setUp()
            self.feed(garbage)
            self.found()
            self.feed(frame())
            self.assertEqual(self.found(), [b"hello"], garbage)


class TestTimes(Reading):
    def test_half_a_frame_waits_200_ms_from_its_header(self) -> None:
        self.feed(frame(payload=bytes(500))[:20])
        self.found(5000)
        self.found(5199)
        self.assertEqual(self.reader.errors, 0)
        self.found(5200, 1)
        self.assertEqual(self.reader.errors, 1)

    def test_it_is_looked_through_every_10_ms(self) -> None:
        self.feed(frame(payload=bytes(500))[:20])
        self.found(5000)
        self.feed(frame())
        self.assertEqual(self.found(5009), [])
        self.assertEqual(self.found(5010), [b"hello"])
        self.setUp()
        self.feed(frame(payload=bytes(500))[:20])
        self.found(5000)
        self.found(5010)
        self.feed(frame())
        self.assertEqual(self.found(5019), [])
        self.assertEqual(self.found(5020), [b"hello"])

    def test_marks_before_the_whole_frame_do_not_hide_it(self) -> None:
        for between in (b"\xa5\x5a", b"\xa5\x5a\xa5", b"\xa5\x5a" * 7, b"x\xa5\x5ay"):
            self.setUp()
            self.feed(frame(payload=bytes(500))[:20])
            self.found(5000)
            self.feed(between + frame())
            self.assertEqual(self.found(5010), [b"hello"], between)

    def test_an_empty_frame_inside_is_whole(self) -> None:
        self.feed(frame(payload=bytes(500))[:20])
        self.found(5000)
        self.feed(frame(frames.ACK, b""))
        self.assertEqual(self.found(5010), [b""])

    def test_a_frame_inside_that_is_not_whole_waits(self) -> None:
        self.feed(frame(payload=bytes(500))[:20])
        self.found(5000)
        inner = frame(payload=b"x" * 60)
        for cut in (5, 11, 12, 40, len(inner) - 1):
            self.setUp()
            self.feed(frame(payload=bytes(500))[:20])
            self.found(5000)
            self.feed(inner[:cut])
            self.assertEqual(self.found(5010), [], cut)
            self.assertEqual(self.reader.errors, 0, cut)
            self.feed(inner[cut:])
            self.assertEqual(self.found(5020), [b"x" * 60], cut)
            self.assertEqual(self.reader.errors, 1, cut)


if __name__ == "__main__":
    unittest.main()
