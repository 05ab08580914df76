"""Where the journal's records lie: which slot is next, which blocks are blank, what is kept.

Record n lies at slot (n - 1) of a ring of pre-erased blocks; a turn is the number of a block
counted on and on, over all rounds of the ring. Only `housekeep` erases.
"""

from detector.compat import const
from detector.flash_map import JOURNAL_BLOCK, JOURNAL_BLOCKS
from detector.journal_slots import PER_BLOCK, SLOT_COUNT, slot_of
from detector.raw_flash import FlashError

# Blocks kept erased beyond the one being written: 128 records and more for an alarm, in which
# nothing is erased.
_AHEAD = const(4)
KEPT_RECORDS = const(1120)  # (JOURNAL_BLOCKS - 1 - _AHEAD) * PER_BLOCK: always there to be read
_REST = const(1000)  # housekeep calls left out after the flash failed


class JournalRing:
    """`next` is the first number whose slot may be blank, `first` the oldest that may be kept."""

    def __init__(self, raw: "RawFlash", slots: "JournalSlots") -> None:
        """Take the raw region and its slots; the ring is empty until `recover`."""
        self._raw = raw
        self._slots = slots
        self.forget()

    def forget(self) -> None:
        """Start with an empty ring of which nothing is known to be blank."""
        self.next = 1
        self.first = 1
        self.failing = False  # the last housekeep could not erase
        self._blank_to = -1  # blocks are erased, or being written, up to this turn
        self._is_erased = False
        self._rest = 0

    # --- finding -------------------------------------------------------------------------------

    def recover(self) -> int:
        """Find the ring's end; return the last record's number, 0 for none; raise FlashError."""
        self.forget()
        newest = 0
        oldest = 0
        for block in range(JOURNAL_BLOCKS):
            number = self._slots.read_number(block * PER_BLOCK)
            newest = max(newest, number)
            if number and (oldest == 0 or number < oldest):
                oldest = number
        last = self._find_end(newest)
        if oldest:
            self.first = max(oldest, self.next - SLOT_COUNT)
        self.is_blank_at(self.next)
        return last

    def _find_end(self, newest: int) -> int:
        """Set `next` from the newest record that begins a block; return the last record."""
        turn = max(newest - 1, 0) // PER_BLOCK
        last = 0
        for _ in range(JOURNAL_BLOCKS):
            used = 0
            for index in range(PER_BLOCK):
                number = turn * PER_BLOCK + index + 1
                if self._slots.read_number(slot_of(number)) == number:
                    last = number
                    used = index + 1
                elif not self._slots.is_blank():
                    used = index + 1
            self.next = turn * PER_BLOCK + used + 1
            self._blank_to = turn if newest or used else turn - 1
            if used < PER_BLOCK:
                break
            # A torn record may begin the next block; an old record there is the ring's far end.
            turn += 1
            if self._slots.read_number(turn * PER_BLOCK % SLOT_COUNT) or self._slots.is_blank():
                break
        return last

    # --- blank slots ---------------------------------------------------------------------------

    @property
    def ahead(self) -> int:
        """How many erased blocks follow the next record's own; -1: it has none either."""
        return self._blank_to - (self.next - 1) // PER_BLOCK

    def is_blank_at(self, number: int) -> bool:
        """Say whether a number's block was erased, looking where nobody has; raise FlashError."""
        turn = (number - 1) // PER_BLOCK
        if turn > self._blank_to and self._raw.is_blank(JOURNAL_BLOCK + turn % JOURNAL_BLOCKS):
            self._take_block(turn)
        return turn <= self._blank_to

    def _take_block(self, turn: int) -> None:
        """Count a blank block as ready; what it held a round of the ring ago is gone."""
        self._blank_to = turn
        self._is_erased = False
        self.first = max(self.first, (turn - JOURNAL_BLOCKS + 1) * PER_BLOCK + 1)

    def housekeep(self) -> bool:
        """Check or erase one block ahead; True if so. Idle, it allocates nothing.

        One flash operation. A flash that fails is left alone for a while; `failing` says so.
        """
        if self.ahead >= _AHEAD:
            return False
        if self._rest:
            self._rest -= 1
            return False
        turn = max((self.next - 1) // PER_BLOCK, self._blank_to + 1)
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
