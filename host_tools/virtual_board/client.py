"""A virtual board as a Python object, one method per control request.

with VirtualBoard(folder) as board:
    board.line("TRIP_PANIC", 1)
    print(board.ports.console, board.levels()["GATE"])
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from host_tools import ROOT
from host_tools.interpreter import micropython_path
from host_tools.virtual_board.circuit import ALIVE_US, MAX_US
from host_tools.virtual_board.handle import (
    BoardHandle,
    EventListener,
    LossListener,
    ProgramListener,
    VirtualBoardError,
)
from host_tools.virtual_board.options import CONSOLE_BAUD, BoardOptions
from host_tools.virtual_board.photographs import camera_folder
from host_tools.virtual_board.pictures import PicturesError
from host_tools.virtual_board.rom_image import START, rom_folder

__all__ = ("BoardPorts", "ServedPicture", "VirtualBoard", "VirtualBoardError")


@dataclass(frozen=True)
class BoardPorts:
    """Paths of the three ptys."""

    console: str
    hub: str
    uplink: str


@dataclass(frozen=True)
class ServedPicture:
    """A picture as the camera delivered it."""

    name: str
    sha256: str
    canary: bytes
    jpeg: bytes


class VirtualBoard(BoardHandle):
    """One board process; a context manager that starts it and ends it.

    Every method returns after the board has done it; each raises VirtualBoardError if it cannot.
    About `on_event` and `on_lost` see BoardHandle.
    """

    def __init__(
        self,
        state: Path | None = None,
        *,
        images: Path | None = None,
        canary: bool = False,
        heapsize: str = BoardOptions.heapsize,
        flash_costs: str = "free",
        alive_us: int = ALIVE_US,
        max_us: int = MAX_US,
        console_baud: int = CONSOLE_BAUD,
        powered: bool = True,
        seed: int = 0,
        rom: Path | None = None,
        micropython: Path | None = None,
        jig: Path | None = None,
        on_event: EventListener | None = None,
        on_lost: LossListener | None = None,
    ) -> None:
        """Take the options; without `state` the flash is blank and thrown away at the end.

        `jig` is the folder of a second board, which is wired to this one and has its supply.
        """
        self._own_state = None
        if state is None:
            self._own_state = TemporaryDirectory(prefix="sluss-state-")
            state = Path(self._own_state.name)
        options = BoardOptions(
            state=state,
            micropython=micropython or micropython_path(),
            rom=rom or rom_folder(ROOT / "build") / START,
            images=images,
            canary=canary,
            heapsize=heapsize,
            flash_costs=flash_costs,
            alive_us=alive_us,
            max_us=max_us,
            console_baud=console_baud,
            powered=powered,
            seed=seed,
            jig=jig,
        )
        super().__init__(options, on_event, on_lost)

    def start(self) -> Self:
        """Start the process; on return the ports are there and the interpreter is starting."""
        if self._options.images is not None:
            self._options = replace(self._options, images=for_camera(self._options.images))
        return super().start()

    def close(self) -> None:
        """End the process, wherever it is; safe to call twice."""
        super().close()
        if self._own_state is not None:
            self._own_state.cleanup()

    # --- looking --------------------------------------------------------------------------------

    @property
    def ports(self) -> BoardPorts:
        """The three ports' paths."""
        return BoardPorts(**self._greeting()["ports"])

    @property
    def jig_port(self) -> str:
        """The path of the jig's console."""
        path = self._greeting()["jig"]
        if path is None:
            raise VirtualBoardError("this board has no jig")
        return str(path)

    @property
    def pid(self) -> int:
        """The board process."""
        return int(self._greeting()["pid"])

    @property
    def control_path(self) -> Path:
        """The control socket, for a second client."""
        return Path(self._greeting()["control"])

    @property
    def epoch_ns(self) -> int:
        """What time.monotonic_ns() was at the board's time zero."""
        return int(self._greeting()["epoch_ns"])

    def interpreter_pid(self) -> int | None:
        """Return the interpreter's process id, or None while there is none."""
        pid: int | None = self.request("pid")["pid"]
        return pid

    def now_us(self) -> int:
        """Return the board's time; all events before it have been heard."""
        return int(self.request("signals")["t_us"])

    def levels(self) -> dict[str, int]:
        """Return all signals and byte counts at this moment."""
        return dict(self.request("signals")["signals"])

    def counters(self) -> dict[str, dict[str, int]]:
        """Return byte counts of "hub" and "uplink" and operation counts of "flash"."""
        answer = self.request("counters")
        return {name: answer[name] for name in ("hub", "uplink", "flash")}

    def served(self) -> list[ServedPicture]:
        """Return every picture that the camera delivered whole, oldest first."""
        return [
            ServedPicture(
                name=picture["name"],
                sha256=picture["sha256"],
                canary=bytes.fromhex(picture["canary"]),
                jpeg=base64.b64decode(picture["jpeg"]),
            )
            for picture in self.request("served")["served"]
        ]

    def flash_operations(self) -> int:
        """Return the number of programs and erases since the process began."""
        return int(self.request("flash_ops")["operations"])

    def flash_image(self) -> bytes:
        """Return the storage region's content at this moment."""
        return Path(self.request("flash_image")["path"]).read_bytes()

    def watch_flash(self, first: int, count: int, on_program: ProgramListener) -> None:
        """Hear each program that begins within `count` bytes from `first` on.

        `on_program(t_us, address, data)` is called where `on_event` is, in order with it.
        """
        self._on_program = on_program
        self.request("watch_flash", first=first, count=count)

    # --- the world around the board -------------------------------------------------------------

    def line(self, role: str, level: int) -> int:
        """Set a sensor line; return the board's time of it in us."""
        return int(self.request("line", role=role, level=level)["t_us"])

    def pulse(self, role: str, ms: float = 50) -> int:
        """Raise a sensor line, to be lowered after `ms`; return the rise's time at once."""
        return int(self.request("pulse", role=role, ms=ms)["t_us"])

    def jumper(self, inserted: bool) -> int:
        """Put the service jumper in or out; return the board's time of it in us."""
        return int(self.request("jumper", inserted=inserted)["t_us"])

    def power(self, on: bool) -> None:
        """Cut or restore the supply."""
        self.request("power", to="on" if on else "off")

    def power_cycle(self) -> None:
        """Cut the supply and restore it; returns when it is back."""
        self.request("power", to="cycle")

    def reset(self) -> None:
        """Pull the RUN pin."""
        self.request("reset")

    def hang(self, on: bool = True) -> None:
        """Freeze the processor between two instructions, or let it go on."""
        self.request("hang", on=on)

    def jig_hang(self, on: bool = True) -> None:
        """Freeze the jig's processor, or let it go on; its hardware goes on anyway."""
        self.request("jig_hang", on=on)

    def jig_reset(self) -> None:
        """Pull the jig's own RUN pin."""
        self.request("jig_reset")

    def jig_fault(self, name: str, on: bool = True) -> None:
        """Break the jig: one of commands.JIG_FAULTS."""
        self.request("jig_fault", name=name, on=on)

    # --- faults and settings --------------------------------------------------------------------

    def fault(self, name: str, value: object = True) -> None:
        """Set a fault: one of circuit.FAULTS or commands.BOARD_FAULTS."""
        self.request("fault", name=name, value=value)

    def clear_fault(self, name: str | None = None) -> None:
        """Mend one fault, or all."""
        self.request("fault_clear", name=name)

    def uart_fault(
        self, name: str, *, cut: bool = False, bit_error_rate: float = 0.0, drop: float = 0.0
    ) -> None:
        """Cut or disturb "hub" or "uplink" in both directions; without arguments mend it."""
        self.request("uart_fault", name=name, cut=cut, bit_error_rate=bit_error_rate, drop=drop)

    def camera(
        self,
        *,
        images: Path | None = None,
        canary: bool | None = None,
        delay_ms: int | None = None,
        broken: str | None = None,
    ) -> None:
        """Change the camera; None leaves a setting as it is, `broken=""` mends it."""
        folder = None if images is None else self._folder_for_board(images)
        self.request("camera", images=folder, canary=canary, delay_ms=delay_ms, broken=broken)

    def params(
        self,
        *,
        alive_us: int | None = None,
        max_us: int | None = None,
        flash_costs: str | None = None,
    ) -> None:
        """Change the circuit's times or the flash's costs; None leaves one as it is."""
        self.request("params", alive_us=alive_us, max_us=max_us, flash_costs=flash_costs)

    # --- inside ---------------------------------------------------------------------------------

    def _folder_for_board(self, images: Path) -> str:
        """Return where the board's process finds these pictures."""
        return str(for_camera(images))


def for_camera(folder: Path) -> Path:
    """Return the folder of what the camera can serve of it. Raises VirtualBoardError."""
    try:
        return camera_folder(folder)
    except PicturesError as error:
        raise VirtualBoardError(str(error)) from error
