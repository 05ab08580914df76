"""mpremote's serial transport, with deadlines and with errors that say what to do."""

from __future__ import annotations

import contextlib
import re
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import serial
from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError

from host_tools.deadline import Deadline
from host_tools.flash.errors import (
    BoardFullError,
    FlashError,
    LostError,
    NoPermissionError,
    NoPortError,
    NoReplError,
    PortBusyError,
)
from host_tools.flash.finding import boards_of, udev_rules
from host_tools.links.port import LinkError, PortDeniedError, PortInUseError, open_serial

_BAUD = 115200
# One read returns after this long at the latest, to look at the deadline.
_READ_S = 0.5
# How long each try for a prompt may take: short first, because a starting board misses one.
_REPL_TRIES_S = (0.4, 1.0, 2.0, 4.0)


_said = threading.local()


def _note(*values: object, **_options: object) -> None:
    """Take what mpremote prints of what it got instead of a prompt; boards may be many."""
    _said.words.append(repr(values))


transport_serial.print = _note


class ReplTransport(transport_serial.SerialTransport):  # type: ignore[misc]  # mpremote has no types
    """A board's interpreter on a serial port; every wait ends with the deadline."""

    def __init__(self, port: str, deadline: Deadline) -> None:
        """Open the port; raise NoPortError or PortBusyError."""
        # Not the parent's: it opens without a time-out and hides why it could not.
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = port
        self.mounted = False
        self.is_pty = False
        self._deadline = deadline
        self.serial = _TimedPort(open_port(port), deadline)

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float | None = 10,
        data_consumer: Callable[[bytes], object] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """Read up to `ending`, or what came before the time was up, as mpremote's own does."""
        limit = self._deadline
        if timeout_overall is not None:
            limit = limit.within(timeout_overall)
        quiet = limit if timeout is None else limit.within(timeout)
        data = bytearray()
        while not data.endswith(ending) and not (limit.expired or quiet.expired):
            new = self.serial.read(1)
            if not new:
                continue
            quiet = limit if timeout is None else limit.within(timeout)
            if data_consumer is None:
                data += new
            else:
                data_consumer(new)
                data[:] = new
        return bytes(data)

    def start_repl(self) -> None:
        """Get a fresh interpreter in the raw REPL; raise NoReplError that says what is there."""
        refusals = 0
        for patience_s in _REPL_TRIES_S:
            _said.words = []
            try:
                self.enter_raw_repl(soft_reset=True, timeout_overall=patience_s)
                return
            except (TransportError, TimeoutError) as error:
                # A board that is still starting may answer so, too: its program has not yet
                # looked at the jumper, and took the Ctrl-C for a line.
                refusals += "ERROR" in "".join(_said.words)
                cause = error
            if refusals > 2 or self._deadline.expired:
                break
        port = self.device_name
        if refusals:
            raise NoReplError(
                f"The detector is running on {port} and keeps its REPL shut. Fit the service "
                f"jumper, reset the board, and run this again."
            ) from cause
        raise NoReplError(
            f"No MicroPython prompt answers on {port}. Is it the board's console, is the "
            f"board powered, and is the service jumper fitted? A board without MicroPython needs "
            f"its image first (--image); reset one that runs another program."
        ) from cause

    def read_byte(self, what: str) -> bytes:
        """Return the next byte; raise LostError when the time is up."""
        while not self._deadline.expired:
            byte: bytes = self.serial.read(1)
            if byte:
                return byte
        raise LostError(
            f"The board on {self.device_name} stopped answering while {what}. Nothing is broken: "
            f"check cable and power, and run this again."
        )


class _TimedPort:
    """A serial port that is read until the deadline only: mpremote reads on while bytes come."""

    def __init__(self, port: serial.SerialBase, deadline: Deadline) -> None:
        self._port = port
        self._deadline = deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def read(self, count: int = 1) -> bytes:
        """Read as the port does. Raises TimeoutError."""
        self._deadline.check("the board does not fall silent")
        data: bytes = self._port.read(count)
        return data


def open_port(port: str) -> serial.SerialBase:
    """Open a port for this program alone; raise PortBusyError or NoPortError."""
    try:
        return open_serial(port, baudrate=_BAUD, timeout=_READ_S, exclusive=True)
    except PortInUseError as error:
        raise PortBusyError(str(error)) from error
    except PortDeniedError as error:
        rules = "".join(f"\n  {rule}" for rule in udev_rules(boards_of(None)))
        raise NoPermissionError(
            f"{error} Or let everybody who is logged in use these boards: write this into "
            f"/etc/udev/rules.d/60-sluss.rules, type `sudo udevadm control --reload`, and plug "
            f"the board in again:{rules}"
        ) from error
    except LinkError as error:
        raise NoPortError(str(error)) from error


@contextlib.contextmanager
def lost_is_said(port: str, what: str) -> Iterator[None]:
    """Turn an exception on the board, nonsense, and all ways to vanish, into FlashError."""
    try:
        yield
    except TransportExecError as error:
        if is_full(str(error)):
            raise say_full("what it was told") from error
        raise FlashError(f"The board failed while {what}: {_short(error)}") from error
    except (ValueError, struct.error, RecursionError) as error:
        raise FlashError(
            f"The board on {port} answered what makes no sense while {what} ({_short(error)}). "
            f"Is it the board's console, and does nobody else use it?"
        ) from error
    except (serial.SerialException, TransportError, TimeoutError, OSError) as error:
        raise LostError(
            f"The board on {port} was lost while {what} ({_short(error)}). Nothing is broken: "
            f"check cable and power, and run this again."
        ) from error


def is_full(why: str) -> bool:
    """Say whether a board's traceback means that its file system has no room left."""
    return re.search(r"OSError: (28\b|\[Errno 28\]|.*ENOSPC)", why) is not None


def say_full(path: str) -> BoardFullError:
    """Return the error of a board that has no room for a file."""
    return BoardFullError(
        f"The board is full: there is no room for {path}. It runs what it ran before. Both apps, "
        f"the old and the new one, must fit; is the firmware larger than it should be?"
    )


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
