"""The image store on a NOR flash: sealed in, read out, deleted, evicted, cut."""

import hashlib
import unittest

import seal_vectors as vector
from fake_flash import AFTER, BEFORE, HALF, PowerCut, allocated
from store_helpers import JPEG, Device, body_of, unseal

from detector import codes, flash_map, seal
from detector.keystore import READER_ARC, READER_CUSTOMER
from detector.raw_flash import raw_blocks
from detector.store import RESERVE_EXTENTS, StoreError, StoreFull

KEYS_BLOCK = 96 + flash_map.KEYS_A_BLOCK
IMAGES = range(96 + flash_map.IMAGES_BLOCK, 352)


class TestStoring(unittest.TestCase):
    """In and out."""

    def setUp(self):
        self.device = Device()
        self.store = self.device.store

    def test_key_store_without_a_side_is_made_ready_before_anything_else(self):
        """Its first header was torn: until it is erased, no image can be stored."""
        self.device.flash.blocks[KEYS_BLOCK] = bytearray(b"SL" + b"\xff" * 4094)
        self.device.boot()
        self.assertFalse(self.device.keys.ready)
        for _ in range(16):
            self.device.store.housekeep()
        self.assertTrue(self.device.keys.ready)
        self.device.put()

    def test_torn_event_number_is_not_taken_for_an_event(self):
        """The journal's last event is the highest it was told of: it must not leap."""
        self.device.put()
        torn = b"\xff" * 128 + b"SK\x03\x01\x02" + bytes(3) + b"\xff" * 120
        self.device.flash.writeblocks(KEYS_BLOCK, torn, 256)
        self.device.boot()
        self.device.tidy()
        self.assertEqual(self.device.deletions(), [(2, codes.DELETE_UNFINISHED)])
        self.assertEqual(self.device.journal.last_event, 0)

    def test_stored_image_is_the_vectors_byte_for_byte(self):
        """What the independent reader expects; chance comes from the test."""
        chance = [vector.IV, vector.IMAGE_KEY, vector.WRAP_IV]
        self.store.random = lambda count: chance.pop(0)
        image_id = self.device.put(vector.JPEG)
        image = self.store.open(image_id)
        header = seal.pack_header(3, image_id, 7, 2500, 86399, 16, vector.IV)
        self.assertEqual(image.header(), header)
        # The header is under the MAC, not in the ciphertext: the body is the vector's.
        self.assertEqual(hashlib.sha256(body_of(image)).digest(), vector.BODY_SHA256)
        wrapped = seal.wrap(vector.READER_KEY, vector.IMAGE_KEY, header, vector.WRAP_IV)
        self.assertEqual(image.wrapped(vector.READER_KEY), wrapped)

    def test_image_is_whole_after_a_reset(self):
        """With the facts that the list shows."""
        image_id = self.device.put()
        self.device.boot()
        store = self.device.store
        self.assertEqual(store.ids(), [image_id])
        self.assertEqual(unseal(store.open(image_id), b"r" * 32), JPEG)
        info = store.info(image_id)
        self.assertEqual((info.kind, info.event_id, info.chunks), (codes.TRIP_PANIC, 7, 8))
        self.assertEqual((info.day, info.second), (2500, 86399))

    def test_nothing_of_the_picture_is_in_the_flash(self):
        """Only ciphertext."""
        self.device.put()
        self.assertFalse(self.device.flash.holds(b"a picture of"))

    def test_missing_chunks_of_padding_are_filled_up(self):
        """The JPEG's own chunks are enough."""
        self.store.begin(codes.TRIP_FIRE, 7, len(JPEG), 0xFFFF, 0)
        plain = bytes(4) + JPEG
        for at in (0, 1024):
            self.store.chunk(bytearray(plain[at : at + 1024] + bytes(1024))[:1024])
        image = self.store.open(self.store.finish())
        self.assertEqual(image.chunks, 8)
        self.assertEqual(unseal(image, b"r" * 32), JPEG)

    def test_image_without_its_own_chunks_cannot_be_finished(self):
        """And is dropped."""
        self.store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)
        self.store.chunk(bytearray(1024))
        with self.assertRaises(StoreError):
            self.store.finish()
        self.assertEqual(self.store.ids(), [])

    def test_more_chunks_than_announced_are_refused(self):
        """They would lie outside of the image."""
        for _ in range(self.store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)):
            self.store.chunk(bytearray(1024))
        with self.assertRaises(StoreError):
            self.store.chunk(bytearray(1024))

    def test_empty_and_too_large_pictures_are_refused(self):
        """131068 bytes are the most."""
        for count in (0, -5, 131069):
            with self.assertRaises(StoreError):
                self.store.begin(codes.TRIP_FIRE, 7, count, 0xFFFF, 0)
        self.assertEqual(self.store.begin(codes.TRIP_FIRE, 7, 131068, 0xFFFF, 0), 128)

    def test_aborted_image_is_not_there_and_its_room_comes_back(self):
        """After the next housekeeping it is blank again."""
        self.store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)
        self.store.chunk(bytearray(1024))
        self.store.abort()
        self.assertEqual(self.store.ids(), [])
        self.device.tidy()
        self.assertFalse(any(block in self.device.flash.blocks for block in IMAGES))

    def test_arc_is_no_reader_of_a_customers_picture(self):
        """Its key is never wrapped for it."""
        image_id = self.device.put(kind=codes.IMAGE_CUSTOMER)
        self.store.open(image_id, READER_CUSTOMER)
        with self.assertRaises(StoreError):
            self.store.open(image_id, READER_ARC)

    def test_only_housekeeping_erases(self):
        """Storing and deleting program only, also where the flash is not blank."""
        raw = raw_blocks(self.device.flash)
        raw.program(flash_map.IMAGES_BLOCK, 0, bytearray(256))
        self.device.put()
        self.store.delete(self.device.put(), codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.device.flash.erased, [])
        self.assertEqual(unseal(self.store.open(1), b"r" * 32), JPEG)

    def test_failing_flash_raises_store_error_and_drops_the_image(self):
        """The next one is stored when it works again."""
        self.store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)
        self.device.flash.failing = IMAGES
        with self.assertRaises(StoreError):
            self.store.chunk(bytearray(1024))
        self.device.flash.failing = ()
        self.assertEqual(self.store.ids(), [])
        self.assertEqual(unseal(self.store.open(self.device.put()), b"r" * 32), JPEG)

    def test_flash_that_does_not_take_a_chunk_raises_store_error(self):
        """Although it says that it did."""
        self.store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)
        self.device.flash.writeblocks = lambda number, buf, offset=None: 0
        with self.assertRaises(StoreError):
            self.store.chunk(bytearray(1024))

    def test_store_without_a_key_slot_is_full_from_the_start(self):
        """Not only when the last chunk is in flash."""
        while self.device.keys.free_slots:
            image_id = self.device.keys.next_id
            what = (codes.TRIP_FIRE, 0, image_id, 7, 8, 1, 1)
            self.device.keys.add(what + (bytes(16), bytes(32), bytes(32), bytes(16)))
        with self.assertRaises(StoreFull):
            self.store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)

    def test_unreadable_key_store_gives_a_failing_store_that_overwrites_nothing(self):
        """What looks free may hold an image."""
        self.device.put()
        self.device.flash.unreadable = (KEYS_BLOCK,)
        self.device.boot()
        store = self.device.store
        self.assertTrue(store.failing)
        self.assertFalse(store.housekeep())
        with self.assertRaises(StoreError):
            store.begin(codes.TRIP_FIRE, 7, 5000, 0xFFFF, 0)
        self.device.flash.unreadable = ()
        self.device.boot()
        self.assertEqual(self.device.store.ids(), [1])


