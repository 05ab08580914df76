"""The gate: only owner of UPLINK_EN, LATCH_CLEAR, HEARTBEAT and the arm lines.

The circuit opens the uplink only while LATCH and UPLINK_EN and ALIVE and not SERVICE. This module
can take its three parts of that away, each of which alone shuts; it can never set the latch. It
holds no state machine: the controller says when, the gate says what the circuit did.
"""

from detector import ticks
from detector.codes import FAULT_ARM_LINES, FAULT_ENABLE_STUCK, FAULT_GATE_SENSE
from detector.compat import const

# A sense that disagrees longer than this is a fault (rail rise and fall take a few ms).
SENSE_TOLERANCE_MS = const(20)
# ALIVE falls 2 s after the last edge; eight edges in that time leave room for a slow tick.
HEARTBEAT_MS = const(250)
ALIVE_MS = const(2000)
# A heart that stood still for so long was a hang. It is not started again: ALIVE may have fallen
# by then (its RC has a tolerance), and the next beat would open the gate without a record.
LAPSED_MS = const(1000)
_COUNT_MASK = const(0x3FFFFFFF)
# On an RP2040 0.1 ms and more, in which its pull-up lifts any net that nothing else holds.
_SETTLE_READS = const(64)


class Disagreement:
    """Since when what is read back is wrong: a single look after a long tick says nothing."""

    def __init__(self) -> None:
        """Begin with agreement."""
        self._is_on = False
        self._since_ms = 0

    def lasts(self, now_ms: int, is_wrong: bool) -> bool:
        """Take a look; say whether every one has been wrong for longer than the tolerance."""
        if not is_wrong or not self._is_on:
            self._is_on = is_wrong
            self._since_ms = now_ms
        return ticks.diff_ms(now_ms, self._since_ms) > SENSE_TOLERANCE_MS


class Gate:
    """Drives and reads back the gate's pins; starts shut."""

    def __init__(self, hal: "Hal", now_ms: int) -> None:
        """Claim the pins through `hal` and shut."""
        self._enable = hal.pin_out("UPLINK_EN")
        self._clear = hal.pin_out("LATCH_CLEAR")
        self._beat = hal.pin_out("HEARTBEAT")
        self._arm_contact = hal.pin_out("ARM_CONTACT")
        self._arm_intrusion = hal.pin_out("ARM_INTRUSION")
        self._latch = hal.pin_in("LATCH_SENSE")
        self._sense = hal.pin_in("UPLINK_SENSE")
        self._service = hal.pin_in("SERVICE")
        self.wanted = False  # UPLINK_EN is driven high and the heart beats
        self.clears = 0  # pulses of LATCH_CLEAR, and
        self.arms = 0  # rises of the arm lines, so far (they wrap; only equality is asked)
        self.arm_lines = False
        self._beat_level = 0
        self._beat_ms = now_ms
        self._sense_wrong = Disagreement()
        self._pins_wrong = Disagreement()
        self.shut()

    def shut(self) -> None:
        """Shut: UPLINK_EN low, heartbeat stopped, latch cleared; each alone suffices."""
        self._enable.value(0)
        self.wanted = False
        self.clear_latch()

    def clear_latch(self) -> None:
        """Pulse LATCH_CLEAR; it dominates a line that rises meanwhile."""
        self._clear.value(1)
        self._clear.value(0)
        self.clears = (self.clears + 1) & _COUNT_MASK

    def open(self, now_ms: int) -> None:
        """Give the MCU's part of the gate; it opens only if the circuit's latch is set."""
        self._enable.value(1)
        self.wanted = True
        self._toggle(now_ms)

    def set_arm_lines(self, on: bool) -> None:
        """Drive both arm lines (full arming); a change is all that is written."""
        if on == self.arm_lines:
            return
        self._arm_contact.value(1 if on else 0)
        self._arm_intrusion.value(1 if on else 0)
        self.arm_lines = on
        if on:
            self.arms = (self.arms + 1) & _COUNT_MASK

    def latch_set(self) -> bool:
        """Say whether the circuit's latch is set."""
        return self._latch.value() == 1

    def is_open(self) -> bool:
        """Say whether the uplink's rail is up, as read back from the circuit."""
        return self._sense.value() == 1

    def service(self) -> bool:
        """Say whether the service jumper is in."""
        return self._service.value() == 1

    def tick(self, now_ms: int) -> int:
        """Beat while open, compare the circuit with what it should be; return fault bits."""
        if self.wanted and not self.lapsed(now_ms):
            if ticks.diff_ms(now_ms, self._beat_ms) >= HEARTBEAT_MS:
                self._toggle(now_ms)
        faults = self.driven_wrong()
        if not self._pins_wrong.lasts(now_ms, faults != 0):
            faults = 0
        if self._sense_wrong.lasts(now_ms, self.is_open() != self._expected(now_ms)):
            faults |= FAULT_GATE_SENSE
        return faults

    def lapsed(self, now_ms: int) -> bool:
        """Say whether the gate is wanted open and its heart stood still: it must be shut."""
        return self.wanted and ticks.diff_ms(now_ms, self._beat_ms) >= LAPSED_MS

    def _expected(self, now_ms: int) -> bool:
        alive = ticks.diff_ms(now_ms, self._beat_ms) < ALIVE_MS
        return self.wanted and alive and self.latch_set() and not self.service()

    def driven_wrong(self) -> int:
        """Return fault bits for outputs whose net is not at the driven level.

        An output's pad reads back its net, not what the register holds (RP2040 datasheet
        2.19.6.1): a short to the supply shows here while the circuit still keeps the gate shut.
        """
        faults = 0
        if self._enable.value() != (1 if self.wanted else 0):
            faults = FAULT_ENABLE_STUCK
        level = 1 if self.arm_lines else 0
        if self._arm_contact.value() != level or self._arm_intrusion.value() != level:
            faults |= FAULT_ARM_LINES
        return faults

    def enable_floats(self, hal: "Hal") -> bool:
        """Say whether the pull-down of UPLINK_EN is missing; only at boot, while shut.

        For a moment nobody drives the net and the chip's own pull-up is on: 50 to 80 kOhm, which
        4.7 kOhm to ground hold below 0.3 V. Without a pull a floating net would keep the 0 that
        was driven last. LATCH_CLEAR is held meanwhile: no line can set the latch.
        """
        self._clear.value(1)
        net = hal.pin_pulled_up("UPLINK_EN")
        for _ in range(_SETTLE_READS):
            level = net.value()
        self._enable = hal.pin_out("UPLINK_EN")
        self._clear.value(0)
        return level == 1

    def _toggle(self, now_ms: int) -> None:
        # Toggled by the tick alone, never by PWM, PIO or a timer: ALIVE must mean that this loop
        # runs.
        self._beat_level = 1 - self._beat_level
        self._beat.value(self._beat_level)
        self._beat_ms = now_ms
