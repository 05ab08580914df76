"""The chip's pads and what hangs on them: the circuit, the camera's select line and supply.

Every change of a pad or a sensor line goes through here, so that each change of the gate is
recorded, and the uplink's bytes are cut, at the moment it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from host_tools.boards import load_pins
from host_tools.virtual_board.circuit import LINES, PINS, Circuit
from host_tools.virtual_board.recorder import Recorder

PAD_COUNT = 30
# machine.Pin's numbers on the rp2 port
PULL_UP = 1
PULL_DOWN = 2


class CameraPins(Protocol):
    """The part of the camera that hangs on pads."""

    def spi_select(self, level: int) -> None:
        """Follow the chip-select line (0 selects)."""

    def power(self, on: bool, now_us: int) -> None:
        """Follow the supply rail."""


class Pads(Protocol):
    """A chip's pads, whatever hangs on them."""

    @property
    def levels(self) -> Sequence[int]:
        """What each pad reads now."""

    def set_mode(self, pad: int, is_out: bool, pull: int, now_us: int) -> None:
        """Make a pad an output or an input."""

    def set_level(self, pad: int, level: int, now_us: int) -> None:
        """Set a pad's output register."""

    def set_line(self, role: str, level: bool, now_us: int) -> None:
        """Set a sensor line from outside; raise KeyError where there is none."""

    def release(self, now_us: int) -> None:
        """Reset the chip."""

    def publish(self, now_us: int) -> None:
        """Show what the circuit has come to."""


class Gpio:
    """Pads by GPIO number; `levels[n]` is what pad n reads now."""

    def __init__(
        self,
        circuit: Circuit,
        camera: CameraPins,
        recorder: Recorder,
        on_change: Callable[[bool, int], None],
    ) -> None:
        pins = load_pins("VIRTUAL")
        self._circuit = circuit
        self._camera = camera
        self._recorder = recorder
        self._on_change = on_change  # called with the gate's new level before it is recorded
        self._pin = {role: getattr(pins, role) for role in (*LINES, *PINS, "SERVICE")}
        self._output = {self._pin[role]: role for role in PINS}
        self._latch_sense: int = pins.LATCH_SENSE
        self._uplink_sense: int = pins.UPLINK_SENSE
        self._select: int = pins.CAM_CS
        inputs = {self._pin[role] for role in (*LINES, "SERVICE")}
        self._fixed = inputs | {self._latch_sense, self._uplink_sense}
        self.levels = [0] * PAD_COUNT
        self.watchers: list[Callable[[int], None]] = []  # of every change of a net, with its time
        self._is_out = [False] * PAD_COUNT
        self._level = [0] * PAD_COUNT
        self._pull = [0] * PAD_COUNT
        self._seen: tuple[int | bool, ...] = ()
        self._nets = 0
        for role in (*LINES, "SERVICE"):
            recorder.record(0, role, 0)
        circuit.release_pins(0, pulled_down=True)
        self.publish(0)

    # --- the chip's side ------------------------------------------------------------------------

    def set_mode(self, pad: int, is_out: bool, pull: int, now_us: int) -> None:
        """Make a pad an output or an input, with a pull (PULL_UP, PULL_DOWN or 0)."""
        self._is_out[pad] = is_out
        self._pull[pad] = pull
        self._drive(pad, now_us)

    def set_level(self, pad: int, level: int, now_us: int) -> None:
        """Set a pad's output register; it shows on the pad if that is an output."""
        self._level[pad] = level
        if self._is_out[pad]:
            self._drive(pad, now_us)

    def release(self, now_us: int) -> None:
        """Reset the chip: every pad is an input with its weak pull-down on.

        So the RP2040 resets them (datasheet 2.19.6.3, GPIO0: 0x56).
        """
        self._is_out = [False] * PAD_COUNT
        self._level = [0] * PAD_COUNT
        self._pull = [0] * PAD_COUNT
        for pad in range(PAD_COUNT):
            if pad not in self._fixed:
                self.levels[pad] = 0
        self._camera.spi_select(1)
        self._circuit.release_pins(now_us, pulled_down=True)
        self.publish(now_us)

    def _drive(self, pad: int, now_us: int) -> None:
        level = self._level[pad] if self._is_out[pad] else None
        role = self._output.get(pad)
        if role is not None:
            driven = None if level is None else bool(level)
            self._circuit.set_pin(role, driven, now_us, self._pull[pad] == PULL_DOWN)
            self.publish(now_us)
        elif pad == self._select:
            self._camera.spi_select(1 if level is None else level)
            self.levels[pad] = 1 if level is None else level
        elif pad not in self._fixed:
            self.levels[pad] = int(self._pull[pad] == PULL_UP) if level is None else level

    # --- the world's side -----------------------------------------------------------------------

    def set_line(self, role: str, level: bool, now_us: int) -> None:
        """Set a sensor line or the jumper (SERVICE); raise KeyError for another name."""
        pad = self._pin[role]
        if role == "SERVICE":
            self._circuit.set_service(level, now_us)
        elif role in LINES:
            self._circuit.set_line(role, level, now_us)
        else:
            raise KeyError(role)
        self.levels[pad] = int(level)
        self._recorder.record(now_us, role, int(level))
        self.publish(now_us)
        self._tell_watchers(now_us)

    def publish(self, now_us: int) -> None:
        """Show on pads, uplink, camera and record what the circuit has come to."""
        circuit = self._circuit
        nets = circuit.nets()
        seen = (
            nets,
            circuit.latch,
            circuit.alive,
            circuit.gate,
            circuit.latch_sense,
            circuit.sense,
            circuit.powered,
        )
        if seen == self._seen:
            return
        self._seen = seen
        recorder = self._recorder
        _nets, latch, alive, gate, latch_sense, sense, powered = seen
        self._on_change(bool(gate), now_us)
        recorder.record(now_us, "POWER", int(powered))
        if nets != self._nets or "HEARTBEAT" not in recorder.levels:
            self._publish_nets(nets, now_us)
        self.levels[self._latch_sense] = int(latch_sense)
        self.levels[self._uplink_sense] = int(sense)
        recorder.record(now_us, "LATCH", int(latch))
        recorder.record(now_us, "ALIVE", int(alive))
        recorder.record(now_us, "GATE", int(gate))
        recorder.record(now_us, "UPLINK_SENSE", int(sense))
        self._tell_watchers(now_us)

    def _tell_watchers(self, now_us: int) -> None:
        for watcher in self.watchers:
            watcher(now_us)

    def _publish_nets(self, nets: int, now_us: int) -> None:
        recorder = self._recorder
        for index, role in enumerate(PINS):
            level = nets >> index & 1
            self.levels[self._pin[role]] = level
            if role == "HEARTBEAT":
                recorder.record_often(now_us, role, level)
            else:
                recorder.record(now_us, role, level)
        if recorder.levels.get("CAM_RAIL") != recorder.levels["CAM_EN"]:
            rail = int(self._circuit.cam_rail)
            recorder.record(now_us, "CAM_RAIL", rail)
            self._camera.power(bool(rail), now_us)
        self._nets = nets
