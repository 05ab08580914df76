"""The key store on a NOR flash: deleted keys are gone, living ones survive any power cut."""

import unittest

from fake_flash import AFTER, BEFORE, HALF, FakeFlash, PowerCut, allocated
from keystore_helpers import SIDE_A, SIDE_B, add, forget, key_of, opened, tidy

from detector import codes
from detector.key_index import ANY_READER
from detector.keystore import READER_ARC, READER_CUSTOMER
from detector.raw_flash import FlashError


class TestKeys(unittest.TestCase):
    """Adding, asking, deleting."""

    def setUp(self):
        self.flash = FakeFlash()
        self.keys = opened(self.flash)

    def test_blank_flash_is_ready_at_once_and_without_an_erase(self):
        """A first boot can store an image before any quiet tick."""
        self.assertTrue(self.keys.ready)
        self.assertEqual(self.keys.index.living(), [])
        self.assertEqual(self.flash.erased, [])

    def test_added_image_is_there_after_a_reset(self):
        """All fields."""
        add(self.keys)
        add(self.keys)
        again = opened(self.flash)
        self.assertEqual(again.index.living(), [1, 2])
        fields = again.fields(2)
        self.assertEqual(fields[1:8], (codes.TRIP_PANIC, 1, 2, 7, 8, 2500, 86399))
        self.assertEqual(fields[9], key_of(2))
        self.assertEqual(again.next_id, 3)

    def test_adding_is_one_page_program(self):
        """0.4 ms on a Pico."""
        before = self.flash.operations
        add(self.keys)
        self.assertEqual(self.flash.operations - before, 1)

    def test_deleted_key_is_gone_from_the_flash_at_once(self):
        """Without an erase, and its neighbours stay."""
        for _ in range(4):
            add(self.keys)
        forget(self.keys, 2)
        self.assertFalse(self.flash.holds(key_of(2)[12:]))
        self.assertTrue(self.flash.holds(key_of(1)))
        self.assertEqual(self.flash.erased, [])
        self.assertEqual(opened(self.flash).index.living(), [1, 3, 4])

    def test_id_is_never_given_twice(self):
        """Also when the newest image was deleted."""
        add(self.keys)
        add(self.keys)
        forget(self.keys, 2)
        self.assertEqual(opened(self.flash).next_id, 3)

    def test_delivered_marks_are_kept_over_a_reset(self):
        """Each reader's own."""
        for _ in range(3):
            add(self.keys)
        self.keys.mark_delivered(2, READER_ARC)
        self.keys.mark_delivered(3, READER_CUSTOMER)
        again = opened(self.flash)
        self.assertEqual([again.delivered(number) for number in (1, 2, 3, 4)], [0, 1, 2, -1])
        self.assertEqual(again.index.oldest(READER_CUSTOMER), 3)
        self.assertEqual(again.index.oldest(ANY_READER), 1)

    def test_unknown_image_cannot_be_deleted_or_marked(self):
        """KeyError; a deleted one is as unknown as one that never was."""
        add(self.keys)
        forget(self.keys, 1)
        with self.assertRaises(KeyError):
            self.keys.delete(1, codes.DELETE_BY_CUSTOMER)
        with self.assertRaises(KeyError):
            self.keys.mark_delivered(9, READER_ARC)

    def test_deletion_waits_for_its_record_over_a_reset(self):
        """Until `recorded`."""
        add(self.keys)
        self.keys.delete(1, codes.DELETE_BY_AGE)
        again = opened(self.flash)
        self.assertEqual(again.pending, 1)
        self.assertEqual(again.next_pending(), (1, 7, codes.DELETE_BY_AGE))
        again.recorded(1)
        self.assertEqual(opened(self.flash).pending, 0)

    def test_full_store_refuses_another_key(self):
        """126 slots a side."""
        for _ in range(126):
            add(self.keys)
        self.assertEqual(self.keys.free_slots, 0)
        with self.assertRaises(FlashError):
            add(self.keys)

    def test_failed_add_leaves_neither_image_nor_key(self):
        """And its id is not given again."""
        self.flash.failing = (SIDE_A,)
        with self.assertRaises(FlashError):
            add(self.keys)
        self.flash.failing = ()
        self.assertEqual(self.keys.index.living(), [])
        add(self.keys)
        self.assertEqual(self.keys.index.living(), [2])
        self.assertEqual(opened(self.flash).index.living(), [2])

    def test_add_that_fails_half_way_leaves_no_key(self):
        """The flash took a part and said no."""
        self.flash.cut(1, HALF)
        really_write = self.flash.writeblocks

        def failing_write(number, buf, offset):
            try:
                really_write(number, buf, offset)
            except PowerCut:
                self.flash.power_on()
                raise OSError(5)

        self.flash.writeblocks = failing_write
        with self.assertRaises(FlashError):
            add(self.keys)
        self.assertFalse(self.flash.holds(key_of(1)[:22]))
        self.assertEqual(opened(self.flash).index.living(), [])


