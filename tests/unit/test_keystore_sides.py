"""Which side of the key store is in use, and what a boot may do to the other."""

import unittest

from fake_flash import FakeFlash
from keystore_helpers import (
    BLOCKS_A,
    BLOCKS_B,
    FIRST,
    SIDE_A,
    SIDE_B,
    add,
    add_many,
    fields_of,
    forget,
    header,
    key_of,
    opened,
    put_slot,
    slot_bytes,
    tidy,
)

from detector import flash_map
from detector.keyslots import KeySlots
from detector.keystore import KeyStore
from detector.raw_flash import FlashError, raw_blocks


def write_header(flash, side_block, generation, next_id):
    """Write a side's header, as a move ends."""
    KeySlots(raw_blocks(flash)).write_header(side_block - FIRST, generation, next_id)


class SidesTest(unittest.TestCase):
    """Blank flash."""

    def setUp(self):
        self.flash = FakeFlash()

    def spoil_header(self, side_block):
        """Clear a bit of a generation, so that no header is left."""
        self.flash.blocks[side_block][9] ^= 0x04


class TestChoice(SidesTest):
    def test_a_first_boot_takes_side_a_with_one_program(self):
        keys = opened(self.flash)
        self.assertEqual(header(self.flash, SIDE_A), (1, 1))
        self.assertEqual(header(self.flash, SIDE_B), (0, 1))
        self.assertEqual((self.flash.operations, self.flash.erased), (1, []))
        self.assertEqual((keys.ready, keys.free_slots, keys.next_id), (True, 126, 1))
        self.assertEqual((keys.pending, keys.failing), (0, False))

    def test_the_newer_side_wins_whatever_the_older_one_holds(self):
        add_many(opened(self.flash), 9)
        write_header(self.flash, SIDE_B, 2, 3)
        keys = opened(self.flash)
        self.assertEqual((keys.index.living(), keys.next_id), ([], 3))
        self.assertEqual((keys.ready, keys.free_slots), (True, 126))

    def test_so_does_side_a_where_it_is_the_newer_one(self):
        write_header(self.flash, SIDE_B, 2, 30)
        write_header(self.flash, SIDE_A, 3, 7)
        keys = opened(self.flash)
        self.assertEqual(keys.next_id, 7)
        add(keys)
        self.assertEqual(slot_bytes(self.flash, SIDE_A, 0)[36:68], key_of(7))

    def test_a_boot_on_whole_sides_changes_nothing(self):
        keys = opened(self.flash)
        add_many(keys, 5)
        forget(keys, 2)
        keys.delete(3, 1)
        operations = self.flash.operations
        for _ in range(2):
            keys = opened(self.flash)
            self.assertEqual(keys.index.living(), [1, 4, 5])
            self.assertEqual((keys.pending, keys.failing), (1, False))
        self.assertEqual(self.flash.operations, operations)

    def test_each_move_counts_the_generation_up_by_one(self):
        keys = opened(self.flash)
        for generation, side in ((2, SIDE_B), (3, SIDE_A), (4, SIDE_B)):
            while keys.free_slots >= 24:
                forget(keys, add(keys))
            next_id = keys.next_id
            tidy(keys)
            self.assertEqual(header(self.flash, side), (generation, next_id))
            keys = opened(self.flash)
            self.assertEqual((keys.next_id, keys.free_slots), (next_id, 126))


class TestFailedReads(SidesTest):
    def test_a_side_that_cannot_be_read_is_not_taken_for_an_empty_one(self):
        add_many(opened(self.flash), 40)
        operations = self.flash.operations
        for block in (SIDE_A, SIDE_A + 1, SIDE_B):
            self.flash.unreadable = (block,)
            with self.assertRaises(FlashError):
                opened(self.flash)
        self.flash.unreadable = ()
        self.assertEqual(self.flash.operations, operations)
        self.assertEqual(len(opened(self.flash).index.living()), 40)

    def test_nor_are_images_without_a_header(self):
        add_many(opened(self.flash), 40)
        self.spoil_header(SIDE_A)
        operations = self.flash.operations
        for block in (SIDE_A + 1, SIDE_B + 1):
            self.flash.unreadable = (block,)
            with self.assertRaises(FlashError):
                opened(self.flash)
        self.assertEqual(self.flash.operations, operations)


