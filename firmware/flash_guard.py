"""Keeps a file system out of the raw blocks, although it was made over the whole region.

A stock board's frozen `_boot.py` mounts littlefs over the whole storage region and makes it anew
when the block count differs, so a smaller file system would not survive a boot. Instead, every
program that writes files mounts through this guard. A raw block answers as a bad block does, and
littlefs moves on to another (littlefs DESIGN.md, "bad blocks").
"""

from detector.flash_map import RAW_BLOCKS  # a number on a board: flashing folds it

_IOCTL_BLOCK_COUNT = 4
_IOCTL_BLOCK_ERASE = 6
_LFS_ERR_CORRUPT = -84


class GuardedFlash:
    """The chip's block device, with raw blocks that can be read and nothing else."""

    def __init__(self, bdev: "BlockDevice") -> None:
        """Guard the last RAW_BLOCKS blocks of a block device."""
        self._bdev = bdev
        self._limit = bdev.ioctl(_IOCTL_BLOCK_COUNT, 0) - RAW_BLOCKS

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> int | None:
        """Read as the block device does."""
        return self._bdev.readblocks(block, buf, offset)

    def writeblocks(self, block: int, buf: bytearray, offset: int | None = None) -> int | None:
        """Write as the block device does; a raw block that `buf` touches is answered as bad."""
        if block >= self._limit:
            return _LFS_ERR_CORRUPT
        if offset is None:
            return self._bdev.writeblocks(block, buf)
        return self._bdev.writeblocks(block, buf, offset)

    def ioctl(self, operation: int, argument: int) -> int | None:
        """Control as the block device does; erasing a raw block is answered as a bad block."""
        if operation == _IOCTL_BLOCK_ERASE and argument >= self._limit:
            return _LFS_ERR_CORRUPT
        return self._bdev.ioctl(operation, argument)