class TestDeleting(unittest.TestCase):
    """A deleted image is gone and on record."""

    def setUp(self):
        self.device = Device()
        self.store = self.device.store

    def test_deleted_image_can_be_neither_listed_nor_read(self):
        """Nor by someone who was reading it."""
        image_id = self.device.put()
        image = self.store.open(image_id)
        self.store.delete(image_id, codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.store.ids(), [])
        with self.assertRaises(StoreError):
            self.store.open(image_id)
        with self.assertRaises(StoreError):
            image.read_chunk(0, bytearray(1024))
        with self.assertRaises(StoreError):
            image.wrapped(b"r" * 32)

    def test_deletion_is_on_record(self):
        """With its reason."""
        image_id = self.device.put()
        self.store.delete(image_id, codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.device.deletions(), [(image_id, codes.DELETE_BY_CUSTOMER)])
        self.assertEqual(self.device.keys.pending, 0)

    def test_deletion_without_a_journal_is_recorded_later(self):
        """The key is gone at once; a reset in between changes nothing."""
        image_id = self.device.put()
        journal_blocks = range(96 + 9, 96 + 49)
        self.device.flash.failing = journal_blocks
        self.store.delete(image_id, codes.DELETE_BY_CUSTOMER)
        self.assertEqual(self.store.ids(), [])
        self.device.flash.failing = ()
        self.device.boot()
        self.device.tidy()
        self.assertEqual(self.device.deletions(), [(image_id, codes.DELETE_BY_CUSTOMER)])

    def test_key_is_nowhere_in_the_flash_after_deleting_and_compaction(self):
        """Many images come and go; only the living ones' keys are left."""
        keys = {}
        next_key = [0]

        def chance(count):
            next_key[0] += 1
            return (b"chance %06d of the generator....." % next_key[0])[:count]

        self.store.random = chance
        self.device.tidy()
        erased = len(self.device.flash.erased)
        for _ in range(150):
            image_id = self.device.put(b"x" * 100)
            keys[image_id] = self.store.fields(image_id)[9]
            if image_id % 5:
                self.store.delete(image_id, codes.DELETE_BY_CUSTOMER)
            self.device.tidy()
        self.assertGreater(len(self.device.flash.erased), erased + 100)
        self.device.boot()
        alive = self.device.store.ids()
        self.assertEqual(alive, [number for number in keys if number % 5 == 0])
        for number in keys:
            self.assertEqual(self.device.flash.holds(keys[number][:14]), number in alive)


