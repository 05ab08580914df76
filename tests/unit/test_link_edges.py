"""The link to the last frame, number and millisecond: what it writes, and what it leaves alone."""

import unittest

from fake_uart import frame
from link_end import OneEnd

from detector import frames
from detector.link import AHEAD, BEHIND, IN_ORDER, Link


class Failing:
    """An image that cannot be read."""

    def read_chunk(self, index: int, buf: bytearray) -> None:
        raise OSError(5)


class TestWriting(OneEnd):
    def test_nothing_to_do_is_nothing_moved(self) -> None:
        self.assertEqual(self.link.poll(0), False)
        self.assertEqual((self.written(), self.link.idle()), (b"", True))

    def test_it_is_drained_when_the_uart_is(self) -> None:
        self.assertIs(self.link.drained(), True)
        self.wire.a.waiting += b"x"
        self.assertIs(self.link.drained(), False)

    def test_a_hello_and_an_acknowledgement_and_a_message_are_these_frames(self) -> None:
        self.link.send_hello(b"{}")
        self.assertEqual(self.link.idle(), False)
        self.assertEqual(self.link.poll(0), True)
        self.assertEqual(self.written(), frame(frames.HELLO, b"{}", 0, 0, 0))
        self.feed(frame(frames.MSG, b"x", 0, 0, 0))
        self.assertEqual(self.link.poll(1), True)
        self.assertEqual(self.written(), frame(frames.ACK, b"", 0, 0, 1))
        self.link.send_message(b"y")
        self.assertEqual(self.link.poll(2), True)
        self.assertEqual(self.written(), frame(frames.MSG, b"y", 0, 0, 1))
        self.assertEqual((self.link.poll(3), self.written()), (False, b""))

    def test_two_frames_leave_in_a_poll_and_six_are_taken(self) -> None:
        for _ in range(5):
            self.link.send_message(b"m")
        one = len(frame(frames.MSG, b"m"))
        lengths = []
        for now_ms in range(4):
            self.link.poll(now_ms)
            lengths.append(len(self.written()))
        self.assertEqual(lengths, [2 * one, 2 * one, one, 0])
        self.feed(*[frame(frames.MSG, b"x", 0, seq, 0) for seq in range(8)])
        self.link.poll(4)
        self.assertEqual(len(self.notes.messages), 6)
        self.link.poll(5)
        self.assertEqual(len(self.notes.messages), 8)

    def test_the_longest_message_has_1024_bytes(self) -> None:
        self.assertEqual(self.link.send_message(bytes(1025)), False)
        self.assertEqual(self.link.send_message(bytes(1024)), True)

    def test_a_frame_in_pieces_is_written_once_and_whole(self) -> None:
        self.wire.a.at_once = 7
        self.link.send_message(b"in pieces")
        whole = frame(frames.MSG, b"in pieces", 0, 0, 0)
        moved = [self.link.poll(0)]
        self.assertEqual((self.link.between_frames(), self.link.idle()), (False, False))
        self.wire.a.at_once = 0
        moved += [self.link.poll(1), self.link.poll(2)]
        self.assertEqual(self.link.between_frames(), True)
        self.assertEqual((self.written(), self.link.sent_bytes), (whole, len(whole)))
        self.assertEqual(moved, [False, True, False])

    def test_what_is_waiting_is_not_idle(self) -> None:
        self.link.send_message(b"x")
        self.assertEqual(self.link.idle(), False)
        self.link.poll(0)
        self.assertEqual(self.link.idle(), False)  # not acknowledged
        self.feed(frame(frames.ACK, b"", 0, 0, 1))
        self.link.poll(1)
        self.assertEqual(self.link.idle(), True)
        self.wire.a.tx_limit = 1
        self.wire.a.waiting = bytearray(1)
        self.feed(frame(frames.MSG, b"x", 0, 0, 1))
        self.link.poll(2)
        self.assertEqual(self.link.idle(), False)  # the acknowledgement is not with the UART

    def test_a_silenced_link_does_nothing_at_all(self) -> None:
        self.link.send_message(b"x")
        self.link.silence()
        self.assertEqual((self.link.running, self.link.idle()), (False, True))
        self.feed(frame(frames.HELLO, b"{}"))
        self.assertEqual((self.link.poll(0), self.written()), (False, b""))
        self.assertEqual(self.notes.hellos, [])

    def test_a_hello_of_the_silence_is_replaced_by_the_next(self) -> None:
        self.link.silence()
        self.link.send_hello(b"old")
        self.link.poll(0)
        self.link.send_hello(b"new")
        self.link.enable()
        self.link.poll(1)
        self.assertEqual(self.written(), frame(frames.HELLO, b"new", 0, 0, 0))

    def test_a_uart_that_takes_nothing_moves_nothing(self) -> None:
        self.wire.a.tx_limit = 1
        self.wire.a.waiting = bytearray(1)
        self.link.send_message(b"x")
        self.assertEqual(self.link.poll(0), False)


