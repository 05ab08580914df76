"""A key slot and a side's header: their bytes, which never change, and what is neither."""

import binascii
import struct
import unittest

from slot_helpers import FIRST_RAW, KEY, NONE, Slots, fields

from detector import codes
from detector.flash_map import KEYS_A_BLOCK, KEYS_B_BLOCK
from detector.keyslots import DELIVERED_AT, RECORDED_AT, SLOT_COUNT
from detector.raw_flash import FlashError


class TestLayout(Slots):
    def test_a_slot_is_these_bytes(self) -> None:
        body = b"SK\x03\x01\x05\0\0\0\x07\0\0\0\x08\0\xc4\x09" + struct.pack("<I", 43199)
        body += b"iv" * 8 + KEY + b"mac." * 8 + bytes(range(16))
        whole = body + struct.pack("<I", binascii.crc32(body)) + NONE * 8
        self.assertEqual((len(body), len(whole)), (116, 128))
        self.assertEqual(bytes(self.slots.pack(fields(5))), whole)

    def test_its_fields_can_be_asked(self) -> None:
        self.add(0, 5)
        self.slots.read(KEYS_A_BLOCK, 0)
        asked = (self.slots.id(), self.slots.day(), self.slots.key())
        self.assertEqual(asked, (5, 2500, KEY))

    def test_a_side_has_126_slots_behind_its_header_page(self) -> None:
        self.slots.write_header(KEYS_A_BLOCK, 1, 1)
        whole = [self.add(number, number + 1) for number in range(126)]
        self.assertEqual([self.lies(number) for number in range(126)], whole)
        self.assertEqual((SLOT_COUNT, sorted(self.flash.blocks)), (126, [97, 98, 99, 100]))
        for number in range(126):
            self.slots.read(KEYS_A_BLOCK, number)
            self.assertEqual(self.slots.id(), number + 1)
        self.assertEqual(self.slots.read_header(KEYS_A_BLOCK), (1, 1))

    def test_a_deleted_slot_keeps_ids_and_marks_and_says_why(self) -> None:
        for is_recorded, recorded in ((False, NONE), (True, b"\0")):
            self.setUp()
            before, kept = self.add(0, 5), self.add(1, 6)
            self.slots.set_done(KEYS_A_BLOCK, 0, DELIVERED_AT + 1)
            self.slots.zero(KEYS_A_BLOCK, 0, codes.DELETE_BY_AGE, is_recorded)
            tail = b"\xff\0\x04" + recorded + NONE * 4
            self.assertEqual(self.lies(0), before[:20] + bytes(100) + tail)
            self.assertEqual(self.lies(1), kept)

    def test_what_is_written_changes_no_other_slot(self) -> None:
        for number in range(4):
            self.add(number, 5)
            self.slots.set_done(KEYS_A_BLOCK, 6, RECORDED_AT)
            self.assertEqual(self.lies(7), NONE * 128)
            self.assertEqual(self.lies(6), NONE * 123 + b"\0" + NONE * 4)


class TestWhole(Slots):
    def is_whole(self, at: int, value: int) -> bool:
        """Say whether a slot with one byte changed, and a check that fits, is whole."""
        data = bytearray(self.slots.pack(fields(5)))
        data[at] = value
        if at < 116:
            data[116:120] = struct.pack("<I", binascii.crc32(bytes(data[:116])))
        self.slots.slot[:] = data
        return self.slots.is_whole()

    def test_both_bytes_of_the_marker_must_be_right(self) -> None:
        whole = [self.is_whole(0, ord("S")), self.is_whole(1, ord("K"))]
        wrong = [self.is_whole(0, ord("K")), self.is_whole(1, ord("S")), self.is_whole(1, 0)]
        self.assertEqual((whole, wrong), ([True, True], [False, False, False]))

    def test_a_slot_with_any_reason_of_a_deletion_is_not_whole(self) -> None:
        self.assertEqual([self.is_whole(122, why) for why in range(255)], [False] * 255)
        self.assertEqual(self.is_whole(122, 255), True)

    def test_a_changed_bit_anywhere_before_the_marks_is_noticed(self) -> None:
        whole = self.slots.pack(fields(5))
        for at in range(120):
            self.slots.slot[:] = whole
            self.slots.slot[at] ^= 0x10
            self.assertEqual(self.slots.is_whole(), False, at)

    def test_only_a_slot_that_was_never_written_is_blank(self) -> None:
        for at in (0, 127):
            self.slots.slot[:] = NONE * 128
            self.assertEqual(self.slots.is_blank(), True)
            self.slots.slot[at] = 0xFE
            self.assertEqual(self.slots.is_blank(), False)

    def test_a_slot_is_zeroed_once_nothing_secret_is_left(self) -> None:
        self.slots.zero(KEYS_A_BLOCK, 0, codes.DELETE_BY_AGE, True)
        self.assertEqual(self.slots.is_zeroed(), True)
        for at in (20, 119):
            self.slots.slot[at] = 1
            self.assertEqual(self.slots.is_zeroed(), False)
            self.slots.slot[at] = 0


