"""A key store over a flash in RAM, its images, and slots that a power cut could leave."""

import struct

from detector import codes, flash_map, keyslots
from detector.keyslots import SLOT_BYTES, KeySlots
from detector.keystore import KeyStore
from detector.raw_flash import raw_blocks

FIRST = 96  # the first raw block of the fake flash
SIDE_A = FIRST + flash_map.KEYS_A_BLOCK
SIDE_B = FIRST + flash_map.KEYS_B_BLOCK
SIDE_BLOCKS = flash_map.KEYS_SIDE_BLOCKS
BLOCKS_A = range(SIDE_A, SIDE_A + SIDE_BLOCKS)
BLOCKS_B = range(SIDE_B, SIDE_B + SIDE_BLOCKS)
DAY = 2500
STEPS = 2000  # more housekeeping than there is ever to do


def opened(flash):
    """Return the key store as a boot finds it."""
    keys = KeyStore(raw_blocks(flash))
    keys.recover()
    return keys


def tidy(keys):
    """Housekeep until nothing is to be done; return how many steps there were."""
    for steps in range(STEPS):
        if not keys.housekeep():
            return steps
    raise ValueError("housekeeping without an end")


def key_of(image_id):
    """Return an image's key of 32 bytes, recognisable in the flash."""
    return b"key of image %08d, secret!!!" % image_id


def fields_of(image_id):
    """Return an image's fields, as the store hands them over."""
    mac = b"mac of image %08d, public!!!" % image_id
    fields = (codes.TRIP_PANIC, 1, image_id, 7, 8, DAY, 86399)
    return fields + (b"iv..............", key_of(image_id), mac, b"\x05" + b"\xff" * 15)


def add(keys):
    """Add the next image; return its id."""
    image_id = keys.next_id
    keys.add(fields_of(image_id))
    return image_id


def add_many(keys, count):
    """Add so many images."""
    for _ in range(count):
        add(keys)


def forget(keys, image_id):
    """Delete an image as the store does, its record written."""
    keys.delete(image_id, codes.DELETE_BY_CUSTOMER)
    keys.recorded(image_id)


def header(flash, side_block):
    """Return (generation, next image id) as they lie in a side."""
    return KeySlots(raw_blocks(flash)).read_header(side_block - FIRST)


def slot_bytes(flash, side_block, number):
    """Return the bytes of a slot, as they lie in the flash."""
    at = (number + 2) * SLOT_BYTES
    data = bytearray(SLOT_BYTES)
    flash.readblocks(side_block + at // 4096, data, at % 4096)
    return bytes(data)


def spoil(flash, side_block, number, at, value):
    """Put another byte into a slot, as rot or a cut does."""
    place = (number + 2) * SLOT_BYTES + at
    flash.blocks[side_block + place // 4096][place % 4096] = value


def put_slot(flash, side_block, number, image_id, why=0xFF, recorded=0xFF, secrets=0xFF):
    """Write a slot that is not whole: its id, its marks, and one byte all over its secrets."""
    data = bytearray(b"\xff" * SLOT_BYTES)
    struct.pack_into("<2sBBII", data, 0, keyslots.MARKER, codes.TRIP_PANIC, 1, image_id, 7)
    for at in range(keyslots.SECRET_AT, keyslots.DELIVERED_AT):
        data[at] = secrets
    data[keyslots.WHY_AT] = why
    data[keyslots.RECORDED_AT] = recorded
    page = bytearray(b"\xff" * 256)
    start = number % 2 * SLOT_BYTES
    page[start : start + SLOT_BYTES] = data
    at = (number - number % 2 + 2) * SLOT_BYTES
    flash.writeblocks(side_block + at // 4096, page, at % 4096)
