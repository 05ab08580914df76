"""What the image store does in quiet moments: records, evictions, room; a bounded step a call."""

import unittest

from fake_flash import allocated
from journal_helpers import body, records
from store_helpers import Device

from detector import codes, flash_map, seal
from detector.store import RESERVE_EXTENTS, StoreError

KEYS_A = 96 + flash_map.KEYS_A_BLOCK
KEYS = range(KEYS_A, KEYS_A + 8)
JOURNAL = range(96 + flash_map.JOURNAL_BLOCK, 96 + flash_map.IMAGES_BLOCK)
IMAGES = range(96 + flash_map.IMAGES_BLOCK, 352)
STEPS = 2000  # more than any chore takes


class ChoresTest(unittest.TestCase):
    """A store whose chores are done."""

    def setUp(self):
        self.device = Device()
        self.store = self.device.store
        self.flash = self.device.flash
        self.settle()

    def settle(self):
        """Do what is due; return how many steps it took."""
        for step in range(STEPS):
            if not self.device.journal.housekeep() and not self.store.housekeep():
                return step
        raise ValueError("chores without an end")

    def settle_without_journal(self):
        """Do the store's own chores, while the journal has no key for its next record."""
        mac_key = self.device.journal._mac_key
        self.device.journal._mac_key = None
        steps = 0
        while self.store.housekeep():
            steps += 1
            self.assertLess(steps, STEPS)
        self.device.journal._mac_key = mac_key

    def refuse_and_delete(self):
        """Delete an image while the journal cannot be written."""
        image_id = self.device.put()
        self.flash.failing = JOURNAL
        self.store.delete(image_id, codes.DELETE_BY_CUSTOMER)
        self.flash.failing = ()
        return image_id

    def fill(self, extents):
        """Store images that take so many extents."""
        while extents:
            count = min(extents, 16)
            self.device.put(b"x" * (count * 8192 - 4))
            extents -= count

    def deletions(self):
        """Return (event id, image id, why) of all deletions on record."""
        bodies = [body(data) for _number, data in records(self.device.journal)]
        return [fields[10:13] for fields in bodies if fields[2] == codes.JR_DELETE]


class TestRecords(ChoresTest):
    def test_a_deletion_is_recorded_with_its_event(self):
        self.device.journal.append(codes.JR_TRIP, 7)
        self.store.delete(self.device.put(), codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.deletions(), [(7, 1, codes.DELETE_BY_CUSTOMER)])

    def test_an_event_that_the_journal_has_not_heard_of_is_recorded_as_none(self):
        self.device.journal.append(codes.JR_TRIP, 6)
        self.store.delete(self.device.put(), codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.deletions(), [(0, 1, codes.DELETE_BY_CUSTOMER)])

    def test_a_deletion_that_the_journal_refused_is_recorded_once_and_in_a_step_of_its_own(self):
        image_id = self.refuse_and_delete()
        self.assertEqual(self.deletions(), [])
        self.device.boot()
        self.store = self.device.store
        erased = list(self.flash.erased)
        reads = self.flash.reads
        self.assertIs(self.store.housekeep(), True)
        self.assertEqual(self.device.keys.pending, 0)
        self.assertEqual(self.flash.erased, erased)
        self.assertLess(self.flash.reads - reads, 16)  # no block was looked through
        self.settle()
        self.assertEqual(self.deletions(), [(0, image_id, codes.DELETE_BY_CUSTOMER)])

    def test_without_a_journal_that_is_ready_no_record_is_tried(self):
        self.refuse_and_delete()
        self.device.boot()
        self.store = self.device.store
        self.settle_without_journal()
        self.assertEqual(self.device.keys.pending, 1)
        self.assertEqual(self.deletions(), [])

    def test_a_deletion_that_cannot_be_read_is_waited_for_and_is_no_busy_step(self):
        self.refuse_and_delete()
        self.device.boot()
        self.store = self.device.store
        self.settle_without_journal()
        self.flash.unreadable = KEYS
        self.assertIs(self.store.housekeep(), False)
        self.assertEqual(self.device.keys.pending, 1)
        self.flash.unreadable = ()
        self.assertIs(self.store.housekeep(), True)
        self.assertEqual(self.device.keys.pending, 0)

    def test_an_image_that_is_not_there_or_cannot_be_zeroed_is_a_store_error(self):
        self.device.put()
        with self.assertRaises(StoreError):
            self.store.delete(2, codes.DELETE_BY_CUSTOMER)
        self.flash.failing = KEYS
        with self.assertRaises(StoreError):
            self.store.delete(1, codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.store.ids(), [1])
        self.assertEqual(self.deletions(), [])

    def test_the_room_of_a_deleted_image_is_blank_again(self):
        self.store.delete(self.device.put(), codes.DELETE_BY_CUSTOMER)
        self.settle()
        self.assertFalse(any(block in self.flash.blocks for block in IMAGES))


class TestRoom(ChoresTest):
    def test_the_reserve_is_a_burst_of_ten_pictures_of_32_kb(self):
        self.assertEqual(RESERVE_EXTENTS * seal.CLASS_BYTES, 10 * 32 * 1024)

    def test_images_give_way_to_the_reserve_and_to_no_more(self):
        self.fill(flash_map.EXTENT_COUNT - RESERVE_EXTENTS)
        self.settle()
        self.assertEqual(self.deletions(), [])
        self.fill(1)
        self.settle()
        self.assertEqual(self.deletions(), [(0, 1, codes.DELETE_FOR_ROOM)])

    def test_an_eviction_is_a_step_of_its_own(self):
        self.fill(flash_map.EXTENT_COUNT)
        erased = list(self.flash.erased)
        left = len(self.store.ids())
        reads = self.flash.reads
        self.assertIs(self.store.housekeep(), True)
        self.assertEqual(len(self.store.ids()), left - 1)
        self.assertEqual(self.flash.erased, erased)
        self.assertLess(self.flash.reads - reads, 32)  # no block was looked through

    def test_an_eviction_that_the_flash_refuses_is_no_step(self):
        self.fill(flash_map.EXTENT_COUNT)
        left = self.store.ids()
        self.flash.failing = KEYS
        self.assertIs(self.store.housekeep(), False)
        self.assertEqual(self.store.ids(), left)

    def test_where_no_image_is_left_to_give_way_there_is_nothing_to_do(self):
        """Two thirds of the extents do not erase any more."""
        self.fill(70)
        for image_id in self.store.ids():
            self.store.delete(image_id, codes.DELETE_BY_CUSTOMER)
        really_erase = self.flash._erase
        self.flash._erase = lambda number, *rest: number in IMAGES or really_erase(number, *rest)
        self.settle()
        self.assertEqual(self.store.ids(), [])
        self.assertIs(self.store.housekeep(), False)

    def test_idle_it_allocates_nothing(self):
        self.assertEqual(allocated(self.store.housekeep), 0)


class TestFirstThings(ChoresTest):
    def test_a_key_store_without_a_side_goes_before_the_images_room_one_erase_a_step(self):
        self.device.put()
        for block in KEYS:
            self.flash.blocks[block] = bytearray(4096)
        self.device.boot()
        self.store = self.device.store
        erased = len(self.flash.erased)
        while not self.device.keys.ready:
            reads = self.flash.reads
            self.assertIs(self.store.housekeep(), True)
            self.assertLess(self.flash.reads - reads, 140)  # one block, or one side's slots
        self.assertEqual(self.flash.erased[erased:], list(KEYS)[:4])


if __name__ == "__main__":
    unittest.main()
