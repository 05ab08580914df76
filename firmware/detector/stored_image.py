"""One stored image as others see it: what is known of it, and its sealed parts to be sent."""

from detector import seal
from detector.compat import const
from detector.keystore import READER_ARC, READER_CUSTOMER

# A key slot's fields (keyslots.SLOT), by number.
KIND = const(1)
EXTENT_COUNT = const(2)
IMAGE_ID = const(3)
EVENT_ID = const(4)
CHUNKS = const(5)
DAY = const(6)
SECOND = const(7)
IV = const(8)
KEY = const(9)
MAC = const(10)
EXTENTS = const(11)


class ImageInfo:
    """What is known of an image without its key."""

    def __init__(self, fields: tuple, delivered: int) -> None:
        """Take a key slot's fields and the delivered bits."""
        self.kind = fields[KIND]
        self.image_id = fields[IMAGE_ID]
        self.event_id = fields[EVENT_ID]
        self.chunks = fields[CHUNKS]
        self.day = fields[DAY]
        self.second = fields[SECOND]
        self.delivered_arc = bool(delivered & 1 << READER_ARC)
        self.delivered_customer = bool(delivered & 1 << READER_CUSTOMER)


class StoredImage:
    """A sealed image to be sent; every reading call raises StoreError once it is deleted."""

    def __init__(self, store: "Store", fields: tuple) -> None:
        """Take a key slot's fields; the key is not kept."""
        self._store = store
        self._header = header(fields)
        self.kind = fields[KIND]
        self.image_id = fields[IMAGE_ID]
        self.event_id = fields[EVENT_ID]
        self.chunks = fields[CHUNKS]
        self.mac = fields[MAC]
        self.extents = fields[EXTENTS]

    def header(self) -> bytes:
        """Return the 64 bytes that stand before the sealed body."""
        return self._header

    def wrapped(self, reader_key: bytes) -> bytes:
        """Return the image's key wrapped for the holder of `reader_key`; raise StoreError."""
        key = self._store.fields(self.image_id)[KEY]
        return seal.wrap(reader_key, key, self._header, self._store.random(16))

    def read_chunk(self, index: int, buf: bytearray) -> None:
        """Fill `buf` (CHUNK_BYTES) with the sealed chunk `index`; raise StoreError."""
        self._store.read_chunk(self, index, buf)


def header(fields: tuple) -> bytes:
    """Return the header of the image with these key slot fields."""
    return seal.pack_header(
        fields[KIND],
        fields[IMAGE_ID],
        fields[EVENT_ID],
        fields[DAY],
        fields[SECOND],
        fields[CHUNKS],
        fields[IV],
    )
