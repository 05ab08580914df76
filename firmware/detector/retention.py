"""Deletes images whose time is over (ages.py says which), and journals the time at least daily.

A step is one image: its key zeroed, the deletion journaled, four page programs (1.6 ms on a Pico)
and no erase. So it waits for no quiet state: neither a long alarm, an open gate, nor a line that
stays high keeps an image alive. The images of a running alarm are no exception and need none: they
are of this boot, so no wrong date makes them old.

The day is journaled when it has changed, 60 records in 60 days: after a power-off the clock starts
at most a day too early. Without a clock the powered time is journaled after 1, 2, 4 ... 64
minutes and then each hour, 29 records in the 24 h that it can last.
"""

from detector import codes, ticks
from detector.clock import DAY_UNKNOWN
from detector.compat import const
from detector.store import StoreError

_RETRY_MS = const(10000)


class Retention:
    """Steps of the superloop, in every state; allocates nothing while nothing is due."""

    def __init__(
        self, ages: "Ages", keys: "KeyStore", store: "Store", record: "Record", now_ms: int
    ) -> None:
        """Take who judges, what lives, and what deletes and journals."""
        self._ages = ages
        self._clock = ages.clock
        self._keys = keys
        self._index = keys.index
        self._store = store
        self._record = record
        self._up_days = 0  # of this boot, that the judge knows of
        # For what time all images have been judged; none yet.
        self._judged = False
        self._day = DAY_UNKNOWN
        self._late = False
        self._failed = False
        self._failed_ms = now_ms

    def step(self, now_ms: int) -> bool:
        """Delete one image whose time is over, or journal the time; True if it did either."""
        if self._up_days != self._clock.up_days:
            self._begin_day()
        if self._failed and ticks.diff_ms(now_ms, self._failed_ms) < _RETRY_MS:
            return False
        self._failed = False
        if not self._is_judged():
            slot = self._index.first_over(self._ages)
            if slot >= 0:
                return self._delete(now_ms, slot)
            self._note_judged()
        return self._is_time_due() and self._journal_time(now_ms)

    def _begin_day(self) -> None:
        self._up_days += 1
        self._ages.begin_day(self._up_days, self._keys.next_id)
        self._judged = False

    def _is_judged(self) -> bool:
        same_day = self._day == self._clock.day
        return self._judged and same_day and self._late == self._ages.is_late()

    def _note_judged(self) -> None:
        self._judged = True
        self._day = self._clock.day
        self._late = self._ages.is_late()

    def _delete(self, now_ms: int, slot: int) -> bool:
        image_id = self._index.ids[slot]
        try:
            self._store.delete(image_id, self._ages.why_over(image_id, self._index.days[slot]))
        except StoreError:  # not served all the same; tried again
            self._record.latch(codes.FAULT_STORE)
            self._fail(now_ms)
            return False
        return True

    def _is_time_due(self) -> bool:
        clock = self._clock
        journal = self._record.journal
        if not journal.ready:
            return False  # a record of the time is not worth the last room of an alarm
        if clock.day != journal.last_day:
            return True
        if self._late or clock.known:
            return False
        return clock.unclocked_min >= journal.last_unclocked_min

    def _journal_time(self, now_ms: int) -> bool:
        if self._record.write(now_ms, codes.JR_TIME):
            return True
        self._fail(now_ms)
        return False

    def _fail(self, now_ms: int) -> None:
        self._failed = True
        self._failed_ms = now_ms
