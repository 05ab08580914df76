"""Sealed images in raw flash; an image lives as long as its key (keystore.py).

An image gets its key slot when its last byte is in flash: one that was not finished at a reset was
never there. Deleting destroys the key first, then frees the room. No call but `housekeep` erases.
"""

import os
import struct

from detector import codes, seal, stored_image
from detector.compat import const
from detector.extents import Extents
from detector.flash_map import EXTENT_CHUNKS, PAGE_BYTES
from detector.journal import JournalError
from detector.key_index import ANY_READER
from detector.keystore import READER_ARC, READER_CUSTOMER
from detector.raw_flash import FlashError
from detector.stored_image import (
    CHUNKS,
    EXTENT_COUNT,
    EXTENTS,
    IMAGE_ID,
    KIND,
    MAC,
    ImageInfo,
    StoredImage,
)

# Room kept for the next alarm: a burst of ten pictures of 32 KB. Older images give way to it.
RESERVE_EXTENTS = const(40)
_JPEG_LIMIT = const(131068)  # 16 extents (keyslots.SLOT) of CLASS_BYTES, less LENGTH_BYTES
_JPEG_BYTES = const(12)  # of the image that is being written, behind its slot's fields


class StoreError(Exception):
    """The flash failed, there is no such image or it is too large, or not for this reader."""


class StoreFull(StoreError):  # noqa: N818
    """No room for an image until older ones have given way."""


