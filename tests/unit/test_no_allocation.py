"""The steady tick allocates nothing: heap_lock makes every allocation a MemoryError."""

import sys
import unittest

from fake_parts import Parts

from detector import states
from detector.chores import Chores
from detector.console import Console

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython


class QuietHal:
    """A console at which nobody types."""

    def console_read(self, buf: bytearray) -> int:
        """Read nothing."""
        return 0


@unittest.skipUnless(_MICROPYTHON, "only MicroPython can lock its heap")
class TestSteadyTick(unittest.TestCase):
    def steady(self, state: int, armed: bool) -> None:
        """Lock the heap and run two seconds of a state in which nothing happens."""
        parts = Parts()
        controller = parts.controller
        chores = Chores(controller, parts.hub, parts.uplink, 0)
        console = Console(QuietHal(), controller, parts.journal, False)
        parts.enter(state, armed)
        parts.run(50)
        parts.board.log = None  # it grows with every heartbeat
        now_ms = parts.board.now_ms
        micropython.heap_lock()
        try:
            for _ in range(2000):
                now_ms += 1
                parts.board.now_ms = now_ms
                controller.tick(now_ms)
                console.poll(now_ms)
                chores.poll(now_ms)
        finally:
            micropython.heap_unlock()
        self.assertEqual(controller.state, state)

    def test_in_idle(self) -> None:
        self.steady(states.IDLE, False)

    def test_in_armed(self) -> None:
        self.steady(states.ARMED, True)

    def test_in_alarm_with_the_gate_open(self) -> None:
        self.steady(states.ALARM, True)


if __name__ == "__main__":
    unittest.main()
