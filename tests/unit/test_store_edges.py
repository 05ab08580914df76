"""The image store to its last byte and chunk: what is refused, and what an ended image leaves."""

import unittest

from store_helpers import JPEG, Device, body_of, unseal

from detector import codes, crypto, flash_map, seal
from detector.ages import Ages
from detector.clock import Clock
from detector.keystore import READER_ARC, KeyStore
from detector.raw_flash import raw_blocks
from detector.store import Store, StoreError, StoreFull
from detector.stored_image import IV, KEY

KEYS_A = 96 + flash_map.KEYS_A_BLOCK
KEYS = range(KEYS_A, KEYS_A + 8)
IMAGES = range(96 + flash_map.IMAGES_BLOCK, 352)
READER = b"r" * 32


class StoreTest(unittest.TestCase):
    """A store on blank flash."""

    def setUp(self):
        self.device = Device()
        self.store = self.device.store
        self.flash = self.device.flash

    def begin(self, count=5000):
        """Begin an image; return its chunks."""
        return self.store.begin(codes.TRIP_FIRE, 7, count, 2500, 0)

    def refused(self, call, *arguments):
        """Return what a refused call raises: StoreError itself, or StoreFull."""
        try:
            call(*arguments)
        except StoreError as error:
            return type(error)
        return None


class TestBeginning(StoreTest):
    def test_a_picture_of_one_byte_is_stored(self):
        self.assertEqual(unseal(self.store.open(self.device.put(b"x")), READER), b"x")

    def test_a_store_that_is_not_ready_is_not_called_full(self):
        self.flash.blocks[KEYS_A] = bytearray(b"SL" + b"\xff" * 4094)
        self.device.boot()
        self.assertIs(self.refused(self.device.store.begin, 1, 7, 5000, 2500, 0), StoreError)

    def test_a_store_without_room_is_called_full(self):
        for _ in range(6):
            self.device.put(b"x" * 131068)
        self.assertIs(self.refused(self.begin, 60000), StoreFull)

    def test_a_store_that_cannot_look_for_room_says_that_the_flash_failed(self):
        self.flash.unreadable = IMAGES
        self.assertIs(self.refused(self.begin), StoreError)

    def test_an_image_that_is_begun_anew_again_and_again_takes_room_only_once(self):
        for _ in range(20):
            self.assertEqual(self.begin(131068), 128)

    def test_iv_and_key_are_16_and_32_bytes_of_the_random_source_it_was_given(self):
        asked = []

        def chance(count):
            asked.append(count)
            return bytes(range(100, 100 + count))

        raw = raw_blocks(self.flash)
        clock = Clock(0, 2500, 0)
        store = Store(raw, KeyStore(raw), self.device.journal, Ages(clock, 60), chance)
        self.device.store = store
        fields = store.fields(self.device.put())
        self.assertEqual(asked, [16, 32])
        self.assertEqual(fields[IV], bytes(range(100, 116)))
        self.assertEqual(fields[KEY], bytes(range(100, 132)))

    def test_images_of_earlier_boots_keep_their_room(self):
        first = self.device.put(b"x" * 20000)
        self.device.boot()
        self.device.tidy()
        self.device.put(b"y" * 20000)
        self.device.tidy()
        self.assertEqual(unseal(self.device.store.open(first), READER), b"x" * 20000)


