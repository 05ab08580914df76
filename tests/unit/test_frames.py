"""Tests of the frames: packing, resynchronising, bad checks."""

import unittest

from fake_uart import FakeWire, frame

from detector import frames
from detector.frames import FrameReader


class FramesTest(unittest.TestCase):
    def setUp(self):
        self.wire = FakeWire()
        self.reader = FrameReader(self.wire.b, 512)

    def feed(self, data):
        self.wire.a.write(data)

    def found(self, now_ms=0, polls=200):
        """Return the payloads of all frames that the reader finds now."""
        payloads = []
        for _ in range(polls):
            if self.reader.poll(now_ms):
                payloads.append(bytes(self.reader.payload()))
        return payloads

    def test_a_frame_comes_out_as_it_went_in(self):
        self.feed(frame(frames.MSG, b"abc", 1, 0xFFFE, 0xABCD))
        self.assertTrue(self.reader.poll(0))
        self.assertEqual(bytes(self.reader.payload()), b"abc")
        got = (self.reader.kind, self.reader.flags, self.reader.seq, self.reader.ack)
        self.assertEqual(got, (frames.MSG, 1, 0xFFFE, 0xABCD))

    def test_an_empty_frame_is_twelve_bytes(self):
        self.assertEqual(len(frame(frames.ACK, b"")), 12)

    def test_a_payload_costs_sixteen_bytes(self):
        self.assertEqual(len(frame(frames.CHUNK, bytes(1024))), 1040)

    def test_a_frame_in_single_bytes_is_found(self):
        whole = frame()
        for i in range(len(whole)):
            self.assertFalse(self.reader.poll(0))
            self.feed(whole[i : i + 1])
        self.assertEqual(self.found(), [b"hello"])

    def test_it_is_receiving_from_a_frames_first_byte_to_its_last(self):
        whole = frame(payload=b"x" * 100)
        self.assertFalse(self.reader.is_receiving())
        for i in range(len(whole) - 1):
            self.feed(whole[i : i + 1])
            self.assertFalse(self.reader.poll(0))
            self.assertTrue(self.reader.is_receiving())
        self.feed(whole[-1:])
        self.assertTrue(self.reader.poll(0))
        self.assertFalse(self.reader.is_receiving())

    def test_frames_behind_each_other_are_all_found(self):
        self.feed(frame(payload=b"1") + frame(frames.ACK, b"") + frame(payload=b"3"))
        self.assertEqual(self.found(), [b"1", b"", b"3"])

    def test_garbage_before_a_frame_is_skipped(self):
        self.feed(b"\x00\xff garbage \xa5\x5a\xa5 and \xa5" * 50 + frame())
        self.assertEqual(self.found(), [b"hello"])

    def test_a_flood_of_sync_marks_is_skipped(self):
        self.feed(frames.SYNC * 1000 + frame())
        self.assertEqual(self.found(polls=400), [b"hello"])

    def test_a_flood_of_almost_headers_is_skipped(self):
        self.feed((frames.SYNC + b"\x03") * 700 + frame())
        self.assertEqual(self.found(polls=400), [b"hello"])

    def test_a_damaged_payload_is_dropped_and_told(self):
        bad = bytearray(frame(payload=b"x" * 100))
        bad[50] ^= 1
        self.feed(bytes(bad) + frame())
        self.assertEqual(self.found(), [b"hello"])
        self.assertTrue(self.reader.damaged)

    def test_a_lost_byte_does_not_cost_the_next_frame(self):
        bad = frame(payload=b"x" * 100)
        self.feed(bad[:50] + bad[51:] + frame())
        self.assertEqual(self.found(), [b"hello"])

    def test_an_oversized_frame_is_skipped(self):
        self.feed(frame(payload=bytes(513)) + frame())
        self.assertEqual(self.found(), [b"hello"])

    def test_a_half_frame_is_given_up_after_200_ms(self):
        half = frame(payload=bytes(512))[:20]
        self.feed(half)
        self.assertEqual(self.found(0), [])
        self.feed(frame(payload=b"x" * 400)[:-1])
        self.assertEqual(self.found(199), [])
        self.assertEqual(self.found(200), [])
        self.feed(frame(payload=b"x" * 400)[-1:])
        self.assertEqual(self.found(201), [b"x" * 400])
        self.assertTrue(self.reader.damaged)

    def test_a_whole_frame_behind_half_a_frame_does_not_wait_for_the_rest(self):
        self.feed(frame(payload=bytes(512))[:20])
        self.assertEqual(self.found(0), [])
        self.feed(frame())
        self.assertEqual(self.found(10), [b"hello"])

    def test_nor_does_it_where_sync_marks_stand_between(self):
        self.feed(frame(payload=bytes(512))[:20] + frames.SYNC * 100)
        self.assertEqual(self.found(0), [])
        self.feed(frame())
        self.assertEqual(self.found(10), [b"hello"])

    def test_nor_does_it_where_many_headers_that_lie_stand_between(self):
        for _ in range(6):
            self.feed(frame(payload=bytes(512))[:20])
        self.assertEqual(self.found(0), [])
        self.feed(frame())
        self.assertEqual(self.found(10), [b"hello"])

    def test_a_long_frame_that_comes_slowly_is_not_lost_by_looking_into_it(self):
        whole = frame(payload=b"z" * 500)
        found = []
        for at in range(0, len(whole), 30):
            self.feed(whole[at : at + 30])
            found += self.found(at // 3, 2)
        self.assertEqual(found, [b"z" * 500])

    def test_a_flood_of_almost_headers_is_read_as_fast_as_the_line_brings_it(self):
        flood = (frames.SYNC + b"\x03") * 40
        for _ in range(20):
            self.feed(flood)
            self.reader.poll(0)
        self.assertLess(self.wire.b.any(), 300)

    def test_a_half_header_does_not_hold_up_a_frame(self):
        self.feed(frame()[:7])
        self.assertEqual(self.found(), [])
        self.feed(frame())
        self.assertEqual(self.found(), [b"hello"])

    def test_a_long_frame_needs_no_buffer_for_the_whole(self):
        self.wire.b.rx_limit = 320
        whole = frame(payload=b"y" * 500)
        for at in range(0, len(whole), 64):
            self.feed(whole[at : at + 64])
            found = self.reader.poll(0)
        self.assertTrue(found)
        self.assertEqual(bytes(self.reader.payload()), b"y" * 500)


if __name__ == "__main__":
    unittest.main()
