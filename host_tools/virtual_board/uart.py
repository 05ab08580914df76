"""A UART of the chip with its line: both directions paced at ten bits a byte.

Times are nanoseconds on the board's clock. Nothing happens by itself: `settle(now_ns)` moves every
byte whose last bit has passed by then, and must be called before anything changes that decides a
byte's fate (the gate, the faults, the receiver's deafness).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.virtual_board.ports import Port

FIFO_BYTES = 32
_LINE_BYTES = 512  # taken from the pty ahead of the line; the rest waits in the user's buffers
_STEP_NS = 1_000_000


@dataclass
class LineFault:
    """What is wrong with a line, in both directions."""

    cut: bool = False
    bit_error_rate: float = 0.0
    drop: float = 0.0  # share of bytes that vanish


@dataclass
class LineCounts:
    """Bytes on one line since the board process began."""

    written: int = 0  # accepted from the firmware
    sent: int = 0  # out of the chip, whether the buffer was open or not
    passed: int = 0  # arrived at the far end (somebody there or not)
    received: int = 0  # arrived in the chip's receiver
    lost: int = 0  # received by a chip that had no room or was deaf


class PacedUart:
    """Transmit buffer, receive buffer and the two wires of one UART.

    `is_gated` makes bytes cross only while the gate is open for all of a byte's time.
    """

    def __init__(self, port: Port, baud: int, is_gated: bool, seed: int) -> None:
        self.port = port
        self.counts = LineCounts()
        self.fault = LineFault()
        self.is_gated = is_gated
        self.before_settle: Callable[[int], None] | None = None  # told the time (ns)
        self.gate = not is_gated
        self._gate_since_ns = 0
        self._default_baud = baud
        self.low_since_ns: int | None = 0  # the chip does not drive its wire, which rests high
        self._random = random.Random(seed)
        self._rx_line = bytearray()
        self._rx_next_ns = 0  # when the first byte of _rx_line will have arrived
        self._tx_next_ns = 0
        self._rx_moved_ns = 0  # when bytes were last moved: settle() is due a step later
        self._tx_moved_ns = 0
        self.rx_at_ns = 0  # when the last byte arrived, and
        self.tx_at_ns = 0  # when the last one passed
        self.reset()

    def reset(self) -> None:
        """Reset the chip: no set-up, empty buffers."""
        self.is_open = False
        self._rx_room = FIFO_BYTES
        self._tx_room = FIFO_BYTES
        self._deaf_room: int | None = None
        self._deaf_until_ns: int | None = None
        self._rx_fifo = bytearray()
        self._tx_buffer = bytearray()
        self._byte_ns = 10_000_000_000 // self._default_baud

    def let_go(self, now_ns: int) -> None:
        """Reset the chip: its pad is an input, pulled down."""
        self.reset()
        if self.low_since_ns is None:
            self.low_since_ns = now_ns

    def open(self, baud: int, rxbuf: int, txbuf: int, now_ns: int) -> None:
        """Set the UART up, as machine.UART() does; buffers are emptied."""
        self.settle(now_ns)
        self.reset()
        self._byte_ns = 10_000_000_000 // max(300, baud)
        self._rx_room = FIFO_BYTES + rxbuf
        self._tx_room = FIFO_BYTES + txbuf
        self.is_open = True
        self.low_since_ns = None

    # --- the firmware's side --------------------------------------------------------------------

    def available(self, now_ns: int) -> int:
        """Return how many received bytes wait."""
        self.settle(now_ns)
        return len(self._rx_fifo)

    def read(self, limit: int, now_ns: int) -> bytes:
        """Take up to `limit` received bytes."""
        self.settle(now_ns)
        data = bytes(self._rx_fifo[:limit])
        del self._rx_fifo[:limit]
        return data

    def write(self, data: bytes, now_ns: int) -> int:
        """Take what fits into the transmit buffer; return how much that was."""
        self.settle(now_ns)
        if not self.is_open:
            return 0
        taken = data[: self._tx_room - len(self._tx_buffer)]
        if taken and not self._tx_buffer:
            self._tx_next_ns = now_ns + self._byte_ns
            self._tx_moved_ns = now_ns
        self._tx_buffer += taken
        self.counts.written += len(taken)
        return len(taken)

    def is_sent(self, now_ns: int) -> bool:
        """Say whether the last bit has left."""
        self.settle(now_ns)
        return not self._tx_buffer

    # --- the circuit's side ---------------------------------------------------------------------

    def set_gate(self, is_open: bool, now_ns: int) -> None:
        """Open or shut the buffer between line and chip."""
        self.settle(now_ns)
        self.gate = is_open
        self._gate_since_ns = now_ns

    def set_deaf(self, is_deaf: bool, now_ns: int, until_ns: int | None = None) -> None:
        """Stop or resume emptying the 32-byte FIFO, as during a flash operation.

        With `until_ns` it resumes by itself, to the moment, however late settle() is called.
        """
        self.settle(now_ns)
        self._deaf_room = FIFO_BYTES if is_deaf else None
        self._deaf_until_ns = until_ns

    def settle(self, now_ns: int) -> None:
        """Move everything that has passed by `now_ns`."""
        if self.before_settle is not None:
            self.before_settle(now_ns)
        self.move(now_ns)

    def move(self, now_ns: int) -> None:
        """Do so, and tell nobody."""
        until_ns = self._deaf_until_ns
        if until_ns is not None and now_ns >= until_ns:
            if self._rx_line and until_ns >= self._rx_next_ns:
                self._settle_rx(until_ns)
            self._deaf_room = self._deaf_until_ns = None
        if self._tx_buffer and now_ns >= self._tx_next_ns:
            self._settle_tx(now_ns)
        if self._rx_line and now_ns >= self._rx_next_ns:
            self._settle_rx(now_ns)
        elif self.port.readable and not self._rx_line:
            self._refill(now_ns)

    def next_ns(self) -> int | None:
        """Return when settle() is due again, or None when both wires are idle."""
        due: int | None = None
        if self._tx_buffer:
            last = self._tx_next_ns + (len(self._tx_buffer) - 1) * self._byte_ns
            due = min(last, max(self._tx_moved_ns + _STEP_NS, self._tx_next_ns))
        if self._rx_line:
            last = self._rx_next_ns + (len(self._rx_line) - 1) * self._byte_ns
            rx_due = min(last, max(self._rx_moved_ns + _STEP_NS, self._rx_next_ns))
            due = rx_due if due is None or rx_due < due else due
        return due

    # --- inside ---------------------------------------------------------------------------------

    def _settle_tx(self, now_ns: int) -> None:
        self._tx_moved_ns = now_ns
        count = min(len(self._tx_buffer), (now_ns - self._tx_next_ns) // self._byte_ns + 1)
        sent = bytes(self._tx_buffer[:count])
        del self._tx_buffer[:count]
        self.counts.sent += count
        first_ns = self._tx_next_ns
        self._tx_next_ns += count * self._byte_ns
        sent = self._across(sent, first_ns)
        if sent:
            self.counts.passed += len(sent)
            self.tx_at_ns = self._tx_next_ns - self._byte_ns
            self.port.write(sent)  # what the user's full buffers do not take is lost

    def _settle_rx(self, now_ns: int) -> None:
        self._rx_moved_ns = now_ns
        count = min(len(self._rx_line), (now_ns - self._rx_next_ns) // self._byte_ns + 1)
        arrived = bytes(self._rx_line[:count])
        del self._rx_line[:count]
        first_ns = self._rx_next_ns
        self._rx_next_ns += count * self._byte_ns
        if self.port.readable and len(self._rx_line) < _LINE_BYTES // 2:
            self._rx_line += self.port.read(_LINE_BYTES)  # it followed without a gap
        arrived = self._across(arrived, first_ns)
        if arrived:
            self.rx_at_ns = first_ns + (count - 1) * self._byte_ns
            self._receive(arrived)

    def _refill(self, now_ns: int) -> None:
        data = self.port.read(_LINE_BYTES)
        if data:
            self._rx_next_ns = now_ns + self._byte_ns
            self._rx_moved_ns = now_ns
            self._rx_line += data

    def _receive(self, arrived: bytes) -> None:
        self.counts.received += len(arrived)
        room = self._rx_room - len(self._rx_fifo) if self.is_open else 0
        if self._deaf_room is not None:
            room = min(room, self._deaf_room)
        kept = arrived[: max(0, room)]
        if self._deaf_room is not None:
            self._deaf_room -= len(kept)
        self.counts.lost += len(arrived) - len(kept)
        self._rx_fifo += kept

    def _across(self, data: bytes, first_ns: int) -> bytes:
        """Return what arrives of consecutive bytes, the first of which ended at `first_ns`."""
        if not self.gate or self.fault.cut:
            return b""
        if self.is_gated and first_ns - self._byte_ns < self._gate_since_ns:
            data = data[1:]  # it began before the gate opened
        if self.fault.drop:
            data = bytes(byte for byte in data if self._random.random() >= self.fault.drop)
        if self.fault.bit_error_rate:
            data = self._noisy(data)
        return data

    def _noisy(self, data: bytes) -> bytes:
        spoiled = bytearray(data)
        bit = int(self._random.expovariate(self.fault.bit_error_rate))
        while bit < len(spoiled) * 8:
            spoiled[bit // 8] ^= 1 << bit % 8
            bit += 1 + int(self._random.expovariate(self.fault.bit_error_rate))
        return bytes(spoiled)
