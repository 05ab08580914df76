"""The reference circuit: sensor lines, latch, timers and the gate, as a pure function of time.

Owns no clock, no thread and no file: every call brings the time along, in microseconds, and all
state is in small integers, so that a copy is `copy.copy()` and two circuits compare by `state()`.
It must never know what the firmware means to do.
"""

from __future__ import annotations

LINES = ("TRIP_INTRUSION", "TRIP_CONTACT", "TRIP_FIRE", "TRIP_PANIC", "TAMPER")
PINS = ("UPLINK_EN", "LATCH_CLEAR", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION", "CAM_EN")
# The arm line that lets a sensor line set the latch; fire and panic need none.
ARMED_BY = ("ARM_INTRUSION", "ARM_CONTACT", None, None, "ARM_CONTACT")

ALIVE_US = 2_000_000
MAX_US = 1_200_000_000

# What can be broken, one bit each.
FAULTS = (
    "enable-stuck",  # the net of UPLINK_EN is high whatever drives it
    "enable-floating",  # its pull-down is missing: high whenever nothing holds it low
    "sense-low",  # UPLINK_SENSE reads 0
    "sense-high",  # UPLINK_SENSE reads 1
    "latch-deaf",  # no line sets the latch
    "latch-stuck",  # the latch's output is high for ever
    "latch-ignored",  # the gate forgets the latch: EN and ALIVE and not SERVICE
    "clear-open",  # LATCH_CLEAR does not reach the latch
    "alive-stuck",  # ALIVE is high for ever
    "arm-stuck",  # both arm lines' nets are high
    "gate-bridged",  # the gate is always open, and UPLINK_SENSE shows it
    "gate-bypassed",  # the gate is always open, bridged behind the tap of UPLINK_SENSE
    "enable-low",  # the net of UPLINK_EN is low whatever drives it
    "clear-stuck",  # the net of LATCH_CLEAR is high
    "beat-stuck",  # the net of HEARTBEAT does not move: no edge reaches ALIVE
    "arm-low",  # both arm lines' nets are low
    "latch-unseen",  # LATCH_SENSE reads 0
    "latch-imagined",  # LATCH_SENSE reads 1
)

_LINE_BIT = {name: 1 << index for index, name in enumerate(LINES)}
_PIN_BIT = {name: 1 << index for index, name in enumerate(PINS)}
_FAULT_BIT = {name: 1 << index for index, name in enumerate(FAULTS)}
_EN = _PIN_BIT["UPLINK_EN"]
_CLEAR = _PIN_BIT["LATCH_CLEAR"]
_HEARTBEAT = _PIN_BIT["HEARTBEAT"]
_ARM_LINES = _PIN_BIT["ARM_CONTACT"] | _PIN_BIT["ARM_INTRUSION"]
_CAM_EN = _PIN_BIT["CAM_EN"]
_FLOATING = _FAULT_BIT["enable-floating"]
# Nets that a fault holds, whatever drives them.
_HELD_HIGH = (
    (_FAULT_BIT["enable-stuck"], _EN),
    (_FAULT_BIT["arm-stuck"], _ARM_LINES),
    (_FAULT_BIT["clear-stuck"], _CLEAR),
)
_HELD_LOW = (
    (_FAULT_BIT["enable-low"], _EN),
    (_FAULT_BIT["arm-low"], _ARM_LINES),
    (_FAULT_BIT["beat-stuck"], _HEARTBEAT),
)


class Circuit:
    """Latch, ALIVE, MAX and the gate; powered from the start, all lines low."""

    def __init__(self, alive_us: int = ALIVE_US, max_us: int = MAX_US) -> None:
        self.alive_us = alive_us
        self.max_us = max_us
        self.powered = True
        self.service = False
        self._faults = 0
        self._lines = 0  # levels of the sensor lines, also while the power is off
        self._latched = 0  # one flip-flop per sensor line
        self._driven = 0  # which pins the MCU drives,
        self._levels = 0  # and how
        self._pulled_down = 0  # whose own weak pull-down the MCU has on
        self._alive_until: int | None = None
        self._max_until: int | None = None

    # --- what can be seen -----------------------------------------------------------------------

    @property
    def latch(self) -> bool:
        """The latch's output."""
        return self.powered and (self._latched != 0 or self._has("latch-stuck"))

    @property
    def latch_sense(self) -> bool:
        """What LATCH_SENSE reads."""
        if self._has("latch-imagined"):
            return self.powered
        return self.latch and not self._has("latch-unseen")

    @property
    def alive(self) -> bool:
        """Whether a heartbeat edge came less than ALIVE ago."""
        return self.powered and (self._alive_until is not None or self._has("alive-stuck"))

    @property
    def gate(self) -> bool:
        """The gate: supply of the uplink's modem and both directions of its buffer."""
        return self._switch() or (self.powered and self._has("gate-bypassed"))

    @property
    def sense(self) -> bool:
        """What UPLINK_SENSE reads."""
        if self._has("sense-high"):
            return self.powered
        return self._switch() and not self._has("sense-low")

    @property
    def cam_rail(self) -> bool:
        """The camera's supply, with the camera LED on it."""
        return bool(self.nets() & _CAM_EN)

    def line(self, role: str) -> bool:
        """Return the level of a sensor line."""
        return bool(self._lines & _LINE_BIT[role])

    def net(self, role: str) -> bool:
        """Return the level of an output's net: what the MCU reads back on that pin."""
        return bool(self.nets() & _PIN_BIT[role])

    def nets(self) -> int:
        """Return the levels of all output nets as bits in the order of PINS."""
        if not self.powered:
            return 0
        nets = self._driven & self._levels
        faults = self._faults
        if faults:
            if faults & _FLOATING and not (self._driven | self._pulled_down) & _EN:
                nets |= _EN
            for fault, held in _HELD_HIGH:
                if faults & fault:
                    nets |= held
            for fault, held in _HELD_LOW:
                if faults & fault:
                    nets &= ~held
        return nets

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults that are set, in their fixed order."""
        return tuple(name for name in FAULTS if self._has(name))

    def state(self, now_us: int) -> tuple[int | bool | None, ...]:
        """Return everything that decides the future, with deadlines relative to `now_us`."""
        alive, limit = self._alive_until, self._max_until
        return (
            self.powered,
            self.service,
            self._faults,
            self._lines,
            self._latched,
            self._driven,
            self._levels & self._driven,
            self._pulled_down & ~self._driven,
            None if alive is None else alive - now_us,
            None if limit is None else limit - now_us,
        )

    # --- time -----------------------------------------------------------------------------------

    def next_deadline_us(self) -> int | None:
        """Return when a timer will fire if nothing else happens, or None."""
        alive, limit = self._alive_until, self._max_until
        if alive is None or (limit is not None and limit < alive):
            return limit
        return alive

    def advance(self, now_us: int) -> None:
        """Let time pass up to `now_us`: fire ALIVE and MAX."""
        if self._alive_until is not None and now_us >= self._alive_until:
            self._alive_until = None
        if self._max_until is not None and now_us >= self._max_until:
            self._clear_latch()

    # --- what happens to it ---------------------------------------------------------------------

    def set_line(self, role: str, level: bool, now_us: int) -> None:
        """Set a sensor line; a rising edge sets the latch if the line may."""
        self.advance(now_us)
        bit = _LINE_BIT[role]
        rises = level and not self._lines & bit
        self._lines = self._lines | bit if level else self._lines & ~bit
        if rises and self.powered and self._may_set(role):
            self._latched |= bit
            if self._max_until is None:
                self._max_until = now_us + self.max_us

    def set_service(self, inserted: bool, now_us: int) -> None:
        """Put the service jumper in or out."""
        self.advance(now_us)
        self.service = inserted

    def set_pin(
        self, role: str, level: bool | None, now_us: int, pulled_down: bool = False
    ) -> None:
        """Let the MCU drive a pin high or low, or leave it to its pull-down (None).

        `pulled_down` says that the MCU's own pull-down is on. It holds a net whose external one is
        missing. The MCU's pull-up needs no mention: 50 to 80 kOhm against the 4.7 kOhm to ground
        come to 0.3 V at most, and a net without them counts as high already.
        """
        bit = _PIN_BIT[role]
        self._pulled_down = self._pulled_down | bit if pulled_down else self._pulled_down & ~bit
        driven = self._driven & ~bit if level is None else self._driven | bit
        levels = self._levels | bit if level else self._levels & ~bit
        self._drive(driven, levels, now_us)

    def release_pins(self, now_us: int, pulled_down: bool = False) -> None:
        """Reset the MCU: it drives nothing any more, but may pull all pins down."""
        self._pulled_down = (1 << len(PINS)) - 1 if pulled_down else 0
        self._drive(0, 0, now_us)

    def set_power(self, on: bool, now_us: int) -> None:
        """Cut or restore the supply; with it every timer and flip-flop is cleared."""
        self.advance(now_us)
        self.powered = on
        self._driven = self._levels = 0
        self._alive_until = None
        self._clear_latch()

    def set_fault(self, name: str, on: bool, now_us: int) -> None:
        """Break or mend something; raise KeyError for an unknown fault."""
        self.advance(now_us)
        bit = _FAULT_BIT[name]
        self._faults = self._faults | bit if on else self._faults & ~bit
        self._obey_clear()

    # --- inside ---------------------------------------------------------------------------------

    def _has(self, fault: str) -> bool:
        return bool(self._faults & _FAULT_BIT[fault])

    def _switch(self) -> bool:
        """The gate's switch, as seen at the tap of UPLINK_SENSE."""
        if not self.powered:
            return False
        if self._has("gate-bridged"):
            return True
        opened = self.latch or self._has("latch-ignored")
        return opened and bool(self.nets() & _EN) and self.alive and not self.service

    def _may_set(self, line: str) -> bool:
        nets = self.nets()
        if self._has("latch-deaf") or (nets & _CLEAR and not self._has("clear-open")):
            return False
        arm_line = ARMED_BY[LINES.index(line)]
        return arm_line is None or bool(nets & _PIN_BIT[arm_line])

    def _drive(self, driven: int, levels: int, now_us: int) -> None:
        self.advance(now_us)
        if not self.powered:
            return  # an MCU without supply drives nothing
        before = self.nets()
        self._driven, self._levels = driven, levels
        if (before ^ self.nets()) & _HEARTBEAT:
            self._alive_until = now_us + self.alive_us
        self._obey_clear()

    def _obey_clear(self) -> None:
        if self.nets() & _CLEAR and not self._has("clear-open"):
            self._clear_latch()

    def _clear_latch(self) -> None:
        self._latched = 0
        self._max_until = None