class TestWornFlash(Slots):
    """What is not in the flash afterwards was not written."""

    def test_a_byte_of_a_slot_that_keeps_its_value_is_an_error(self) -> None:
        for at in (0, 127):
            self.setUp()
            self.stick(2, at, 0x7F)
            with self.assertRaises(FlashError):
                self.add(2, 5)

    def test_so_is_a_mark(self) -> None:
        self.add(2, 5)
        self.stick(2, DELIVERED_AT, 0xFF)
        with self.assertRaises(FlashError):
            self.slots.set_done(KEYS_A_BLOCK, 2, DELIVERED_AT)

    def test_so_is_what_is_left_of_a_secret_or_a_reason_that_is_not_there(self) -> None:
        for at, value in ((20, 1), (119, 0x80), (122, 0xFF)):
            self.setUp()
            self.add(2, 5)
            self.stick(2, at, value)
            with self.assertRaises(FlashError):
                self.slots.zero(KEYS_A_BLOCK, 2, codes.DELETE_BY_AGE, True)

    def test_so_is_a_header(self) -> None:
        self.flash.stuck = ((FIRST_RAW + KEYS_A_BLOCK, 8, 9),)
        with self.assertRaises(FlashError):
            self.slots.write_header(KEYS_A_BLOCK, 1, 1)


class TestHeader(Slots):
    def forge(self, at: int, value: int, check: int = 0) -> tuple:
        """Change a byte of a header, and its check by `check`; return what is read."""
        self.slots.write_header(KEYS_B_BLOCK, 3, 77)
        page = self.flash.blocks[FIRST_RAW + KEYS_B_BLOCK]
        page[at] = value
        page[16:20] = struct.pack("<I", binascii.crc32(bytes(page[:16])) ^ check)
        return self.slots.read_header(KEYS_B_BLOCK)

    def test_a_header_is_these_bytes_and_nothing_else_is_in_its_page(self) -> None:
        self.add(0, 5)
        self.slots.write_header(KEYS_B_BLOCK, 3, 77)
        body = b"SLKS\x01\0\0\0\x03\0\0\0\x4d\0\0\0"
        page = bytes(self.flash.blocks[FIRST_RAW + KEYS_B_BLOCK][:256])
        self.assertEqual(page, body + struct.pack("<I", binascii.crc32(body)) + NONE * 236)
        self.assertEqual(self.slots.read_header(KEYS_B_BLOCK), (3, 77))

    def test_magic_version_and_check_must_be_right(self) -> None:
        """A side without a header is of no generation, and its next image is the first."""
        self.assertEqual(self.slots.read_header(KEYS_A_BLOCK), (0, 1))
        self.assertEqual(self.forge(0, ord("S")), (3, 77))
        self.assertEqual(self.forge(0, ord("T")), (0, 1))
        self.setUp()
        self.assertEqual(self.forge(4, 2), (0, 1))
        self.setUp()
        self.assertEqual(self.forge(4, 1, check=1), (0, 1))


if __name__ == "__main__":
    unittest.main()
