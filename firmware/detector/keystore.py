"""The images' keys in raw flash: what littlefs deletes stays readable, what is zeroed here not.

Two sides of four blocks; one is in use and its slots are filled one by one. Adding is one page
program. Deleting programs zeros over the key, which is gone at once. When slots run short,
`housekeep` copies what lives to the other side, whose header, written last, makes it the one in
use; then it erases the old one. Only `housekeep` erases.
"""

import struct

from detector import codes, keyslots
from detector.compat import const
from detector.flash_map import KEYS_A_BLOCK, KEYS_B_BLOCK, KEYS_SIDE_BLOCKS
from detector.key_index import LIVE, PENDING, KeyIndex
from detector.keyslots import DELIVERED_AT, RECORDED_AT, SLOT_COUNT, WHY_AT, KeySlots
from detector.raw_flash import FlashError

READER_ARC = const(0)
READER_CUSTOMER = const(1)

_LOW = const(24)  # fewer free slots than this: compact
_REST = const(1000)  # housekeep calls left out after the flash failed


class KeyStore:
    """Which images live; their keys stay on flash, what `index` has of them is in RAM."""

    def __init__(self, raw: "RawFlash") -> None:
        """Take the raw region; `recover` comes next."""
        self._raw = raw
        self._slots = KeySlots(raw)
        self.index = KeyIndex()
        self._rest = 0
        self.failing = False  # the last housekeep, or a scrub at recovery, failed
        self._use(KEYS_B_BLOCK, 0, 1)  # none is formatted: the other one will be the first

    # --- recovery ------------------------------------------------------------------------------

    def recover(self) -> None:
        """Find the side in use and what lives in it; raise FlashError.

        Blank flash is taken into use at once, and so are, as a fault, images without a header;
        anything else without one waits for housekeep.
        """
        in_a = self._slots.read_header(KEYS_A_BLOCK)
        in_b = self._slots.read_header(KEYS_B_BLOCK)
        if in_a > in_b:  # by generation
            self._use(KEYS_A_BLOCK, *in_a)
        else:
            self._use(KEYS_B_BLOCK, *in_b)
        if self._generation or self._take_headless():
            return
        if self._slots.is_side_blank(self._spare):
            self._change_sides()

    def _take_headless(self) -> bool:
        """Use the side with the most images although its header is spoiled; False for none."""
        in_a = self._slots.count_whole(KEYS_A_BLOCK)
        in_b = self._slots.count_whole(KEYS_B_BLOCK)
        count, side = max((in_a, KEYS_A_BLOCK), (in_b, KEYS_B_BLOCK))
        if count:
            self._use(side, self._generation + 1, self.next_id)
            self.failing = self._is_headless = True
        return self._is_headless

    def _use(self, side: int, generation: int, next_id: int) -> None:
        """Take a side into use: read its slots, and zero what a power cut tore."""
        self._side = side
        self._spare = KEYS_A_BLOCK if side == KEYS_B_BLOCK else KEYS_B_BLOCK
        self._generation = generation  # 0: no side is formatted
        self.next_id: int = next_id
        self.index.used = 0
        self.pending = 0  # deletions that the journal has not got yet
        self._has_dead = False  # slots in use that no image lives in
        self._is_headless = False  # the side in use has lost its header: its images move soon
        self._forget_spare()
        if not generation:
            return
        is_own = True
        for slot in range(SLOT_COUNT):
            self._slots.read(side, slot)
            self.index.marks[slot] = 0
            # An add that the flash refused leaves a blank slot among the others: look at all.
            if not self._slots.is_blank():
                self.index.used = slot + 1
                if not is_own and self._slots.is_whole():
                    self.failing = True  # no torn add, which is the last: an image was spoiled
                is_own = self._note(slot)
        for slot in range(self.index.used):
            if not self.index.marks[slot] & LIVE:
                self._has_dead = True

    def _note(self, slot: int) -> bool:
        """Enter the slot just read into the index; False where its id is not its own."""
        slots = self._slots
        self.index.ids[slot] = slots.id()
        self.index.days[slot] = slots.day()
        if slots.is_whole():
            self.index.marks[slot] = LIVE
            for reader in (READER_ARC, READER_CUSTOMER):
                if slots.slot[DELIVERED_AT + reader] != 0xFF:
                    self.index.marks[slot] |= 1 << reader
            self.next_id = max(self.next_id, self.index.ids[slot] + 1)
            return True
        why = slots.slot[WHY_AT]
        is_recorded = slots.slot[RECORDED_AT] != 0xFF
        is_own = self.index.check_id(slot, self.next_id)
        if why == 0xFF:  # torn while added (nobody was told of this image) or while deleted
            why = codes.DELETE_UNFINISHED
            is_recorded = False
        else:
            is_own = True
        self.next_id = max(self.next_id, self.index.ids[slot] + 1)
        if slots.slot[WHY_AT] == 0xFF or not slots.is_zeroed():
            try:
                slots.zero(self._side, slot, why, is_recorded)
            except FlashError:
                self.failing = True
        if not is_recorded:
            self.index.marks[slot] = PENDING
            self.pending += 1
        return is_own

    def _forget_spare(self) -> None:
        """Know nothing of the other side: it is looked through, and erased where need be."""
        self._spare_blank = 0  # blocks of it known to be blank, from its first on
        self._is_erased = False
        self._copy_from: int | None = None  # next slot to copy; None: no compaction runs
        self._copy_to = 0

    # --- asking --------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """A side is formatted: keys can be added."""
        return self._generation > 0

    @property
    def free_slots(self) -> int:
        """How many images can be added before a compaction."""
        return SLOT_COUNT - self.index.used if self._generation else 0

    def delivered(self, image_id: int) -> int:
        """Return bits 0 and 1 for reader 0 and 1, -1 where there is no such image."""
        slot = self.index.find(image_id)
        return -1 if slot < 0 else self.index.marks[slot] & 3

    def fields(self, image_id: int) -> tuple | None:
        """Return an image's fields in keyslots.SLOT's order, or None; raise FlashError."""
        slot = self.index.find(image_id)
        if slot < 0:
            return None
        self._slots.read(self._side, slot)
        if not self._slots.is_whole():
            raise FlashError("key slot")
        return struct.unpack_from(keyslots.SLOT, self._slots.slot, 0)

    # --- changing ------------------------------------------------------------------------------

    def add(self, fields: tuple) -> None:
        """Program one image's slot (SLOT's order without the marker); raise FlashError."""
        if not self.free_slots:
            raise FlashError("no key slot")
        image_id = fields[2]
        slot = self.index.add(image_id, fields[5])
        self.next_id = max(self.next_id, image_id + 1)
        try:
            self._slots.write(self._side, slot, 0, self._slots.pack(fields))
        except FlashError:
            self._drop_torn(slot)
            raise
        self.index.marks[slot] = LIVE

    def delete(self, image_id: int, why: int) -> None:
        """Destroy an image's key, now and in every copy; raise FlashError, KeyError if unknown.

        The deletion stays pending until `recorded`, over resets too.
        """
        slot = self.index.find(image_id)
        if slot < 0:
            raise KeyError(image_id)
        slots = self._slots
        if not self._is_spare_blank():
            slots.read(self._side, slot)
            slots.scrub(self._spare, image_id, slots.key(), why)
        slots.zero(self._side, slot, why, False)
        self.index.marks[slot] = PENDING
        self._has_dead = True
        self.pending += 1

    def next_pending(self) -> tuple | None:
        """Return (image id, event id, why) of a pending deletion, or None; raise FlashError."""
        for slot in range(self.index.used):
            if self.index.marks[slot] & PENDING:
                self._slots.read(self._side, slot)
                (event_id,) = struct.unpack_from("<I", self._slots.slot, keyslots.ID_AT + 4)
                why = self._slots.slot[WHY_AT]
                if not 0 < why <= codes.DELETE_REASON_LAST:  # a power cut tore it
                    why = codes.DELETE_UNFINISHED
                return self.index.ids[slot], event_id, why
        return None

    def recorded(self, image_id: int) -> None:
        """Note that the journal has an image's deletion; raise FlashError."""
        for slot in range(self.index.used):
            if self.index.ids[slot] == image_id and self.index.marks[slot] & PENDING:
                self.index.marks[slot] &= ~PENDING
                self.pending -= 1
                self._slots.set_done(self._side, slot, RECORDED_AT)

    def mark_delivered(self, image_id: int, reader: int) -> None:
        """Note that a reader has the whole image; raise FlashError, KeyError if unknown."""
        slot = self.index.find(image_id)
        if slot < 0:
            raise KeyError(image_id)
        if self.index.marks[slot] & 1 << reader:
            return
        slots = self._slots
        if not self._is_spare_blank():
            slots.read(self._side, slot)
            slots.mark_copies(self._spare, image_id, slots.key(), DELIVERED_AT + reader)
        slots.set_done(self._side, slot, DELIVERED_AT + reader)
        self.index.marks[slot] |= 1 << reader

    def _is_spare_blank(self) -> bool:
        return self._spare_blank == KEYS_SIDE_BLOCKS and not self._copy_to

    def _drop_torn(self, slot: int) -> None:
        """After a failed add: whatever came into the slot is zeroed, or left to the next boot."""
        self._has_dead = True
        try:
            self._slots.zero(self._side, slot, codes.DELETE_UNFINISHED, True)
        except FlashError:
            self.failing = True

    # --- erasing -------------------------------------------------------------------------------

    def housekeep(self) -> bool:
        """Do one flash operation, if any is due; True if so. Idle, it allocates nothing."""
        if self._is_idle():
            return False
        if self._rest:
            self._rest -= 1
            return False
        try:
            self._step()
            self.failing = self._is_headless
        except FlashError:
            self.failing = True
            self._rest = _REST
            self._forget_spare()
        return True

    def _is_idle(self) -> bool:
        if self._copy_from is not None:
            return self.pending > 0  # a copy does not know what the journal has not got yet
        if self._spare_blank < KEYS_SIDE_BLOCKS or not self._generation:
            return False
        has_room = SLOT_COUNT - self.index.used >= _LOW or not self._has_dead
        return has_room and not self._is_headless

    def _step(self) -> None:
        if self._copy_from is not None:
            self._copy()
        elif self._spare_blank == KEYS_SIDE_BLOCKS:
            self._copy_from = 0
        elif self._raw.is_blank(self._spare + self._spare_blank):
            self._spare_blank += 1
            self._is_erased = False
        elif self._is_erased:
            raise FlashError("erase")
        else:
            self._raw.erase(self._spare + self._spare_blank)
            self._is_erased = True

    def _copy(self) -> None:
        """Copy the next living slot, or make the other side the one in use when none is left."""
        slots = self._slots
        while self._copy_from < self.index.used:
            slot = self._copy_from
            self._copy_from += 1
            if self.index.marks[slot] & LIVE:
                slots.read(self._side, slot)
                slots.write(self._spare, self._copy_to, 0, bytes(slots.slot))
                self._copy_to += 1
                return
        self._change_sides()

    def _change_sides(self) -> None:
        """Make the other side the one in use."""
        generation = self._generation + 1
        self._slots.write_header(self._spare, generation, self.next_id)
        self._use(self._spare, generation, self.next_id)