class TestSessions(OneEnd):
    def test_a_stopped_link_has_forgotten_everything(self) -> None:
        self.link.send_message(b"x")
        self.link.send_chunks(Failing(), 0, 3)
        self.link.send_hello(b"{}")
        self.link.stop()
        self.assertEqual((self.link.idle(), self.link.chunks_left()), (True, 0))
        self.assertEqual((self.link.poll(0), self.written()), (False, b""))

    def test_a_new_session_begins_without_hello_and_without_a_fault_of_the_last(self) -> None:
        self.link.send_chunks(Failing(), 0, 3)
        self.link.poll(0)
        self.assertEqual(self.link.source_failed, True)
        self.link.send_hello(b"{}")
        self.link._reader.damaged = True
        self.written()
        self.link.start(1)
        self.assertEqual(self.link.source_failed, False)
        self.assertEqual((self.link.poll(1), self.written()), (False, b""))

    def test_without_a_session_a_message_is_shown_and_not_acknowledged(self) -> None:
        self.link.stop()
        self.feed(frame(frames.MSG, b"x", 0, 0, 0), frame(frames.CHUNK, b"y", 0, 1, 0))
        self.assertEqual(self.link.poll(0), True)
        self.assertEqual(self.notes.messages, [(b"x", AHEAD)])
        self.assertEqual((self.written(), self.notes.chunks), (b"", []))
        self.link.start(1)
        self.feed(frame(frames.MSG, b"z", 0, 0, 0))
        self.link.poll(1)
        self.assertEqual(self.notes.messages[1:], [(b"z", IN_ORDER)])

    def test_all_attributes_are_there_from_the_start(self) -> None:
        names = set(Link(self.wire.a, 512).__dict__)
        self.link.send_message(b"x")
        self.link.send_hello(b"{}")
        self.link.poll(0)
        self.feed(frame(frames.MSG, b"x", frames.FLAG_NAK, 0, 0))
        self.link.poll(1)
        self.assertEqual(set(self.link.__dict__), names)


class TestReceiving(OneEnd):
    def test_orders_cannot_be_mistaken_for_one_another(self) -> None:
        self.assertEqual(len({IN_ORDER, BEHIND, AHEAD}), 3)

    def test_half_of_all_numbers_are_ahead(self) -> None:
        for seq, order in ((0x7FFF, AHEAD), (0x8000, BEHIND), (0xFFFF, BEHIND), (1, AHEAD)):
            self.setUp()
            self.feed(frame(frames.MSG, b"x", 0, seq, 0))
            self.link.poll(0)
            self.assertEqual(self.notes.messages, [(b"x", order)])
            flags = frames.FLAG_NAK if order == AHEAD else 0
            self.assertEqual(self.written(), frame(frames.ACK, b"", flags, 0, 0), seq)

    def test_a_gap_that_is_filled_is_no_gap_any_more(self) -> None:
        self.feed(frame(frames.MSG, b"b", 0, 1, 0), frame(frames.MSG, b"a", 0, 0, 0))
        self.link.poll(0)
        self.assertEqual(self.written(), frame(frames.ACK, b"", 0, 0, 1))

    def test_an_acknowledgement_is_not_acknowledged(self) -> None:
        self.feed(frame(frames.ACK, b"", 0, 5, 0))
        self.assertEqual((self.link.poll(0), self.written()), (True, b""))
        self.assertEqual((self.notes.messages, self.notes.chunks), ([], []))

    def test_a_damaged_frame_brings_one_nak(self) -> None:
        bad = bytearray(frame(frames.MSG, b"x" * 50, 0, 0, 0))
        bad[20] ^= 1
        self.feed(bytes(bad))
        self.assertEqual(self.link.is_receiving(), True)
        for now_ms in range(5):
            self.link.poll(now_ms)
        self.assertEqual(self.written(), frame(frames.ACK, b"", frames.FLAG_NAK, 0, 0))
        self.assertEqual(self.link.is_receiving(), False)

    def test_a_nak_is_said_once(self) -> None:
        self.link._reader.damaged = True
        self.link.poll(0)
        self.link.send_message(b"y")
        self.link.poll(1)
        nak = frame(frames.ACK, b"", frames.FLAG_NAK, 0, 0)
        self.assertEqual(self.written(), nak + frame(frames.MSG, b"y", 0, 0, 0))

    def test_a_damaged_frame_without_a_session_brings_none(self) -> None:
        self.link.stop()
        self.link._reader.damaged = True
        self.link.poll(0)
        self.assertEqual((self.written(), self.link._reader.damaged), (b"", False))

    def test_a_handler_that_ends_the_session_hears_of_nothing_more(self) -> None:
        for tag in (1, 2, 3):
            self.link.send_message(b"x", tag)
        self.link.poll(0)
        self.link.poll(0)
        self.notes.on_ack = self.link.stop
        self.feed(frame(frames.MSG, b"y", 0, 0, 3))
        self.link.poll(1)
        self.assertEqual((self.notes.acked, self.notes.messages), ([1], []))
        self.assertEqual(self.link.idle(), True)

    def test_all_tags_that_are_acknowledged_come_back(self) -> None:
        for tag in (1, 2, 3):
            self.link.send_message(b"x", tag)
        self.link.poll(0)
        self.link.poll(0)
        self.feed(frame(frames.ACK, b"", 0, 0, 3))
        self.link.poll(1)
        self.assertEqual(self.notes.acked, [1, 2, 3])


if __name__ == "__main__":
    unittest.main()
