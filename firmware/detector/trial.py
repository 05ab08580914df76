"""Settles a new app in its slot once it has worked for a while, and records that, or a roll-back.

Its self-test has been passed before (app.py). Until it has settled, every start of it counts as a
try, however it ended, and after three the loader goes back to the app before it.
"""

from detector import codes, states, ticks
from detector.compat import const

_SETTLE_MS = const(2000)
_SLOTS = "ab"


class Trial:
    """Waits for a quiet moment: what is written then may take a Pico a tenth of a second."""

    def __init__(self, slot: "Slot", controller: "Controller", now_ms: int) -> None:
        """Begin now; `slot` has something to settle."""
        self._slot = slot
        self._controller = controller
        self._began_ms = now_ms

    def poll(self, now_ms: int) -> bool:
        """Settle when the time has come; True when there is nothing left to do."""
        controller = self._controller
        if ticks.diff_ms(now_ms, self._began_ms) < _SETTLE_MS:
            return False
        if controller.event.running or controller.zones.any_rising():
            return False
        if controller.state != states.IDLE and controller.state != states.ARMED:
            return False
        slot = self._slot
        # On record before it is done: of a roll-back that nobody could read of, nobody would know.
        number = _SLOTS.find(slot.name)
        controller.record.write(now_ms, codes.JR_APP, 0, number, 1 if slot.undone else 0)
        try:
            slot.settle()
        except OSError:  # it is tried again at the next start, which is another try
            controller.record.latch(codes.FAULT_STORE)
        return True
