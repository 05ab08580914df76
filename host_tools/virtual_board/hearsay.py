"""What the firmware says of its state, for people who watch a board: never evidence.

The circuit shows lines, latch and gate; which state the firmware believes to be in it does not
show. The journal does: each change of state is a record, seen here as it passes the flash chip.
Where the journal cannot be written there is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from detector import codes, flash_map, states
from detector.journal_slots import RECORD_BYTES, SLOT_BYTES
from host_tools.journal.records import JournalRecord, is_whole, parse
from host_tools.virtual_board.flash import FLASH_BYTES

# The raw blocks are the last of the storage region (detector.flash_map).
_RAW_START = FLASH_BYTES - flash_map.RAW_BLOCKS * flash_map.BLOCK_BYTES
JOURNAL_START = _RAW_START + flash_map.JOURNAL_BLOCK * flash_map.BLOCK_BYTES
JOURNAL_BYTES = flash_map.JOURNAL_BLOCKS * flash_map.BLOCK_BYTES

# Records after which the firmware is ARMED or IDLE, as they say; in a customer's capture arm and
# disarm change only the state that it returns to.
_ENDS = (codes.JR_BOOT, codes.JR_ALARM_END, codes.JR_CAPTURE_END)
_ARMS = (codes.JR_ARM, codes.JR_DISARM)
_UNKNOWN: int = -1


class Hearsay:
    """Follows the firmware's state and faults from record to record."""

    def __init__(self) -> None:
        self._state = _UNKNOWN
        self._faults = 0

    def hear(self, page: bytes) -> list[str]:
        """Take a page as it is programmed; return a sentence for each change that it tells."""
        told = (self._follow(record) for record in _records(page))
        return [sentence for sentence in told if sentence]

    def _follow(self, record: JournalRecord) -> str:
        before = (self._state, self._faults)
        self._state = _state_after(self._state, record)
        self._faults = record.faults
        is_same = (self._state, self._faults) == before and record.kind != codes.JR_BOOT
        if is_same or self._state == _UNKNOWN:
            return ""
        faults = "".join(f", {name} fault" for name in codes.fault_names(self._faults))
        return f"state {states.STATE_NAMES[self._state]}{faults} (firmware: {record.name})"


def _state_after(state: int, record: JournalRecord) -> int:
    kind = record.kind
    after: int = states.ARMED if record.armed else states.IDLE
    if kind == codes.JR_ALARM:
        after = states.ALARM
    elif kind == codes.JR_CUSTOMER_CAPTURE:
        after = states.CUSTOMER_CAPTURE
    elif kind == codes.JR_CAPTURE_END and record.a < len(codes.TRIP_NAMES):
        after = state  # a trip ended it: the alarm's record follows
    elif kind not in _ENDS and (kind not in _ARMS or state == states.CUSTOMER_CAPTURE):
        after = state
    return after


def _records(page: bytes) -> Iterator[JournalRecord]:
    """Yield the records in a page; its other half is blank, which leaves what is there."""
    for at in range(0, len(page), SLOT_BYTES):
        record = page[at : at + RECORD_BYTES]
        if is_whole(record):
            yield parse(record)