class TestEnding(StoreTest):
    def has_ended(self):
        """Say whether no image is being written, nor anything of one left in RAM."""
        held = [value for value in self.store.__dict__.values() if isinstance(value, seal.Sealer)]
        refused = [
            self.refused(self.store.chunk, bytearray(1024)),
            self.refused(self.store.finish),
        ]
        return held == [] and refused == [StoreError, StoreError]

    def test_before_the_first_image_none_is_being_written(self):
        self.assertTrue(self.has_ended())

    def test_a_finished_image_is_not_written_to_or_finished_again(self):
        self.device.put()
        self.assertTrue(self.has_ended())
        self.assertEqual(self.store.ids(), [1])

    def test_an_aborted_image_is_not_written_to_or_finished(self):
        self.begin()
        self.store.chunk(bytearray(1024))
        self.store.abort()
        self.assertTrue(self.has_ended())
        self.assertEqual(self.store.ids(), [])

    def test_an_image_is_finished_with_the_chunk_that_its_last_byte_fills(self):
        self.begin(1020)
        self.store.chunk(bytearray(1024))
        self.assertEqual(self.store.finish(), 1)

    def test_zeros_follow_the_picture_up_to_its_size_class(self):
        self.begin(1020)
        self.store.chunk(bytearray(b"x" * 1024))
        image_id = self.store.finish()
        fields = self.store.fields(image_id)
        body = bytearray(body_of(self.store.open(image_id)))
        enc_key = crypto.hmac_sha256(fields[KEY], b"enc")
        crypto.cbc_decryptor(enc_key, fields[IV]).decrypt(body, body)
        self.assertEqual(body[1020:], b"xxxx" + bytes(7 * 1024))

    def test_an_image_that_lacks_a_byte_is_dropped(self):
        self.begin(1021)
        self.store.chunk(bytearray(1024))
        self.assertIs(self.refused(self.store.finish), StoreError)
        self.assertTrue(self.has_ended())

    def test_after_a_chunk_that_the_flash_refused_no_other_follows(self):
        self.begin()
        self.flash.failing = IMAGES
        self.assertIs(self.refused(self.store.chunk, bytearray(1024)), StoreError)
        self.flash.failing = ()
        self.assertTrue(self.has_ended())

    def test_an_image_whose_key_the_flash_refused_is_dropped_with_its_room(self):
        chunks = self.begin()
        for _ in range(chunks):
            self.store.chunk(bytearray(1024))
        self.flash.failing = KEYS
        self.assertIs(self.refused(self.store.finish), StoreError)
        self.flash.failing = ()
        self.assertTrue(self.has_ended())
        self.assertEqual(self.store.ids(), [])
        self.device.tidy()
        self.assertFalse(any(block in self.flash.blocks for block in IMAGES))


class TestAsking(StoreTest):
    def test_an_image_that_is_not_there_is_neither_served_nor_told_of(self):
        self.device.put()
        for call in (self.store.info, self.store.open, self.store.fields):
            self.assertIs(self.refused(call, 2), StoreError)
        self.assertIs(self.store.is_served(2), False)
        self.assertIs(self.store.is_served(1), True)

    def test_chunks_before_the_first_and_behind_the_last_are_refused(self):
        image = self.store.open(self.device.put())
        buf = bytearray(1024)
        for index in (-1, 8):
            self.assertIs(self.refused(image.read_chunk, index, buf), StoreError)
        for index in range(8):
            image.read_chunk(index, buf)
        self.assertTrue(any(buf))

    def test_flash_that_cannot_be_read_is_a_store_error(self):
        image = self.store.open(self.device.put())
        self.flash.unreadable = IMAGES
        self.assertIs(self.refused(image.read_chunk, 0, bytearray(1024)), StoreError)
        self.flash.unreadable = KEYS
        self.assertIs(self.refused(self.store.info, 1), StoreError)

    def test_any_one_of_its_parts_makes_it_failing(self):
        self.assertIs(self.store.failing, False)
        self.device.keys.failing = True
        self.assertIs(self.store.failing, True)
        self.device.keys.failing = False
        self.device.tidy()
        self.device.put()
        self.store.delete(1, codes.DELETE_BY_CUSTOMER)
        self.flash.failing = IMAGES
        self.store.housekeep()
        self.store.housekeep()
        self.assertIs(self.store.failing, True)

    def test_a_store_that_cannot_read_its_keys_at_boot_is_failing(self):
        self.flash.unreadable = KEYS
        self.device.boot()
        self.assertIs(self.device.store.failing, True)
        self.assertIs(self.device.store.housekeep(), False)

    def test_marks_on_what_is_not_there_or_cannot_be_written_are_store_errors(self):
        self.device.put()
        self.assertIs(self.refused(self.store.mark_delivered, 2, READER_ARC), StoreError)
        self.flash.failing = KEYS
        self.assertIs(self.refused(self.store.mark_delivered, 1, READER_ARC), StoreError)

    def test_what_the_customer_is_sent_the_arc_is_sent_of_an_alarm_only(self):
        alarm = self.device.put(JPEG, codes.TRIP_FIRE)
        own = self.device.put(JPEG, codes.IMAGE_CUSTOMER)
        self.assertEqual(self.store.open(alarm, READER_ARC).image_id, alarm)
        self.assertEqual(self.store.open(own).image_id, own)
        self.assertIs(self.refused(self.store.open, own, READER_ARC), StoreError)


if __name__ == "__main__":
    unittest.main()