class TestCompaction(unittest.TestCase):
    """From one side to the other."""

    def setUp(self):
        self.flash = FakeFlash()
        self.keys = opened(self.flash)
        tidy(self.keys)

    def wear(self):
        """Add 110 images, of which every third lives; return their ids."""
        for number in range(1, 111):
            add(self.keys)
            if number % 3:
                forget(self.keys, number)
        return [number for number in range(1, 111) if number % 3 == 0]

    def test_living_images_move_and_slots_come_back(self):
        """In their order, with their marks; ids go on."""
        alive = self.wear()
        self.keys.mark_delivered(alive[5], READER_ARC)
        tidy(self.keys)
        self.assertEqual(self.keys.free_slots, 126 - len(alive))
        again = opened(self.flash)
        self.assertEqual(again.index.living(), alive)
        self.assertEqual(again.delivered(alive[5]), 1)
        self.assertEqual(again.fields(alive[7])[9], key_of(alive[7]))
        self.assertEqual(again.next_id, 111)

    def test_old_side_is_erased(self):
        """A key then lies in one place only."""
        self.wear()
        tidy(self.keys)
        self.assertTrue(all(block in self.flash.erased for block in range(SIDE_A, SIDE_A + 4)))
        self.assertFalse(any(block in self.flash.blocks for block in range(SIDE_A, SIDE_A + 4)))

    def test_one_step_is_at_most_one_flash_operation(self):
        """Also within a compaction."""
        self.wear()
        while True:
            before = self.flash.operations
            if not self.keys.housekeep():
                break
            self.assertLess(self.flash.operations - before, 2)

    def test_key_deleted_in_the_middle_of_a_compaction_is_gone_from_both_sides(self):
        """At every step of it; and it never comes back."""
        alive = self.wear()
        steps = 0
        while True:
            victim = alive[steps % len(alive)]
            if victim in self.keys.index.living():
                forget(self.keys, victim)
                self.assertFalse(self.flash.holds(key_of(victim)[12:]))
            if not self.keys.housekeep():
                break
            steps += 1
        self.assertGreater(steps, 10)
        left = opened(self.flash).index.living()
        self.assertEqual(left, self.keys.index.living())
        for number in range(1, 111):
            self.assertEqual(self.flash.holds(key_of(number)[12:]), number in left)

    def test_marks_and_additions_in_the_middle_of_a_compaction_are_kept(self):
        """At every step of it."""
        alive = self.wear()
        steps = 0
        marked = []
        while self.keys.housekeep():
            if steps < 10:
                alive.append(add(self.keys))
                copied = alive[max(steps - 4, 0)]
                marked.append(copied)
                self.keys.mark_delivered(copied, READER_CUSTOMER)
            steps += 1
        again = opened(self.flash)
        self.assertEqual(again.index.living(), alive)
        for number in alive:
            self.assertEqual(again.delivered(number), 2 if number in marked else 0)

    def test_compaction_waits_for_deletions_that_are_not_on_record(self):
        """Their marks would be lost with the old side."""
        alive = self.wear()
        self.keys.delete(alive[0], codes.DELETE_BY_CUSTOMER)
        tidy(self.keys)
        self.assertEqual(opened(self.flash).pending, 1)
        self.keys.recorded(alive[0])
        tidy(self.keys)
        self.assertEqual(opened(self.flash).index.living(), alive[1:])

    def test_power_cut_anywhere_in_a_compaction_changes_nothing(self):
        """Before, half way through and after every operation of it."""
        for how in (BEFORE, HALF, AFTER):
            self.flash = FakeFlash()
            self.keys = opened(self.flash)
            tidy(self.keys)
            alive = self.wear()
            cuts = 0
            number = 1
            while True:
                self.flash.cut(number, how)
                try:
                    tidy(self.keys)
                    break
                except PowerCut:
                    cuts += 1
                self.flash.power_on()
                self.keys = opened(self.flash)
                self.assertEqual(self.keys.index.living(), alive)
                self.assertEqual(self.keys.next_id, 111)
                number += 1
            self.flash.power_on()
            self.assertGreater(cuts, 8)
            self.assertEqual(self.keys.fields(alive[-1])[9], key_of(alive[-1]))

    def test_key_deleted_after_a_cut_compaction_is_gone_from_the_half_copy_too(self):
        """Although nobody knows any more what lies there."""
        alive = self.wear()
        self.flash.cut(20, AFTER)
        with self.assertRaises(PowerCut):
            tidy(self.keys)
        self.flash.power_on()
        keys = opened(self.flash)
        self.assertTrue(any(block in self.flash.blocks for block in range(SIDE_B, SIDE_B + 4)))
        forget(keys, alive[0])
        self.assertFalse(self.flash.holds(key_of(alive[0])[12:]))

    def test_idle_housekeeping_neither_reads_nor_allocates(self):
        """It is called in every quiet tick."""
        add(self.keys)
        reads = self.flash.reads
        self.assertEqual(allocated(self.keys.housekeep), 0)
        self.assertEqual(self.flash.reads, reads)

    def test_failing_flash_is_left_alone_for_a_while(self):
        """And what lives stays readable."""
        alive = self.wear()
        for _ in range(20):
            self.keys.housekeep()
        self.flash.failing = range(SIDE_B, SIDE_B + 4)
        tidy(self.keys)
        self.assertTrue(self.keys.failing)
        self.assertEqual(self.keys.index.living(), alive)
        self.flash.failing = ()
        forget(self.keys, alive[0])
        self.assertFalse(self.flash.holds(key_of(alive[0])[12:]))
        for _ in range(1200):
            self.keys.housekeep()
        self.assertFalse(self.keys.failing)
        self.assertEqual(opened(self.flash).index.living(), alive[1:])
        self.assertEqual(opened(self.flash).free_slots, 126 - len(alive) + 1)


