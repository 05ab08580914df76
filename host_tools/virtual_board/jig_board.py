"""A second Pico, wired as firmware/jig/pins.py says to a virtual detector in the same process.

Its chip is as the detector's: the same ROM, console and flash. Its pads lead to the detector's
sensor lines, jumper, RUN and supply; its capture block sees the nets of the detector's circuit.
Both count the same microseconds.
"""

from __future__ import annotations

from collections.abc import Callable

from host_tools.virtual_board.board import HUB, UPLINK, Board
from host_tools.virtual_board.capture import Capture
from host_tools.virtual_board.gpio import PAD_COUNT, Gpio
from host_tools.virtual_board.options import BoardOptions
from host_tools.virtual_board.poller import Poller
from jig import pins as wiring

_NETS = ("ARM_CONTACT", "ARM_INTRUSION", "LATCH_CLEAR", "UPLINK_EN", "HEARTBEAT")
_BIT = {signal: 1 << number for number, signal in enumerate(wiring.SIGNALS)}


class JigBoard(Board):
    """The chip of the jig; the detector is there first."""

    def __init__(self, options: BoardOptions, poller: Poller, detector: Board) -> None:
        self.wiring = Wiring(detector)
        super().__init__(options, poller)
        self._epoch_ns = detector.epoch_ns
        self.capture = Capture(self.wiring)
        if not isinstance(detector.gpio, Gpio):
            raise TypeError("a jig is wired to a detector")
        detector.gpio.watchers.append(self.capture.sample)
        for uart in detector.uarts:
            uart.before_settle = self.capture.before_settle

    def stop_capture(self) -> None:
        """Stop all state machines, as no script does."""
        if self.capture is not None:
            self.capture.stop()

    def _pads(self) -> JigPads:
        return JigPads(self.wiring, self._sampled)

    def _sampled(self, now_us: int) -> None:
        if self.capture is not None:
            self.capture.sample(now_us)


class Wiring:
    """The wires between both, and what can be wrong with them."""

    bauds = wiring.BAUDS
    first_wire: int = wiring.FIRST_WIRE
    hub_tx: int = wiring.HUB_TX
    silent: int = wiring.SIGNALS.index("TX_SILENT")

    def __init__(self, detector: Board) -> None:
        self._detector = detector
        self._driven = 0  # levels of the jig's sampled outputs
        self.pretends_power = False  # the supply's switch does nothing, like that of some hubs

    def drive(self, role: str, level: int, now_us: int) -> None:
        """Let one of the jig's outputs drive its wire."""
        board = self._detector
        bit = _BIT.get(role, 0)
        self._driven = self._driven | bit if level else self._driven & ~bit
        board.catch_up(now_us)
        if role == "SUPPLY":
            if level or not self.pretends_power:
                board.set_power(bool(level))
        elif role == "RUN":
            board.hold_reset(bool(level))
        else:
            board.gpio.set_line(role, bool(level), now_us)

    def levels(self) -> int:
        """Return the levels of the sampled pins now, but for TX_SILENT."""
        circuit = self._detector.circuit
        levels = self._driven
        for name in _NETS:
            if circuit.net(name):
                levels |= _BIT[name]
        for name, level in (
            ("POWER", circuit.powered),
            ("LATCH", circuit.latch),
            ("ALIVE", circuit.alive),
            ("GATE", circuit.gate),
            ("UPLINK_SENSE", circuit.sense),
            ("CAM_RAIL", circuit.cam_rail),
        ):
            if level:
                levels |= _BIT[name]
        return levels

    def low_since_us(self) -> int | None:
        """Return since when no UART drives the hub link's wire; None while one does."""
        low_ns = self._detector.uarts[HUB].low_since_ns
        return None if low_ns is None else low_ns // 1000

    def counts(self, now_us: int) -> tuple[int, int, int, int]:
        """Return how many bytes each wire has carried by now."""
        hub, uplink = self._detector.uarts[HUB], self._detector.uarts[UPLINK]
        hub.move(now_us * 1000)
        uplink.move(now_us * 1000)
        return (
            hub.counts.received,
            uplink.counts.received,
            uplink.counts.sent,
            uplink.counts.passed,
        )

    def settle(self, now_us: int) -> None:
        """Let everything happen that is due by now."""
        self._detector.catch_up(now_us)
        self._detector.count_bytes(now_us)


class JigPads:
    """The jig's pads by GPIO number."""

    def __init__(self, wires: Wiring, on_change: Callable[[int], None]) -> None:
        self._wires = wires
        self._on_change = on_change
        roles = {wiring.SIGNALS.index(role): role for role in wiring.OUTPUTS if role != "SUPPLY"}
        self._roles = {**roles, wiring.SUPPLY: "SUPPLY"}
        self._is_out = [False] * PAD_COUNT
        self._level = [0] * PAD_COUNT
        self._shown = [0] * PAD_COUNT  # what each pad drives its wire to

    @property
    def levels(self) -> list[int]:
        """Return what each pad reads now."""
        nets = self._wires.levels()
        sampled = len(wiring.SIGNALS)
        return [nets >> pad & 1 for pad in range(sampled)] + self._shown[sampled:]

    def set_mode(self, pad: int, is_out: bool, pull: int, now_us: int) -> None:
        """Make a pad an output or an input; a pull does nothing against a wire."""
        self._is_out[pad] = is_out
        self._show(pad, now_us)

    def set_level(self, pad: int, level: int, now_us: int) -> None:
        """Set a pad's output register; it shows on the wire if that is an output."""
        self._level[pad] = level
        self._show(pad, now_us)

    def set_line(self, role: str, level: bool, now_us: int) -> None:
        """Refuse: nobody but its wires drives a jig's pads."""
        raise KeyError(role)

    def release(self, now_us: int) -> None:
        """Reset the chip: every pad is pulled down, and with it everything that it drove."""
        self._is_out = [False] * PAD_COUNT
        self._level = [0] * PAD_COUNT
        for pad in range(PAD_COUNT):
            self._show(pad, now_us)

    def publish(self, now_us: int) -> None:
        """No circuit hangs on this chip; the detector's tells by its watchers."""

    def _show(self, pad: int, now_us: int) -> None:
        level = self._level[pad] if self._is_out[pad] else 0
        if level == self._shown[pad]:
            return
        self._shown[pad] = level
        if pad in self._roles:
            self._wires.drive(self._roles[pad], level, now_us)
            self._on_change(now_us)
