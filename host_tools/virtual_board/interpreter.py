"""The chip's processor: one MicroPython process, started, interrupted, frozen and killed.

A soft reset starts a new process on the same console input; a hard reset on a fresh one. Whatever
happens to the board process, no interpreter outlives it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class InterpreterOptions:
    """How the interpreter is started."""

    executable: Path
    rom: Path
    heapsize: str
    log: Path
    socket_path: str
    flash: Path  # the storage region, which the processor reads as memory


class Interpreter:
    """Supervises the process; `stdin_fd`, `stdout_fd` and `link` are None when there is none."""

    def __init__(self, options: InterpreterOptions) -> None:
        self._options = options
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(options.socket_path)
        self._listener.listen(4)
        self._listener.setblocking(False)
        self._log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._pid: int | None = None
        self._stdin_read: int | None = None
        self.stdin_fd: int | None = None
        self.stdout_fd: int | None = None
        self.link: socket.socket | None = None

    @property
    def listener_fd(self) -> int:
        """Readable when a process wants to connect."""
        return self._listener.fileno()

    @property
    def pid(self) -> int | None:
        """The running process."""
        return self._pid

    def start(self, keep_stdin: bool) -> tuple[int, int]:
        """Start a process; return its (stdin, stdout) pipes, both non-blocking."""
        if not keep_stdin or self._stdin_read is None:
            self._close_stdin()
            self._stdin_read, self.stdin_fd = os.pipe()
            os.set_blocking(self.stdin_fd, False)
        assert self.stdin_fd is not None
        self.stdout_fd, stdout_write = os.pipe()
        os.set_blocking(self.stdout_fd, False)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(parent, stdout_write)
        os.close(stdout_write)
        self._pid = pid
        return self.stdin_fd, self.stdout_fd

    def accept(self) -> socket.socket | None:
        """Take the connection of the running process; refuse anybody else's."""
        try:
            link, _address = self._listener.accept()
        except BlockingIOError:
            return None
        if self.link is not None or _peer_pid(link) != self._pid:
            link.close()
            return None
        link.setblocking(False)
        self.link = link
        return link

    def interrupt(self) -> None:
        """Send Ctrl-C."""
        self._signal(signal.SIGINT)

    def freeze(self, frozen: bool) -> None:
        """Stop the processor where it is, or let it go on."""
        self._signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def kill(self) -> None:
        """End the process, whatever it does; its stdin stays for a soft reset."""
        if self._pid is not None:
            self._signal(signal.SIGKILL)
            os.waitpid(self._pid, 0)  # a killed process ends at once, also a stopped one
            self._pid = None
        if self.link is not None:
            self.link.close()
            self.link = None
        if self.stdout_fd is not None:
            os.close(self.stdout_fd)
            self.stdout_fd = None

    def close(self) -> None:
        """End the process and give everything back."""
        self.kill()
        self._close_stdin()
        self._listener.close()
        os.close(self._log)

    # --- inside ---------------------------------------------------------------------------------

    def _signal(self, number: signal.Signals) -> None:
        if self._pid is not None:
            os.kill(self._pid, number)

    def _close_stdin(self) -> None:
        for fd in (self.stdin_fd, self._stdin_read):
            if fd is not None:
                os.close(fd)
        self.stdin_fd = self._stdin_read = None

    def _become(self, parent: int, stdout_write: int) -> None:
        """Turn the forked child into the interpreter; never returns."""
        try:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
            for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            assert self._stdin_read is not None
            os.dup2(self._stdin_read, 0)
            os.dup2(stdout_write, 1)
            os.dup2(self._log, 2)
            options = self._options
            environment = {
                **os.environ,
                "SLUSS_BOARD_SOCKET": options.socket_path,
                "SLUSS_BOARD_FLASH": str(options.flash),
            }
            heap = f"heapsize={options.heapsize}"
            command = [str(options.executable), "-X", heap, str(options.rom)]
            os.execve(command[0], command, environment)
        finally:
            os._exit(127)


def _peer_pid(link: socket.socket) -> int:
    credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder)
