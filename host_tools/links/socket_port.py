"""pyserial's `socket://`, fit for a link: bytes go at once and come in one piece."""

from __future__ import annotations

import array
import fcntl
import socket
import termios

from serial.serialutil import PortNotOpenError
from serial.urlhandler.protocol_socket import Serial


class SocketPort(Serial):
    """A raw TCP port.

    pyserial's own leaves Nagle's algorithm on (40 ms for a frame behind another one), says of any
    number of waiting bytes that it is one, and sleeps 0.3 s when it is closed.
    """

    _socket: socket.socket | None

    def open(self) -> None:
        """Connect. Raises SerialException."""
        super().open()
        assert self._socket is not None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Disconnect; may be called again."""
        self.is_open = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read at once; 1 at the connection's end, which read() tells."""
        if self._socket is None:
            raise PortNotOpenError()
        waiting = array.array("i", [0])
        fcntl.ioctl(self._socket, termios.FIONREAD, waiting)
        ready: int = super().in_waiting
        return max(ready, waiting[0])
