"""Key slots that a cut or a failing flash left behind: no key survives, no image is made up."""

import unittest

from fake_flash import HALF, FakeFlash, PowerCut
from keystore_helpers import (
    BLOCKS_A,
    FIRST,
    SIDE_A,
    add,
    add_many,
    fields_of,
    key_of,
    opened,
    put_slot,
    slot_bytes,
    tidy,
)

from detector import codes
from detector.keyslots import RECORDED_AT, WHY_AT, KeySlots
from detector.raw_flash import FlashError, raw_blocks

TORN_ID = 0xFFFFFFFF


def put_whole(flash, number, image_id):
    """Write a whole image into a slot of side A."""
    slots = KeySlots(raw_blocks(flash))
    slots.write(SIDE_A - FIRST, number, 0, slots.pack(fields_of(image_id)))


class TornTest(unittest.TestCase):
    """A key store on blank flash, its other side looked through."""

    def setUp(self):
        self.flash = FakeFlash()
        self.keys = opened(self.flash)
        tidy(self.keys)

    def refuse_half_way(self):
        """Let the flash take half of the next program and say no."""
        self.flash.cut(1, HALF)
        really_write = self.flash.writeblocks

        def failing_write(number, buf, offset):
            try:
                return really_write(number, buf, offset)
            except PowerCut:
                self.flash.power_on()
                raise OSError(5)

        self.flash.writeblocks = failing_write


class TestAtBoot(TornTest):
    def test_a_deletion_that_lacks_its_reason_alone_is_finished_and_recorded_once(self):
        add(self.keys)
        put_slot(self.flash, SIDE_A, 1, 2, secrets=0)
        keys = opened(self.flash)
        self.assertEqual(slot_bytes(self.flash, SIDE_A, 1)[WHY_AT], codes.DELETE_UNFINISHED)
        self.assertEqual(keys.next_pending(), (2, 7, codes.DELETE_UNFINISHED))
        keys.recorded(2)
        self.assertEqual(opened(self.flash).pending, 0)

    def test_a_deletion_without_a_reason_is_not_on_record_whatever_its_mark_says(self):
        put_slot(self.flash, SIDE_A, 0, 1, recorded=0, secrets=0x5A)
        keys = opened(self.flash)
        self.assertEqual(keys.pending, 1)
        self.assertEqual(keys.next_pending(), (1, 7, codes.DELETE_UNFINISHED))
        self.assertFalse(self.flash.holds(b"\x5a"))

    def test_a_deletion_that_has_its_reason_and_not_all_its_zeros_gets_them(self):
        for recorded, pending in ((0xFF, 1), (0, 0)):
            self.flash = FakeFlash()
            opened(self.flash)
            put_slot(self.flash, SIDE_A, 0, 1, codes.DELETE_BY_AGE, recorded, secrets=0x5A)
            keys = opened(self.flash)
            self.assertFalse(self.flash.holds(b"\x5a"))
            self.assertEqual((keys.pending, keys.next_id), (pending, 2))
            data = slot_bytes(self.flash, SIDE_A, 0)
            self.assertEqual((data[WHY_AT], data[RECORDED_AT]), (codes.DELETE_BY_AGE, recorded))
            self.assertEqual(opened(self.flash).pending, pending)

    def test_the_id_of_a_slot_that_was_given_up_is_no_fault(self):
        """An add that the flash refused half way: its id may be torn, and images follow it."""
        put_slot(self.flash, SIDE_A, 0, TORN_ID, codes.DELETE_UNFINISHED, 0, 0)
        keys = opened(self.flash)
        self.assertEqual(add(keys), 2)
        keys = opened(self.flash)
        self.assertEqual((keys.index.living(), keys.next_id), ([2], 3))
        self.assertEqual((keys.failing, keys.pending), (False, 0))

    def test_a_key_that_cannot_be_zeroed_is_a_fault_and_goes_at_the_next_boot(self):
        put_slot(self.flash, SIDE_A, 0, 1, secrets=0x5A)
        self.flash.failing = BLOCKS_A
        keys = opened(self.flash)
        self.assertIs(keys.failing, True)
        self.assertEqual((keys.index.living(), keys.pending), ([], 1))
        self.flash.failing = ()
        keys = opened(self.flash)
        self.assertIs(keys.failing, False)
        self.assertFalse(self.flash.holds(b"\x5a"))

    def test_two_torn_slots_are_two_deletions_with_the_ids_that_were_next(self):
        add_many(self.keys, 2)
        put_slot(self.flash, SIDE_A, 2, TORN_ID, secrets=0x5A)
        put_slot(self.flash, SIDE_A, 3, TORN_ID, secrets=0x5A)
        keys = opened(self.flash)
        self.assertEqual((keys.pending, keys.next_id), (2, 5))
        for image_id in (3, 4):
            self.assertEqual(keys.next_pending(), (image_id, 7, codes.DELETE_UNFINISHED))
            keys.recorded(image_id)
        self.assertEqual((keys.pending, keys.next_pending()), (0, None))
        self.assertEqual(keys.index.living(), [1, 2])

    def test_a_torn_slot_that_is_the_last_of_the_side_is_found(self):
        put_slot(self.flash, SIDE_A, 125, 126, secrets=0x5A)
        keys = opened(self.flash)
        self.assertEqual((keys.free_slots, keys.pending), (0, 1))
        self.assertFalse(self.flash.holds(b"\x5a"))

    def test_an_image_behind_a_torn_id_means_that_an_image_was_spoiled(self):
        add(self.keys)
        put_slot(self.flash, SIDE_A, 1, TORN_ID, secrets=0x5A)
        self.assertIs(opened(self.flash).failing, False)  # a torn add: it is the last
        self.flash.blocks[SIDE_A][3 * 128 : 4 * 128] = b"\xff" * 128
        put_slot(self.flash, SIDE_A, 1, TORN_ID, secrets=0x5A)
        put_whole(self.flash, 2, 3)
        keys = opened(self.flash)
        self.assertIs(keys.failing, True)
        self.assertEqual(keys.index.living(), [1, 3])