class TestRoom(unittest.TestCase):
    """Eviction."""

    def setUp(self):
        self.device = Device()
        self.store = self.device.store
        self.device.tidy()

    def fill(self):
        """Store images of 8 extents until none fits; return how many."""
        count = 0
        try:
            while True:
                self.device.put(b"x" * 60000)
                count += 1
        except StoreFull:
            return count

    def test_full_store_says_so_and_keeps_what_it_has(self):
        """Nothing gives way outside of housekeeping."""
        count = self.fill()
        self.assertEqual(count, 103 // 8)
        self.assertEqual(len(self.store.ids()), count)

    def test_housekeeping_makes_room_for_a_burst(self):
        """The oldest go first where none was delivered."""
        count = self.fill()
        self.device.tidy()
        left = self.store.ids()
        self.assertEqual(left, list(range(count - len(left) + 1, count + 1)))
        self.assertGreater((103 - 8 * len(left)) + 1, RESERVE_EXTENTS)
        self.assertEqual(self.device.deletions()[0], (1, codes.DELETE_FOR_ROOM))

    def test_delivered_images_go_before_others(self):
        """First what the customer has, then what the ARC has."""
        count = self.fill()
        self.store.mark_delivered(count, READER_CUSTOMER)
        self.store.mark_delivered(5, READER_ARC)
        self.device.tidy()
        order = [number for number, _why in self.device.deletions()]
        self.assertEqual(order[:3], [count, 5, 1])

    def test_extents_are_used_in_turn(self):
        """Even wear: a new image does not take what was just freed."""
        first = self.device.put()
        self.store.delete(first, codes.DELETE_BY_CUSTOMER)
        self.device.tidy()
        second = self.device.put()
        self.assertNotEqual(self.store.fields(second)[11][0], 0)

    def test_block_that_does_not_erase_is_left_out(self):
        """A block that stays programmed is never taken for blank."""
        flash = self.device.flash
        first = self.device.put()
        really_erase = flash._erase
        flash._erase = lambda number, *rest: number == IMAGES[0] or really_erase(number, *rest)
        self.store.delete(first, codes.DELETE_BY_CUSTOMER)
        self.device.tidy()
        for _ in range(17):  # 102 of 103 extents
            self.device.put(b"x" * 6 * 8000)
        with self.assertRaises(StoreFull):
            self.device.put()

    def test_one_step_is_at_most_one_erase(self):
        """45 ms on a Pico."""
        self.fill()
        while True:
            erased = len(self.device.flash.erased)
            if not self.store.housekeep():
                break
            self.assertLess(len(self.device.flash.erased) - erased, 2)

    def test_idle_housekeeping_neither_reads_nor_allocates(self):
        """It is called in every quiet tick."""
        self.device.put()
        reads = self.device.flash.reads
        self.assertEqual(allocated(self.store.housekeep), 0)
        self.assertEqual(self.device.flash.reads, reads)


class TestPowerCuts(unittest.TestCase):
    """A cut before, in the middle of, and just after every operation of a day's work."""

    def work(self, device, done):
        """Store two pictures, deliver and delete, housekeep; note in `done` what was told."""
        for number in (1, 2, 3):
            image_id = device.put(b"picture %d " % number + b"x" * 9000)
            done["stored"].append(image_id)
        done["deleting"].append(2)
        device.store.delete(2, codes.DELETE_BY_CUSTOMER)
        done["deleted"].append(2)
        device.store.mark_delivered(1, READER_ARC)
        done["delivered"].append(1)
        device.tidy()

    def check(self, device, done):
        """See that nothing told is lost, nothing deleted is back, nothing unfinished is served."""
        ids = device.store.ids()
        for image_id in done["stored"]:
            if image_id not in done["deleting"]:
                self.assertIn(image_id, ids)
        for image_id in done["deleted"]:
            self.assertFalse(image_id in ids)
        for image_id in ids:
            jpeg = unseal(device.store.open(image_id), b"r" * 32)
            self.assertEqual(jpeg, b"picture %d " % image_id + b"x" * 9000)
        for image_id in done["delivered"]:
            self.assertTrue(device.store.info(image_id).delivered_arc)
        device.tidy()
        if 2 in done["stored"] and 2 not in ids:
            self.assertIn(2, [number for number, _why in device.deletions()])

    def test_nothing_told_is_lost_and_nothing_deleted_comes_back(self):
        """Wherever the cut falls; afterwards another picture can be stored."""
        for how in (BEFORE, HALF, AFTER):
            number = 1
            step = 7 if how == BEFORE else 3
            while True:
                device = Device()
                done = {"stored": [], "deleting": [], "deleted": [], "delivered": []}
                device.flash.cut(number, how)
                try:
                    self.work(device, done)
                    break
                except PowerCut:
                    pass
                device.flash.power_on()
                device.boot()
                self.check(device, done)
                self.assertEqual(unseal(device.store.open(device.put()), b"r" * 32), JPEG)
                number += step
            self.assertGreater(number, 40)


if __name__ == "__main__":
    unittest.main()