class TestWithoutAHeader(SidesTest):
    def test_what_is_no_image_is_left_to_housekeeping(self):
        for side in (SIDE_A, SIDE_B):
            put_slot(self.flash, side, 0, 1, secrets=0x5A)
            put_slot(self.flash, side, 40, 2, secrets=0x5A)
        operations = self.flash.operations
        keys = opened(self.flash)
        self.assertIs(keys.ready, False)
        self.assertEqual((keys.free_slots, keys.pending, keys.failing), (0, 0, False))
        with self.assertRaises(FlashError):
            keys.add(fields_of(1))
        self.assertEqual(self.flash.operations, operations)
        while not keys.ready:
            self.assertIs(keys.housekeep(), True)
        self.assertEqual(self.flash.erased, [SIDE_A, SIDE_A + 1])
        self.assertEqual(header(self.flash, SIDE_A), (1, 1))
        add(keys)
        tidy(keys)
        self.assertFalse(self.flash.holds(b"\x5a" * 8))
        self.assertEqual(opened(self.flash).index.living(), [1])

    def test_a_key_store_that_was_not_recovered_yet_is_not_ready(self):
        keys = KeyStore(raw_blocks(self.flash))
        self.assertEqual((keys.ready, keys.free_slots, keys.index.living()), (False, 0, []))
        self.assertEqual((keys.pending, keys.next_id, keys.failing), (0, 1, False))

    def test_the_side_with_more_images_is_taken(self):
        for in_a, in_b in ((3, 2), (2, 3), (2, 0), (0, 2)):
            self.flash = FakeFlash()
            write_header(self.flash, SIDE_A, 1, 1)
            add_many(opened(self.flash), in_a)
            write_header(self.flash, SIDE_B, 2, 11)
            add_many(opened(self.flash), in_b)
            self.spoil_header(SIDE_A)
            self.spoil_header(SIDE_B)
            keys = opened(self.flash)
            first = 1 if in_a > in_b else 11
            count = max(in_a, in_b)
            self.assertEqual(keys.index.living(), list(range(first, first + count)))
            self.assertIs(keys.failing, True)

    def test_its_images_move_to_a_side_of_the_next_generation_and_are_no_fault_any_more(self):
        add_many(opened(self.flash), 3)
        self.spoil_header(SIDE_A)
        keys = opened(self.flash)
        self.assertIs(keys.ready, True)
        tidy(keys)
        self.assertIs(keys.failing, False)
        self.assertEqual(header(self.flash, SIDE_B), (2, 4))
        self.assertFalse(any(block in self.flash.blocks for block in BLOCKS_A))
        self.assertIs(keys.housekeep(), False)
        self.assertEqual(opened(self.flash).index.living(), [1, 2, 3])


class TestOtherSide(SidesTest):
    def test_all_of_it_is_erased_block_by_block_and_nothing_beside_it(self):
        beside = (FIRST + flash_map.IDENTITY_BLOCK, FIRST + flash_map.JOURNAL_BLOCK)
        for block in list(BLOCKS_B) + list(beside):
            self.flash.blocks[block] = bytearray(4096)
        keys = opened(self.flash)
        add(keys)
        for _ in range(2 * len(BLOCKS_B) + len(BLOCKS_B) // 4):
            self.assertIs(keys.failing, False)
            keys.housekeep()
        tidy(keys)
        self.assertIs(keys.failing, False)
        self.assertEqual(self.flash.erased, list(BLOCKS_B))
        for block in beside:
            self.assertEqual(self.flash.blocks[block], bytearray(4096))

    def test_so_is_side_a_and_nothing_beside_it(self):
        write_header(self.flash, SIDE_B, 2, 1)
        beside = (FIRST + flash_map.IDENTITY_BLOCK, FIRST + flash_map.JOURNAL_BLOCK)
        for block in list(BLOCKS_A) + list(beside):
            self.flash.blocks[block] = bytearray(4096)
        tidy(opened(self.flash))
        self.assertEqual(self.flash.erased, list(BLOCKS_A))
        for block in beside:
            self.assertEqual(self.flash.blocks[block], bytearray(4096))

    def test_a_block_that_does_not_erase_is_a_fault_and_tried_again_after_a_while(self):
        self.flash.blocks[SIDE_B + 1] = bytearray(4096)
        really_erase = self.flash._erase
        tried = []
        self.flash._erase = lambda number, *rest: tried.append(number)
        keys = opened(self.flash)
        while not keys.failing:
            self.assertIs(keys.housekeep(), True)
            self.assertLess(len(tried), 2)
        self.flash._erase = really_erase
        rests = 0
        while not keys.housekeep():
            rests += 1
            self.assertLess(rests, 1001)
        self.assertEqual((rests, tried), (1000, [SIDE_B + 1]))
        tidy(keys)
        self.assertIs(keys.failing, False)
        self.assertEqual(self.flash.erased, [SIDE_B + 1])

    def test_after_a_failure_it_is_looked_through_anew_from_its_first_block(self):
        """What came into it meanwhile is not known."""
        keys = opened(self.flash)
        self.flash.blocks[SIDE_B + 3] = bytearray(4096)
        self.flash.failing = BLOCKS_B
        while not keys.failing:
            keys.housekeep()
        self.flash.failing = ()
        self.flash.blocks[SIDE_B] = bytearray(4096)
        while not keys.housekeep():
            pass
        tidy(keys)
        self.assertEqual(self.flash.erased, [SIDE_B, SIDE_B + 3])


if __name__ == "__main__":
    unittest.main()
