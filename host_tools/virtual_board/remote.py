"""A virtual board on another machine: the same object, over TCP to who serves it (serve.py).

The connection is the board's owner: when it ends, so does the board.
"""

from __future__ import annotations

import base64
import json
import socket
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from host_tools.virtual_board.client import BoardPorts, VirtualBoard, VirtualBoardError, for_camera
from host_tools.virtual_board.handle import EventListener, LossListener

_CONNECT_S = 10.0
_LONGEST_ANSWER = 1 << 24
_OPTIONS = ("canary", "heapsize", "flash_costs", "alive_us", "max_us", "console_baud", "powered")


class RemoteBoard(VirtualBoard):
    """A board that `sluss sim --serve` runs; see VirtualBoard and BoardHandle."""

    def __init__(
        self,
        address: str,
        state: Path,
        *,
        is_main: bool,
        flash: bytes | None = None,
        images: Path | None = None,
        on_event: EventListener | None = None,
        on_lost: LossListener | None = None,
        **options: Any,
    ) -> None:
        """Take `host:port`; the main board gets the ports that are known before, others any.

        `flash` is what the storage region holds at first, `images` a folder on this machine.
        """
        super().__init__(state, images=images, on_event=on_event, on_lost=on_lost, **options)
        self._address = split(address)
        self._is_main = is_main
        self._flash = flash

    @property
    def ports(self) -> BoardPorts:
        """The three ports, by the name under which its control connection was reached."""
        told = self._greeting()["ports"]
        return BoardPorts(**{name: self._here(url) for name, url in told.items()})

    def flash_image(self) -> bytes:
        """Return the storage region's content at this moment."""
        self.request("flash_image")  # has it written
        return unpacked(self._ask({"fetch": "flash", "pid": self.pid})["flash"])

    # --- inside ---------------------------------------------------------------------------------

    def _folder_for_board(self, images: Path) -> str:
        put = {"put": "pictures", "pid": self.pid, "pictures": _pictures(images)}
        return str(self._ask(put)["path"])

    def _launch(self) -> socket.socket:
        options = self._options
        opening = {name: getattr(options, name) for name in _OPTIONS}
        opening["seed"] = options.seed
        opening["is_main"] = self._is_main
        opening["flash"] = None if self._flash is None else packed(self._flash)
        opening["pictures"] = None if options.images is None else _pictures(options.images)
        connection = self._connect()
        connection.sendall(json.dumps({"open": opening}).encode() + b"\n")
        return connection

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask whoever serves the board, on a connection of its own."""
        with self._connect() as connection, connection.makefile("rb") as answers:
            connection.settimeout(_CONNECT_S)
            try:
                connection.sendall(json.dumps(question).encode() + b"\n")
                answer = json.loads(answers.readline(_LONGEST_ANSWER))
            except (OSError, ValueError) as error:
                raise VirtualBoardError(f"no answer from {self._address}: {error}") from error
        if "refused" in answer:
            raise VirtualBoardError(answer["refused"])
        return dict(answer)

    def _connect(self) -> socket.socket:
        host, port = self._address
        try:
            connection = socket.create_connection(self._address, _CONNECT_S)
        except OSError as error:
            raise VirtualBoardError(
                f"nobody serves a virtual board at {host}:{port} ({error}); on that machine,"
                f" `sluss sim --serve` does"
            ) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(None)
        return connection

    def _here(self, url: str) -> str:
        return f"socket://{self._address[0]}:{urlsplit(url).port}"


def split(address: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `socket://host:port`. Raises VirtualBoardError."""
    parts = urlsplit(address if "://" in address else f"socket://{address}")
    try:
        if parts.scheme == "socket" and parts.hostname and parts.port is not None:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise VirtualBoardError(f"{address} is no HOST:PORT")


def packed(data: bytes) -> str:
    """Return bytes as text for a message: most of a flash is blank."""
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpacked(text: str) -> bytes:
    """Return what packed() was given."""
    return zlib.decompress(base64.b64decode(text))


def _pictures(folder: Path) -> dict[str, str]:
    """Return the folder's JPEGs by name, as text."""
    return {
        path.name: base64.b64encode(path.read_bytes()).decode()
        for path in sorted(for_camera(folder).iterdir())
        if path.suffix.lower() in (".jpg", ".jpeg")
    }
