"""When living keys move to the other side, and what is done to their copies on the way."""

import unittest

from fake_flash import AFTER, FakeFlash, PowerCut
from keystore_helpers import (
    BLOCKS_A,
    BLOCKS_B,
    SIDE_A,
    SIDE_B,
    add,
    add_many,
    fields_of,
    forget,
    header,
    key_of,
    opened,
    spoil,
    tidy,
)

from detector import codes
from detector.keyslots import ID_AT

LOOK_THROUGH = 126  # reads at least, to look through a side's slots


class MovesTest(unittest.TestCase):
    """A key store on blank flash, its other side looked through."""

    def setUp(self):
        self.flash = FakeFlash()
        self.keys = opened(self.flash)
        tidy(self.keys)

    def is_in(self, side_block):
        """Say whether this side is the one in use."""
        other = SIDE_A + SIDE_B - side_block
        return header(self.flash, side_block) > header(self.flash, other)


class TestWhen(MovesTest):
    def test_with_24_free_slots_they_stay_and_with_23_they_move(self):
        add_many(self.keys, 102)
        forget(self.keys, 50)
        self.assertIs(self.keys.housekeep(), False)
        self.assertTrue(self.is_in(SIDE_A))
        add(self.keys)
        self.assertIs(self.keys.housekeep(), True)
        tidy(self.keys)
        self.assertTrue(self.is_in(SIDE_B))
        self.assertEqual(self.keys.free_slots, 126 - 102)

    def test_where_all_live_a_move_would_win_nothing(self):
        add_many(self.keys, 126)
        for keys in (self.keys, opened(self.flash)):
            tidy(keys)
            self.assertIs(keys.housekeep(), False)
            self.assertTrue(self.is_in(SIDE_A))

    def test_a_deletion_is_enough_also_one_of_an_earlier_boot(self):
        for is_booted in (False, True):
            self.setUp()
            add_many(self.keys, 126)
            forget(self.keys, 126)
            if is_booted:
                self.keys = opened(self.flash)
            tidy(self.keys)
            self.assertTrue(self.is_in(SIDE_B))
            self.assertEqual((self.keys.free_slots, self.keys.next_id), (1, 127))
            self.assertIs(self.keys.housekeep(), False)

    def test_a_deletion_that_waits_for_its_record_halts_a_move(self):
        add_many(self.keys, 103)
        forget(self.keys, 1)
        for _ in range(5):
            self.keys.housekeep()
        self.keys.delete(60, codes.DELETE_BY_CUSTOMER)
        operations = self.flash.operations
        for _ in range(3):
            self.assertIs(self.keys.housekeep(), False)
        self.assertEqual(self.flash.operations, operations)
        self.keys.recorded(60)
        self.assertIs(self.keys.housekeep(), True)
        tidy(self.keys)
        self.assertEqual(len(opened(self.flash).index.living()), 101)


class TestWhat(MovesTest):
    def test_the_first_slots_image_and_the_last_ones_move_too_and_the_dead_do_not(self):
        add_many(self.keys, 126)
        alive = [1] + list(range(4, 127, 2))
        for image_id in range(1, 127):
            if image_id not in alive:
                forget(self.keys, image_id)
        tidy(self.keys)
        for keys in (self.keys, opened(self.flash)):
            self.assertEqual(keys.index.living(), alive)
            self.assertEqual((keys.free_slots, keys.next_id), (126 - len(alive), 127))
            for image_id in alive:
                self.assertEqual(keys.fields(image_id)[1:], fields_of(image_id))
        self.assertFalse(any(block in self.flash.blocks for block in BLOCKS_A))

    def test_where_nothing_lives_all_slots_come_back(self):
        while self.keys.free_slots >= 24:
            forget(self.keys, add(self.keys))
        tidy(self.keys)
        for keys in (self.keys, opened(self.flash)):
            self.assertEqual((keys.free_slots, keys.next_id), (126, 104))
            self.assertEqual((keys.index.living(), keys.pending), ([], 0))

    def test_a_step_of_a_move_is_one_slot_or_the_header(self):
        add_many(self.keys, 103)
        for image_id in range(1, 101):
            forget(self.keys, image_id)
        operations = []
        while self.is_in(SIDE_A):
            before = self.flash.operations
            self.assertIs(self.keys.housekeep(), True)
            operations.append(self.flash.operations - before)
        self.assertEqual(operations, [0, 1, 1, 1, 1])  # it begins; three images; the header