class TestRefusedAdds(TornTest):
    def test_what_came_of_it_is_zeroed_and_nobody_is_told_of_it(self):
        self.refuse_half_way()
        with self.assertRaises(FlashError):
            add(self.keys)
        self.assertFalse(self.flash.holds(key_of(1)[:22]))
        self.assertEqual((self.keys.failing, self.keys.pending), (False, 0))
        self.assertEqual((self.keys.free_slots, self.keys.next_id), (125, 2))
        keys = opened(self.flash)
        self.assertEqual((keys.failing, keys.pending, keys.index.living()), (False, 0, []))
        self.assertEqual((keys.free_slots, keys.next_id), (125, 2))

    def test_where_it_cannot_be_zeroed_it_is_a_fault(self):
        self.flash.failing = BLOCKS_A
        with self.assertRaises(FlashError):
            add(self.keys)
        self.assertIs(self.keys.failing, True)
        self.assertEqual(self.keys.index.living(), [])

    def test_its_slot_comes_back_with_the_next_move(self):
        for is_booted in (False, True):
            self.setUp()
            add_many(self.keys, 102)
            self.flash.failing = BLOCKS_A
            with self.assertRaises(FlashError):
                add(self.keys)
            self.flash.failing = ()
            if is_booted:  # it left a blank slot: the next image shows that it is none of the end
                add(self.keys)
                self.keys = opened(self.flash)
            living = len(self.keys.index.living())
            self.assertEqual(self.keys.free_slots, 126 - living - 1)
            tidy(self.keys)
            self.assertEqual(self.keys.free_slots, 126 - living)
            self.assertEqual(len(opened(self.flash).index.living()), living)


if __name__ == "__main__":
    unittest.main()
