"""The flash chip's storage region: NOR rules, counted operations, costs and faults.

Programming only clears bits, erasing sets a whole block. The file is what survives everything.
"""

from __future__ import annotations

import errno
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 4096
PAGE_BYTES = 256
BLOCK_COUNT = 352
FLASH_BYTES = BLOCK_BYTES * BLOCK_COUNT
ERASED = b"\xff" * BLOCK_BYTES


@dataclass(frozen=True)
class FlashCosts:
    """What an operation takes, in microseconds; the MCU's receivers are deaf meanwhile."""

    erase_us: int
    page_us: int


COSTS = {"free": FlashCosts(0, 0), "pico": FlashCosts(45_000, 400)}


@dataclass
class FlashCut:
    """A power cut at the n-th program or erase from now; `during` leaves it half done."""

    operations_left: int
    during: bool


class FlashError(Exception):
    """An operation failed; `errno` is what the interpreter gets."""

    def __init__(self, number: int) -> None:
        super().__init__(errno.errorcode.get(number, str(number)))
        self.errno = number


class PowerLostError(Exception):
    """The supply fell in the middle of an operation."""


class FlashChip:
    """352 blocks of 4096 bytes in a file, blank (all 0xFF) when the file is new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(ERASED * BLOCK_COUNT)
        with path.open("r+b") as file:
            if path.stat().st_size != FLASH_BYTES:
                raise ValueError(f"{path} is not a flash image of {FLASH_BYTES} bytes")
            self._cells = mmap.mmap(file.fileno(), FLASH_BYTES)
        self.operations = 0
        self.erases = 0
        self.programs = 0
        self.costs = COSTS["free"]
        self.cut: FlashCut | None = None
        self.failing: range | None = None  # blocks whose programs and erases fail
        self.listeners: list[Callable[[int, bytes], None]] = []  # hear each program

    def read(self, address: int, count: int) -> bytes:
        """Return `count` bytes from `address`; raise FlashError(EINVAL) out of range."""
        if address < 0 or count < 0 or address + count > FLASH_BYTES:
            raise FlashError(errno.EINVAL)
        return self._cells[address : address + count]

    def program(self, address: int, data: bytes) -> int:
        """AND pages into the cells; return what it costs in microseconds."""
        whole_pages = address % PAGE_BYTES == 0 and len(data) % PAGE_BYTES == 0
        if not whole_pages or address < 0 or address + len(data) > FLASH_BYTES:
            raise FlashError(errno.EINVAL)
        self._begin(address, lambda: self._and(address, data[: len(data) // 2]))
        self._and(address, data)
        self.programs += 1
        for listener in self.listeners:
            listener(address, data)
        return self.costs.page_us * (len(data) // PAGE_BYTES)

    def erase(self, address: int) -> int:
        """Set a block to 0xFF; return what it costs in microseconds."""
        if address < 0 or address % BLOCK_BYTES or address >= FLASH_BYTES:
            raise FlashError(errno.EINVAL)
        self._begin(address, lambda: self._fill(address, BLOCK_BYTES // 2))
        self._fill(address, BLOCK_BYTES)
        self.erases += 1
        return self.costs.erase_us

    def close(self) -> None:
        """Write everything back to the file."""
        self._cells.flush()
        self._cells.close()

    def _begin(self, address: int, half: Callable[[], None]) -> None:
        self.operations += 1
        if self.cut is not None:
            self.cut.operations_left -= 1
            if self.cut.operations_left <= 0:
                if self.cut.during:
                    half()
                self.cut = None
                raise PowerLostError
        if self.failing is not None and address // BLOCK_BYTES in self.failing:
            raise FlashError(errno.EIO)

    def _fill(self, address: int, count: int) -> None:
        self._cells[address : address + count] = ERASED[:count]

    def _and(self, address: int, data: bytes) -> None:
        end = address + len(data)
        old = int.from_bytes(self._cells[address:end], "little")
        new = old & int.from_bytes(data, "little")
        self._cells[address:end] = new.to_bytes(len(data), "little")
