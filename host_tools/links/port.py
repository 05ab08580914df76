"""A serial port as the firmware's Link wants its UART: any, readinto, write, none of them waiting.

Any pyserial URL will do: a device, a pty, `socket://host:port`, `rfc2217://host:port`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import serial

from host_tools.links.socket_port import SocketPort

Tap = Callable[[str, bytes], None]
"""Called with "rx" or "tx" and the bytes, from the thread that moves them."""

# Where a port has no file descriptor to wait for, it is looked at this often.
_POLL_S = 0.002
_MOST_BYTES = 1 << 16


class LinkError(ConnectionError):
    """A port cannot be opened or was lost; the text names it."""


class PortInUseError(LinkError):
    """Another program has the port for itself."""


def open_serial(url: str, **settings: Any) -> serial.Serial | SocketPort:
    """Open a device or a pyserial URL. Raises LinkError with a sentence that says what to do."""
    try:
        if url.startswith("socket://"):
            return SocketPort(url, **settings)
        if url.startswith("rfc2217://"):
            settings.pop("write_timeout", None)  # pyserial has none there, and refuses 0 too
        return serial.serial_for_url(url, **settings)
    except (OSError, ValueError) as error:  # SerialException is an OSError
        number = getattr(error, "errno", None)
        if "exclusively lock" in str(error) or number in (errno.EBUSY, errno.EAGAIN):
            raise PortInUseError(
                f"Another program has {url} open. Close it, and run this again."
            ) from error
        if number == errno.EACCES:
            raise LinkError(
                f"This user may not open {url}; being in its group (ls -l {url}) helps."
            ) from error
        raise LinkError(
            f"There is no port {url}. `mpremote devs` lists the serial ports; `sluss sim` prints "
            f"those of a virtual board."
        ) from error


class Port:
    """One open serial port; one thread reads and writes, any thread may `wake` it."""

    def __init__(
        self,
        url: str,
        baudrate: int = 115200,
        tap: Tap | None = None,
        exclusive: bool = False,
    ) -> None:
        """Open it, with `exclusive` for this program alone. Raises LinkError."""
        self.url = url
        self.tap = tap
        self._received = bytearray()
        self._serial = open_serial(
            url, baudrate=baudrate, timeout=0, write_timeout=0, exclusive=exclusive or None
        )
        try:
            self._fd: int | None = self._serial.fileno()
        except (OSError, AttributeError, NotImplementedError):
            self._fd = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._woken = threading.Event()

    def any(self) -> int:
        """Take what has arrived; return how many bytes are there to be read. Raises LinkError."""
        try:
            data = b""
            # rfc2217:// gives one byte at a time where nothing is waited for.
            while (waiting := self._serial.in_waiting) and len(data) < _MOST_BYTES:
                data += self._serial.read(waiting)
        except (OSError, TypeError) as error:  # TypeError: pyserial on a port closed meanwhile
            raise LinkError(f"The port {self.url} was lost: {error}") from error
        if data:
            if self.tap is not None:
                self.tap("rx", data)
            self._received += data
        return len(self._received)

    def readinto(self, buf: bytearray | memoryview, count: int | None = None) -> int | None:
        """Move at most `count` of the bytes taken into `buf`; None when there is none."""
        count = min(len(buf) if count is None else count, len(self._received))
        if count == 0:
            return None
        buf[:count] = self._received[:count]
        del self._received[:count]
        return count

    def write(
        self, data: bytes | bytearray | memoryview, start: int = 0, count: int | None = None
    ) -> int | None:
        """Write what the port takes now of `count` bytes from `start` on; None when that is none.

        As a stream of MicroPython takes it. Raises LinkError.
        """
        data = memoryview(data)[start : None if count is None else start + count]
        try:
            # pyserial repeats a non-blocking write for ever while the port takes nothing.
            if self._fd is not None and not select.select([], [self._fd], [], 0)[1]:
                return None
            taken = self._serial.write(bytes(data))
        except (OSError, TypeError) as error:
            raise LinkError(f"The port {self.url} was lost: {error}") from error
        if not taken:
            return None
        if self.tap is not None:
            self.tap("tx", bytes(data[:taken]))
        return int(taken)

    def wait(self, seconds: float) -> None:
        """Wait until something arrives, somebody calls `wake`, or the time is over."""
        if self._fd is None:
            self._woken.wait(min(seconds, _POLL_S))
            self._woken.clear()
            return
        readable = select.select([self._fd, self._wake_read], [], [], seconds)[0]
        if self._wake_read in readable:
            os.read(self._wake_read, 4096)

    def wait_writable(self, seconds: float) -> None:
        """Wait until the port may take more, or the time is over."""
        if self._fd is None:
            self._woken.wait(min(seconds, _POLL_S))
            return
        select.select([], [self._fd], [], seconds)

    def wake(self) -> None:
        """Let a running `wait` return."""
        self._woken.set()
        with contextlib.suppress(OSError):  # full: it will wake; closed: nobody waits
            os.write(self._wake_write, b"x")

    def close(self) -> None:
        """Close the port; may be called again."""
        if self._wake_write < 0:
            return
        self._serial.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._wake_read = self._wake_write = -1

    def __enter__(self) -> Port:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
