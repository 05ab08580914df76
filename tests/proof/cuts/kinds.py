"""What each operation on the flash was for, by its place and its bytes."""

from nor import BLOCK_COUNT

from detector import journal_slots, keyslots
from detector.flash_map import (
    IDENTITY_BLOCK,
    IMAGES_BLOCK,
    JOURNAL_BLOCK,
    KEYS_A_BLOCK,
    KEYS_B_BLOCK,
    RAW_BLOCKS,
)

RAW_FIRST = BLOCK_COUNT - RAW_BLOCKS
_KEY_HEADER = b"SLKS"
_RECORD = bytes((journal_slots.MAGIC, journal_slots.VERSION))
_NO_SECRET = bytes(keyslots.DELIVERED_AT - keyslots.SECRET_AT)


def kind_of(operation):
    """Return the row of the histogram that an operation belongs to."""
    raw = operation.number - RAW_FIRST
    data = operation.data
    if raw < 0:
        return "littlefs erase" if data is None else "littlefs program"
    if raw == IDENTITY_BLOCK:
        return "identity erased" if data is None else "identity written"
    if KEYS_A_BLOCK <= raw < JOURNAL_BLOCK:
        return _of_keys(raw, operation.offset, data)
    if JOURNAL_BLOCK <= raw < IMAGES_BLOCK:
        return _of_journal(data)
    return "image room erased" if data is None else "image page stored"


def _of_keys(raw, offset, data):
    if data is None:
        return "key side erased"
    if offset == 0 and raw in (KEYS_A_BLOCK, KEYS_B_BLOCK):
        return "key side taken into use" if data.startswith(_KEY_HEADER) else "key side torn"
    if keyslots.MARKER in (data[:2], data[128:130]):
        return "key slot written"
    return "key slot zeroed" if _NO_SECRET in data else "key slot marked"


def _of_journal(data):
    if data is None:
        return "journal block erased ahead"
    if _RECORD in (data[:2], data[128:130]):
        return "journal append"
    key = (
        data[92:128] if data[:92] == b"\xff" * 92 and data[92:128] != b"\xff" * 36 else data[220:]
    )
    return "journal key destroyed" if key == bytes(36) else "journal key written again"