class TestCopies(MovesTest):
    def test_a_deletion_looks_for_copies_only_where_there_may_be_some(self):
        add_many(self.keys, 103)
        reads = self.flash.reads
        forget(self.keys, 1)
        self.keys.mark_delivered(2, 0)
        self.assertLess(self.flash.reads - reads, 20)
        self.keys.housekeep()  # a move begins; nothing is copied yet
        reads = self.flash.reads
        forget(self.keys, 3)
        self.keys.mark_delivered(4, 0)
        self.assertLess(self.flash.reads - reads, 20)
        self.keys.housekeep()
        reads = self.flash.reads
        forget(self.keys, 5)
        self.assertGreater(self.flash.reads - reads, LOOK_THROUGH)

    def test_an_image_deleted_after_its_copy_is_not_back_after_the_move(self):
        add_many(self.keys, 103)
        forget(self.keys, 1)
        for _ in range(4):
            self.keys.housekeep()
        forget(self.keys, 3)
        self.assertFalse(self.flash.holds(key_of(3)))
        tidy(self.keys)
        for keys in (self.keys, opened(self.flash)):
            self.assertEqual(keys.index.living(), [2] + list(range(4, 104)))
            self.assertEqual((keys.pending, keys.failing), (0, False))

    def test_a_mark_in_the_middle_of_a_move_is_the_named_images_alone(self):
        add_many(self.keys, 103)
        forget(self.keys, 1)
        for _ in range(4):
            self.keys.housekeep()  # the images 2 to 4 are copied
        self.keys.mark_delivered(80, 1)
        self.keys.mark_delivered(3, 1)
        tidy(self.keys)
        delivered = [self.keys.delivered(number) for number in range(2, 104)]
        self.assertEqual(delivered, [2 if number in (3, 80) else 0 for number in range(2, 104)])

    def test_a_copy_whose_id_was_spoiled_is_known_by_its_key(self):
        """Half a move that a cut left behind: a deletion takes this copy, too."""
        add_many(self.keys, 103)
        forget(self.keys, 1)
        self.flash.cut(5, AFTER)
        with self.assertRaises(PowerCut):
            tidy(self.keys)
        self.flash.power_on()
        spoil(self.flash, SIDE_B, 2, ID_AT, 0)
        keys = opened(self.flash)
        forget(keys, 4)
        self.assertFalse(self.flash.holds(key_of(4)))
        self.assertEqual(keys.index.living(), [2, 3] + list(range(5, 104)))

    def test_a_copy_that_the_flash_refused_is_begun_anew_on_a_blank_side(self):
        add_many(self.keys, 103)
        forget(self.keys, 1)
        for _ in range(6):
            self.keys.housekeep()
        self.flash.failing = BLOCKS_B
        self.assertIs(self.keys.housekeep(), True)
        self.assertIs(self.keys.failing, True)
        self.flash.failing = ()
        forget(self.keys, 3)  # one of those that were copied
        self.assertFalse(self.flash.holds(key_of(3)))
        while not self.keys.housekeep():
            pass
        tidy(self.keys)
        self.assertIs(self.keys.failing, False)
        self.assertEqual(self.keys.free_slots, 126 - 101)
        self.assertEqual(opened(self.flash).index.living(), [2] + list(range(4, 104)))


if __name__ == "__main__":
    unittest.main()