class Store:
    """Writes one image at a time (begin, chunk ..., finish or abort); lists, reads, deletes."""

    def __init__(
        self,
        raw: "RawFlash",
        keystore: "KeyStore",
        journal: "Journal",
        ages: "Ages",
        random: "Callable" = None,
    ) -> None:
        """Take the raw region, a key store, which is recovered here, and a recovered journal.

        `ages` says which images may be served. `random(n)` returns n bytes. A flash that cannot be
        read gives an empty store that is `failing`.
        """
        self.random = random or os.urandom
        self._keys = keystore
        self._journal = journal
        self._ages = ages
        self._extents = Extents(raw)
        self._unreadable = False
        self._page = bytearray(PAGE_BYTES)
        self._forget()
        try:
            keystore.recover()
            ages.begin(keystore.next_id)
            for image_id in keystore.index.living():
                self._note_used(keystore.fields(image_id))
        except FlashError:
            self._unreadable = True

    def _forget(self) -> None:
        self._sealer: "Sealer" = None  # of the image that is being written
        self._fields: tuple = None
        self._chunk = 0

    def _note_used(self, fields: tuple) -> None:
        for index in range(fields[EXTENT_COUNT]):
            self._extents.use(fields[EXTENTS][index])

    @property
    def failing(self) -> bool:
        """The flash could not be read at boot, or erased or programmed in the last housekeep."""
        return self._unreadable or self._keys.failing or self._extents.failing

    # --- writing -------------------------------------------------------------------------------

    def begin(self, kind: int, event_id: int, jpeg_bytes: int, day: int, second: int) -> int:
        """Start an image; return how many chunks it takes. Raise StoreFull, StoreError.

        An image that was begun and not finished is aborted.
        """
        self.abort()
        chunks = seal.chunks_for(jpeg_bytes)
        count = chunks // EXTENT_CHUNKS
        if self._unreadable or not self._keys.ready or not 0 < jpeg_bytes <= _JPEG_LIMIT:
            raise StoreError("begin")
        if not self._keys.free_slots:
            raise StoreFull
        try:
            extents = self._extents.take(count)
        except FlashError:
            raise StoreError("flash")
        if extents is None:
            raise StoreFull
        iv = self.random(16)
        key = self.random(32)
        image_id = self._keys.next_id
        what = (None, kind, count, image_id, event_id, chunks, day, second)
        self._fields = what + (iv, key, None, bytes(extents), jpeg_bytes)
        self._sealer = seal.Sealer(key, stored_image.header(self._fields), iv)
        return chunks

    def chunk(self, buf: bytearray) -> None:
        """Seal the next CHUNK_BYTES of plaintext in place and program them; raise StoreError.

        The JPEG begins at byte LENGTH_BYTES of the first chunk; its length is put before it. After
        an error the image is aborted.
        """
        if self._fields is None or self._chunk == self._fields[CHUNKS]:
            raise StoreError("chunk")
        if self._chunk == 0:
            struct.pack_into("<I", buf, 0, self._fields[_JPEG_BYTES])
        self._put(0, buf)
        self._chunk += 1

    def finish(self) -> int:
        """Complete the image with zeros and its key slot; return its id; raise StoreError.

        From here on it lives, over resets too. At least the JPEG's own chunks must be there.
        """
        if self._fields is None:
            raise StoreError("finish")
        if self._chunk * seal.CHUNK_BYTES < seal.LENGTH_BYTES + self._fields[_JPEG_BYTES]:
            self.abort()
            raise StoreError("finish")
        while self._chunk < self._fields[CHUNKS]:
            for offset in range(0, seal.CHUNK_BYTES, len(self._page)):
                struct.pack_into("256s", self._page, 0, b"")
                self._put(offset, self._page)
            self._chunk += 1
        fields = self._fields
        try:
            self._keys.add(fields[1:MAC] + (self._sealer.mac(), fields[EXTENTS]))
        except FlashError:
            self.abort()
            raise StoreError("flash")
        self._forget()
        return fields[IMAGE_ID]

    def abort(self) -> None:
        """Drop the image that was begun, if any: its key was only in RAM and is forgotten."""
        if self._fields is not None:
            self._extents.release(self._fields[EXTENTS], self._fields[EXTENT_COUNT])
        self._forget()

    def _put(self, offset: int, buf: bytearray) -> None:
        self._sealer.seal(buf)
        try:
            self._extents.program(self._fields[EXTENTS], self._chunk, offset, buf)
        except FlashError:
            self.abort()
            raise StoreError("flash")

    # --- reading -------------------------------------------------------------------------------

    def ids(self) -> list:
        """Return the ids of all images, oldest first."""
        return self._keys.index.living()

    def info(self, image_id: int) -> ImageInfo:
        """Return what is known of an image; raise StoreError."""
        return ImageInfo(self.fields(image_id), self._keys.delivered(image_id))

    def open(self, image_id: int, reader: int = READER_CUSTOMER) -> StoredImage:
        """Return an image to be sent to a reader; raise StoreError.

        The alarm receiving centre is no reader of a customer's picture (DESIGN 6), and nobody is
        one of an image whose age is not known, or whose time is over (ages.py).
        """
        fields = self.fields(image_id)
        if not self.is_served(image_id):
            raise StoreError("age")
        if reader != READER_CUSTOMER and fields[KIND] == codes.IMAGE_CUSTOMER:
            raise StoreError("reader")
        return StoredImage(self, fields)

    def is_served(self, image_id: int) -> bool:
        """Say whether there is such an image, and its age lets it be sent."""
        index = self._keys.index
        slot = index.find(image_id)
        return slot >= 0 and self._ages.is_served(image_id, index.days[slot])

    def fields(self, image_id: int) -> tuple:
        """Return an image's key slot, its key too: for StoredImage only; raise StoreError."""
        try:
            fields = self._keys.fields(image_id)
        except FlashError:
            raise StoreError("flash")
        if fields is None:
            raise StoreError("no image")
        return fields

    def read_chunk(self, image: StoredImage, index: int, buf: bytearray) -> None:
        """Fill `buf` with a sealed chunk, for StoredImage only; raise StoreError."""
        if self._keys.delivered(image.image_id) < 0 or not 0 <= index < image.chunks:
            raise StoreError("no image")
        try:
            self._extents.read_chunk(image.extents, index, buf)
        except FlashError:
            raise StoreError("flash")

    # --- ends ----------------------------------------------------------------------------------

    def mark_delivered(self, image_id: int, reader: int) -> None:
        """Note that reader 0 (ARC) or 1 (customer) has the whole image; raise StoreError."""
        try:
            self._keys.mark_delivered(image_id, reader)
        except KeyError:
            raise StoreError("no image")
        except FlashError:
            raise StoreError("flash")

    def delete(self, image_id: int, why: int) -> None:
        """Destroy an image's key at once and journal it (why: DELETE_ number); raise StoreError.

        Where the journal cannot be written, `housekeep` records it later, over resets too.
        """
        try:
            fields = self._keys.fields(image_id)
        except FlashError:
            fields = ()  # spoiled; its room comes back at the next boot
        try:
            self._keys.delete(image_id, why)
        except KeyError:
            raise StoreError("no image")
        except FlashError:
            raise StoreError("flash")
        if fields:
            self._extents.release(fields[EXTENTS], fields[EXTENT_COUNT])
        self._record_deletion()

    def _record_deletion(self) -> bool:
        """Journal one deletion that is not on record yet; False where that failed."""
        try:
            image_id, event_id, why = self._keys.next_pending()
            if event_id > self._journal.last_event:
                event_id = 0  # there was no such event yet: a power cut tore the number
            self._journal.append(codes.JR_DELETE, event_id, image_id, why)
            self._keys.recorded(image_id)
        except (JournalError, FlashError):
            return False
        return True

    def housekeep(self) -> bool:
        """Do one bounded step, if any is due; True if so. Idle, it allocates nothing.

        Record a deletion, evict an image, erase or check one block, copy one key slot.
        """
        if self._unreadable:
            return False  # what looks free may hold an image
        if self._keys.pending and self._journal.ready and self._record_deletion():
            return True
        if self._extents.free < RESERVE_EXTENTS and self._evict():
            return True
        if not self._keys.ready and self._keys.housekeep():
            return True  # before all the room for images is looked through: none can be stored
        return self._extents.housekeep() or self._keys.housekeep()

    def _evict(self) -> bool:
        """Delete the oldest that the customer has, else that the ARC has, else the oldest."""
        index = self._keys.index
        image_id = index.oldest(READER_CUSTOMER) or index.oldest(READER_ARC)
        try:
            self.delete(image_id or index.oldest(ANY_READER), codes.DELETE_FOR_ROOM)
        except StoreError:
            return False  # there is none (no image has the id 0), or the flash failed
        return True
