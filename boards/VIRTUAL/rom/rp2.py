"""`rp2.Flash`: the storage region as a block device (rp2_flash.c), by messages to the board."""

import flash_cells
import wire
from board_link import call, exchange
from micropython import const

if call(wire.OP_PIO_THERE, 0, 0, 0):  # a detector uses none, and is spared 5 KB of its heap
    from rp2_pio import DMA, PIO, StateMachine, asm_pio

_BLOCK = const(4096)
_CHUNK = const(32768)  # a request's payload length has 16 bits


class Flash:
    """All of the storage region, or `len` bytes from `start`, both multiples of 4096.

    A flash fault comes back as a negative errno, not as an exception: littlefs calls these
    functions from C and an exception would leave it in the middle of an operation.
    """

    def __init__(self, *, start: int = -1, len: int = -1) -> None:
        whole = call(wire.OP_FLASH_SIZE, 0, 0, 0)
        self._start = max(start, 0)
        self._bytes = len if len != -1 else whole - self._start
        end = self._start + self._bytes
        if self._start % _BLOCK or self._bytes % _BLOCK or not self._start < end <= whole:
            raise ValueError

    def readblocks(self, block: int, buf: object, offset: int = 0) -> int | None:
        """Fill `buf` from `offset` in `block` on."""
        address = self._start + block * _BLOCK + offset
        if flash_cells.copy(buf, address):
            return None
        result = exchange(wire.OP_FLASH_READ, 0, address, len(buf), None, buf)
        return result if result < 0 else None

    def writeblocks(self, block: int, buf: object, offset: int = -1) -> int | None:
        """Program `buf` (whole 256-byte pages); without `offset` erase its blocks first."""
        address = self._start + block * _BLOCK
        if offset >= 0:
            address += offset
        else:
            for start in range(address, address + len(buf), _BLOCK):
                result = call(wire.OP_FLASH_ERASE, 0, start, 0)
                if result < 0:
                    return result
        if len(buf) <= _CHUNK:
            result = exchange(wire.OP_FLASH_PROGRAM, 0, address, 0, buf, None)
            return result if result < 0 else None
        view = memoryview(buf)
        for start in range(0, len(buf), _CHUNK):
            chunk = view[start : start + _CHUNK]
            result = exchange(wire.OP_FLASH_PROGRAM, 0, address + start, 0, chunk, None)
            if result < 0:
                return result
        return None

    def ioctl(self, request: int, argument: int) -> int | None:
        """Answer 4 block count, 5 block size, 6 erase; 1 to 3 are accepted."""
        if request == 4:
            return self._bytes // _BLOCK
        if request == 5:
            return _BLOCK
        if request == 6:
            return call(wire.OP_FLASH_ERASE, 0, self._start + argument * _BLOCK, 0)
        return 0 if 1 <= request <= 3 else None
