"""What the hardware has written into the rings, record by record, and whether some was lost.

A record is one word in each of six rings: the levels, the microsecond, and what is left of each
of the four counters of bytes. Pure: the words are an array, whoever fills it.
"""

RINGS = 6  # levels, time, four counters
WIRES = 4
# The sampler pushes at least every 993 us. A longer gap can only be records that are gone: even
# 1024 of them, one in every 1.3 us, take longer.
_LONGEST_GAP_US = 1200
_WORD = 0xFFFFFFFF


class Ring:
    """Reads records in order; `t_us`, `levels` and `counts` are those of the last one read."""

    def __init__(self, words: "array", first: int, length: int, start: int) -> None:
        """Take the words of all rings, where they begin in it, and each counter's first value."""
        self._words = words
        self._first = first
        self._length = length
        self._start = start
        self._at = 0
        self._stamp = -1  # of the last record, as the hardware has it; -1 before the first
        self.t_us = 0  # since the first record
        self.levels = 0
        self.counts = [0] * WIRES
        self.records = 0
        self.lost = False  # records were overwritten before they were read

    def read(self, end: int) -> bool:
        """Read the next record before index `end`; False when there is none."""
        if self._at == end:
            return False
        words = self._words
        at = self._first + self._at
        length = self._length
        stamp = words[at + length]
        self.levels = words[at]
        at += length
        for wire in range(WIRES):
            at += length
            self.counts[wire] = self._start - words[at]
        if self._stamp >= 0:
            gap_us = (stamp - self._stamp) & _WORD
            if gap_us > _LONGEST_GAP_US:
                self.lost = True
            self.t_us += gap_us
        if words[self._first + length + self._at] != stamp:  # overwritten while it was read
            self.lost = True
        self._stamp = stamp
        self._at = (self._at + 1) % length
        self.records += 1
        return True
