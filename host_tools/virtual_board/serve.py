"""Serves virtual boards over TCP, as an exporter of labgrid has its boards: `sluss sim --serve`.

Who connects to the control port says in one line what he wants:

    {"open": {...}}                                a board; the connection is its owner
    {"fetch": "flash", "pid": n}                   the content of a board's flash
    {"put": "pictures", "pid": n, "pictures": {}}  a folder of pictures, for its camera

The first board has the three ports that are known before; a second one at the same time must be a
spare, whose ports it tells. Whoever reaches these ports has the boards: they belong on loopback or
behind a tunnel.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools import ROOT
from host_tools.interpreter import micropython_path
from host_tools.virtual_board.handle import start_process
from host_tools.virtual_board.options import BoardOptions
from host_tools.virtual_board.remote import packed, unpacked
from host_tools.virtual_board.rom_image import START, rom_folder

PORTS = ("console", "hub", "uplink")
_OPENING_S = 10.0
_LONGEST_OPENING = 1 << 26
_END_S = 5.0  # a board that ends with its owner takes milliseconds


class ServeError(Exception):
    """What was asked cannot be had; the text says why."""


@dataclass
class _Served:
    """One running board."""

    process: subprocess.Popen[bytes]
    state: Path
    is_main: bool
    pictures: int = field(default=0)


class Server:
    """The control port, the main board's three ports, and the boards that were asked for."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at four ports from `port` on, or at any with 0. Raises OSError."""
        self._host = host
        self._lock = threading.Lock()
        self._boards: dict[int, _Served] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="sluss-served-")
        self._made = 0
        numbers = [port + index if port else 0 for index in range(len(PORTS) + 1)]
        self._control, *self._main = (self._listener(number) for number in numbers)
        self.ports = {
            name: int(listener.getsockname()[1])
            for name, listener in zip(
                ("control", *PORTS), (self._control, *self._main), strict=True
            )
        }

    def run(self) -> None:
        """Answer whoever connects, until close()."""
        while True:
            try:
                connection, _address = self._control.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Listen no more, and end all boards."""
        with contextlib.suppress(OSError):  # wakes accept()
            self._control.shutdown(socket.SHUT_RDWR)
        for listener in (self._control, *self._main):
            listener.close()
        with self._lock:
            boards = list(self._boards.values())
        for board in boards:
            board.process.terminate()
        for board in boards:
            self._await_end(board)
        self._folder.cleanup()

    # --- what can be asked ----------------------------------------------------------------------

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(_OPENING_S)
            try:
                self._carry_out(connection, _line(connection))
            except (ServeError, OSError, ValueError, KeyError, TypeError) as error:
                refusal = {"refused": f"{error}" or type(error).__name__}
                with contextlib.suppress(OSError):  # he has left
                    connection.sendall(json.dumps(refusal).encode() + b"\n")

    def _carry_out(self, connection: socket.socket, request: dict[str, Any]) -> None:
        if "open" in request:
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open(connection, dict(request["open"]))
            return
        board = self._boards.get(request["pid"])
        if board is None:
            raise ServeError(f"there is no board {request['pid']}")
        if request.get("fetch") == "flash":
            answer = {"flash": packed((board.state / "flash.bin").read_bytes())}
        elif request.get("put") == "pictures":
            board.pictures += 1
            folder = board.state / f"pictures-{board.pictures}"
            answer = {"path": str(_write_pictures(folder, request["pictures"]))}
        else:
            raise ServeError("a request is open, fetch or put")
        connection.sendall(json.dumps(answer).encode() + b"\n")

    def _open(self, connection: socket.socket, wanted: dict[str, Any]) -> None:
        is_main = wanted.pop("is_main")
        with self._lock:
            self._forget_ended()
            if is_main:
                self._free_main()
            self._made += 1
            state = Path(self._folder.name) / str(self._made)
            state.mkdir()
            flash = wanted.pop("flash")
            if flash is not None:
                (state / "flash.bin").write_bytes(unpacked(flash))
            pictures = wanted.pop("pictures")
            with contextlib.ExitStack() as own:
                listeners = self._main
                if not is_main:
                    listeners = [own.enter_context(self._listener(0)) for _ in PORTS]
                options = BoardOptions(
                    state=state,
                    micropython=micropython_path(),
                    rom=rom_folder(ROOT / "build") / START,
                    images=pictures and _write_pictures(state / "pictures", pictures),
                    listeners=tuple(listener.fileno() for listener in listeners),
                    **wanted,
                )
                process = start_process(options, connection)
            self._boards[process.pid] = _Served(process, state, is_main)

    # --- inside ---------------------------------------------------------------------------------

    def _free_main(self) -> None:
        """Let a main board end whose owner has left. Raises ServeError when it is in use."""
        for board in list(self._boards.values()):
            if not board.is_main:
                continue
            try:
                board.process.wait(_END_S)
            except subprocess.TimeoutExpired:
                raise ServeError("the board is in use: somebody else's bench runs on it") from None
        self._forget_ended()

    def _forget_ended(self) -> None:
        for pid, board in list(self._boards.items()):
            if board.process.poll() is not None:
                shutil.rmtree(board.state, ignore_errors=True)
                del self._boards[pid]

    def _await_end(self, board: _Served) -> None:
        try:
            board.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            board.process.kill()
            board.process.wait(_END_S)

    def _listener(self, port: int) -> socket.socket:
        return socket.create_server((self._host, port), backlog=8)


def exporter_file(host: str, ports: dict[str, int], name: str) -> str:
    """Return the resource file with which labgrid-exporter offers the board, as group `name`."""
    lines = [f"## labgrid-exporter's resources: a virtual board, served on {host}", f"{name}:"]
    for resource, port in ports.items():
        lines += [
            f"  {resource}:",
            "    cls: NetworkSerialPort",
            f"    host: {host}",
            f"    port: {port}",
            "    protocol: raw",
        ]
    return "\n".join(lines) + "\n"


def _line(connection: socket.socket) -> dict[str, Any]:
    """Read one line, and not a byte of what follows it."""
    data = bytearray()
    while not data.endswith(b"\n"):
        seen = connection.recv(1 << 16, socket.MSG_PEEK)
        if not seen or len(data) > _LONGEST_OPENING:
            raise ServeError("who connects says in one line what he wants")
        end = seen.find(b"\n") + 1
        data += connection.recv(end or len(seen))
    request = json.loads(data)
    if not isinstance(request, dict):
        raise ServeError("a request is a JSON object")
    return request


def _write_pictures(folder: Path, pictures: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in pictures.items():
        (folder / Path(name).name).write_bytes(base64.b64decode(text))
    return folder
