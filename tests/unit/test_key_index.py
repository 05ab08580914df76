"""What the index knows of each slot, and which image goes first."""

import unittest

from detector.clock import DAY_UNKNOWN
from detector.key_index import ANY_READER, LIVE, PENDING, KeyIndex
from detector.keyslots import SLOT_COUNT

TO_ARC = 1
TO_CUSTOMER = 2


class Over:
    """Says which images are over, and notes of which it was asked."""

    def __init__(self, *over: int) -> None:
        self.over = over
        self.asked = []

    def why_over(self, image_id: int, day: int) -> int:
        self.asked.append((image_id, day))
        return 4 if image_id in self.over else 0


class TestIndex(unittest.TestCase):
    def setUp(self) -> None:
        self.index = KeyIndex()

    def fill(self, *marks: int) -> None:
        """Add images 1, 2, ... with these marks."""
        for image_id, mark in enumerate(marks, 1):
            self.index.marks[self.index.add(image_id, 2500 + image_id)] = mark

    def test_each_slot_of_a_side_has_seven_bytes(self) -> None:
        index = self.index
        self.assertEqual(index.used, 0)
        self.assertEqual([len(column) for column in (index.ids, index.days)], [SLOT_COUNT] * 2)
        self.assertEqual(len(index.marks), SLOT_COUNT)

    def test_no_mark_says_what_another_says(self) -> None:
        marks = (TO_ARC, TO_CUSTOMER, PENDING, LIVE)
        for mark in marks:
            self.assertEqual([other for other in marks if other & mark], [mark])

    def test_slots_are_taken_in_turn(self) -> None:
        self.assertEqual([self.index.add(image_id, 2500) for image_id in (5, 6, 9)], [0, 1, 2])
        self.assertEqual(self.index.used, 3)
        self.assertEqual((list(self.index.ids[:4]), self.index.days[2]), ([5, 6, 9, 0], 2500))

    def test_a_new_image_does_not_live_yet_whatever_was_in_its_slot(self) -> None:
        self.fill(LIVE | TO_ARC)
        self.index.used = 0
        self.index.add(7)
        self.assertEqual((self.index.marks[0], self.index.days[0]), (0, DAY_UNKNOWN))
        self.assertEqual(self.index.living(), [])

    def test_only_what_lives_is_found(self) -> None:
        self.fill(LIVE, PENDING, 0, LIVE | TO_ARC | TO_CUSTOMER)
        self.assertEqual(self.index.living(), [1, 4])
        self.assertEqual(
            [self.index.find(image_id) for image_id in range(6)], [-1, 0, -1, -1, 3, -1]
        )

    def test_slots_beyond_those_in_use_are_not_looked_at(self) -> None:
        self.fill(0, LIVE | TO_ARC)
        self.index.used = 1
        found = (self.index.find(2), self.index.oldest(ANY_READER), self.index.first_over(Over(2)))
        self.assertEqual(found, (-1, 0, -1))
        self.assertEqual(self.index.living(), [])

    # --- which goes first ------------------------------------------------------------------------

    def test_the_oldest_is_the_first_that_the_reader_has(self) -> None:
        self.fill(0, LIVE, LIVE | TO_CUSTOMER, LIVE | TO_ARC | TO_CUSTOMER, LIVE | TO_ARC)
        self.assertEqual([self.index.oldest(reader) for reader in (0, 1, ANY_READER)], [4, 3, 2])

    def test_no_image_is_the_oldest_where_the_reader_has_none(self) -> None:
        self.fill(LIVE, PENDING | TO_ARC | TO_CUSTOMER)
        self.assertEqual([self.index.oldest(reader) for reader in (0, 1)], [0, 0])
        self.index.marks[0] = PENDING
        self.assertEqual(self.index.oldest(ANY_READER), 0)

    def test_the_first_over_is_asked_by_id_and_day_among_those_that_live(self) -> None:
        self.fill(PENDING, LIVE, LIVE | TO_ARC, LIVE)
        ages = Over(1, 3, 4)
        self.assertEqual(self.index.first_over(ages), 2)
        self.assertEqual(ages.asked, [(2, 2502), (3, 2503)])
        self.assertEqual(self.index.first_over(Over(1)), -1)

    # --- torn ids --------------------------------------------------------------------------------

    def test_an_id_above_the_one_before_can_be_its_own(self) -> None:
        """Up to the next id, and one more for each slot before, which may have stayed blank."""
        for slot, before, first, last in ((0, 99, 1, 50), (1, 7, 8, 51), (3, 50, 51, 53)):
            self.index.ids[slot - 1] = before
            for image_id in (first - 1, first, last, last + 1):
                self.index.ids[slot] = image_id
                is_own = first <= image_id <= last
                self.assertEqual(self.index.check_id(slot, 50), is_own, (slot, image_id))
                self.assertEqual(self.index.ids[slot], image_id if is_own else first)


if __name__ == "__main__":
    unittest.main()
