"""Deletions and deliveries in the key store: what is told of them, at once and after a reset."""

import unittest

from fake_flash import FakeFlash
from keystore_helpers import (
    BLOCKS_A,
    SIDE_A,
    add,
    add_many,
    fields_of,
    forget,
    key_of,
    opened,
    spoil,
)

from detector import codes
from detector.keyslots import WHY_AT
from detector.raw_flash import FlashError


class KeysTest(unittest.TestCase):
    """A key store on blank flash."""

    def setUp(self):
        self.flash = FakeFlash()
        self.keys = opened(self.flash)


class TestDeletions(KeysTest):
    def test_each_reason_is_told_as_it_was_given(self):
        reasons = range(1, codes.DELETE_REASON_LAST + 1)
        for why in reasons:
            self.keys.delete(add(self.keys), why)
        keys = opened(self.flash)
        self.assertEqual(keys.pending, len(reasons))
        for why in reasons:
            self.assertEqual(keys.next_pending(), (why, 7, why))
            keys.recorded(why)

    def test_a_reason_that_is_none_was_torn(self):
        self.keys.delete(add(self.keys), codes.DELETE_BY_AGE)
        for value in (0, codes.DELETE_REASON_LAST + 1, 0xFE):
            spoil(self.flash, SIDE_A, 0, WHY_AT, value)
            for keys in (self.keys, opened(self.flash)):
                self.assertEqual(keys.next_pending(), (1, 7, codes.DELETE_UNFINISHED))

    def test_the_one_that_is_recorded_is_the_one_that_was_named(self):
        add_many(self.keys, 4)
        for image_id in (2, 3):
            self.keys.delete(image_id, codes.DELETE_BY_CUSTOMER)
        self.keys.recorded(3)
        for keys in (self.keys, opened(self.flash)):
            self.assertEqual(keys.pending, 1)
            self.assertEqual(keys.next_pending(), (2, 7, codes.DELETE_BY_CUSTOMER))
            self.assertEqual(keys.index.living(), [1, 4])

    def test_what_lives_or_is_recorded_already_is_not_recorded(self):
        add_many(self.keys, 2)
        forget(self.keys, 2)
        operations = self.flash.operations
        for image_id in (1, 2, 3):
            self.keys.recorded(image_id)
        self.assertEqual((self.keys.pending, self.keys.index.living()), (0, [1]))
        self.assertEqual(self.flash.operations, operations)

    def test_what_is_not_there_is_neither_deleted_nor_marked_nor_told_of(self):
        add_many(self.keys, 126)
        for image_id in (0, 127):
            with self.assertRaises(KeyError):
                self.keys.delete(image_id, codes.DELETE_BY_CUSTOMER)
            with self.assertRaises(KeyError):
                self.keys.mark_delivered(image_id, 0)
            self.assertIs(self.keys.fields(image_id), None)
            self.assertEqual(self.keys.delivered(image_id), -1)
        self.assertEqual(len(opened(self.flash).index.living()), 126)

    def test_a_key_that_cannot_be_zeroed_is_told_and_the_image_lives(self):
        add(self.keys)
        self.flash.failing = BLOCKS_A
        with self.assertRaises(FlashError):
            self.keys.delete(1, codes.DELETE_BY_CUSTOMER)
        self.flash.failing = ()
        self.assertEqual((self.keys.index.living(), self.keys.pending), ([1], 0))
        forget(self.keys, 1)
        self.assertFalse(self.flash.holds(key_of(1)))


class TestMarks(KeysTest):
    def test_each_reader_has_its_mark_at_once_and_after_a_reset(self):
        add_many(self.keys, 4)
        for image_id, reader in ((2, 0), (3, 1), (4, 1), (4, 0)):
            self.keys.mark_delivered(image_id, reader)
        for keys in (self.keys, opened(self.flash)):
            self.assertEqual([keys.delivered(image_id) for image_id in (1, 2, 3, 4)], [0, 1, 2, 3])
            self.assertEqual((keys.index.living(), keys.pending), ([1, 2, 3, 4], 0))

    def test_a_mark_that_is_there_is_not_written_again(self):
        add(self.keys)
        for reader in (0, 1):
            self.keys.mark_delivered(1, reader)
            operations = self.flash.operations
            self.keys.mark_delivered(1, reader)
            self.assertEqual(self.flash.operations, operations)

    def test_a_mark_of_which_one_bit_was_cleared_is_one(self):
        add(self.keys)
        spoil(self.flash, SIDE_A, 0, 121, 0xFE)
        self.assertEqual(opened(self.flash).delivered(1), 2)

    def test_the_day_of_an_image_is_known_at_once_and_after_a_reset(self):
        self.keys.add(fields_of(5))
        for keys in (self.keys, opened(self.flash)):
            self.assertEqual((keys.index.days[0], keys.next_id), (2500, 6))
            self.assertEqual(keys.fields(5)[1:], fields_of(5))

    def test_a_spoiled_slot_is_an_error_and_no_image(self):
        add(self.keys)
        spoil(self.flash, SIDE_A, 0, 40, 0)
        with self.assertRaises(FlashError):
            self.keys.fields(1)
        self.assertEqual(opened(self.flash).index.living(), [])
        self.assertFalse(self.flash.holds(key_of(1)[5:]))


if __name__ == "__main__":
    unittest.main()
