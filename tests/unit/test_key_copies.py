"""What is asked of, and done to, all the slots of a side."""

import unittest

from slot_helpers import FIRST_RAW, KEY, NONE, Slots

from detector import codes
from detector.flash_map import KEYS_A_BLOCK, KEYS_B_BLOCK, KEYS_SIDE_BLOCKS, RAW_BLOCKS
from detector.keyslots import DELIVERED_AT


class TestSides(Slots):
    def test_a_side_is_blank_when_each_of_its_blocks_is(self) -> None:
        for block in range(RAW_BLOCKS):
            self.setUp()
            self.flash.blocks[FIRST_RAW + block] = bytearray(b"\0" * 4096)
            of_the_side = KEYS_A_BLOCK <= block < KEYS_A_BLOCK + KEYS_SIDE_BLOCKS
            self.assertEqual(self.slots.is_side_blank(KEYS_A_BLOCK), not of_the_side, block)

    def test_images_are_counted_in_all_slots(self) -> None:
        for number in (0, 1, 60, 125):
            self.add(number, number + 1)
        self.slots.zero(KEYS_A_BLOCK, 1, codes.DELETE_BY_AGE, True)
        self.assertEqual(self.slots.count_whole(KEYS_A_BLOCK), 3)
        self.assertEqual(self.slots.count_whole(KEYS_B_BLOCK), 0)


class TestCopies(Slots):
    """Image 5 in slot 0, torn copies of it in 2 (its id is lost) and 125 (its key is)."""

    def setUp(self) -> None:
        super().setUp()
        self.add(0, 5)
        self.kept = self.add(1, 6, b"other" + KEY[5:])
        self.add(2, 0x3FFF)
        for number, image_id in ((3, 5), (4, 6)):
            self.add(number, image_id)
            self.slots.zero(KEYS_A_BLOCK, number, codes.DELETE_BY_CUSTOMER, False)
        self.deleted = (self.lies(3), self.lies(4))
        self.add(125, 5, KEY[:31] + b"!")
        self.before = self.flash.operations

    def assert_others_are_untouched(self) -> None:
        """Fail unless three slots were programmed, and none of the others."""
        self.assertEqual(self.flash.operations - self.before, 3)
        self.assertEqual((self.lies(1), (self.lies(3), self.lies(4))), (self.kept, self.deleted))

    def test_a_scrub_zeroes_each_and_needs_no_record(self) -> None:
        self.slots.scrub(KEYS_A_BLOCK, 5, KEY, codes.DELETE_FOR_ROOM)
        for number in (0, 2, 125):
            self.assertEqual(self.lies(number)[20:124], bytes(100) + b"\xff\xff\x02\0", number)
        self.assert_others_are_untouched()

    def test_a_mark_is_set_in_each(self) -> None:
        self.slots.mark_copies(KEYS_A_BLOCK, 5, KEY, DELIVERED_AT + 1)
        for number in (0, 2, 125):
            self.assertEqual(self.lies(number)[120:], b"\xff\0" + NONE * 6, number)
        self.assert_others_are_untouched()


if __name__ == "__main__":
    unittest.main()
