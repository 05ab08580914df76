"""The detector's log: records in a ring of raw flash, each chained by a MAC whose key moves on.

A record's number decides its place. A number that a power cut tore is skipped, and later records
count it. The last one has all that a boot must know (armed, faults, time, event, alarm running).

The key: next key = HMAC(key, label), one way, with every whole record. The first key is made at
provisioning, goes to the customer, and is never in flash; what is there is the key of the record
that comes next, and no other. `append` programs the record and the next key as one page: 0.4 ms on
a Pico, all that an opening waits for. `settle` zeroes one key that a record was made with, so that
the record is final; it comes some milliseconds later, and until an opening's own record is final
no byte goes to the uplink. A power cut before that leaves keys behind: the next boot zeroes them.

So whoever seizes the flash at any moment can write what would come next, and spoil, cut off or put
back an older copy of what is there; he cannot alter, take out or put in a record that is settled,
for that needs a key that is nowhere any more. Where the power went before the last ones were, a
few milliseconds, those can be replaced; nothing had left through the gate. The chip's RAM is not
protected from a laboratory that reads it while it runs.
"""

import struct

from detector import codes, crypto
from detector.clock import DAY_UNKNOWN
from detector.journal_ring import JournalRing
from detector.journal_slots import (
    BODY,
    CHAIN_BYTES,
    END_LABEL,
    FIRST_LABEL,
    FLAG_ALARM,
    FLAG_ARMED,
    FLAG_TIME_KNOWN,
    NEXT_LABEL,
    PROOF_BYTES,
    JournalSlots,
    slot_of,
)
from detector.raw_flash import FlashError


class JournalError(Exception):
    """A record could not be written and read back, or an old key could not be destroyed."""


class JournalFull(JournalError):  # noqa: N818
    """No erased block is left; `housekeep` makes one, in the next quiet state."""


