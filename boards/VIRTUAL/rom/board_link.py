"""The lock-step exchange with the board process: one request, one answer.

The unix port turns SIGINT into a KeyboardInterrupt at once, wherever it is (its
MICROPY_ASYNC_KBD_INTR): in the middle of an exchange that would lose count of the stream. So
SIGINT is blocked during each exchange; one that comes meanwhile is raised when the exchange is
over. Nothing here allocates once `connect` has run.
"""

import socket
import struct
import sys
from array import array

import wire

try:
    import ffi

    _libc = ffi.open(None)
    _mask = _libc.func("i", "pthread_sigmask", "iPP")
    _exit = _libc.func("v", "_exit", "i")
except (ImportError, OSError):  # built without libffi: an interrupt is then a reason to restart

    def _mask(how: int, signals: object, old: object) -> None:
        pass

    _exit = sys.exit

_BLOCK = 0
_UNBLOCK = 1
_SIGINT = bytearray(128)  # a sigset_t: bit n - 1 for signal n
_SIGINT[0] = 1 << (2 - 1)

_pack_into = struct.pack_into
_request = bytearray(wire.REQUEST_BYTES)
_answer = array("i", (0, 0))  # value, payload length
_socket = None
_write = None
_readinto = None


def connect(path: str) -> None:
    """Connect to the board process that listens at `path`."""
    global _socket, _write, _readinto
    _socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _socket.connect(struct.pack("H108s", socket.AF_UNIX, path))
    _write = _socket.write
    _readinto = _socket.readinto


def call(op: int, a: int, v1: int, v2: int) -> int:
    """Ask the board for something without payloads; return the answer's value."""
    return exchange(op, a, v1, v2, None, None)


def exchange(
    op: int, a: int, v1: int, v2: int, out: object, into: object, start: int = 0, count: int = -1
) -> int:
    """Send `out` (or None), fill `into` (or None) from the answer; return the answer's value.

    Of `out` only `count` bytes from `start` on are sent, where that is given.
    """
    length = 0
    if out is not None:
        length = len(out) if count < 0 else count
        _write(out, 0)  # a TypeError must come before the request, not inside it
    if into is not None:
        _readinto(into, 0)
    _mask(_BLOCK, _SIGINT, None)
    _pack_into("<BBHii", _request, 0, op, a, length, v1, v2)
    try:
        _write(_request)
        if length:
            _write(out, start, length)
        if _readinto(_answer) != wire.ANSWER_BYTES:
            leave()
        if _answer[1] and _readinto(into, _answer[1]) != _answer[1]:
            leave()
    except OSError:  # the board process has gone
        leave()
    length = _answer[0]
    _mask(_UNBLOCK, _SIGINT, None)  # a waiting interrupt is raised here
    return length


def check(value: int) -> int:
    """Return `value`, or raise the OSError that a negative one stands for."""
    if value < 0:
        raise OSError(-value)
    return value


def leave() -> None:
    """End the interpreter: the board process, or its console, has gone."""
    _exit(0)
