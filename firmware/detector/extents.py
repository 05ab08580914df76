"""The extents of 8 KiB in raw flash that sealed images lie in: which are free, blank, used.

Nothing of this is stored: the key slots say at boot which extents are used, and whether a free one
is blank is looked up in `housekeep`, or when it is needed earlier. They are taken round robin, for
even wear. Only `housekeep` erases.
"""

import binascii

from detector.compat import const
from detector.flash_map import (
    BLOCK_BYTES,
    CHUNK_BYTES,
    EXTENT_BLOCKS,
    EXTENT_CHUNKS,
    EXTENT_COUNT,
    IMAGES_BLOCK,
    PAGE_BYTES,
)
from detector.raw_flash import FlashError

_UNKNOWN = const(0)  # free, and not known to be blank
_BLANK = const(1)  # free and blank
_USED = const(2)
_BAD = const(3)  # does not erase; out of use until the next boot
_UNKNOWN_BYTE = b"\x00"
_REST = const(1000)  # housekeep calls left out after the flash failed


class Extents:
    """`free` counts the extents that an image could take."""

    def __init__(self, raw: "RawFlash") -> None:
        """Take the raw region; all extents are free until `use` says otherwise."""
        self._raw = raw
        self._states = bytearray(EXTENT_COUNT)
        self._next = 0
        self._erasing = -1  # the extent that housekeep is at
        self._block = 0  # its block that comes next
        self._is_erased = False
        self._rest = 0
        self.free = EXTENT_COUNT
        self.failing = False  # the last housekeep could not erase

    def use(self, extent: int) -> None:
        """Note that an image lies in an extent; the next to be taken is the one behind it."""
        self._set(extent, _USED)
        self._next = (extent + 1) % EXTENT_COUNT

    def release(self, extents: bytes, count: int) -> None:
        """Give back the first `count` of an image's extents; housekeep erases them."""
        for index in range(count):
            self._set(extents[index], _UNKNOWN)

    def take(self, count: int) -> bytearray | None:
        """Return `count` blank extents, now in use, or None; reads where need be, never erases.

        Raise FlashError.
        """
        taken = bytearray()
        first = self._next
        for is_looking in (False, True):
            for step in range(EXTENT_COUNT):
                if len(taken) == count:
                    return taken
                extent = (first + step) % EXTENT_COUNT
                if self._is_blank(extent, is_looking):
                    taken.append(extent)
                    self.use(extent)
        if len(taken) == count:
            return taken
        self.release(taken, len(taken))
        return None

    def _is_blank(self, extent: int, is_looking: bool) -> bool:
        if is_looking and self._states[extent] == _UNKNOWN:
            block = IMAGES_BLOCK + extent * EXTENT_BLOCKS
            if self._raw.is_blank(block) and self._raw.is_blank(block + 1):
                self._set(extent, _BLANK)
        return self._states[extent] == _BLANK

    def _set(self, extent: int, state: int) -> None:
        """Change an extent's state: the only place that does."""
        if self._states[extent] <= _BLANK:
            self.free -= 1
        if state <= _BLANK:
            self.free += 1
        self._states[extent] = state
        if extent == self._erasing:
            self._erasing = -1  # housekeep begins anew with it, if it comes to it again

    # --- data ----------------------------------------------------------------------------------

    def program(self, extents: bytes, chunk: int, offset: int, buf: bytearray) -> None:
        """Write whole pages into an image's chunk and see them there; raise FlashError."""
        block = _block(extents, chunk)
        offset += chunk % (BLOCK_BYTES // CHUNK_BYTES) * CHUNK_BYTES
        self._raw.program(block, offset, buf)
        page = self._raw.scratch
        check = 0
        for at in range(offset, offset + len(buf), PAGE_BYTES):
            self._raw.read_into(block, at, page)
            check = binascii.crc32(page, check)
        if check != binascii.crc32(buf):
            raise FlashError("image")

    def read_chunk(self, extents: bytes, chunk: int, buf: bytearray) -> None:
        """Fill `buf` (CHUNK_BYTES) with an image's chunk; raise FlashError."""
        offset = chunk % (BLOCK_BYTES // CHUNK_BYTES) * CHUNK_BYTES
        self._raw.read_into(_block(extents, chunk), offset, buf)

    # --- erasing -------------------------------------------------------------------------------

    def housekeep(self) -> bool:
        """Check or erase one block of a free extent; True if so. Idle, it allocates nothing."""
        if self._erasing < 0:
            extent = self._states.find(_UNKNOWN_BYTE)
            if extent < 0:
                return False
            self._erasing = extent
            self._block = 0
            self._is_erased = False
        if self._rest:
            self._rest -= 1
            return False
        try:
            self._step(IMAGES_BLOCK + self._erasing * EXTENT_BLOCKS + self._block)
            self.failing = False
        except FlashError:
            self.failing = True
            self._rest = _REST
        return True

    def _step(self, block: int) -> None:
        if self._raw.is_blank(block):
            self._block += 1
            self._is_erased = False
            if self._block == EXTENT_BLOCKS:
                self._set(self._erasing, _BLANK)
        elif self._is_erased:
            self._set(self._erasing, _BAD)
        else:
            self._raw.erase(block)
            self._is_erased = True


def _block(extents: bytes, chunk: int) -> int:
    """Return the raw block that an image's chunk lies in."""
    first = IMAGES_BLOCK + extents[chunk // EXTENT_CHUNKS] * EXTENT_BLOCKS
    return first + chunk % EXTENT_CHUNKS // (BLOCK_BYTES // CHUNK_BYTES)
