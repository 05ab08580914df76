"""The detector's log: a ring of raw flash blocks, programmed only, each record chained by a MAC.

A record's number decides its place: record n lies at slot (n - 1) of the ring. A number that a
power cut tore is skipped, and the next record says so. The last record alone carries all that a
boot must know (armed, faults, time, last event, alarm running).

`append` is one page program. Only `housekeep` erases, and it belongs to quiet states.
"""

import struct

from detector import codes, crypto
from detector.clock import DAY_UNKNOWN
from detector.compat import const
from detector.flash_map import JOURNAL_BLOCK, JOURNAL_BLOCKS, PAGE_BYTES
from detector.raw_flash import FlashError

RECORD_BYTES = const(128)
BODY_BYTES = const(96)  # the MAC over them follows
TEXT_BYTES = const(32)
VERSION = const(1)
MAGIC = const(0x4A53)  # "SJ"
# magic, version, kind, number, boot, ticks_ms, day, flags, second, event id, a, b, faults (low
# byte), text length, faults (high byte), text, first 16 bytes of the MAC before, last event id
BODY = "<HBBIIIHHIIIIBBBx32s16sI4x"
FLAG_ARMED = const(1)
FLAG_TIME_KNOWN = const(2)
FLAG_ALARM = const(4)  # an ALARM without its ALARM_END
FLAG_AFTER_TORN = const(8)  # numbers between this record and the one before were torn
CHAIN_LABEL = b"sluss journal"
CHAIN_BYTES = const(16)

_PER_BLOCK = const(32)  # BLOCK_BYTES // RECORD_BYTES
_SLOTS = const(1280)  # JOURNAL_BLOCKS * _PER_BLOCK
# Blocks kept erased beyond the one being written: 128 records and more for an alarm, in which
# nothing is erased. 35 blocks, 1120 records, are always there to be read.
_AHEAD = const(4)
_REST = const(1000)  # housekeep calls left out after the flash failed
_BLANK_PAGE = b"\xff" * PAGE_BYTES
_BLANK_RECORD = b"\xff" * RECORD_BYTES


class JournalError(Exception):
    """A record could not be written and read back."""


class JournalFull(JournalError):  # noqa: N818
    """No erased block is left; `housekeep` makes one, in the next quiet state."""


