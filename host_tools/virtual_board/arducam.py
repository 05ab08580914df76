"""The virtual ArduCAM Mini 2MP Plus at register level: FIFO chip on SPI, OV2640 on I2C.

It delivers the pictures of pictures.py, and is as strict as the parts it stands for: resets take
their time, a sensor that was not set up for JPEG delivers none, and without its rail it answers
nothing and forgets everything. Registers are those of the vendor's driver
(github.com/ArduCAM/PICO_SPI_CAM).
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

from host_tools.virtual_board.pictures import Pictures, ServedPicture

FIFO_BYTES = 0x5FFFF
RESET_US = 100_000
RAIL_US = 10_000
DELAY_US = 67_000  # one frame at 15 a second

_SENSOR_ADDRESS = 0x30
_SENSOR_ID = {0x0A: 0x26, 0x0B: 0x42}
_BANK = 0xFF
_BANK_SENSOR = 1
_RESET = 0x12
_IMAGE_MODE = (0, 0xDA)
_JPEG_MODE = 0x10
_REGISTERS_BEFORE_SILENCE = 100

_WRITE = 0x80
_TEST, _FIFO, _CPLD, _BURST, _SINGLE = 0x00, 0x04, 0x07, 0x3C, 0x3D
_REVISION, _TRIGGER, _LENGTH = 0x40, 0x41, 0x42
_FIFO_CLEAR, _FIFO_START, _READ_POINTER_RESET = 0x01, 0x02, 0x10
_CAPTURE_DONE = 0x08

BROKEN_MODES = {
    "dead-spi": "the FIFO chip answers zeros",
    "no-sensor": "nobody acknowledges on I2C",
    "wrong-sensor": "an OV5642 answers where the OV2640 should",
    "raises": "the sensor falls silent in the middle of its tables",
    "never-done": "no exposure ever ends",
    "empty": "the FIFO stays empty",
    "too-long": "the FIFO is full to the brim",
    "no-soi": "the first byte of each picture is lost",
    "no-eoi": "the last two bytes of each picture are lost",
    "bus-raises": "the SPI bus itself fails in the middle of a picture",
}


class ArducamModel:
    """One camera. The board calls it for each bus message; `clock_us` is the board's clock."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        seed: int = 0,
        canary: bool = True,
        clock_us: Callable[[], int] | None = None,
    ) -> None:
        """Serve `folder`, or the pictures of this package. Raises PicturesError."""
        self._clock_us = clock_us or _monotonic_us
        self._pictures = Pictures(folder, seed, canary)
        self._broken = ""
        self.delay_us = DELAY_US  # from the start of an exposure to its end
        self.is_on = False
        self.switched_us = 0  # when the rail was last switched
        self._selected = False
        self._chip: dict[int, int] = {}
        self._sensor: dict[tuple[int, int], int] = {}
        self._address: int | None = None  # of the running SPI transaction
        self._exposing: int | None = None  # when the running exposure ends
        self._picture: bytes | None = None  # what is in the FIFO
        self._in_fifo: ServedPicture | None = None
        self._sensor_writes = 0
        self._lose_power()

    @property
    def served(self) -> list[ServedPicture]:
        """The pictures taken so far, oldest first."""
        return self._pictures.served

    @property
    def canary(self) -> bool:
        """Whether each picture gets a canary of its own."""
        return self._pictures.canary

    @canary.setter
    def canary(self, on: bool) -> None:
        self._pictures.canary = on

    def set_images(self, folder: Path) -> None:
        """Serve this folder's JPEGs (*.jpg, *.jpeg) from now on. Raises PicturesError."""
        self._pictures.set_folder(folder)

    @property
    def broken(self) -> str:
        """What is broken, a key of BROKEN_MODES, or "" for nothing."""
        return self._broken

    @broken.setter
    def broken(self, mode: str) -> None:
        if mode and mode not in BROKEN_MODES:
            raise ValueError(f"no camera fault {mode!r}; there are {', '.join(BROKEN_MODES)}")
        self._broken = mode

    @property
    def output_size(self) -> tuple[int, int]:
        """Width and height in pixels that the sensor's registers ask for."""
        low, high, top = (self._sensor.get((0, register), 0) for register in (0x5A, 0x5B, 0x5C))
        return ((top & 3) << 8 | low) * 4, ((top >> 2 & 1) << 8 | high) * 4

    def power(self, on: bool, now_us: int) -> None:
        """Switch the rail at the caller's `now_us`; without it all registers are lost."""
        if on == self.is_on:
            return
        self.switched_us = now_us
        self._lose_power()
        self.is_on = on
        self._chip_free_us = self._clock_us() + RAIL_US

    # --- SPI ----------------------------------------------------------------------------------

    def spi_select(self, level: int) -> None:
        """Take the CS pin's level; each change ends a transaction."""
        if self._selected == (level == 0):
            return
        self._selected = level == 0
        self._address = None
        self._position = 0

    def spi_transfer(self, data: bytes) -> bytes:
        """Clock bytes through; return as many, as they come out meanwhile."""
        if not self._selected or not self.is_on or self._broken == "dead-spi":
            return bytes(len(data))
        if self._clock_us() < self._chip_free_us:
            return bytes(len(data))
        answer = bytearray(len(data))
        for index, byte in enumerate(data):
            if self._address is None:
                self._address = byte
            elif self._address == _BURST:
                # The rest of this call is FIFO data, whatever is clocked in.
                answer[index:] = self._read_fifo(len(data) - index)
                break
            elif self._address & _WRITE:
                if self._position == 1:
                    self._write_chip(self._address & ~_WRITE, byte)
            else:
                answer[index] = self._read_chip(self._address)
            self._position += 1
        return bytes(answer)

    def _write_chip(self, register: int, value: int) -> None:
        self._chip[register] = value
        if register == _CPLD:
            # Held for RESET_US before it may be released, and as long to start after that.
            self._chip = {_CPLD: value}
            self._picture = self._exposing = None
            self._chip_free_us = self._clock_us() + RESET_US
        elif register == _FIFO:
            if value & _FIFO_CLEAR:
                self._picture = self._exposing = None
            if value & _READ_POINTER_RESET:
                self._read_at = 0
            if value & _FIFO_START:
                self._exposing = self._clock_us() + self.delay_us

    def _read_chip(self, register: int) -> int:
        self._expose()
        if register == _TRIGGER:
            return _CAPTURE_DONE if self._picture is not None else 0
        if register in (_LENGTH, _LENGTH + 1, _LENGTH + 2):
            return self._fifo_length() >> 8 * (register - _LENGTH) & 0xFF
        if register == _SINGLE:
            return self._read_fifo(1)[0]
        if register == _REVISION:
            return 0x73
        return self._chip.get(register, 0)

    def _fifo_length(self) -> int:
        if self._broken == "empty" or self._picture is None:
            return 0
        return FIFO_BYTES + 1 if self._broken == "too-long" else len(self._picture)

    def _read_fifo(self, count: int) -> bytes:
        self._expose()
        if self._picture is None:
            return bytes(count)
        if self._broken == "bus-raises" and self._read_at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        piece = self._picture[self._read_at : self._read_at + count]
        self._read_at += len(piece)
        if self._in_fifo is not None:
            self._in_fifo.read_bytes = max(self._in_fifo.read_bytes, self._read_at)
        return piece.ljust(count, b"\0")

    def _expose(self) -> None:
        """Let an exposure end whose time has come."""
        if self._exposing is None or self._clock_us() < self._exposing:
            return
        if self._broken == "never-done":
            return
        self._exposing = None
        self._read_at = 0
        self._in_fifo = None
        if not self._sensor.get(_IMAGE_MODE, 0) & _JPEG_MODE or 0 in self.output_size:
            self._picture = b"\x80" * 4096  # raw grey: nobody set the sensor up for JPEG
            return
        self._in_fifo = self._pictures.take()
        self._picture = self._in_fifo.jpeg
        if self._broken == "no-soi":
            self._picture = self._picture[1:]
        elif self._broken == "no-eoi":
            self._picture = self._picture[:-2]

    # --- I2C ----------------------------------------------------------------------------------

    def i2c_write(self, address: int, data: bytes) -> bool:
        """Take a register number, and a value; return whether it was acknowledged."""
        if not self._acknowledges(address):
            return False
        if data:
            self._pointer = data[0]
        for offset, value in enumerate(data[1:]):
            self._write_sensor((data[0] + offset) & 0xFF, value)
        return True

    def i2c_read(self, address: int, count: int) -> bytes:
        """Return `count` bytes from the register asked for; b"" without an acknowledge."""
        if not self._acknowledges(address):
            return b""
        return bytes(self._read_sensor(self._pointer) for _ in range(count))

    def _acknowledges(self, address: int) -> bool:
        if not self.is_on or address != _SENSOR_ADDRESS or self._broken == "no-sensor":
            return False
        if self._broken == "raises" and self._sensor_writes >= _REGISTERS_BEFORE_SILENCE:
            return False
        return self._clock_us() >= self._sensor_free_us

    def _write_sensor(self, register: int, value: int) -> None:
        self._sensor_writes += 1
        if register == _BANK:
            self._bank = value & 1
        elif (self._bank, register) == (_BANK_SENSOR, _RESET) and value & 0x80:
            self._sensor = {}
            self._sensor_free_us = self._clock_us() + RESET_US
        else:
            self._sensor[self._bank, register] = value

    def _read_sensor(self, register: int) -> int:
        if register == _BANK:
            return self._bank
        if self._bank == _BANK_SENSOR and register in _SENSOR_ID:
            return 0x56 if self._broken == "wrong-sensor" else _SENSOR_ID[register]
        return self._sensor.get((self._bank, register), 0)

    # --- power --------------------------------------------------------------------------------

    def _lose_power(self) -> None:
        self._chip = {}
        self._sensor = {}
        self._bank = 0
        self._pointer = 0
        self._address = None
        self._position = 0
        self._chip_free_us = 0
        self._sensor_free_us = 0
        self._sensor_writes = 0
        self._exposing = None
        self._picture = None
        self._in_fifo = None
        self._read_at = 0


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1000
