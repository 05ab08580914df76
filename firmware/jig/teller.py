"""Turns records into the lines that the host hears: `! <t_us> SIGNAL value`.

Within a record the counts come first, they are what had passed before the change, then a reset,
then the changed levels in the order of the pins: causes before the gate.
"""

from jig import pins

_QUIET_US = 1000  # what changes often is told at most once a millisecond
_OFTEN = 1 << pins.SIGNALS.index("HEARTBEAT")
_RUN = 1 << pins.SIGNALS.index("RUN")
_POWER = 1 << pins.SIGNALS.index("POWER")
_SILENT = 1 << pins.SIGNALS.index("TX_SILENT")
_UNTOLD = _RUN | _SILENT  # told as RESET
# As machine.reset_cause() and the virtual board have them.
RESET_POWER_ON = 1
RESET_RUN_PIN = 2
RESET_BY_ITSELF = 3  # watchdog or machine.reset(), or nobody knows: its UART has let go


class Teller:
    """Keeps what was told; `say(line)` takes each line without its end."""

    def __init__(self, say: "Callable") -> None:
        """Tell nothing until begin()."""
        self._say = say
        self.t_us = 0  # of the newest record
        self.levels = 0
        self.counts = [0] * len(pins.WIRES)
        self.told = 0  # lines so far
        self.watched = False
        self._told_levels = 0
        self._told_counts = [0] * len(pins.WIRES)
        self._beat_us = 0
        self._count_us = 0

    def begin(self) -> None:
        """Tell all levels and counts now, and every change from now on."""
        self.watched = True
        self._told_levels = self.levels
        for bit in range(len(pins.SIGNALS)):
            if not _UNTOLD >> bit & 1:
                self._tell(pins.SIGNALS[bit], self.levels >> bit & 1)
        for wire in range(len(pins.WIRES)):
            self._told_counts[wire] = self.counts[wire]
            self._tell(pins.WIRES[wire], self.counts[wire])

    def lost(self, t_us: int) -> None:
        """Tell that changes were lost some time before `t_us`, watched or not."""
        self.t_us = t_us
        self._tell("OVERRUN", 1)

    def take(self, t_us: int, levels: int, counts: list) -> None:
        """Take a record."""
        before = self.levels
        self.t_us = t_us
        self.levels = levels
        for wire in range(len(counts)):
            self.counts[wire] = counts[wire]
        if not self.watched:
            return
        changed = self._told_levels ^ levels
        if not changed & ~_OFTEN and t_us - self._count_us < _QUIET_US:
            return
        self._tell_counts()
        if levels & ~before & _RUN:
            self._tell("RESET", RESET_RUN_PIN)
        if levels & ~before & _POWER:
            self._tell("RESET", RESET_POWER_ON)
        if levels & ~before & _SILENT and levels & (_POWER | _RUN) == _POWER:
            self._tell("RESET", RESET_BY_ITSELF)
        if changed:
            self._tell_levels(changed & ~_UNTOLD)

    def level(self, signal: str) -> int:
        """Return a signal's level in the newest record."""
        return self.levels >> pins.SIGNALS.index(signal) & 1

    def _tell_counts(self) -> None:
        self._count_us = self.t_us
        for wire in range(len(pins.WIRES)):
            if self._told_counts[wire] != self.counts[wire]:
                self._told_counts[wire] = self.counts[wire]
                self._tell(pins.WIRES[wire], self.counts[wire])

    def _tell_levels(self, changed: int) -> None:
        self._told_levels = self.levels
        for bit in range(len(pins.SIGNALS)):
            if changed >> bit & 1:
                self._tell(pins.SIGNALS[bit], self.levels >> bit & 1)

    def _tell(self, signal: str, value: int) -> None:
        self.told += 1
        self._say("! %d %s %d" % (self.t_us, signal, value))
