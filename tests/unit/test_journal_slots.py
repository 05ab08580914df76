"""One slot of the journal: its bytes, which never change, and what is no record."""

import binascii
import struct
import unittest

from detector import journal_slots as slots
from detector.crypto import HmacKey
from detector.flash_map import PAGE_BYTES
from detector.journal_slots import JournalSlots
from detector.raw_flash import FlashError

MAC_KEY = HmacKey(b"k" * 32)
NEXT_KEY = b"n" * 32


def fields(number: int) -> tuple:
    """Return a record's fields, behind magic and version."""
    return (6, 1, number, 9, 1234, 2500, 0x40, 4000, 7, 3, 2, 7, 0, 17, b"c" * 12)


class OneBlock:
    """Raw flash of which one block is used; `spoils` is the byte that a program gets wrong."""

    def __init__(self) -> None:
        self.bytes = bytearray(b"\xff" * 4096)
        self.spoils = None

    def read_into(self, block: int, offset: int, buf: bytearray) -> None:
        buf[:] = self.bytes[offset : offset + len(buf)]

    def program(self, block: int, offset: int, buf: bytearray) -> None:
        for at in range(len(buf)):
            self.bytes[offset + at] &= buf[at]
        if self.spoils is not None:
            self.bytes[self.spoils] ^= 1


class TestSlots(unittest.TestCase):
    def setUp(self) -> None:
        self.flash = OneBlock()
        self.slots = JournalSlots(self.flash)

    def write(self, number: int) -> int:
        """Write a record; return its slot."""
        slot = slots.slot_of(number)
        self.slots.write(slot, fields(number), MAC_KEY, NEXT_KEY)
        return slot

    def forge(self, at: int, value: int, slot: int = 3) -> int:
        """Change a byte and make the CRC fit; return the number that is read."""
        self.write(slot + 1)
        start = slot * 128
        self.flash.bytes[start + at] = value
        check = binascii.crc32(bytes(self.flash.bytes[start : start + 88]))
        self.flash.bytes[start + 88 : start + 92] = struct.pack("<I", check)
        return self.slots.read_number(slot)

    def test_journals_in_the_field_have_these_numbers(self) -> None:
        numbers = (slots.MAGIC, slots.VERSION, slots.KEY_BYTES, slots.RECORD_BYTES)
        self.assertEqual(numbers, (0x53, 2, 32, 92))
        flags = (slots.FLAG_ARMED, slots.FLAG_TIME_KNOWN, slots.FLAG_ALARM)
        self.assertEqual(flags, (1, 2, 4))

    def test_a_record_is_these_bytes(self) -> None:
        slot = self.write(5)
        body = struct.pack("<BBBBIIIHHIIIIIHH12s", 0x53, 2, *fields(5))
        mac = MAC_KEY.mac(body)
        record = body + mac + struct.pack("<I", binascii.crc32(body + mac))
        secret = NEXT_KEY + struct.pack("<I", binascii.crc32(NEXT_KEY))
        self.assertEqual(len(record + secret), 128)
        self.assertEqual(bytes(self.flash.bytes[slot * 128 : slot * 128 + 128]), record + secret)
        self.assertEqual((self.slots.read_number(slot), self.slots.key()), (5, NEXT_KEY))
        self.assertEqual(bytes(self.slots.record), record)

    def test_a_record_touches_no_other_slot(self) -> None:
        self.write(5)
        rest = self.flash.bytes[: 4 * 128] + self.flash.bytes[5 * 128 :]
        self.assertEqual(bytes(rest), b"\xff" * (4096 - 128))
        self.assertEqual(PAGE_BYTES, 256)

    def test_what_is_whole_but_of_another_kind_is_no_record(self) -> None:
        self.assertEqual(self.forge(0, 0x53), 4)
        for at, value in ((0, 0x52), (1, 1), (1, 3), (4, 5), (4, 0)):
            self.setUp()
            self.assertEqual(self.forge(at, value), 0, (at, value))

    def test_a_key_that_is_destroyed_is_gone_and_its_record_is_not(self) -> None:
        slot = self.write(5)
        self.slots.destroy_key(slot)
        self.assertEqual(self.slots.read_number(slot), 5)
        self.assertEqual((self.slots.key(), self.slots.is_key_destroyed()), (None, True))

    def test_any_byte_that_a_program_gets_wrong_is_seen(self) -> None:
        for at in (0, 1, 55, 56, 87, 88, 91, 92, 123, 124, 127):
            self.setUp()
            self.flash.spoils = 4 * 128 + at
            with self.assertRaises(FlashError):
                self.write(5)


if __name__ == "__main__":
    unittest.main()