class Journal:
    """The owner sets `armed`, `faults`, `day`, `second`, `time_known` and `ticks_ms`.

    Every record takes them as they are. `seq` is the last record's number, 0 for none.
    """

    def __init__(self, raw: "RawFlash", key: bytes, device_id: str) -> None:
        """Take the raw region and the journal's MAC key; `recover` comes next."""
        self._raw = raw
        self._mac_key = crypto.HmacKey(key)
        self._start = self._mac_key.mac(CHAIN_LABEL, device_id.encode())[:CHAIN_BYTES]
        self._page = bytearray(PAGE_BYTES)
        self._check = bytearray(RECORD_BYTES)
        self._check_body = memoryview(self._check)[:BODY_BYTES]
        self._check_mac = memoryview(self._check)[BODY_BYTES:]
        self._forget()

    def _forget(self) -> None:
        self.armed = False
        self.faults = 0
        self.day = DAY_UNKNOWN
        self.second = 0
        self.time_known = False
        self.ticks_ms = 0
        self.boot = 1
        self.seq = 0
        self.first_seq = 1
        self.last_event = 0
        self.last_was_alarm = False
        self.failing = False  # the last housekeep could not erase
        self._chain = self._start
        self._next = 1  # number of the next record: the first whose slot may be blank
        self._blank_to = -1  # blocks are erased, or being written, up to this turn of the ring
        self._is_erased = False
        self._rest = 0

    # --- reading -------------------------------------------------------------------------------

    def recover(self) -> None:
        """Find the last record and take over what it says; raise FlashError."""
        self._forget()
        newest = 0
        oldest = 0
        for block in range(JOURNAL_BLOCKS):
            number = self._number_at(block * _PER_BLOCK)
            newest = max(newest, number)
            if number and (oldest == 0 or number < oldest):
                oldest = number
        self._find_end(newest)
        if oldest:
            self.first_seq = max(oldest, self._next - _SLOTS)
        if self.seq:
            self._read_slot((self.seq - 1) % _SLOTS)
            self._take_over()
        self._is_blank_at(self._next)

    def read(self, seq: int, buf: bytearray) -> bool:
        """Fill `buf` (RECORD_BYTES) with a record; False where there is none; raise FlashError."""
        if not self.first_seq <= seq <= self.seq:
            return False
        if self._number_at((seq - 1) % _SLOTS) != seq:
            return False
        buf[:] = self._check
        return True

    @property
    def ahead(self) -> int:
        """How many erased blocks follow the next record's own; -1: it has none either."""
        return self._blank_to - (self._next - 1) // _PER_BLOCK

    def _read_slot(self, slot: int) -> None:
        block = JOURNAL_BLOCK + slot // _PER_BLOCK
        self._raw.read_into(block, slot % _PER_BLOCK * RECORD_BYTES, self._check)

    def _number_at(self, slot: int) -> int:
        """Return the number of the whole record in a slot, 0 for anything else."""
        self._read_slot(slot)
        magic, version, _kind, number = struct.unpack_from("<HBBI", self._check, 0)
        if magic != MAGIC or version != VERSION or number == 0:
            return 0
        if (number - 1) % _SLOTS != slot or self._mac_key.mac(self._check_body) != self._check_mac:
            return 0
        return number

    def _find_end(self, newest: int) -> None:
        """Set `seq` and `_next` from the newest record that begins a block."""
        turn = max(newest - 1, 0) // _PER_BLOCK
        for _ in range(JOURNAL_BLOCKS):
            used = self._scan(turn)
            self._next = turn * _PER_BLOCK + used + 1
            self._blank_to = turn if newest or used else turn - 1
            if used < _PER_BLOCK:
                return
            # A torn record may begin the next block; an old record there is the ring's far end.
            turn += 1
            old = self._number_at(turn * _PER_BLOCK % _SLOTS)
            if old or self._check == _BLANK_RECORD:
                return

    def _scan(self, turn: int) -> int:
        """Note the last record of a block in `seq`; return how many slots are in use."""
        used = 0
        for index in range(_PER_BLOCK):
            number = turn * _PER_BLOCK + index + 1
            if self._number_at((number - 1) % _SLOTS) == number:
                self.seq = number
                used = index + 1
            elif self._check != _BLANK_RECORD:
                used = index + 1
        return used

    def _take_over(self) -> None:
        fields = struct.unpack(BODY, self._check_body)
        self.boot = fields[4] + 1
        self.day = fields[6]
        flags = fields[7]
        self.second = fields[8]
        self.faults = fields[12] | fields[14] << 8
        self.last_event = fields[17]
        self.armed = bool(flags & FLAG_ARMED)
        self.last_was_alarm = bool(flags & FLAG_ALARM)
        self._chain = bytes(self._check_mac[:CHAIN_BYTES])

    # --- writing -------------------------------------------------------------------------------

    def append(
        self, kind: int, event_id: int = 0, a: int = 0, b: int = 0, text: bytes = b""
    ) -> None:
        """Write one record (`a`, `b` as u32, at most TEXT_BYTES of text); raise JournalError."""
        try:
            seq = self._next_blank()
            last_event = max(self.last_event, event_id)
            in_alarm = self._alarm_after(kind)
            half = (seq - 1) % 2 * RECORD_BYTES
            self._page[:] = _BLANK_PAGE
            struct.pack_into(
                BODY,
                self._page,
                half,
                MAGIC,
                VERSION,
                kind,
                seq,
                self.boot,
                self.ticks_ms,
                self.day,
                self._flags(seq, in_alarm),
                self.second,
                event_id,
                a & 0xFFFFFFFF,
                b & 0xFFFFFFFF,
                self.faults & 0xFF,
                min(len(text), TEXT_BYTES),
                self.faults >> 8,
                text[:TEXT_BYTES],
                self._chain,
                last_event,
            )
            self._program(seq, half)
        except FlashError:
            raise JournalError("flash")
        self.seq = seq
        self._next = seq + 1
        self.last_event = last_event
        self.last_was_alarm = in_alarm

    def _alarm_after(self, kind: int) -> bool:
        if kind == codes.JR_ALARM:
            return True
        # An alarm never outlives a reset: the boot's record tells that it was interrupted.
        return self.last_was_alarm and kind not in (codes.JR_ALARM_END, codes.JR_BOOT)

    def _flags(self, seq: int, in_alarm: bool) -> int:
        flags = FLAG_ARMED if self.armed else 0
        if self.time_known:
            flags |= FLAG_TIME_KNOWN
        if in_alarm:
            flags |= FLAG_ALARM
        if seq != self.seq + 1:
            flags |= FLAG_AFTER_TORN
        return flags

    def _program(self, seq: int, half: int) -> None:
        """Close the record in `_page` with its MAC, program it and see it in the flash."""
        page = memoryview(self._page)
        mac = self._mac_key.mac(page[half : half + BODY_BYTES])
        self._page[half + BODY_BYTES : half + RECORD_BYTES] = mac
        slot = (seq - 1) % _SLOTS
        block = JOURNAL_BLOCK + slot // _PER_BLOCK
        # The other half of the page is all ones, which leaves its record as it is.
        self._raw.program(block, slot % _PER_BLOCK * RECORD_BYTES - half, self._page)
        self._read_slot(slot)
        if self._check != page[half : half + RECORD_BYTES]:
            raise FlashError("journal")
        self._chain = mac[:CHAIN_BYTES]

    def _next_blank(self) -> int:
        """Return the next number whose slot is blank, skipping what a failed write left behind."""
        while self._is_blank_at(self._next):
            if self._number_at((self._next - 1) % _SLOTS) == self._next:
                # Written whole although the flash said no: it is a link of the chain.
                self.seq = self._next
                self._chain = bytes(self._check_mac[:CHAIN_BYTES])
            elif self._check == _BLANK_RECORD:
                return self._next
            self._next += 1
        raise JournalFull

    def _is_blank_at(self, seq: int) -> bool:
        """Say whether the number's block has been erased, looking only where nobody has yet."""
        turn = (seq - 1) // _PER_BLOCK
        if turn > self._blank_to and self._raw.is_blank(JOURNAL_BLOCK + turn % JOURNAL_BLOCKS):
            self._take_block(turn)
        return turn <= self._blank_to

    def _take_block(self, turn: int) -> None:
        """Count a blank block as ready; what it held a turn of the ring ago is gone."""
        self._blank_to = turn
        self._is_erased = False
        self.first_seq = max(self.first_seq, (turn - JOURNAL_BLOCKS + 1) * _PER_BLOCK + 1)

    # --- erasing -------------------------------------------------------------------------------

    def housekeep(self) -> bool:
        """Check or erase one block ahead; True if so. Idle, it allocates nothing.

        One flash operation. A flash that fails is left alone for a while; `failing` says so.
        """
        turn = (self._next - 1) // _PER_BLOCK
        if self._blank_to >= turn + _AHEAD:
            return False
        if self._rest:
            self._rest -= 1
            return False
        turn = max(turn, self._blank_to + 1)
        block = JOURNAL_BLOCK + turn % JOURNAL_BLOCKS
        try:
            if self._raw.is_blank(block):
                self._take_block(turn)
            elif self._is_erased:
                raise FlashError("erase")
            else:
                self._raw.erase(block)
                self._is_erased = True
            self.failing = False
        except FlashError:
            self._is_erased = False
            self.failing = True
            self._rest = _REST
        return True
