"""What the control socket can ask for: one method per word."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host_tools.virtual_board.board import HUB, UPLINK, Board
from host_tools.virtual_board.circuit import FAULTS
from host_tools.virtual_board.flash import BLOCK_COUNT, COSTS, FlashCut
from host_tools.virtual_board.jig_board import JigBoard
from host_tools.virtual_board.recorder import RESET_RUN_PIN
from host_tools.virtual_board.uart import LineFault
from host_tools.virtual_board.wire import wire

Result = dict[str, Any]

_UARTS = {"hub": HUB, "uplink": UPLINK}
# Names for people; everything they do can also be had in finer steps by another request.
_NOISE = 1e-4
_LONGEST_US = 10**12  # eleven days
BOARD_FAULTS = (
    "flash-fails",  # programs and erases fail: value true, or {"first": block, "count": n}
    "flash-cut",  # power cut at the n-th operation from now: n, or {"at": n, "during": bool}
    "rtc-stopped",
    "rtc-step",  # the clock jumps: value in seconds
    "hub-cut",
    "uplink-cut",
    "hub-noise",  # value: bit error rate
    "uplink-noise",
    "camera",  # value: one of the camera's broken modes
)

JIG_FAULTS = ("pretends-power", "capture-stops")


class Commands:
    """The words of the control socket, as `do_` methods with keyword arguments."""

    def __init__(
        self, board: Board, quit_board: Callable[[], None], jig: JigBoard | None = None
    ) -> None:
        self._board = board
        self._jig = jig
        self._quit = quit_board

    def run(self, request: Result) -> Result:
        """Carry out one request and return its result; raise what the asker shall read."""
        word = request.pop("do", None)
        action = getattr(self, f"do_{word}", None)
        if action is None:
            words = sorted(name[3:] for name in dir(self) if name.startswith("do_"))
            raise ValueError(
                f"no such request {word!r}; there are watch, watch_flash, {', '.join(words)}"
            )
        self.settle()
        result: Result | None = action(**request)
        return {} if result is None else result

    def settle(self) -> None:
        """Bring everything up to now, so that answers are true and come after all events."""
        now = self._board.now_us()
        self._board.catch_up(now)
        self._board.count_bytes(now)
        self._board.recorder.flush()

    # --- the world around the board -------------------------------------------------------------

    def do_line(self, role: str, level: int) -> Result:
        """Set a sensor line."""
        now = self._board.now_us()
        self._board.gpio.set_line(role, bool(level), now)
        return {"t_us": now}

    def do_pulse(self, role: str, ms: float) -> Result:
        """Raise a sensor line now and lower it after `ms`."""
        _within("ms", ms, 0, _LONGEST_US / 1000)
        result = self.do_line(role, 1)
        self._board.after(int(ms * 1000), lambda: void(self.do_line(role, 0)))
        return result

    def do_jumper(self, inserted: bool) -> Result:
        """Put the service jumper in or out."""
        return self.do_line("SERVICE", int(inserted))

    def do_power(self, to: str) -> None:
        """Switch the supply off or on, or off and on again (cycle)."""
        if to not in ("on", "off", "cycle"):
            raise ValueError("power is on, off or cycle")
        self._board.set_power(to == "on")
        if to == "cycle":
            self._board.set_power(True)

    def do_reset(self) -> None:
        """Pull the RUN pin."""
        if self._board.circuit.powered:
            self._board.hard_reset(RESET_RUN_PIN, wire.HARD_RESET)

    def do_hang(self, on: bool = True) -> None:
        """Freeze the processor, or let it go on; everything else goes on anyway."""
        self._board.processor.freeze(on)

    # --- looking --------------------------------------------------------------------------------

    def do_signals(self) -> Result:
        """Return all levels now; every event before it has been told."""
        return {"t_us": self._board.now_us(), "signals": self._board.recorder.levels}

    def do_counters(self) -> Result:
        """Return byte counts of both links and the flash's operation counts."""
        board = self._board
        return {
            "hub": asdict(board.uarts[HUB].counts),
            "uplink": asdict(board.uarts[UPLINK].counts),
            "flash": self.do_flash_ops(),
        }

    def do_served(self) -> Result:
        """Return the pictures that the camera delivered, oldest first."""
        pictures = [
            {
                "name": picture.name,
                "sha256": picture.sha256,
                "canary": picture.canary.hex(),
                "jpeg": base64.b64encode(picture.jpeg).decode(),
            }
            for picture in self._board.camera.served
        ]
        return {"served": pictures}

    def do_flash_ops(self) -> Result:
        """Return how many programs and erases there were."""
        flash = self._board.flash
        return {
            "operations": flash.operations,
            "programs": flash.programs,
            "erases": flash.erases,
        }

    def do_flash_image(self) -> Result:
        """Return the path of the flash's file, which is up to date."""
        return {"path": str(self._board.flash.path)}

    def do_pid(self) -> Result:
        """Return the interpreter's process id."""
        return {"pid": self._board.processor.pid}

    # --- setting --------------------------------------------------------------------------------

    def do_camera(
        self,
        images: str | None = None,
        canary: bool | None = None,
        delay_ms: int | None = None,
        broken: str | None = None,
    ) -> None:
        """Change the camera: pictures' folder, canary, exposure time, broken mode ("" mends)."""
        camera = self._board.camera
        if delay_ms is not None:
            _within("delay_ms", delay_ms, 0, _LONGEST_US // 1000)
        if images is not None:
            camera.set_images(Path(images))
        if canary is not None:
            camera.canary = bool(canary)
        if delay_ms is not None:
            camera.delay_us = int(delay_ms * 1000)
        if broken is not None:
            camera.broken = broken

    def do_params(
        self,
        alive_us: int | None = None,
        max_us: int | None = None,
        flash_costs: str | None = None,
    ) -> None:
        """Change the circuit's times, or what flash operations cost."""
        circuit = self._board.circuit
        for name, value in (("alive_us", alive_us), ("max_us", max_us)):
            if value is not None:
                setattr(circuit, name, int(_within(name, value, 0, _LONGEST_US)))
        if flash_costs is not None:
            self._board.flash.costs = COSTS[flash_costs]

    def do_uart_fault(
        self, name: str, cut: bool = False, bit_error_rate: float = 0.0, drop: float = 0.0
    ) -> None:
        """Set what is wrong with a link, in both directions; no arguments mend it."""
        uart = self._board.uarts[_UARTS[name]]
        _within("bit_error_rate", bit_error_rate, 0, 1)
        _within("drop", drop, 0, 1)
        uart.fault = LineFault(bool(cut), bit_error_rate, drop)

    def do_fault(self, name: str, value: Any = True) -> None:
        """Set a fault by name."""
        if name not in FAULTS and name not in BOARD_FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS + BOARD_FAULTS)}")
        self._set_fault(name, value)

    def do_fault_clear(self, name: str | None = None) -> None:
        """Mend one fault, or all."""
        for fault in FAULTS + BOARD_FAULTS if name is None else (name,):
            if fault != "rtc-step":
                self._set_fault(fault, None)

    # --- the jig --------------------------------------------------------------------------------

    def do_jig_hang(self, on: bool = True) -> None:
        """Freeze the jig's processor, or let it go on."""
        self._wired().processor.freeze(on)

    def do_jig_reset(self) -> None:
        """Pull the jig's own RUN pin."""
        self._wired().hard_reset(RESET_RUN_PIN, wire.HARD_RESET)

    def do_jig_fault(self, name: str, on: bool = True) -> None:
        """Break the jig: its supply switch does nothing, or its capture block stops for good."""
        if name == "pretends-power":
            self._wired().wiring.pretends_power = on
        elif name == "capture-stops":
            self._wired().stop_capture()
        else:
            raise ValueError(f"no fault {name!r} of a jig; there are {', '.join(JIG_FAULTS)}")

    def do_quit(self) -> None:
        """End the board."""
        self._quit()

    # --- inside ---------------------------------------------------------------------------------

    def _wired(self) -> JigBoard:
        if self._jig is None:
            raise ValueError("this board has no jig")
        return self._jig

    def _set_fault(self, name: str, value: Any) -> None:
        board = self._board
        now = board.now_us()
        if name in FAULTS:
            board.circuit.set_fault(name, bool(value), now)
            board.gpio.publish(now)
        elif name == "flash-fails":
            board.flash.failing = _blocks(value)
        elif name == "flash-cut":
            board.flash.cut = _cut(value)
        elif name == "rtc-stopped":
            board.rtc.stop(bool(value), now)
        elif name == "rtc-step":
            board.rtc.step(float(value), now)
        elif name == "camera":
            board.camera.broken = str(value or "")
        elif name.endswith("-cut"):
            self.do_uart_fault(name.removesuffix("-cut"), cut=bool(value))
        elif name.endswith("-noise"):
            rate = _NOISE if value is True else float(value or 0.0)
            self.do_uart_fault(name.removesuffix("-noise"), bit_error_rate=rate)
        else:
            raise ValueError(f"no fault {name!r}")


def void(_result: object) -> None:
    """Throw a result away."""


def _within(name: str, value: Any, low: float, high: float) -> float:
    """Return a number that must be within low .. high; raise ValueError."""
    if not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, and no number within {low:g}..{high:g}")
    return value


def _blocks(value: Any) -> range | None:
    if isinstance(value, dict):
        first = int(value["first"])
        return range(first, first + int(value["count"]))
    return range(BLOCK_COUNT) if value else None


def _cut(value: Any) -> FlashCut | None:
    if isinstance(value, dict):
        return FlashCut(int(value["at"]), bool(value.get("during", False)))
    return FlashCut(int(value), False) if value else None
