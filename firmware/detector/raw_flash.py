"""The raw blocks of the flash, by the rules of NOR: program only clears bits, erase sets a block.

Block device protocol: MicroPython docs, "Working with filesystems", extended interface.
"""

from detector.compat import const
from detector.flash_map import BLOCK_BYTES, PAGE_BYTES, RAW_BLOCKS

_IOCTL_BLOCK_COUNT = const(4)
_IOCTL_BLOCK_ERASE = const(6)
_BLANK_PAGE = b"\xff" * PAGE_BYTES


class FlashError(Exception):
    """The flash refused an operation, or does not hold what was written."""


class RawFlash:
    """`block_count` blocks of a block device, from its block `first_block` on.

    `scratch` is one page for whoever needs one at this moment; every `is_blank` overwrites it.
    """

    def __init__(self, bdev: "BlockDevice", first_block: int, block_count: int) -> None:
        """Take the chip's block device and the blocks that are raw."""
        self._bdev = bdev
        self._first = first_block
        self.block_count = block_count
        self.scratch = bytearray(PAGE_BYTES)

    def read_into(self, block: int, offset: int, buf: bytearray) -> None:
        """Fill `buf` from `offset` bytes into a block; raise FlashError."""
        self._check(block, offset, len(buf))
        try:
            result = self._bdev.readblocks(self._first + block, buf, offset)
        except OSError:
            raise FlashError("read")
        if result is not None and result < 0:
            raise FlashError("read")

    def program(self, block: int, offset: int, buf: bytearray) -> None:
        """Clear bits from a page's start on, whole pages; raise FlashError."""
        self._check(block, offset, len(buf))
        if offset % PAGE_BYTES or len(buf) % PAGE_BYTES:
            raise ValueError
        try:
            result = self._bdev.writeblocks(self._first + block, buf, offset)
        except OSError:
            raise FlashError("program")
        if result is not None and result < 0:
            raise FlashError("program")

    def erase(self, block: int) -> None:
        """Set a whole block to 0xFF; 45 ms and more on a Pico; raise FlashError."""
        self._check(block, 0, 0)
        try:
            result = self._bdev.ioctl(_IOCTL_BLOCK_ERASE, self._first + block)
        except OSError:
            raise FlashError("erase")
        if result is not None and result < 0:
            raise FlashError("erase")

    def is_blank(self, block: int, scratch: bytearray | None = None) -> bool:
        """Say whether a block is all 0xFF; reads through `scratch` (a page); raise FlashError."""
        if scratch is None:
            scratch = self.scratch
        for offset in range(0, BLOCK_BYTES, PAGE_BYTES):
            self.read_into(block, offset, scratch)
            if scratch != _BLANK_PAGE:
                return False
        return True

    def make_blank(self, block: int) -> None:
        """Erase a block unless it is blank, and see that it is; raise FlashError."""
        if not self.is_blank(block):
            self.erase(block)
            if not self.is_blank(block):
                raise FlashError("erase")

    def _check(self, block: int, offset: int, count: int) -> None:
        # A wrong block number would reach into the file system: a broken invariant, no I/O error.
        if not 0 <= block < self.block_count or offset < 0 or offset + count > BLOCK_BYTES:
            raise ValueError


def raw_blocks(bdev: "BlockDevice") -> RawFlash:
    """Return the last RAW_BLOCKS blocks of the chip's storage region."""
    return RawFlash(bdev, bdev.ioctl(_IOCTL_BLOCK_COUNT, 0) - RAW_BLOCKS, RAW_BLOCKS)
