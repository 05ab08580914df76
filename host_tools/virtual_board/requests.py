"""What the interpreter may ask of the board: one function per message of `wire.py`.

A handler returns the whole answer, or b"" when there is none (yet). Nothing here blocks.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.virtual_board.flash import FLASH_BYTES, FlashError, PowerLostError
from host_tools.virtual_board.gpio import PAD_COUNT
from host_tools.virtual_board.recorder import RESET_MACHINE
from host_tools.virtual_board.wire import wire

if TYPE_CHECKING:
    from host_tools.virtual_board.board import Board
    from host_tools.virtual_board.processor import Processor

_ANSWER = struct.Struct(wire.ANSWER_FORMAT)
_SMALL = tuple(_ANSWER.pack(value, 0) for value in range(4096))
_OK = _SMALL[0]
_ERROR = {number: _ANSWER.pack(-number, 0) for number in (errno.EIO, errno.EINVAL, errno.ENODEV)}
_ONE_MS = 1_000

# More at once than any buffer of a chip: who asks for it shall not fill the witness's memory.
_MOST_BYTES = 1 << 16

Handler = Callable[[int, int, int, memoryview], bytes]


def _number(value: int) -> bytes:
    return _SMALL[value] if 0 <= value < len(_SMALL) else _ANSWER.pack(value, 0)


def _bytes(data: bytes) -> bytes:
    return _ANSWER.pack(len(data), len(data)) + data


def _count(value: int) -> int:
    """Return a number of bytes that a buffer can have; raise ValueError."""
    if not 0 <= value <= _MOST_BYTES:
        raise ValueError(value)
    return value


class Requests:
    """The table of messages and the functions in it."""

    def __init__(self, board: Board, processor: Processor) -> None:
        self._board = board
        self._processor = processor
        self._gpio = board.gpio
        self._table: list[Handler] = [self._unknown] * 256
        for number, handler in (
            (wire.OP_PIN_MODE, self._pin_mode),
            (wire.OP_PIN_SET, self._pin_set),
            (wire.OP_PIN_GET, self._pin_get),
            (wire.OP_UART_INIT, self._uart_init),
            (wire.OP_UART_ANY, self._uart_any),
            (wire.OP_UART_READ, self._uart_read),
            (wire.OP_UART_WRITE, self._uart_write),
            (wire.OP_UART_TXDONE, self._uart_txdone),
            (wire.OP_SPI_WRITE, self._spi_write),
            (wire.OP_SPI_READ, self._spi_read),
            (wire.OP_SPI_TRANSFER, self._spi_transfer),
            (wire.OP_I2C_WRITE, self._i2c_write),
            (wire.OP_I2C_READ, self._i2c_read),
            (wire.OP_FLASH_READ, self._flash_read),
            (wire.OP_FLASH_PROGRAM, self._flash_program),
            (wire.OP_FLASH_ERASE, self._flash_erase),
            (wire.OP_FLASH_SIZE, self._flash_size),
            (wire.OP_WDT_START, self._wdt_start),
            (wire.OP_WDT_FEED, self._wdt_feed),
            (wire.OP_RTC_GET, self._rtc_get),
            (wire.OP_RTC_SET, self._rtc_set),
            (wire.OP_PIO_THERE, self._pio_there),
            (wire.OP_PIO_INIT, self._pio_init),
            (wire.OP_PIO_ACTIVE, self._pio_active),
            (wire.OP_CAPTURE_READ, self._capture_read),
            (wire.OP_RESET, self._reset),
            (wire.OP_SOFT_RESET, self._soft_reset),
            (wire.OP_RESET_CAUSE, self._reset_cause),
            (wire.OP_UNIQUE_ID, self._unique_id),
            (wire.OP_KBD_INTR, self._kbd_intr),
            (wire.OP_BOOT_MODE, self._boot_mode),
        ):
            self._table[number] = handler
        self._now = 0

    def handle(self, op: int, a: int, v1: int, v2: int, payload: memoryview, now: int) -> bytes:
        """Carry out one request at `now` us; return its answer, or b"" when it gets none yet."""
        board = self._board
        self._now = now
        due = board.circuit.next_deadline_us()
        if due is not None and due <= now:
            board.catch_up(now)
        try:
            return self._table[op](a, v1, v2, payload)
        except (FlashError, OSError) as error:  # OSError: the camera's bus
            return _ERROR.get(error.errno or 0, _ERROR[errno.EIO])
        except PowerLostError:
            board.set_power(False)
            return b""
        except (IndexError, ValueError):
            return _ERROR[errno.EINVAL]

    # --- pins -----------------------------------------------------------------------------------

    def _pin_mode(self, a: int, v1: int, v2: int, _payload: memoryview) -> bytes:
        if a >= PAD_COUNT:
            return _ERROR[errno.EINVAL]
        self._gpio.set_mode(a, v1 == 1, v2, self._now)
        return _OK

    def _pin_set(self, a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        self._gpio.set_level(a, 1 if v1 else 0, self._now)
        return _OK

    def _pin_get(self, a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _SMALL[self._gpio.levels[a]]

    # --- UARTs ----------------------------------------------------------------------------------

    def _uart_init(self, a: int, v1: int, v2: int, _payload: memoryview) -> bytes:
        sizes = v2 & 0xFFFFFFFF
        self._board.uarts[a].open(v1, sizes >> 16, sizes & 0xFFFF, self._now * _ONE_MS)
        return _OK

    def _uart_any(self, a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        count = self._board.uarts[a].available(self._now * _ONE_MS)
        if count:
            self._board.count_bytes(self._now)
        return _number(count)

    def _uart_read(self, a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        data = self._board.uarts[a].read(_count(v1), self._now * _ONE_MS)
        if data:
            self._board.count_bytes(self._now)
        return _bytes(data)

    def _uart_write(self, a: int, _v1: int, _v2: int, payload: memoryview) -> bytes:
        uart = self._board.uarts[a]
        taken = uart.write(bytes(payload), self._now * _ONE_MS)
        if uart.is_gated:
            self._board.recorder.record_often(self._now, "UPLINK_TX_WRITTEN", uart.counts.written)
        return _number(taken)

    def _uart_txdone(self, a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _SMALL[self._board.uarts[a].is_sent(self._now * _ONE_MS)]

    # --- the camera's buses ---------------------------------------------------------------------

    def _spi_write(self, _a: int, _v1: int, _v2: int, payload: memoryview) -> bytes:
        self._board.camera.spi_transfer(bytes(payload))
        return _OK

    def _spi_read(self, _a: int, v1: int, v2: int, _payload: memoryview) -> bytes:
        return _bytes(self._board.camera.spi_transfer(bytes((v1 & 0xFF,)) * _count(v2)))

    def _spi_transfer(self, _a: int, _v1: int, _v2: int, payload: memoryview) -> bytes:
        return _bytes(self._board.camera.spi_transfer(bytes(payload)))

    def _i2c_write(self, _a: int, v1: int, _v2: int, payload: memoryview) -> bytes:
        if not self._board.camera.i2c_write(v1, bytes(payload)):
            return _ERROR[errno.EIO]  # what rp2's I2C raises when nobody acknowledges
        return _number(len(payload))

    def _i2c_read(self, _a: int, v1: int, v2: int, _payload: memoryview) -> bytes:
        data = self._board.camera.i2c_read(v1, _count(v2))
        return _bytes(data) if len(data) == v2 else _ERROR[errno.EIO]

    # --- flash ----------------------------------------------------------------------------------

    def _flash_read(self, _a: int, v1: int, v2: int, _payload: memoryview) -> bytes:
        return _bytes(self._board.flash.read(v1, v2))

    def _flash_program(self, _a: int, v1: int, _v2: int, payload: memoryview) -> bytes:
        return self._after(self._board.flash.program(v1, bytes(payload)))

    def _flash_erase(self, _a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        return self._after(self._board.flash.erase(v1))

    def _flash_size(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _ANSWER.pack(FLASH_BYTES, 0)

    def _after(self, cost_us: int) -> bytes:
        if not cost_us:
            return _OK
        self._processor.answer_later(_OK, self._now + cost_us, self._now)
        return b""

    # --- watchdog, clock, resets ----------------------------------------------------------------

    def _wdt_start(self, _a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        self._board.watchdog_us = v1 * 1000
        self._board.feed_watchdog(self._now)
        return _OK

    def _wdt_feed(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        self._board.feed_watchdog(self._now)
        return _OK

    def _rtc_get(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _bytes(self._board.rtc.get(self._now))

    def _rtc_set(self, _a: int, _v1: int, _v2: int, payload: memoryview) -> bytes:
        self._board.rtc.set(bytes(payload), self._now)
        return _OK

    # --- the capture block ----------------------------------------------------------------------

    def _pio_there(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _SMALL[self._board.capture is not None]

    def _pio_init(self, a: int, v1: int, v2: int, payload: memoryview) -> bytes:
        if self._board.capture is None:
            return _ERROR[errno.ENODEV]
        pins = (v2 & 0xFF, v2 >> 8 & 0xFF, v2 >> 16)
        self._board.capture.set_up(a, v1, pins, bytes(payload))
        return _OK

    def _pio_active(self, a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        if self._board.capture is None:
            return _ERROR[errno.ENODEV]
        self._board.capture.set_active(a, v1 == 1, self._now)
        return _OK

    def _capture_read(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        if self._board.capture is None:
            return _ERROR[errno.ENODEV]
        return _bytes(self._board.capture.take(self._now))

    def _reset(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        # machine.reset() of the rp2 port goes through the watchdog.
        self._board.hard_reset(RESET_MACHINE, wire.WDT_RESET)
        return b""

    def _soft_reset(self, _a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        self._board.soft_reset(boot_mode=v1)
        return b""

    def _reset_cause(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _number(self._processor.reset_cause)

    def _unique_id(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _bytes(self._board.unique_id)

    def _kbd_intr(self, _a: int, v1: int, _v2: int, _payload: memoryview) -> bytes:
        if not -1 <= v1 <= 0xFF:
            return _ERROR[errno.EINVAL]
        self._processor.console.interrupt_char = v1
        return _OK

    def _boot_mode(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _number(self._processor.boot_mode)

    def _unknown(self, _a: int, _v1: int, _v2: int, _payload: memoryview) -> bytes:
        return _ERROR[errno.ENODEV]
