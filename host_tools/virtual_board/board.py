"""One virtual board: the chip and everything around it, on one clock.

Owns the order of things: time is caught up before anything is changed, and whatever a change does
to the gate is recorded at that moment. Knows no sockets but the interpreter's.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from pathlib import Path

from host_tools.boards import load_pins
from host_tools.virtual_board.arducam import ArducamModel
from host_tools.virtual_board.capture import Capture
from host_tools.virtual_board.circuit import Circuit
from host_tools.virtual_board.flash import COSTS, FlashChip
from host_tools.virtual_board.gpio import Gpio, Pads
from host_tools.virtual_board.interpreter import Interpreter, InterpreterOptions
from host_tools.virtual_board.options import BoardOptions
from host_tools.virtual_board.poller import Poller
from host_tools.virtual_board.ports import Port, Pty
from host_tools.virtual_board.processor import Processor
from host_tools.virtual_board.recorder import (
    RESET_POWER_ON,
    RESET_RUN_PIN,
    RESET_SOFT,
    RESET_WATCHDOG,
    Recorder,
)
from host_tools.virtual_board.rtc import Rtc
from host_tools.virtual_board.tcp_port import TcpPort
from host_tools.virtual_board.uart import PacedUart
from host_tools.virtual_board.wire import wire

HUB, UPLINK = 0, 1
PORTS = ("console", "hub", "uplink")
_UNIQUE_ID_BYTES = 8


class Board:
    """Circuit, pads, UARTs, flash, camera, clock, watchdog and processor."""

    def __init__(self, options: BoardOptions, poller: Poller) -> None:
        self.options = options
        self._epoch_ns = time.monotonic_ns()
        self._folder = tempfile.TemporaryDirectory(prefix="sluss-")
        pins = load_pins("VIRTUAL")
        self.poller = poller
        self.recorder = Recorder()
        self.circuit = Circuit(options.alive_us, options.max_us)
        self.flash = FlashChip(options.state / "flash.bin")
        self.flash.costs = COSTS[options.flash_costs]
        self.rtc = Rtc()
        self.camera = ArducamModel(
            options.images, seed=options.seed, canary=options.canary, clock_us=self.now_us
        )
        self.ports: dict[str, Port] = {
            name: TcpPort(listener) if listener else Pty()
            for name, listener in zip_longest(PORTS, options.listeners)
        }
        self.uarts = (
            PacedUart(self.ports["hub"], pins.HUB_UART[3], False, options.seed),
            PacedUart(self.ports["uplink"], pins.UPLINK_UART[3], True, options.seed + 1),
        )
        self.gpio = self._pads()
        self._is_held = False  # RUN is low
        self.capture: Capture | None = None  # only a jig's chip has wires that lead there
        self.unique_id = _unique_id(options.state / "unique_id")
        self.processor = Processor(self, self._interpreter(), poller)
        self._timers: list[tuple[int, Callable[[], None]]] = []
        self.due_us = 0  # when run_due() must be called next, as far as the loop knows
        self.watchdog_us = 0
        self._watchdog_due: int | None = None
        for port in self.ports.values():
            port.watch(poller, partial(self._port_event, port))

    @property
    def epoch_ns(self) -> int:
        """The monotonic clock's value at the board's time zero."""
        return self._epoch_ns

    @property
    def control_path(self) -> Path:
        """Where the control socket belongs."""
        return Path(self._folder.name) / "control"

    def now_us(self) -> int:
        """Return the board's time."""
        return (time.monotonic_ns() - self._epoch_ns) // 1000

    # --- time -----------------------------------------------------------------------------------

    def next_due_us(self) -> int | None:
        """Return when run_due() has something to do, or None."""
        due = self.circuit.next_deadline_us()
        times = [] if due is None else [due]
        if self._watchdog_due is not None:
            times.append(self._watchdog_due)
        for line in (self.uarts[HUB], self.uarts[UPLINK], self.processor.console):
            due_ns = line.next_ns()
            if due_ns is not None:
                times.append(due_ns // 1000 + 1)
        due = self.recorder.next_us()
        if due is not None:
            times.append(due)
        if self.processor.answer_due_us is not None:
            times.append(self.processor.answer_due_us)
        times.extend(timer[0] for timer in self._timers)
        return min(times) if times else None

    def catch_up(self, now_us: int) -> None:
        """Fire the circuit's timers that are due, each at its own time."""
        due = self.circuit.next_deadline_us()
        while due is not None and due <= now_us:
            self.circuit.advance(due)
            self.gpio.publish(due)
            due = self.circuit.next_deadline_us()

    def run_due(self, now_us: int) -> None:
        """Do everything that is due."""
        self.catch_up(now_us)
        now_ns = now_us * 1000
        self.processor.console.settle(now_ns)
        self.count_bytes(now_us)
        due = self.processor.answer_due_us
        if due is not None and due <= now_us:
            self.processor.answer_late(now_us)
        if self._watchdog_due is not None and self._watchdog_due <= now_us:
            self.hard_reset(RESET_WATCHDOG, wire.WDT_RESET)
        ready = [timer for timer in self._timers if timer[0] <= now_us]
        self._timers = [timer for timer in self._timers if timer[0] > now_us]
        for _due, action in ready:
            action()
        due = self.recorder.next_us()
        if due is not None and due <= now_us:
            self.recorder.flush()

    def count_bytes(self, now_us: int) -> None:
        """Move the UARTs' bytes and record their counts, each at the time of its last byte."""
        often = self.recorder.record_often
        hub, uplink = self.uarts
        hub.settle(now_us * 1000)
        uplink.settle(now_us * 1000)
        often(hub.rx_at_ns // 1000, "HUB_RX", hub.counts.received)
        often(uplink.rx_at_ns // 1000, "UPLINK_RX", uplink.counts.received)
        often(uplink.tx_at_ns // 1000, "UPLINK_TX_PASSED", uplink.counts.passed)

    def after(self, delay_us: int, action: Callable[[], None]) -> None:
        """Do something later."""
        self._timers.append((self.now_us() + delay_us, action))

    # --- resets and power -----------------------------------------------------------------------

    def hard_reset(self, cause: int, code: int) -> None:
        """Reset the chip: pads released, processor started anew; supply and circuit stay."""
        now = self.now_us()
        self.catch_up(now)
        self.processor.stop(keep_output=False)
        self._reset_chip(now)
        self.recorder.record(now, "RESET", cause)
        self._start(code)

    def hold_reset(self, held: bool) -> None:
        """Hold the RUN pin low, or let it go: then the chip starts."""
        if held == self._is_held:
            return
        self._is_held = held
        if held:
            now = self.now_us()
            self.catch_up(now)
            self.processor.stop(keep_output=False)
            self._reset_chip(now)
            self.recorder.record(now, "RESET", RESET_RUN_PIN)
        else:
            self._start(wire.HARD_RESET)

    def soft_reset(self, boot_mode: int) -> None:
        """Start a new interpreter; pads, clock and watchdog stay as they are."""
        now = self.now_us()
        self.processor.stop(keep_output=True)
        if not boot_mode & wire.BOOT_RESUME:  # which is no reset of the chip
            for uart in self.uarts:
                uart.settle(now * 1000)
                uart.reset()
            self.recorder.record(now, "RESET", RESET_SOFT)
        self.processor.start(self.processor.reset_cause, boot_mode, keep_stdin=True)

    def set_power(self, on: bool) -> None:
        """Cut or restore the supply; sensor lines and jumper are not the board's and stay."""
        if on == self.circuit.powered:
            return
        now = self.now_us()
        self.catch_up(now)
        self.processor.stop(keep_output=False)
        self._reset_chip(now)
        self.circuit.set_power(on, now)
        self.gpio.publish(now)
        if on:
            self.recorder.record(now, "RESET", RESET_POWER_ON)
            self._start(wire.PWRON_RESET)

    def _start(self, code: int) -> None:
        """Let the chip come out of a reset, unless it has no supply or RUN is held low."""
        if self.circuit.powered and not self._is_held:
            self.processor.start(code, boot_mode=0, keep_stdin=False)

    def _reset_chip(self, now_us: int) -> None:
        if self.capture is not None:
            self.capture.stop()
        self.gpio.release(now_us)
        for uart in self.uarts:
            uart.settle(now_us * 1000)
            uart.let_go(now_us * 1000)
        self.rtc.restart(now_us)
        self.watchdog_us = 0
        self._watchdog_due = None

    def feed_watchdog(self, now_us: int) -> None:
        """Count anew; without a started watchdog nothing happens."""
        if self.watchdog_us:
            self._watchdog_due = now_us + self.watchdog_us

    def start(self) -> None:
        """Switch on, unless the options say otherwise."""
        if self.options.powered:
            self.recorder.record(self.now_us(), "RESET", RESET_POWER_ON)
            self._start(wire.PWRON_RESET)
        else:
            self.set_power(False)

    def close(self) -> None:
        """Switch off and clean up."""
        self.processor.close()
        self.flash.close()
        for port in self.ports.values():
            port.close()
        self._folder.cleanup()

    # --- inside ---------------------------------------------------------------------------------

    def _pads(self) -> Pads:
        """Make the pads and what hangs on them."""
        return Gpio(self.circuit, self.camera, self.recorder, self._before_change)

    def _before_change(self, gate: bool, now_us: int) -> None:
        """The circuit has changed: what crossed the lines until now did so as it was before."""
        self.count_bytes(now_us)
        uplink = self.uarts[UPLINK]
        if uplink.gate != gate:
            uplink.set_gate(gate, now_us * 1000)

    def _port_event(self, port: Port) -> None:
        port.readable = True
        now = self.now_us()
        self.catch_up(now)
        self.count_bytes(now)
        self.processor.console.settle(now * 1000)
        if not port.readable and not port.connected:
            port.hung_up()

    def _interpreter(self) -> Interpreter:
        options = self.options
        return Interpreter(
            InterpreterOptions(
                executable=options.micropython,
                rom=options.rom,
                heapsize=options.heapsize,
                log=options.state / "interpreter.log",
                socket_path=str(Path(self._folder.name) / "board"),
                flash=self.flash.path,
            )
        )


def _unique_id(path: Path) -> bytes:
    if not path.exists():
        path.write_bytes(os.urandom(_UNIQUE_ID_BYTES))
    return path.read_bytes()
