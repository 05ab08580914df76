"""A pty offered over the network, raw or by RFC 2217: what ser2net does at an exporter."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from types import TracebackType
from typing import Any, Self

import serial
from serial.rfc2217 import PortManager

_READ_BYTES = 1 << 12


class _Pty(serial.Serial):
    """A pty as PortManager asks for it: modem lines, which a pty has not, all low."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


class NetworkPort:
    """One serial port behind TCP, for one user; `far` is the board's side of it."""

    def __init__(self, protocol: str) -> None:
        self.far, user = os.openpty()
        tty.setraw(user)
        self._port = _Pty(os.ttyname(user), timeout=0)
        os.close(user)
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, number = self._listener.getsockname()
        self.params = {"host": host, "port": number, "protocol": protocol}
        self._is_raw = protocol == "raw"
        self._end_read, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._end)
        self._thread.join()
        self._port.close()
        self._listener.close()
        os.close(self._end_read)
        os.close(self.far)

    def _serve(self) -> None:
        user, _address = self._listener.accept()
        with user:
            manager = None if self._is_raw else PortManager(self._port, _Connection(user))
            while True:
                waiting = [user, self._port.fileno(), self._end_read]
                ready: list[Any] = select.select(waiting, [], [])[0]
                if self._end_read in ready:
                    return
                if user in ready:
                    data = user.recv(_READ_BYTES)
                    if not data:
                        return
                    self._port.write(data if manager is None else b"".join(manager.filter(data)))
                if self._port.fileno() in ready:
                    data = self._port.read(self._port.in_waiting)
                    user.sendall(data if manager is None else b"".join(manager.escape(data)))


class _Connection:
    """What PortManager writes its own answers to."""

    def __init__(self, user: socket.socket) -> None:
        self.write = user.sendall
