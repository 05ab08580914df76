"""How a journal's record lies in its slot of flash: 92 bytes that are told, 36 that never are.

A record is a body, its MAC and a CRC over both. The CRC is what a boot goes by: the key of the MAC
is gone by then. Behind the record lies the key of the next one, with a check of its own; it never
leaves the detector, and is zeroed once the next record is in flash.
"""

import binascii
import struct

from detector.compat import const
from detector.flash_map import JOURNAL_BLOCK, PAGE_BYTES
from detector.raw_flash import FlashError

SLOT_BYTES = const(128)
PER_BLOCK = const(32)  # BLOCK_BYTES // SLOT_BYTES
SLOT_COUNT = const(1280)  # JOURNAL_BLOCKS * PER_BLOCK
RECORD_BYTES = const(92)
BODY_BYTES = const(56)
CHAIN_BYTES = const(12)
KEY_BYTES = const(32)
PROOF_BYTES = const(16)
MAGIC = const(0x53)  # "S"
VERSION = const(2)
# magic, version, kind, flags, number, boot, ticks_ms, day, faults, second, event id, a, b, last
# event id, torn numbers so far, minutes powered without a clock, first bytes of the MAC before
BODY = "<BBBBIIIHHIIIIIHH12s"
FLAG_ARMED = const(1)
FLAG_TIME_KNOWN = const(2)
FLAG_ALARM = const(4)  # an ALARM without its ALARM_END
# What the keys are used for, besides the MAC of a body (which begins with the magic).
FIRST_LABEL = b"sluss journal"  # and the device id: the MAC that record 1 follows
NEXT_LABEL = b"sluss journal next"  # the key of the next record
END_LABEL = b"sluss journal end"  # said by whoever has the key behind the last record

_CHECK_AT = const(88)  # CRC-32 of body and MAC
_KEY_AT = const(92)
_KEY_CHECK_AT = const(124)  # CRC-32 of the key
_SECRET_BYTES = const(36)
_TORN_LIMIT = const(0xFFFF)
_BLANK_PAGE = b"\xff" * PAGE_BYTES
_BLANK_SLOT = b"\xff" * SLOT_BYTES
_NO_SECRET = bytes(_SECRET_BYTES)


def slot_of(number: int) -> int:
    """Return the slot in which a record lies."""
    return (number - 1) % SLOT_COUNT


class JournalSlots:
    """Single slots of the ring, counted from 0; `body` and `mac` are of the last one read."""

    def __init__(self, raw: "RawFlash") -> None:
        """Take the raw region."""
        self._raw = raw
        self._page = bytearray(PAGE_BYTES)
        self._slot = bytearray(SLOT_BYTES)
        view = memoryview(self._slot)
        self.record = view[:RECORD_BYTES]
        self.body = view[:BODY_BYTES]
        self.mac = view[BODY_BYTES:_CHECK_AT]
        self._checked = view[:_CHECK_AT]
        self._key = view[_KEY_AT:_KEY_CHECK_AT]
        self._secret = view[_KEY_AT:]

    # --- reading -------------------------------------------------------------------------------

    def read(self, slot: int) -> None:
        """Read a slot; raise FlashError."""
        block = JOURNAL_BLOCK + slot // PER_BLOCK
        self._raw.read_into(block, slot % PER_BLOCK * SLOT_BYTES, self._slot)

    def read_number(self, slot: int) -> int:
        """Read a slot; return the number of the whole record in it, 0 for anything else."""
        self.read(slot)
        magic, version, _kind, _flags, number = struct.unpack_from("<BBBBI", self._slot, 0)
        if magic != MAGIC or version != VERSION or number == 0:
            return 0
        check = struct.unpack_from("<I", self._slot, _CHECK_AT)[0]
        if slot_of(number) != slot or binascii.crc32(self._checked) != check:
            return 0
        return number

    def is_blank(self) -> bool:
        """Say whether the slot just read was never written."""
        return self._slot == _BLANK_SLOT

    def key(self) -> bytes | None:
        """Return the key in the slot just read, None where there is no whole one."""
        if binascii.crc32(self._key) != struct.unpack_from("<I", self._slot, _KEY_CHECK_AT)[0]:
            return None
        return bytes(self._key)

    def is_key_destroyed(self) -> bool:
        """Say whether nothing is left of a key in the slot just read."""
        return self._secret == _NO_SECRET

    # --- writing: one page program each, seen in the flash; all raise FlashError -----------------

    def write(self, slot: int, fields: tuple, mac_key: "HmacKey", next_key: bytes) -> None:
        """Program a record (BODY's fields behind magic and version) and the key behind it."""
        if fields[-3] > _TORN_LIMIT:
            raise FlashError("journal")
        start = self._begin(slot)
        page = self._page
        struct.pack_into(BODY, page, start, MAGIC, VERSION, *fields)
        checked = memoryview(page)[start : start + _CHECK_AT]
        checked[BODY_BYTES:] = mac_key.mac(checked[:BODY_BYTES])
        struct.pack_into("<I", page, start + _CHECK_AT, binascii.crc32(checked))
        self._put_key(start, next_key)
        self._end(slot, start, 0)

    def write_key(self, slot: int, key: bytes) -> None:
        """Program a slot's key once more: a power cut may have left it half written."""
        start = self._begin(slot)
        self._put_key(start, key)
        self._end(slot, start, _KEY_AT)

    def destroy_key(self, slot: int) -> None:
        """Zero a slot's key and its check."""
        start = self._begin(slot)
        self._page[start + _KEY_AT : start + SLOT_BYTES] = _NO_SECRET
        self._end(slot, start, _KEY_AT)

    def _begin(self, slot: int) -> int:
        """Fill the page with ones, which change nothing; return where in it the slot starts."""
        self._page[:] = _BLANK_PAGE
        return slot % 2 * SLOT_BYTES

    def _put_key(self, start: int, key: bytes) -> None:
        struct.pack_into("<32sI", self._page, start + _KEY_AT, key, binascii.crc32(key))

    def _end(self, slot: int, start: int, since: int) -> None:
        """Program the page, and see in the slot what it holds from byte `since` on."""
        block = JOURNAL_BLOCK + slot // PER_BLOCK
        self._raw.program(block, slot % PER_BLOCK * SLOT_BYTES - start, self._page)
        self.read(slot)
        if self._slot[since:] != self._page[start + since : start + SLOT_BYTES]:
            raise FlashError("journal")
