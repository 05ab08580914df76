"""How the key store lies in flash: a header page a side, then slots of 128 bytes.

Read, program and zero single slots; which of them live is keystore.py's affair.
"""

import binascii
import struct

from detector.compat import const
from detector.flash_map import BLOCK_BYTES, KEYS_SIDE_BLOCKS, PAGE_BYTES
from detector.raw_flash import FlashError

SLOT_BYTES = const(128)
SLOT_COUNT = const(126)  # a side's slots but the two of its header page
# marker, kind, extent count, image id, event id, chunks, day, second, iv, key, MAC, extents
SLOT = "<2sBBIIHHI16s32s32s16s"
MARKER = b"SK"
ID_AT = const(4)
DAY_AT = const(14)
KEY_AT = const(36)
KEY_END = const(68)
SECRET_AT = const(20)  # iv, key, MAC, extents and check: what deleting zeroes
CHECK_AT = const(116)
DELIVERED_AT = const(120)  # a byte for each reader, 0xFF -> 0
WHY_AT = const(122)  # DELETE_ number, 0xFF while it lives
RECORDED_AT = const(123)  # 0 once the journal has the deletion
_DONE = b"\x00"
_SECRET_ZEROS = bytes(100)  # DELIVERED_AT - SECRET_AT

_HEADER = "<4sBxxxII"  # magic, version, generation, next image id; crc32 of these follows
_HEADER_BYTES = const(16)
_HEADER_MAGIC = b"SLKS"
_VERSION = const(1)
_BLANK_PAGE = b"\xff" * PAGE_BYTES
_BLANK_SLOT = b"\xff" * SLOT_BYTES


