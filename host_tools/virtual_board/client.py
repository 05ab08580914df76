"""A virtual board as a Python object: starts the board process and speaks to its control socket.

with VirtualBoard(state=folder) as board:
    board.line("TRIP_PANIC", 1)
    print(board.ports.console, board.levels()["GATE"])
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from host_tools import ROOT
from host_tools.interpreter import micropython_path
from host_tools.virtual_board.circuit import ALIVE_US, MAX_US
from host_tools.virtual_board.options import CONSOLE_BAUD, BoardOptions

_START_S = 10.0
_ANSWER_S = 10.0
_END_S = 3.0
_READ_BYTES = 1 << 16

EventListener = Callable[[int, str, int], None]


class VirtualBoardError(Exception):
    """The board process refused a request or is gone; the text says why."""


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


class VirtualBoard:
    """One board process; a context manager that starts it and ends it.

    Every method returns after the board has done it; each raises VirtualBoardError if it cannot.
    `on_event(t_us, signal, value)` hears every change from the very first, on another thread;
    `on_lost(why)` is called there when the process is gone without having been closed.
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
        on_event: EventListener | None = None,
        on_lost: Callable[[str], None] | None = None,
    ) -> None:
        """Take the options; without `state` the flash is blank and thrown away at the end."""
        self._own_state = TemporaryDirectory(prefix="sluss-state-") if state is None else None
        self.state = Path(self._own_state.name) if self._own_state else Path(str(state))
        self._options = BoardOptions(
            state=self.state,
            micropython=micropython or micropython_path(),
            rom=rom or BoardOptions.rom,
            images=images,
            canary=canary,
            heapsize=heapsize,
            flash_costs=flash_costs,
            alive_us=alive_us,
            max_us=max_us,
            console_baud=console_baud,
            powered=powered,
            seed=seed,
        )
        self._on_event = on_event
        self._on_lost = on_lost
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._reader: threading.Thread | None = None
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._next_id = 1
        self._hello: dict[str, Any] | None = None
        self._gone: str | None = None
        self._closing = False

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> VirtualBoard:
        """Start the process; on return the ports are there and the interpreter is starting."""
        self.state.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        log = (self.state / "board.log").open("ab")
        try:
            self._process = subprocess.Popen(
                _command(self._options, theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )
        finally:
            theirs.close()
            log.close()
        self._socket = ours
        self._reader = threading.Thread(target=self._read, name="virtual-board", daemon=True)
        self._reader.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._hello or self._gone, _START_S):
                self._gone = f"it did not start within {_START_S:g} s"
        if self._hello is None:
            why = self._why_gone()
            self.close()
            raise VirtualBoardError(f"the virtual board did not start: {why}")
        return self

    def close(self) -> None:
        """End the process, wherever it is; safe to call twice."""
        self._closing = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # gone already
                self._socket.shutdown(socket.SHUT_RDWR)  # the board ends when its owner leaves
        if self._process is not None:
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_END_S)
        if self._reader is not None:
            self._reader.join(_END_S)
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._own_state is not None:
            self._own_state.cleanup()

    def __enter__(self) -> VirtualBoard:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- looking --------------------------------------------------------------------------------

    @property
    def ports(self) -> BoardPorts:
        """The three ports' paths."""
        return BoardPorts(**self._greeting()["ports"])

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
        folder = None if images is None else str(images)
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

    # --- the control connection -----------------------------------------------------------------

    def request(self, word: str, **arguments: Any) -> dict[str, Any]:
        """Send one control request and return its answer."""
        with self._changed:
            if self._socket is None or self._gone is not None:
                raise VirtualBoardError(f"{word}: the board is gone: {self._why_gone()}")
            number = self._next_id
            self._next_id += 1
            message = json.dumps({"id": number, "do": word, **arguments}) + "\n"
            try:
                self._socket.sendall(message.encode())
            except OSError as error:
                raise VirtualBoardError(f"{word}: the board is gone: {error}") from error
            if not self._changed.wait_for(
                lambda: number in self._answers or self._gone is not None, _ANSWER_S
            ):
                raise VirtualBoardError(f"{word}: no answer within {_ANSWER_S:g} s")
            answer = self._answers.pop(number, None)
        if answer is None:
            raise VirtualBoardError(f"{word}: the board is gone: {self._why_gone()}")
        if not answer["ok"]:
            raise VirtualBoardError(f"{word}: {answer['error']}")
        return answer

    # --- inside ---------------------------------------------------------------------------------

    def _greeting(self) -> dict[str, Any]:
        if self._hello is None:
            raise VirtualBoardError("the board has not been started")
        return self._hello

    def _read(self) -> None:
        """Run on the reader thread: hand events out, keep answers for those who wait."""
        assert self._socket is not None
        pending = b""
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except OSError:
                data = b""
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
        with self._changed:
            self._gone = "its process ended"
            self._changed.notify_all()
        if self._on_lost is not None and not self._closing:
            self._on_lost(self._why_gone())

    def _take(self, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event is not None:
            if self._on_event is not None:
                self._on_event(event[0], event[1], event[2])
            return
        with self._changed:
            if "hello" in message:
                self._hello = message["hello"]
            else:
                self._answers[message["id"]] = message
            self._changed.notify_all()

    def _why_gone(self) -> str:
        status = None if self._process is None else self._process.poll()
        why = self._gone or "closed"
        if status is not None and status < 0:
            why += f" by {signal.Signals(-status).name}"
        log = self.state / "board.log"
        last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        return f"{why}; last line of {log}: {last[0]}" if last else why


def _command(options: BoardOptions, control_fd: int) -> list[str]:
    command = [
        *(sys.executable, "-m", "host_tools.virtual_board.process"),
        *("--control-fd", str(control_fd)),
        *("--state", str(options.state.resolve())),
        *("--micropython", str(options.micropython)),
        *("--rom", str(options.rom)),
        *("--heapsize", options.heapsize),
        *("--flash-costs", options.flash_costs),
        *("--alive-us", str(options.alive_us)),
        *("--max-us", str(options.max_us)),
        *("--console-baud", str(options.console_baud)),
        *("--seed", str(options.seed)),
    ]
    if options.images is not None:
        command += ["--images", str(options.images.resolve())]
    if options.canary:
        command.append("--canary")
    if not options.powered:
        command.append("--powered-off")
    return command
