"""What the controller writes down: journal records, and the faults that every record carries.

A journal that cannot be written is itself a fault; the caller learns it from the return value and
the controller from `faults`.
"""

from detector import codes, ticks
from detector.compat import const
from detector.journal import JournalError, JournalFull

_SETTLE_MS = const(10)
_SETTLE_LATEST_MS = const(100)
_MANY = const(8)


class Record:
    """Journal, clock and latched faults together; owner of the fault bits."""

    def __init__(self, journal: "Journal", clock: "Clock") -> None:
        """Take a recovered journal; its last faults stay latched."""
        self.journal = journal
        self.faults = journal.faults
        self.full = False  # the last record found no room; housekeeping will make some
        self._clock = clock
        # When nothing was to be made final, or the last was made so; None before the first pass.
        self._settle_ms: int | None = None

    def latch(self, bits: int) -> None:
        """Add fault bits; nothing but `clear` takes one away."""
        self.faults |= bits

    def clear(self, now_ms: int) -> None:
        """Forget all faults: only after a power-cycle and a passing self-test."""
        bits = self.faults
        self.faults = 0
        if bits:
            self.write(now_ms, codes.JR_FAULT_CLEARED, 0, bits)

    def set_armed(self, armed: bool) -> None:
        """Have all further records say whether the detector is armed."""
        self.journal.armed = armed

    def stamp(self, now_ms: int) -> None:
        """Give the journal the time and the faults, for records that the store appends itself."""
        journal = self.journal
        journal.faults = self.faults
        journal.ticks_ms = now_ms
        journal.day = self._clock.day
        journal.second = self._clock.second
        journal.time_known = self._clock.known
        journal.unclocked_min = self._clock.charged_min

    def write(self, now_ms: int, kind: int, event_id: int = 0, a: int = 0, b: int = 0) -> bool:
        """Append one record; False where that cannot be done: `full`, or FAULT_JOURNAL latched."""
        self.stamp(now_ms)
        try:
            self.journal.append(kind, event_id, a, b)
        except JournalFull:
            self.full = True
            return False
        except JournalError:
            self.faults |= codes.FAULT_JOURNAL
            return False
        self.full = False
        return True

    def settle(self, now_ms: int, is_receiving: bool) -> None:
        """Make one record final, in its time; FAULT_JOURNAL latched where that failed.

        Not at once, and better not while the hub says something: a flash operation deafens the
        chip, and a disarm that it cuts comes late. Many that wait (deletions by age) go faster.
        """
        unsettled = self.journal.unsettled
        if unsettled == 0 or self._settle_ms is None:
            self._settle_ms = now_ms
        waited_ms = ticks.diff_ms(now_ms, self._settle_ms)
        if waited_ms < _SETTLE_LATEST_MS:
            if is_receiving or (unsettled < _MANY and waited_ms < _SETTLE_MS):
                return
        self._settle_ms = now_ms
        try:
            self.journal.settle()
        except JournalError:
            self.faults |= codes.FAULT_JOURNAL
