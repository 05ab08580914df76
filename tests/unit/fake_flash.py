"""A NOR flash as a block device in RAM: programs only clear bits, pages of 256, blocks of 4096.

`cut(n, how)` loses the power at the n-th program or erase from now: before it, half way through,
nearly through, or just after it. From then on nothing works until `power_on`.
"""

import gc

BLOCK_BYTES = 4096
PAGE_BYTES = 256
BLOCK_COUNT = 352
BEFORE = 0
HALF = 1
AFTER = 2
MOST = 3  # seven eighths of it: of a record with its key, the record is whole and the key is not


def allocated(call):
    """Return the heap bytes that a call takes; 0 on CPython, which cannot say."""
    if not hasattr(gc, "mem_alloc"):
        call()
        return 0
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    between = gc.mem_alloc()
    call()
    after = gc.mem_alloc()
    gc.enable()
    return (after - between) - (between - before)


class PowerCut(Exception):  # noqa: N818
    """The supply is gone; no code of the detector may catch this."""


class FakeFlash:
    """Blocks that were never touched take no memory."""

    def __init__(self):
        self.blocks = {}
        self.operations = 0
        self.erased = []  # block numbers, in order
        self.failing = ()  # blocks whose programs and erases fail
        self.unreadable = ()
        self._left = -1
        self._how = BEFORE
        self._is_dead = False
        self.reads = 0

    def cut(self, left, how):
        """Lose the power at the `left`-th operation from now (1: the next)."""
        self._left = left
        self._how = how

    def power_on(self):
        """Start again after a cut; a cut that did not happen is called off."""
        self._left = -1
        self._is_dead = False

    def holds(self, data):
        """Say whether `data` lies anywhere within a block."""
        return any(bytes(block).find(data) >= 0 for block in self.blocks.values())

    # --- the block device protocol -------------------------------------------------------------

    def readblocks(self, number, buf, offset=0):
        self._alive(number, offset, len(buf))
        self.reads += 1
        if number in self.unreadable:
            raise OSError(5)
        block = self.blocks.get(number)
        if block is None:
            buf[:] = b"\xff" * len(buf)
        else:
            buf[:] = memoryview(block)[offset : offset + len(buf)]
        return 0

    def writeblocks(self, number, buf, offset=None):
        if offset is None:
            self._operate(number, self._erase, 0, b"")
            offset = 0
        self._alive(number, offset, len(buf))
        if offset % PAGE_BYTES or len(buf) % PAGE_BYTES:
            raise OSError(22)
        self._operate(number, self._program, offset, bytes(buf))
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCK_COUNT
        if operation == 5:
            return BLOCK_BYTES
        if operation == 6:
            self._alive(argument, 0, 0)
            self._operate(argument, self._erase, 0, b"")
            return 0
        return None

    # --- how it does it ------------------------------------------------------------------------

    def _alive(self, number, offset, count):
        if self._is_dead:
            raise PowerCut
        if not 0 <= number < BLOCK_COUNT or offset + count > BLOCK_BYTES:
            raise OSError(22)

    def _operate(self, number, operation, offset, data):
        if number in self.failing:
            raise OSError(5)
        self.operations += 1
        self._left -= 1
        if self._left != 0:
            operation(number, offset, data)
            return
        self._is_dead = True
        if self._how in (HALF, MOST):
            start = len(data) - len(data.lstrip(b"\xff"))
            count = len(data.rstrip(b"\xff")) - start
            done = start + (count // 2 if self._how == HALF else count * 7 // 8)
            operation(number, offset, data[:done], True)
        elif self._how == AFTER:
            operation(number, offset, data)
        raise PowerCut

    def _block(self, number):
        if number not in self.blocks:
            self.blocks[number] = bytearray(b"\xff" * BLOCK_BYTES)
        return self.blocks[number]

    def _erase(self, number, _offset, _data, is_half=False):
        if is_half:
            self._block(number)[: BLOCK_BYTES // 2] = b"\xff" * (BLOCK_BYTES // 2)
            return
        self.erased.append(number)
        self.blocks.pop(number, None)

    def _program(self, number, offset, data, is_half=False):
        block = self._block(number)
        for at in range(offset, offset + len(data), PAGE_BYTES):
            piece = data[at - offset : at - offset + PAGE_BYTES]
            old = int.from_bytes(block[at : at + len(piece)], "big")
            new = old & int.from_bytes(piece, "big")
            block[at : at + len(piece)] = new.to_bytes(len(piece), "big")
