"""A detector's channels on ptys: the firmware's own Hub, Uplink and Console over fake parts."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable
from typing import Any

from fake_peer import KEYS, Chance, FakeController, FakeLinkStore

from detector.console import Console
from detector.hub import Hub
from detector.uplink import Uplink
from host_tools.keyfile import KeyFile
from host_tools.links.peer import ticks_ms

DEVICE = "dev-1"


def key_file(role: str, **changed: bytes) -> KeyFile:
    """Return the keys that go with fake_peer.KEYS."""
    names = ("command", "event", "image")
    keys = dict(zip(names, KEYS, strict=True)) | {"journal": b"j" * 32} | changed
    return KeyFile(role, DEVICE, keys)


class PtyUart:
    """The detector's side of a pty, as a UART."""

    def __init__(self) -> None:
        self.fd, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.fd, False)
        self.port = os.ttyname(self._slave)
        self._received = bytearray()
        self.cut = False

    def any(self) -> int:
        try:
            data = os.read(self.fd, 4096)
        except BlockingIOError:
            data = b""
        if not self.cut:
            self._received += data
        return len(self._received)

    def readinto(self, buf: Any, count: int | None = None) -> int | None:
        count = min(len(buf) if count is None else count, len(self._received))
        buf[:count] = self._received[:count]
        del self._received[:count]
        return count or None

    def write(self, data: bytes, start: int = 0, count: int | None = None) -> int | None:
        data = data[start:] if count is None else data[start : start + count]
        if self.cut:
            return len(data)
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return None

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._slave)


class FakeDetector:
    """Runs a superloop over two ptys in a thread; `do` calls something inside it."""

    def __init__(self, uplink: bool = False) -> None:
        self.uart = PtyUart()
        self.controller = FakeController()
        self.store = FakeLinkStore()
        self._is_uplink = uplink
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.restart()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        return self.uart.port

    def restart(self, seed: int = 1) -> None:
        """Begin as after a reset."""
        with self._lock:
            kind: Callable[..., Any] = Uplink if self._is_uplink else Hub
            chance = Chance(seed)
            self.channel = kind(self.uart, DEVICE, KEYS, self.controller, self.store, chance)

    def do(self, action: Callable[[], Any]) -> Any:
        """Call something between two steps of the loop."""
        with self._lock:
            return action()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.uart.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                moved = self.channel.poll(ticks_ms())
            if not moved:
                select.select([self.uart.fd], [], [], 0.002)

    def __enter__(self) -> FakeDetector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeRecords:
    """A journal of two records."""

    first_seq = 3
    seq = 4

    def end_proof(self) -> bytes:
        return b"the end"

    def read(self, seq: int, buf: bytearray) -> bool:
        buf[:] = bytes([seq]) * 92
        return True


class FakeConsole:
    """The firmware's Console on a pty."""

    board = "VIRTUAL"

    def __init__(self, journal: Any = None) -> None:
        self.uart = PtyUart()
        self.controller = FakeController()
        self._console = Console(self, self.controller, journal, False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        return self.uart.port

    def console_read(self, buf: bytearray) -> int:
        count = min(self.uart.any(), len(buf))
        return self.uart.readinto(buf, count) or 0

    def console_write(self, data: bytes) -> int:
        return self.uart.write(data) or 0

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._console.poll(0):
                select.select([self.uart.fd], [], [], 0.002)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.uart.close()
