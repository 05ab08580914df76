"""The flash's cells in the processor's address space, read as memory (XIP).

They are the board process's file, mapped for reading only: what the board has programmed or
erased is there at once. Without the means (no libffi) nothing is mapped, and the board is asked.
"""

import os

_PROT_READ = 1
_MAP_SHARED = 1
_SEEK_END = 2

_memcpy = None
_first = 0
_bytes = 0


def copy(buf: object, address: int) -> bool:
    """Fill `buf` from `address` on; False where nothing is mapped there. Allocates nothing."""
    length = len(buf)
    if address < 0 or address + length > _bytes:
        return False
    _memcpy(buf, _first + address, length)
    return True


def connect() -> None:
    """Map the flash of the board that has started this process."""
    global _memcpy, _first, _bytes
    path = os.getenv("SLUSS_BOARD_FLASH")
    try:
        import ffi

        libc = ffi.open(None)
        with open(path, "rb") as file:
            size = file.seek(0, _SEEK_END)
            first = libc.func("P", "mmap", "PLiiil")(
                None, size, _PROT_READ, _MAP_SHARED, file.fileno(), 0
            )
        _memcpy = libc.func("v", "memcpy", "PPL")
    except (ImportError, OSError, TypeError):
        return
    if first != -1:
        _first, _bytes = first, size