class KeySlots:
    """Slots of both sides; a side is named by its first block. `slot` holds the last one read."""

    def __init__(self, raw: "RawFlash") -> None:
        """Take the raw region."""
        self._raw = raw
        self._page = bytearray(PAGE_BYTES)
        self.slot = bytearray(SLOT_BYTES)
        view = memoryview(self.slot)
        self._checked = view[:CHECK_AT]
        self._secret = view[SECRET_AT:DELIVERED_AT]

    # --- one slot ------------------------------------------------------------------------------

    def read(self, side: int, number: int) -> None:
        """Read a slot into `slot`; raise FlashError."""
        at = (number + 2) * SLOT_BYTES
        self._raw.read_into(side + at // BLOCK_BYTES, at % BLOCK_BYTES, self.slot)

    def is_blank(self) -> bool:
        """Say whether `slot` was never written."""
        return self.slot == _BLANK_SLOT

    def is_whole(self) -> bool:
        """Say whether `slot` was written whole and not deleted."""
        if self.slot[WHY_AT] != 0xFF or self.slot[0] != MARKER[0] or self.slot[1] != MARKER[1]:
            return False
        (check,) = struct.unpack_from("<I", self.slot, CHECK_AT)
        return binascii.crc32(self._checked) == check

    def is_zeroed(self) -> bool:
        """Say whether nothing is left of the secrets in `slot`."""
        return self._secret == _SECRET_ZEROS

    def key(self) -> bytes:
        """Return the image key in `slot`."""
        return bytes(self.slot[KEY_AT:KEY_END])

    def id(self) -> int:
        """Return the image id in `slot`."""
        (image_id,) = struct.unpack_from("<I", self.slot, ID_AT)
        return image_id

    def day(self) -> int:
        """Return the day in `slot` on which the image was taken."""
        (day,) = struct.unpack_from("<H", self.slot, DAY_AT)
        return day

    def pack(self, fields: tuple) -> bytearray:
        """Return a slot's bytes; `fields` in SLOT's order without the marker."""
        data = bytearray(_BLANK_SLOT)
        struct.pack_into(SLOT, data, 0, MARKER, *fields)
        struct.pack_into("<I", data, CHECK_AT, binascii.crc32(memoryview(data)[:CHECK_AT]))
        return data

    def write(self, side: int, number: int, at: int, data: bytes) -> None:
        """Clear bits of a slot from byte `at` on, and see them cleared; raise FlashError."""
        self._begin(number, at, data)
        self._end(side, number)
        if memoryview(self.slot)[at : at + len(data)] != data:
            raise FlashError("key slot")

    def set_done(self, side: int, number: int, at: int) -> None:
        """Program one of the bytes that go from 0xFF to 0; raise FlashError."""
        self.write(side, number, at, _DONE)

    def zero(self, side: int, number: int, why: int, is_recorded: bool) -> None:
        """Destroy a slot's secrets and mark it deleted, in one page program; raise FlashError."""
        self._begin(number, SECRET_AT, _SECRET_ZEROS)
        start = number % 2 * SLOT_BYTES
        self._page[start + WHY_AT] = why
        if is_recorded:
            self._page[start + RECORDED_AT] = 0
        self._end(side, number)
        if not self.is_zeroed() or self.slot[WHY_AT] == 0xFF:
            raise FlashError("key slot")

    def _begin(self, number: int, at: int, data: bytes) -> None:
        """Fill the page with ones, which change nothing, but for `data` at its place."""
        start = number % 2 * SLOT_BYTES + at
        self._page[:] = _BLANK_PAGE
        self._page[start : start + len(data)] = data

    def _end(self, side: int, number: int) -> None:
        at = (number - number % 2 + 2) * SLOT_BYTES
        self._raw.program(side + at // BLOCK_BYTES, at % BLOCK_BYTES, self._page)
        self.read(side, number)

    # --- a whole side --------------------------------------------------------------------------

    def scrub(self, side: int, image_id: int, key: bytes, why: int) -> None:
        """Zero every copy of an image's slot that a side still holds; raise FlashError."""
        for number in range(SLOT_COUNT):
            if self._is_copy(side, number, image_id, key):
                self.zero(side, number, why, True)

    def mark_copies(self, side: int, image_id: int, key: bytes, at: int) -> None:
        """Set a byte to done in every copy of an image's slot in a side; raise FlashError."""
        for number in range(SLOT_COUNT):
            if self._is_copy(side, number, image_id, key):
                self.set_done(side, number, at)

    def _is_copy(self, side: int, number: int, image_id: int, key: bytes) -> bool:
        # Either one tells: a half-erased or half-written slot may have lost the other.
        self.read(side, number)
        if self.is_zeroed():
            return False
        return self.id() == image_id or self.slot[KEY_AT:KEY_END] == key

    def read_header(self, side: int) -> tuple:
        """Return (generation, next image id) of a side, else (0, 1); raise FlashError."""
        self._raw.read_into(side, 0, self._page)
        magic, version, generation, next_id = struct.unpack_from(_HEADER, self._page, 0)
        (check,) = struct.unpack_from("<I", self._page, _HEADER_BYTES)
        is_whole = binascii.crc32(memoryview(self._page)[:_HEADER_BYTES]) == check
        if is_whole and magic == _HEADER_MAGIC and version == _VERSION:
            return generation, next_id
        return 0, 1

    def write_header(self, side: int, generation: int, next_id: int) -> None:
        """Make a side the one in use; raise FlashError."""
        self._page[:] = _BLANK_PAGE
        struct.pack_into(_HEADER, self._page, 0, _HEADER_MAGIC, _VERSION, generation, next_id)
        check = binascii.crc32(memoryview(self._page)[:_HEADER_BYTES])
        struct.pack_into("<I", self._page, _HEADER_BYTES, check)
        self._raw.program(side, 0, self._page)
        if self.read_header(side) != (generation, next_id):
            raise FlashError("key store header")

    def count_whole(self, side: int) -> int:
        """Return how many images a side holds, whatever its header says; raise FlashError."""
        count = 0
        for number in range(SLOT_COUNT):
            self.read(side, number)
            if self.is_whole():
                count += 1
        return count

    def is_side_blank(self, side: int) -> bool:
        """Say whether a whole side is blank; raise FlashError."""
        for block in range(side, side + KEYS_SIDE_BLOCKS):
            if not self._raw.is_blank(block):
                return False
        return True
