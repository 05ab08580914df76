"""What the store tells of an image: each field of its key slot, and to whom it was delivered."""

import unittest

from detector import seal
from detector.keystore import READER_ARC, READER_CUSTOMER
from detector.stored_image import ImageInfo, StoredImage, header

IV = b"i" * 16
KEY = b"k" * 32
MAC = b"m" * 32
# A key slot's fields (keyslots.SLOT): all different, so that none can stand for another.
FIELDS = (99, 3, 1, 1234, 77, 16, 2500, 4000, IV, KEY, MAC, b"extents")


class FakeStore:
    """Remembers what is asked of it."""

    def __init__(self) -> None:
        """Be asked nothing."""
        self.asked = []

    def fields(self, image_id: int) -> tuple:
        """Return the fields."""
        self.asked.append(image_id)
        return FIELDS

    def random(self, count: int) -> bytes:
        """Return so many bytes, always the same."""
        return b"r" * count

    def read_chunk(self, image: StoredImage, index: int, buf: bytearray) -> None:
        """Fill the buffer."""
        self.asked.append((image.image_id, index))
        buf[:] = b"c" * len(buf)


class TestInfo(unittest.TestCase):
    def test_every_field_is_in_its_place(self) -> None:
        info = ImageInfo(FIELDS, 0)
        found = (info.kind, info.image_id, info.event_id, info.chunks, info.day, info.second)
        self.assertEqual(found, (3, 1234, 77, 16, 2500, 4000))

    def test_each_reader_has_a_bit_of_its_own(self) -> None:
        self.assertFalse(READER_ARC == READER_CUSTOMER)
        for delivered, arc, customer in (
            (0, False, False),
            (1 << READER_ARC, True, False),
            (1 << READER_CUSTOMER, False, True),
            (1 << READER_ARC | 1 << READER_CUSTOMER, True, True),
        ):
            info = ImageInfo(FIELDS, delivered)
            self.assertEqual((info.delivered_arc, info.delivered_customer), (arc, customer))


class TestImage(unittest.TestCase):
    def setUp(self) -> None:
        self.store = FakeStore()
        self.image = StoredImage(self.store, FIELDS)

    def test_every_field_is_in_its_place(self) -> None:
        image = self.image
        found = (image.kind, image.image_id, image.event_id, image.chunks, image.mac)
        self.assertEqual(found, (3, 1234, 77, 16, MAC))
        self.assertEqual(image.extents, b"extents")

    def test_its_header_is_that_of_the_seal(self) -> None:
        wanted = seal.pack_header(3, 1234, 77, 2500, 4000, 16, IV)
        self.assertEqual((header(FIELDS), self.image.header()), (wanted, wanted))

    def test_its_key_is_fetched_when_it_is_wrapped_and_not_kept(self) -> None:
        reader_key = b"w" * 32
        wanted = seal.wrap(reader_key, KEY, header(FIELDS), b"r" * 16)
        self.assertEqual(self.store.asked, [])
        self.assertEqual(self.image.wrapped(reader_key), wanted)
        self.assertEqual(self.store.asked, [1234])
        self.assertFalse(KEY in self.image.__dict__.values())

    def test_its_chunks_come_from_the_store(self) -> None:
        buf = bytearray(4)
        self.image.read_chunk(5, buf)
        self.assertEqual((self.store.asked, bytes(buf)), ([(1234, 5)], b"cccc"))


if __name__ == "__main__":
    unittest.main()
