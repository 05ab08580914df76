"""The firmware's own camera driver on the virtual camera, with one clock for both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from detector import codes, ov2640_tables
from detector.arducam_mini import ArducamMini
from host_tools.virtual_board.arducam import ArducamModel

LONGEST_MS = 6000
SETTLE_MS = 20


class Bench:
    """A model, the firmware's driver on it, and a clock that both read."""

    def __init__(
        self, folder: Path | None = None, seed: int = 0, size: bytes | None = None
    ) -> None:
        self.now_us = 0
        self.model = ArducamModel(folder, seed=seed, clock_us=lambda: self.now_us)
        size = size or ov2640_tables.SIZE_640X480
        self.driver = ArducamMini(
            _Spi(self.model),
            _Pin(self.model.spi_select),
            _I2c(self.model),
            _Pin(lambda level: self.model.power(bool(level), self.now_us)),
            SETTLE_MS,
            size,
        )

    def shoot(self, step_us: int = 1000) -> int:
        """Ask for one exposure and poll to its end, within a limit."""
        self.driver.begin(self.now_us // 1000)
        for _ in range(LONGEST_MS * 1000 // step_us):
            result: int = self.driver.poll(self.now_us // 1000)
            if result != codes.CAM_BUSY:
                return result
            self.now_us += step_us
        return codes.CAM_BUSY

    def read(self, piece: int = 1024) -> bytes:
        """Read the whole picture in pieces."""
        picture = b""
        while len(picture) < self.driver.length:
            buf = bytearray(piece)
            count = min(piece, self.driver.length - len(picture))
            self.driver.read_into(buf, count)
            picture += buf[:count]
        return picture


class _Spi:
    def __init__(self, model: ArducamModel) -> None:
        self._model = model

    def write(self, data: bytes) -> None:
        self._model.spi_transfer(bytes(data))

    def readinto(self, buf: bytearray) -> None:
        buf[:] = self._model.spi_transfer(bytes(len(buf)))


class _I2c:
    def __init__(self, model: ArducamModel) -> None:
        self._model = model

    def writeto(self, address: int, data: bytes) -> None:
        if not self._model.i2c_write(address, bytes(data)):
            raise OSError(5)

    def readfrom_into(self, address: int, buf: bytearray) -> None:
        answer = self._model.i2c_read(address, len(buf))
        if len(answer) != len(buf):
            raise OSError(5)
        buf[:] = answer


class _Pin:
    def __init__(self, drive: Callable[[int], None]) -> None:
        self.value = drive
