"""Where everything lies in the storage region of the flash: one definition for device and host.

The region is what the chip's port hands out as its block device (352 blocks on a Pico). Its last
RAW_BLOCKS blocks are raw: no file system ever programs or erases them (flash_guard.py). Block
numbers here count from the first raw block.
"""

from detector.compat import const

BLOCK_BYTES = const(4096)  # the unit of erasing
PAGE_BYTES = const(256)  # the unit of programming
RAW_BLOCKS = const(256)

IDENTITY_BLOCK = const(0)

KEYS_A_BLOCK = const(1)
KEYS_B_BLOCK = const(5)
KEYS_SIDE_BLOCKS = const(4)

JOURNAL_BLOCK = const(9)
JOURNAL_BLOCKS = const(40)

IMAGES_BLOCK = const(49)
EXTENT_BLOCKS = const(2)  # 8 KiB, the size class of sealed images
EXTENT_COUNT = const(103)  # one block is left over

CHUNK_BYTES = const(1024)
EXTENT_CHUNKS = const(8)