class Journal:
    """The owner sets `armed`, `faults`, and the time: every record takes them as they are.

    The time is `ticks_ms`, `day`, `second`, `time_known` and `unclocked_min`. `seq` is the last
    record's number, 0 for none; `last_...` is what it says.
    """

    def __init__(self, raw: "RawFlash") -> None:
        """Take the raw region; `recover` comes next."""
        self._slots = JournalSlots(raw)
        self._ring = JournalRing(raw, self._slots)
        self._forget()

    def _forget(self) -> None:
        self.armed = False
        self.faults = 0
        self.ticks_ms = 0
        self.day = DAY_UNKNOWN
        self.second = 0
        self.time_known = False
        self.unclocked_min = 0
        self.boot = 1
        self.seq = 0
        self.last_event = 0
        self.last_was_alarm = False
        self.last_day = DAY_UNKNOWN
        self.last_unclocked_min = 0
        self._links = 0  # whole records so far: as often has the key moved on
        self._chain = bytes(CHAIN_BYTES)
        self._mac_key: crypto.HmacKey = None  # of the next record; None: there is none
        self._keys_from = 1  # keys in slots from this number on to the last may not be zeroed yet
        self._cannot_settle = False  # that failed; it is tried again with the next record

    def begin(self, key: bytes, device_id: str) -> None:
        """Start on blank flash with the first key, which is not kept; raise FlashError.

        For provisioning alone: the first record must follow before the power goes.
        """
        self._forget()
        self._ring.recover()
        self._mac_key = crypto.HmacKey(key)
        self._chain = self._mac_key.mac(FIRST_LABEL, device_id.encode())[:CHAIN_BYTES]

    # --- recovery ------------------------------------------------------------------------------

    def recover(self) -> None:
        """Find the last record and its key, and take over what it says; raise FlashError."""
        self._forget()
        last = self._ring.recover()
        if not last:
            return
        self._slots.read(slot_of(last))
        self.seq = self._keys_from = last  # no key is known to be left yet
        self._take_over()
        key = self._slots.key()
        self._keys_from = self._oldest_key()
        try:
            if key is None:
                key = self._make_key_again()
            self._mac_key = None if key is None else crypto.HmacKey(key)
            while self.unsettled:
                self._destroy_key()
        except FlashError:
            self._cannot_settle = True

    def _take_over(self) -> None:
        fields = struct.unpack(BODY, self._slots.body)
        flags = fields[3]
        self.boot = fields[5] + 1
        self.day = self.last_day = fields[7]
        self.faults = fields[8]
        self.second = fields[9]
        self.last_event = fields[13]
        self._links = self.seq - fields[14]
        self.unclocked_min = self.last_unclocked_min = fields[15]
        self.armed = bool(flags & FLAG_ARMED)
        self.last_was_alarm = bool(flags & FLAG_ALARM)
        self._chain = bytes(self._slots.mac[:CHAIN_BYTES])

    def _oldest_key(self) -> int:
        """Return the number of the oldest of the last slots whose key is not destroyed."""
        number = self.seq
        while number > self._ring.first:
            self._slots.read(slot_of(number - 1))
            if self._slots.is_key_destroyed():
                break
            number -= 1
        return number

    def _make_key_again(self) -> bytes | None:
        """Return the key behind the last record, torn there, from the key that made it.

        That is still there, behind the record before: it is zeroed only after the next was seen.
        """
        for number in range(self._keys_from, self.seq):
            self._slots.read(slot_of(number))
            key = self._slots.key()
            if key is not None:
                mac_key = crypto.HmacKey(key)
                self._slots.read(slot_of(self.seq))
                if mac_key.mac(self._slots.body) == self._slots.mac:
                    return self._write_next_key(mac_key, self.seq)
        return None

    # --- reading -------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """An erased slot and a key are waiting for the next record."""
        return self._mac_key is not None and self._ring.ahead >= 0

    @property
    def ahead(self) -> int:
        """How many erased blocks follow the next record's own; -1: it has none either."""
        return self._ring.ahead

    @property
    def failing(self) -> bool:
        """A block could not be erased, an old key not be destroyed, or there is none left."""
        return self._ring.failing or self._mac_key is None or self._cannot_settle

    @property
    def first_seq(self) -> int:
        """The oldest number that may be kept."""
        return self._ring.first

    @property
    def head(self) -> bytes:
        """The beginning of the last record's MAC: with `seq` it stands for all of the journal."""
        return self._chain

    def end_proof(self) -> bytes:
        """Return what only the holder of the key behind the last record can say.

        b"" where there is no key.
        """
        return b"" if self._mac_key is None else self._mac_key.mac(END_LABEL)[:PROOF_BYTES]

    def read(self, seq: int, buf: bytearray) -> bool:
        """Fill `buf` (RECORD_BYTES) with a record; False where there is none; raise FlashError."""
        if not self.first_seq <= seq <= self.seq:
            return False
        if self._slots.read_number(slot_of(seq)) != seq:
            return False
        buf[:] = self._slots.record
        return True

    # --- writing -------------------------------------------------------------------------------

    def append(self, kind: int, event_id: int = 0, a: int = 0, b: int = 0) -> None:
        """Write one record (`a`, `b` as u32); raise JournalError. `settle` comes next."""
        if self._mac_key is None:
            raise JournalError("no key")
        try:
            seq = self._next_blank()
            last_event = max(self.last_event, event_id)
            in_alarm = self._alarm_after(kind)
            fields = (
                kind,
                self._flags(in_alarm),
                seq,
                self.boot,
                self.ticks_ms,
                self.day,
                self.faults,
                self.second,
                event_id,
                a & 0xFFFFFFFF,
                b & 0xFFFFFFFF,
                last_event,
                seq - self._links - 1,
                self.unclocked_min,
                self._chain,
            )
            key = self._mac_key.mac(NEXT_LABEL)
            self._slots.write(slot_of(seq), fields, self._mac_key, key)
            self._add_link(seq, key)
            self.last_event = last_event
            self.last_was_alarm = in_alarm
            self.last_day = self.day
            self.last_unclocked_min = self.unclocked_min
            self._cannot_settle = False
        except FlashError:
            raise JournalError("flash")

    @property
    def unsettled(self) -> int:
        """How many records' keys are not destroyed yet."""
        return max(self.seq - self._keys_from, 0)

    def settle(self) -> None:
        """Destroy the oldest key that is left; raise JournalError. Idle, it allocates nothing."""
        if not self.unsettled or self._cannot_settle:
            return
        try:
            self._destroy_key()
        except FlashError:
            self._cannot_settle = True
            raise JournalError("flash")

    def _alarm_after(self, kind: int) -> bool:
        if kind == codes.JR_ALARM:
            return True
        # An alarm never outlives a reset: the boot's record tells that it was interrupted.
        return self.last_was_alarm and kind not in (codes.JR_ALARM_END, codes.JR_BOOT)

    def _flags(self, in_alarm: bool) -> int:
        flags = FLAG_ARMED if self.armed else 0
        flags |= FLAG_TIME_KNOWN if self.time_known else 0
        return flags | (FLAG_ALARM if in_alarm else 0)

    def _next_blank(self) -> int:
        """Return the next number whose slot is blank, skipping what a failed write left behind."""
        ring = self._ring
        while ring.has_blank():
            number = ring.next
            if self._slots.read_number(slot_of(number)) == number:
                self._adopt(number)
            elif self._slots.is_blank():
                return number
            ring.next = number + 1
        raise JournalFull

    def _adopt(self, seq: int) -> None:
        """Take a record that is whole although the flash said no as a link of the chain."""
        if self._mac_key.mac(self._slots.body) == self._slots.mac:
            self._add_link(seq, self._write_next_key(self._mac_key, seq))

    def _write_next_key(self, mac_key: "HmacKey", seq: int) -> bytes:
        key = mac_key.mac(NEXT_LABEL)
        self._slots.write_key(slot_of(seq), key)
        return key

    def _add_link(self, seq: int, next_key: bytes) -> None:
        """Move on behind a record that is in flash, and in the slot buffer, with its key."""
        self.seq = seq
        self._ring.next = seq + 1
        self._links += 1
        self._chain = bytes(self._slots.mac[:CHAIN_BYTES])
        self._mac_key = crypto.HmacKey(next_key)

    def _destroy_key(self) -> None:
        # The oldest first: where one is zero, all before it are.
        self._slots.destroy_key(slot_of(self._keys_from))
        self._keys_from += 1

    def housekeep(self) -> bool:
        """Check or erase one block ahead; True if so. Only this erases; idle, it costs nothing."""
        # Without a key none needs room; and what this boot could not read, the next one may.
        return self._mac_key is not None and self._ring.housekeep()
