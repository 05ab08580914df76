"""The window by itself: eight numbers out, messages before chunks, wrapping at 2^16."""

import unittest

from detector.window import Window


class TestWindow(unittest.TestCase):
    def setUp(self) -> None:
        self.window = Window()

    def numbers(self) -> tuple:
        """Return base, send and next."""
        return self.window.base, self.window.send, self.window.next

    def at(self, number: int) -> None:
        """Have nothing out, and `number` the next."""
        self.window.base = self.window.send = self.window.next = number

    def test_a_new_window_is_empty(self) -> None:
        window = self.window
        self.assertEqual(self.numbers(), (0, 0, 0))
        self.assertEqual((window.room(), window.chunks_left(), window.slot()), (8, 0, 0))
        self.assertEqual((window.is_empty(), window.advance()), (True, False))
        self.assertEqual((window.what, window.index), ([None] * 8, [0] * 8))
        self.assertEqual(self.numbers(), (0, 0, 0))

    def test_messages_get_numbers_in_their_order_and_give_their_tags_back(self) -> None:
        window = self.window
        window.push(b"a", 5)
        window.push(b"b", 6)
        self.assertEqual((window.room(), window.is_empty()), (6, False))
        self.assertEqual(
            (window.advance(), window.advance(), window.advance()), (True, True, False)
        )
        self.assertEqual((window.room(), window.is_empty()), (8, False))
        self.assertEqual((window.what[:3], window.index[:2]), ([b"a", b"b", None], [-1, -1]))
        self.assertEqual(self.numbers(), (0, 0, 2))
        self.assertEqual((window.take_oldest(), window.take_oldest()), (5, 6))
        self.assertEqual(self.numbers(), (2, 0, 2))
        self.assertEqual((window.what, window.is_empty()), ([None] * 8, True))

    def test_eight_may_be_out(self) -> None:
        window = self.window
        window.set_source("image", 0, 20)
        moved = [window.advance() for _ in range(9)]
        self.assertEqual(moved, [True] * 8 + [False])
        self.assertEqual((window.chunks_left(), window.next), (12, 8))
        window.take_oldest()
        self.assertEqual((window.advance(), window.advance()), (True, False))
        self.assertEqual((window.index, window.chunks_left()), ([8, 1, 2, 3, 4, 5, 6, 7], 11))

    def test_chunks_come_after_the_messages_and_have_no_tag(self) -> None:
        window = self.window
        for tag in range(1, 9):
            window.push(b"m", tag)
            window.advance()
        tags = [window.take_oldest() for _ in range(8)]
        self.assertEqual(tags, [1, 2, 3, 4, 5, 6, 7, 8])
        window.set_source("image", 3, 5)
        window.push(b"first", 9)
        for _ in range(3):
            self.assertEqual(window.advance(), True)
        self.assertEqual(window.what[:3], [b"first", "image", "image"])
        self.assertEqual(window.index[:3], [-1, 3, 4])
        self.assertEqual((window.chunks_left(), window.advance()), (0, False))
        self.assertEqual([window.take_oldest() for _ in range(3)], [9, 0, 0])

    def test_chunks_without_a_number_are_not_nothing(self) -> None:
        self.window.set_source("image", 4, 5)
        self.assertEqual((self.window.is_empty(), self.window.chunks_left()), (False, 1))

    def test_the_rest_of_an_image_is_dropped_by_its_own_name_only(self) -> None:
        window = self.window
        window.set_source("image", 0, 9)
        window.advance()
        self.assertEqual((window.drop_chunks("another"), window.chunks_left()), (False, 8))
        self.assertEqual((window.drop_chunks("image"), window.chunks_left()), (True, 0))
        self.assertEqual(window.next, 1)

    def test_forgetting_leaves_nothing(self) -> None:
        window = self.window
        for tag in range(1, 9):
            window.push(b"m", tag)
            window.advance()
        window.send = 3
        window.push(b"queued", 1)
        window.set_source("image", 2, 9)
        window.take_oldest()
        window.forget()
        self.assertEqual(self.numbers(), (0, 0, 0))
        self.assertEqual((window.room(), window.chunks_left(), window.what), (8, 0, [None] * 8))
        self.assertEqual(window.drop_chunks("image"), False)
        self.assertEqual([window.take_oldest() for _ in range(8)], [0] * 8)

    def test_numbers_wrap_at_65536(self) -> None:
        window = self.window
        self.at(0xFFFD)
        window.set_source("image", 0, 20)
        moved = [window.advance() for _ in range(9)]
        self.assertEqual(moved, [True] * 8 + [False])
        self.assertEqual((window.next, window.slot()), (5, 5))
        self.assertEqual(window.index, [3, 4, 5, 6, 7, 0, 1, 2])
        for _ in range(4):
            window.take_oldest()
        self.assertEqual((window.base, window.what[0], window.what[1]), (1, None, "image"))

    def test_acknowledged_can_be_what_is_out_and_nothing_else(self) -> None:
        for base in (0, 100, 0xFFFD):
            self.at(base)
            self.window.next = (base + 5) & 0xFFFF
            acks = [-1, 0, 1, 5, 6, 0x8000]
            found = [self.window.accepts((base + ack) & 0xFFFF) for ack in acks]
            self.assertEqual(found, [False, True, True, True, False, False], base)

    def test_sending_again_skips_what_is_acknowledged_and_never_goes_back(self) -> None:
        for base in (0, 100, 0xFFFD):
            sent = []
            for ack in (1, 2, 3):
                self.at(base)
                self.window.next = (base + 5) & 0xFFFF
                self.window.send = (base + 2) & 0xFFFF
                self.window.skip_to((base + ack) & 0xFFFF)
                sent.append((self.window.send - base) & 0xFFFF)
            self.assertEqual(sent, [2, 2, 3], base)


if __name__ == "__main__":
    unittest.main()
