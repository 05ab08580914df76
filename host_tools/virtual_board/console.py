"""The console: the interpreter's stdin and stdout as a paced USB serial port.

The interrupt character never reaches the interpreter as a byte: it becomes an interrupt, as the
chip's USB driver does it, and only while the firmware has one enabled.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from host_tools.virtual_board.ports import Port

_STEP_NS = 1_000_000
_READ_BYTES = 4096
_HOLD_BYTES = 16384
_HOLD_NS = 500_000_000  # a Pico waits this long for a host that does not read, then drops


class Console:
    """Moves bytes between the console's port and two pipes at a limited rate."""

    def __init__(self, port: Port, baud: int, interrupt: Callable[[], None]) -> None:
        self.port = port
        self._interrupt = interrupt
        self._byte_ns = max(1, 10_000_000_000 // baud)
        self._burst = max(16, _STEP_NS // self._byte_ns)
        self.interrupt_char = -1
        self._stdin: int | None = None
        self._stdout: int | None = None
        self._out = bytearray()
        self._in = bytearray()
        self._in_free_ns = 0
        self._out_free_ns = 0
        self._settled_ns = 0
        self._stuck_since_ns: int | None = None
        self.has_output = False  # the event loop has seen output that was not taken yet

    def attach(self, stdin: int, stdout: int) -> None:
        """Connect to a fresh interpreter's pipes (both non-blocking); no interrupt character."""
        self._stdin, self._stdout = stdin, stdout
        self.interrupt_char = -1

    def detach(self, keep_output: bool) -> None:
        """Let go of the pipes; with `keep_output` everything printed so far still goes out."""
        if keep_output and self._stdout is not None:
            while self._take_output(_READ_BYTES):
                pass
        self._stdin = self._stdout = None
        self.interrupt_char = -1
        self.has_output = False
        if not keep_output:
            self._out.clear()
            self._in.clear()

    def settle(self, now_ns: int) -> None:
        """Move what the rate allows, in both directions."""
        self._settled_ns = now_ns
        if self.port.readable or self._in:
            self._settle_in(now_ns)
        if self.has_output or self._out:
            self._settle_out(now_ns)

    def next_ns(self) -> int | None:
        """Return when settle() is due again, or None."""
        due = None
        soon_ns = self._settled_ns + _STEP_NS // 4
        if self._in or self.port.readable:
            due = max(self._in_free_ns, soon_ns)
        if self._out or self.has_output:
            out = max(self._out_free_ns, soon_ns)
            due = out if due is None or out < due else due
        return due

    # --- inside ---------------------------------------------------------------------------------

    def _settle_in(self, now_ns: int) -> None:
        if now_ns < self._in_free_ns:
            return
        if not self._in:
            data = self.port.read(self._burst)
            if not data or self._stdin is None:
                return  # nobody runs who could take it
            self._in_free_ns = now_ns + len(data) * self._byte_ns
            self._in += self._without_interrupts(data)
        if self._stdin is None:
            self._in.clear()
            return
        if self._in:
            try:
                del self._in[: os.write(self._stdin, self._in)]
            except BlockingIOError:
                pass
            except OSError:  # the interpreter has just died
                self._in.clear()

    def _without_interrupts(self, data: bytes) -> bytes:
        char = self.interrupt_char
        if char < 0 or char not in data:
            return data
        self._interrupt()
        return data.replace(bytes((char,)), b"")

    def _settle_out(self, now_ns: int) -> None:
        if len(self._out) < _HOLD_BYTES:
            self._take_output(_READ_BYTES)
        if not self._out or now_ns < self._out_free_ns:
            return
        sent = self.port.write(self._out[: self._burst])
        if sent:
            del self._out[:sent]
            self._out_free_ns = now_ns + sent * self._byte_ns
            self._stuck_since_ns = None
        elif self._stuck_since_ns is None:
            self._stuck_since_ns = now_ns
        elif now_ns - self._stuck_since_ns > _HOLD_NS:
            self._out.clear()

    def _take_output(self, limit: int) -> bool:
        self.has_output = False
        if self._stdout is None:
            return False
        try:
            data = os.read(self._stdout, limit)
        except OSError:
            return False
        self._out += data
        self.has_output = len(data) == limit
        return bool(data)
