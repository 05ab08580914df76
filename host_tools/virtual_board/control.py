"""The control socket: whoever holds it is the world around the board, and its witness.

One JSON object a line. A request `{"id": 1, "do": "line", "role": "TRIP_PANIC", "level": 1}` is
answered by `{"id": 1, "ok": true, ...}` or `{"id": 1, "ok": false, "error": "..."}`; after `watch`
every change of a signal is pushed as `{"event": [t_us, "GATE", 1]}`, after `watch_flash` every
program of the flash that begins within a region as `{"programmed": [t_us, address, "hex"]}`.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any

from host_tools.virtual_board.board import Board
from host_tools.virtual_board.commands import Commands
from host_tools.virtual_board.jig_board import JigBoard

_READ_BYTES = 65536
_LONGEST_REQUEST = 1 << 20  # who sends more without an end is dropped
_MOST_UNSENT = 64 << 20  # a watcher that never reads is dropped


class Control:
    """Listens for clients; when the owner, its first client, leaves, the board ends."""

    def __init__(
        self,
        board: Board,
        owner: socket.socket,
        quit_board: Callable[[], None],
        jig: JigBoard | None = None,
    ) -> None:
        self._board = board
        self._commands = Commands(board, quit_board, jig)
        self._quit = quit_board
        self._clients: list[Client] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(board.control_path))
        self._listener.listen(8)
        self._listener.setblocking(False)
        board.poller.add(self._listener.fileno(), self._on_connect)
        self._owner = self._add(owner)
        self._owner.watch(from_start=True)

    def flush(self) -> None:
        """Send what has been recorded since the last time."""
        for client in self._clients:
            client.flush()

    def leave(self, client: Client) -> None:
        """Forget a client."""
        if client in self._clients:
            self._clients.remove(client)
        if client is self._owner:
            self._quit()

    def close(self) -> None:
        """Say nothing more to anybody."""
        for client in list(self._clients):
            client.close()
        self._listener.close()

    def _add(self, sock: socket.socket) -> Client:
        sock.setblocking(False)
        client = Client(sock, self._board, self._commands, self)
        self._clients.append(client)
        return client

    def _on_connect(self, _events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._add(self._listener.accept()[0])


class Client:
    """One connection to the control socket."""

    def __init__(
        self, sock: socket.socket, board: Board, commands: Commands, control: Control
    ) -> None:
        self._sock = sock
        self._board = board
        self._commands = commands
        self._control = control
        self._in = bytearray()
        self._out = bytearray()
        self._waits_for_room = False
        self._is_open = True
        self._region = range(0)  # of the flash, watched
        board.poller.add(sock.fileno(), self._on_event)

    def send(self, message: dict[str, Any]) -> None:
        """Queue one message."""
        self._out += json.dumps(message).encode() + b"\n"

    def flush(self) -> None:
        """Send what is queued, as far as the other side takes it."""
        if not self._out or not self._is_open:
            return
        try:
            del self._out[: self._sock.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if len(self._out) > _MOST_UNSENT:
            self.close()
        elif bool(self._out) != self._waits_for_room:
            self._waits_for_room = bool(self._out)
            self._board.poller.wants_write(self._sock.fileno(), self._waits_for_room)

    def close(self) -> None:
        """End the connection."""
        if not self._is_open:
            return
        self._is_open = False
        with contextlib.suppress(ValueError):
            self._board.recorder.listeners.remove(self._tell)
        with contextlib.suppress(ValueError):
            self._board.flash.listeners.remove(self._tell_program)
        self._board.poller.remove(self._sock.fileno())
        self._sock.close()
        self._control.leave(self)

    def _tell(self, t_us: int, signal: str, value: int) -> None:
        # Formatted by hand, for speed: signal names are plain words.
        self._out += b'{"event":[%d,"%s",%d]}\n' % (t_us, signal.encode(), value)

    def _tell_program(self, address: int, data: bytes) -> None:
        if address in self._region:
            self.send({"programmed": [self._board.now_us(), address, data.hex()]})

    def _on_event(self, _events: int) -> None:
        try:
            data = self._sock.recv(_READ_BYTES)
        except BlockingIOError:
            self.flush()
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        *lines, rest = (self._in + data).split(b"\n")
        self._in = rest
        for line in lines:
            if self._is_open:
                self._answer(bytes(line))
        if len(rest) > _LONGEST_REQUEST:
            self.close()

    def _answer(self, line: bytes) -> None:
        number: object = None
        try:
            request = json.loads(line)
            number = request.pop("id", None)
            match request.get("do"):
                case "watch":
                    result = self.watch()
                case "watch_flash":
                    result = self.watch_flash(request["first"], request["count"])
                case _:
                    result = self._commands.run(request)
        except Exception as error:
            # The asker gets the reason, whatever it is; the board itself must go on.
            self.send({"id": number, "ok": False, "error": f"{type(error).__name__}: {error}"})
            return
        self.send({"id": number, "ok": True, **result})

    def watch(self, from_start: bool = False) -> dict[str, Any]:
        """Push every change from now on; `from_start` begins with all levels at time zero."""
        board = self._board
        self._commands.settle()
        if self._tell not in board.recorder.listeners:
            board.recorder.listeners.append(self._tell)
        if from_start:
            for name, level in board.recorder.levels.items():
                self._tell(0, name, level)
        return {"t_us": board.now_us(), "signals": board.recorder.levels}

    def watch_flash(self, first: int, count: int) -> dict[str, Any]:
        """Push every program that begins within `count` bytes from `first` on."""
        self._region = range(first, first + count)
        if self._tell_program not in self._board.flash.listeners:
            self._board.flash.listeners.append(self._tell_program)
        return {}