class TestTornSlots(unittest.TestCase):
    """Power cuts while adding and deleting."""

    def setUp(self):
        self.flash = FakeFlash()
        self.keys = opened(self.flash)

    def test_cut_while_adding_gives_all_or_nothing(self):
        """What was acknowledged before stays; a torn key is zeroed at boot."""
        for how in (BEFORE, HALF, AFTER):
            flash = FakeFlash()
            keys = opened(flash)
            for _ in range(20):
                add(keys)
                before = keys.index.living()
                torn = keys.next_id
                flash.cut(1, how)
                with self.assertRaises(PowerCut):
                    add(keys)
                flash.power_on()
                keys = opened(flash)
                if torn in keys.index.living():
                    self.assertEqual(keys.fields(torn)[9], key_of(torn))
                    before.append(torn)
                else:
                    self.assertFalse(flash.holds(key_of(torn)[12:22]))
                    self.assertFalse(keys.failing)
                if keys.pending:
                    self.assertEqual(keys.next_pending(), (torn, 7, codes.DELETE_UNFINISHED))
                    keys.recorded(torn)
                self.assertEqual(keys.index.living(), before)

    def test_cut_while_deleting_gives_all_or_nothing(self):
        """Either it lives whole, or its key is gone and the deletion waits for its record."""
        for how in (BEFORE, HALF, AFTER):
            flash = FakeFlash()
            keys = opened(flash)
            for number in range(1, 21):
                add(keys)
                flash.cut(1, how)
                with self.assertRaises(PowerCut):
                    keys.delete(number, codes.DELETE_BY_CUSTOMER)
                flash.power_on()
                keys = opened(flash)
                if number in keys.index.living():
                    self.assertEqual(keys.fields(number)[9], key_of(number))
                    continue
                self.assertFalse(flash.holds(key_of(number)[12:22]))
                self.assertEqual(keys.next_pending()[0], number)
                keys.recorded(number)

    def test_images_outlive_the_header_of_their_side(self):
        """Whatever spoiled it: it is a fault, and heals when the images have moved."""
        for _ in range(5):
            add(self.keys)
        forget(self.keys, 2)
        self.flash.blocks[SIDE_A][9] ^= 0x04
        again = opened(self.flash)
        self.assertTrue(again.failing)
        self.assertEqual(again.index.living(), [1, 3, 4, 5])
        self.assertEqual(again.next_id, 6)
        self.assertTrue(again.housekeep())
        self.assertTrue(again.failing)
        tidy(again)
        self.assertFalse(again.failing)
        again = opened(self.flash)
        self.assertEqual(again.index.living(), [1, 3, 4, 5])
        self.assertFalse(again.failing)

    def test_torn_id_is_never_taken_for_an_id(self):
        """It was to be the next; neither this boot nor a later one leaps beyond."""
        add(self.keys)
        add(self.keys)
        torn = b"SK\x03\x01\x03\xff\xff\xff" + b"\xff" * 248
        self.flash.writeblocks(SIDE_A, torn, 4 * 128)
        for _ in range(3):
            again = opened(self.flash)
            self.assertEqual(again.next_id, 4)
            self.assertFalse(again.failing)
        self.assertEqual(again.next_pending()[0], 3)
        again.recorded(3)
        add(again)
        again = opened(self.flash)
        self.assertEqual(again.index.living(), [1, 2, 4])
        self.assertFalse(again.failing)

    def test_spoiled_id_of_an_image_is_a_fault(self):
        """It was no torn add: another image lies behind it."""
        add(self.keys)
        add(self.keys)
        self.flash.blocks[SIDE_A][2 * 128 + 7] ^= 0x40
        again = opened(self.flash)
        self.assertTrue(again.failing)
        self.assertEqual(again.index.living(), [2])
        self.assertEqual(again.next_id, 3)

    def test_id_behind_a_slot_that_stayed_blank_is_not_given_twice(self):
        """An add that the flash refused used up an id, and a slot."""
        self.flash.failing = (SIDE_A,)
        with self.assertRaises(FlashError):
            add(self.keys)
        self.flash.failing = ()
        add(self.keys)
        forget(self.keys, 2)
        self.assertEqual(opened(self.flash).next_id, 3)

    def test_torn_reason_of_a_deletion_is_none(self):
        """A byte of which not all bits were cleared: its record says that it was cut short."""
        add(self.keys)
        page = b"\xff" * 122 + bytes((0xF5,)) + b"\xff" * 133
        self.flash.writeblocks(SIDE_A, page, 256)
        again = opened(self.flash)
        self.assertEqual(again.next_pending(), (1, 7, codes.DELETE_UNFINISHED))
        self.assertFalse(self.flash.holds(key_of(1)))


if __name__ == "__main__":
    unittest.main()
