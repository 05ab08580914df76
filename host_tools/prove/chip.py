"""`machine` for the explored firmware: pads that hang on the circuit, and nothing more.

Every change that the firmware makes to the world outside its RAM (a pad that changes, a record
that is appended) is an *effect*: before each of them the program can end.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from host_tools.boards import load_pins
from host_tools.prove.firmware import BOARD
from host_tools.virtual_board.circuit import LINES, PINS, Circuit
from host_tools.virtual_board.gpio import PAD_COUNT, PULL_DOWN, PULL_UP

# As machine.reset_cause() of the rp2 port has them; it cannot tell the RUN pin from power-on.
POWER_ON = 1
WATCHDOG = 3


class ChipReset(BaseException):
    """machine.reset() was called: it does not return."""


class Seen(NamedTuple):
    """What the circuit has come to; it depends on nothing that only time changes."""

    levels: list[int]  # of the pads
    nets: int
    latch: bool
    alive: bool
    gate: bool
    faults: tuple[str, ...]


class Chip:
    """Pads, time and reset of the chip; `levels[n]` is what pad n reads.

    `on_change` is called after each change of the circuit, `on_effect` before each effect.
    """

    STATE = ("registers", "outputs")

    def __init__(self, circuit: Circuit) -> None:
        """Wire the pads to `circuit` as on the virtual board."""
        self.circuit = circuit
        self.now_us = 0
        self.levels = [0] * PAD_COUNT
        self.reset_cause = POWER_ON
        self.reset_asked = False  # by machine.reset(): whatever a program does then is not done
        self.on_change: Callable[[Seen], None] = lambda _seen: None
        self.on_effect: Callable[[], None] = lambda: None
        pins = load_pins(BOARD)
        self._pads = {role: int(getattr(pins, role)) for role in (*LINES, *PINS)}
        self._role = {self._pads[role]: role for role in PINS}
        self._bit = {self._pads[role]: 1 << index for index, role in enumerate(PINS)}
        self._seen: dict[tuple[object, ...], Seen] = {}
        self._service: int = pins.SERVICE
        self._latch_sense: int = pins.LATCH_SENSE
        self._uplink_sense: int = pins.UPLINK_SENSE
        self.registers = 0  # which outputs the firmware drives, and
        self.outputs = 0  # how; as bits of PINS

    def modules(self) -> dict[str, ModuleType]:
        """Return what the firmware may import that is not its own."""
        machine = ModuleType("machine")
        machine.Pin = type("Pin", (Pin,), {"chip": self})  # type: ignore[attr-defined]
        machine.PWRON_RESET = POWER_ON  # type: ignore[attr-defined]
        machine.WDT_RESET = WATCHDOG  # type: ignore[attr-defined]
        machine.reset = self._reset  # type: ignore[attr-defined]
        machine.reset_cause = lambda: self.reset_cause  # type: ignore[attr-defined]
        micropython = ModuleType("micropython")
        micropython.const = lambda value: value  # type: ignore[attr-defined]
        micropython.kbd_intr = lambda _character: None  # type: ignore[attr-defined]
        return {"machine": machine, "micropython": micropython, "vfs": ModuleType("vfs")}

    def _reset(self) -> None:
        self.reset_asked = True
        raise ChipReset

    # --- the firmware's side --------------------------------------------------------------------

    def drive(self, pad: int, level: int | None, pulled_down: bool = False) -> None:
        """Make a pad an output at a level, or with None an input."""
        role = self._role.get(pad)
        if role is None:
            return  # the camera's select line: not the gate's
        bit = self._bit[pad]
        registers = self.registers & ~bit if level is None else self.registers | bit
        outputs = self.outputs | bit if level else self.outputs & ~bit
        if (registers, outputs) == (self.registers, self.outputs) and level is not None:
            return
        self.on_effect()
        self.registers, self.outputs = registers, outputs
        driven = None if level is None else bool(level)
        self.circuit.set_pin(role, driven, self.now_us, pulled_down)
        self.publish()

    def release(self) -> None:
        """Reset the chip: every pad is an input with its pull-down on (as in gpio.py)."""
        self.registers = self.outputs = 0
        self.circuit.release_pins(self.now_us, pulled_down=True)
        self.publish()

    @property
    def driven(self) -> int:
        """What is driven high, as bits of PINS; not what a broken circuit makes of it."""
        return self.registers & self.outputs

    # --- the circuit ----------------------------------------------------------------------------

    def publish(self) -> None:
        """Show on the pads what the circuit has come to, and tell the witness."""
        self.on_change(self.refresh())

    def refresh(self) -> Seen:
        """Show on the pads what the circuit has come to, and return it."""
        *parts, alive_us, _max_us = self.circuit.state(self.now_us)
        key = (*parts, alive_us is None)
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = self._look()
        self.levels[:] = seen.levels
        return seen

    def _look(self) -> Seen:
        circuit = self.circuit
        nets = circuit.nets()
        levels = [0] * PAD_COUNT
        for index, role in enumerate(PINS):
            levels[self._pads[role]] = nets >> index & 1
        for role in LINES:
            levels[self._pads[role]] = int(circuit.line(role))
        levels[self._service] = int(circuit.service)
        levels[self._latch_sense] = int(circuit.latch_sense)
        levels[self._uplink_sense] = int(circuit.sense)
        return Seen(levels, nets, circuit.latch, circuit.alive, circuit.gate, circuit.faults)


class Pin:
    """A pad as machine.Pin has it, as far as the detector uses it."""

    IN = 0
    OUT = 1
    PULL_UP = PULL_UP
    PULL_DOWN = PULL_DOWN
    chip: Any = None  # of a subclass

    def __init__(
        self, number: int, mode: int | None = None, pull: int = 0, *, value: int | None = None
    ) -> None:
        self._number = number
        self._levels = self.chip.levels
        if mode == self.OUT:
            self.chip.drive(number, 0 if value is None else value)
        elif mode == self.IN:
            self.chip.drive(number, None, pull == PULL_DOWN)

    def value(self, level: int | None = None) -> int | None:
        """Drive the pad, or without `level` return what it reads."""
        if level is None:
            return int(self._levels[self._number])
        self.chip.drive(self._number, level)
        return None
