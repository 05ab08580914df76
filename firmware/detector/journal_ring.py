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
        self._forget()

    def _forget(self) -> None:
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
        self._forget()
        begun = [self._slots.read_number(block * PER_BLOCK) for block in range(JOURNAL_BLOCKS)]
        last = self._find_end(max(begun))
        oldest = min([number for number in begun if number] or [1])
        self.first = max(oldest, self.next - SLOT_COUNT)
        self.has_blank()
        return last

    def _find_end(self, newest: int) -> int:
        """Set `next` from the newest record that begins a block; return the last record."""
        turn = newest // PER_BLOCK  # its number is one more than a multiple
        last = 0
        for _ in range(JOURNAL_BLOCKS):
            self._blank_to = turn
            self.next = turn * PER_BLOCK + 1
            for number in range(self.next, self.next + PER_BLOCK):
                if self._slots.read_number(slot_of(number)) == number:
                    last = number
                elif self._slots.is_blank():
                    continue
                self.next = number + 1
            if self.ahead == 0:
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

    def has_blank(self) -> bool:
        """Say whether `next` has an erased block, looking where nobody has; raise FlashError."""
        if self.ahead < 0 and self._raw.is_blank(self._block_after()):
            self._take_block()
        return self.ahead >= 0

    def _block_after(self) -> int:
        """Return the block that follows those that are ready: never more than one after `next`."""
        return JOURNAL_BLOCK + (self._blank_to + 1) % JOURNAL_BLOCKS

    def _take_block(self) -> None:
        """Count a blank block as ready; what it held a round of the ring ago is gone."""
        self._blank_to += 1
        self._is_erased = False
        self.first = max(self.first, (self._blank_to - JOURNAL_BLOCKS + 1) * PER_BLOCK + 1)

    def housekeep(self) -> bool:
        """Check or erase one block ahead; True if so. Idle, it allocates nothing.

        One flash operation. A flash that fails is left alone for a while; `failing` says so.
        """
        if self.ahead >= _AHEAD:
            return False
        if self._rest:
            self._rest -= 1
            return False
        block = self._block_after()
        try:
            if self._raw.is_blank(block):
                self._take_block()
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
