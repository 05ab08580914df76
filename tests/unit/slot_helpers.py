"""Key slots over a flash that can wear out, and what lies in it."""

import unittest

from fake_flash import FakeFlash

from detector.flash_map import KEYS_A_BLOCK, RAW_BLOCKS
from detector.keyslots import KeySlots
from detector.raw_flash import raw_blocks

FIRST_RAW = 352 - RAW_BLOCKS
KEY = b"the key of an image, 32 bytes..."
NONE = b"\xff"


def fields(image_id: int, key: bytes = KEY) -> tuple:
    """Return an image's fields, behind the marker."""
    return (3, 1, image_id, 7, 8, 2500, 43199, b"iv" * 8, key, b"mac." * 8, bytes(range(16)))


class WornFlash(FakeFlash):
    """`stuck` are bytes that keep their value: block, offset, value."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck = ()

    def _program(self, number: int, offset: int, data: bytes, is_half: bool = False) -> None:
        super()._program(number, offset, data, is_half)
        for block, at, value in self.stuck:
            self._block(block)[at] = value


class Slots(unittest.TestCase):
    """`slots` over a blank flash."""

    def setUp(self) -> None:
        self.flash = WornFlash()
        self.slots = KeySlots(raw_blocks(self.flash))

    def add(self, number: int, image_id: int, key: bytes = KEY) -> bytes:
        """Write an image's slot in side A; return its bytes."""
        data = bytes(self.slots.pack(fields(image_id, key)))
        self.slots.write(KEYS_A_BLOCK, number, 0, data)
        return data

    def lies(self, number: int) -> bytes:
        """Return what lies in a slot of side A."""
        block, at = divmod((number + 2) * 128, 4096)
        held = self.flash.blocks.get(FIRST_RAW + KEYS_A_BLOCK + block, NONE * 4096)
        return bytes(held[at : at + 128])

    def stick(self, number: int, at: int, value: int) -> None:
        """Let a byte of a slot of the side's first block keep its value."""
        self.flash.stuck = ((FIRST_RAW + KEYS_A_BLOCK, (number + 2) * 128 + at, value),)
