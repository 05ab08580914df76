"""Faults that are put into the firmware on purpose: the sweep must find each of them."""

from world import app

from detector import codes
from detector.ages import Ages
from detector.extents import Extents
from detector.flash_map import JOURNAL_BLOCK, JOURNAL_BLOCKS
from detector.identity import Identity
from detector.journal import Journal
from detector.journal_ring import JournalRing
from detector.journal_slots import PER_BLOCK, JournalSlots, slot_of
from detector.keystore import KeyStore
from detector.raw_flash import FlashError
from detector.store import Store


def _journal_key_before_its_record():
    """The key of a record is destroyed before the record, and the next key, are in flash."""
    write = JournalSlots.write

    def faulty(self, slot, fields, mac_key, next_key):
        if fields[2] > 1:
            self.destroy_key(slot_of(fields[2] - 1))
        write(self, slot, fields, mac_key, next_key)

    JournalSlots.write = faulty


def _commit_before_data():
    """An image's key slot is written before the last of its data."""
    program = Extents.program
    add = KeyStore.add
    held = []

    def flush():
        while held:
            program(*held.pop())

    def faulty_program(self, extents, chunk, offset, buf):
        if held and held[0][0] is not self:
            held.clear()
        flush()
        held.append((self, extents, chunk, offset, bytes(buf)))

    def faulty_add(self, fields):
        add(self, fields)
        flush()

    Extents.program = faulty_program
    KeyStore.add = faulty_add


def _erase_ahead_takes_the_newest():
    """With the block ahead, the newest records' block is erased."""
    housekeep = JournalRing.housekeep

    def faulty(self):
        was_erased = self._is_erased
        done = housekeep(self)
        if self._is_erased and not was_erased:
            self._raw.erase(JOURNAL_BLOCK + (self.next - 2) // PER_BLOCK % JOURNAL_BLOCKS)
        return done

    JournalRing.housekeep = faulty


def _deletion_done_before_its_record():
    """A deletion counts as recorded before the journal has it."""

    def faulty(self):
        try:
            image_id, event_id, why = self._keys.next_pending()
            self._keys.recorded(image_id)
            self._journal.append(codes.JR_DELETE, event_id, image_id, why)
        except FlashError:
            return False
        return True

    Store._record_deletion = faulty


def _side_in_use_before_its_slots():
    """A compaction's header is written first, and not last."""
    copy = KeyStore._copy

    def faulty(self):
        if self._copy_from == 0:
            self._slots.write_header(self._spare, self._generation + 1, self.next_id)
        copy(self)

    KeyStore._copy = faulty


def _old_keys_stay():
    """A key change leaves the images' keys of the old owner in flash."""

    def faulty(raw):
        raw.make_blank(0)
        for block in range(JOURNAL_BLOCK, JOURNAL_BLOCK + JOURNAL_BLOCKS):
            raw.make_blank(block)

    Identity.erase = faulty


def _retention_forgets():
    """Images of an earlier boot never grow old."""
    Ages.why_over = lambda self, image_id, day: 0


def _an_alarm_goes_on():
    """A start that finds an interrupted alarm gives the gate its part again."""
    tell_boot = app.App._tell_boot

    def faulty(self, now_ms):
        if self.parts.journal.last_was_alarm:
            self.parts.gate.open(now_ms)
        tell_boot(self, now_ms)

    app.App._tell_boot = faulty


def _armed_is_forgotten():
    """A start does not take over whether the detector was armed."""
    take_over = Journal._take_over

    def faulty(self):
        take_over(self)
        self.armed = False

    Journal._take_over = faulty


def _torn_keys_stay():
    """What a cut tore while a key slot was zeroed is left as it is."""
    recover = KeyStore.recover

    def faulty(self):
        zero = self._slots.zero
        self._slots.zero = lambda side, number, why, is_recorded: None
        recover(self)
        self._slots.zero = zero

    KeyStore.recover = faulty


def _files_are_not_guarded():
    """Nothing keeps littlefs out of the raw blocks."""
    from flash_guard import GuardedFlash

    def faulty(self, bdev):
        self._bdev = bdev
        self._limit = bdev.ioctl(4, 0)

    GuardedFlash.__init__ = faulty


FAULTS = {
    "journal key before its record": _journal_key_before_its_record,
    "commit before data": _commit_before_data,
    "erase ahead takes the newest": _erase_ahead_takes_the_newest,
    "deletion done before its record": _deletion_done_before_its_record,
    "side in use before its slots": _side_in_use_before_its_slots,
    "old keys stay": _old_keys_stay,
    "retention forgets": _retention_forgets,
    "an alarm goes on": _an_alarm_goes_on,
    "armed is forgotten": _armed_is_forgotten,
    "torn keys stay": _torn_keys_stay,
    "files are not guarded": _files_are_not_guarded,
}
