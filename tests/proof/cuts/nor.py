"""A NOR flash whose every operation can be written down, and done again as far as a cut lets it.

A block is a `bytes` that is never changed, only replaced: a copy of the flash is a copy of a dict.
Each erase and each page that is programmed is one operation.
"""

import hashlib

BLOCK_BYTES = 4096
PAGE_BYTES = 256
BLOCK_COUNT = 352
BLANK = b"\xff" * BLOCK_BYTES
_BLANK_VIEW = memoryview(BLANK)

BEFORE = 0
INSIDE = 1
AFTER = 2
PHASE_NAMES = ("before", "inside", "after")

# What an operation is cut down to: the first half of its bytes, most of them, the last half (the
# order in which a chip does it is its own affair), or bits here and there.
_FIRST_HALF = 0
_MOST = 1
_LAST_HALF = 2
_SCATTERED = 3
_WAYS = 4


class Operation:
    """One erase (`data` is None) or page program, and what was promised before it."""

    def __init__(self, number, offset, data, promised, step):
        """Take block, offset, bytes, how many facts the ledger held, and the story's step."""
        self.number = number
        self.offset = offset
        self.data = data
        self.promised = promised
        self.step = step


class Flash:
    """The block device that a chip's port hands out, over blocks by number; the rest is blank."""

    def __init__(self, blocks=None):
        """Hold a copy of these blocks."""
        self.blocks = dict(blocks) if blocks else {}
        self.operations = None  # a list: every operation is appended before it is done
        self.ledger = ()  # its length goes into each operation
        self.step = ""

    def readblocks(self, number, buf, offset=0):
        block = self.blocks.get(number)
        view = _BLANK_VIEW if block is None else memoryview(block)
        buf[:] = view[offset : offset + len(buf)]
        return 0

    def writeblocks(self, number, buf, offset=None):
        if offset is None:
            self._operate(number, 0, None)
            offset = 0
        if offset % PAGE_BYTES or len(buf) % PAGE_BYTES:
            raise OSError(22)
        for at in range(0, len(buf), PAGE_BYTES):
            place = offset + at
            page = bytes(buf[at : at + PAGE_BYTES])
            self._operate(number + place // BLOCK_BYTES, place % BLOCK_BYTES, page)
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCK_COUNT
        if operation == 5:
            return BLOCK_BYTES
        if operation == 6:
            self._operate(argument, 0, None)
            return 0
        return None

    def _operate(self, number, offset, data):
        if not 0 <= number < BLOCK_COUNT:
            raise OSError(22)
        operation = Operation(number, offset, data, len(self.ledger), self.step)
        if self.operations is not None:
            self.operations.append(operation)
        do(self.blocks, operation)

    def holds(self, data, numbers=None):
        """Return the number of the first block (of `numbers`, or all) that holds `data`, or -1."""
        for number in self.blocks if numbers is None else numbers:
            block = self.blocks.get(number)
            if block is not None and block.find(data) >= 0:
                return number
        return -1


def do(blocks, operation):
    """Do a whole operation."""
    if operation.data is None:
        blocks.pop(operation.number, None)
        return
    _program(blocks, operation, operation.data)


def cut(blocks, operation, phase, chance):
    """Do an operation as far as a power cut before, inside or after it lets it."""
    if phase == AFTER:
        do(blocks, operation)
    elif phase == INSIDE:
        way = chance.below(_WAYS)
        if operation.data is None:
            _erase_partly(blocks, operation.number, way, chance)
        else:
            _program(blocks, operation, _partly(operation.data, way, chance))


def _program(blocks, operation, data):
    block = blocks.get(operation.number, BLANK)
    end = operation.offset + PAGE_BYTES
    old = int.from_bytes(block[operation.offset : end], "big")
    new = (old & int.from_bytes(data, "big")).to_bytes(PAGE_BYTES, "big")
    blocks[operation.number] = block[: operation.offset] + new + block[end:]


def _partly(data, way, chance):
    """Return a page of which only a part says anything: ones change nothing."""
    if way == _SCATTERED:
        kept = int.from_bytes(chance.bytes(PAGE_BYTES), "big")
        return (int.from_bytes(data, "big") | kept).to_bytes(PAGE_BYTES, "big")
    start = 0
    end = PAGE_BYTES
    while start < end and data[start] == 0xFF:
        start += 1
    while end > start and data[end - 1] == 0xFF:
        end -= 1
    count = end - start
    if way == _LAST_HALF:
        return BLANK[: start + count // 2] + data[start + count // 2 :]
    done = start + (count // 2 if way == _FIRST_HALF else count * 7 // 8)
    return data[:done] + BLANK[done:PAGE_BYTES]


def _erase_partly(blocks, number, way, chance):
    block = blocks.get(number)
    if block is None:
        return
    half = BLOCK_BYTES // 2
    if way == _SCATTERED:
        lifted = int.from_bytes(chance.bytes(PAGE_BYTES) * (BLOCK_BYTES // PAGE_BYTES), "big")
        new = (int.from_bytes(block, "big") | lifted).to_bytes(BLOCK_BYTES, "big")
    elif way == _LAST_HALF:
        new = block[:half] + BLANK[:half]
    else:
        done = half if way == _FIRST_HALF else BLOCK_BYTES * 7 // 8
        new = BLANK[:done] + block[done:]
    blocks[number] = new


class Digest:
    """What a flash holds, as eight bytes that are cheap to bring up to date."""

    def __init__(self, blocks):
        """Begin with these blocks."""
        self._sum = 0
        self._of = {}
        for number, block in blocks.items():
            self.change(number, block)

    def copy(self):
        """Return another that goes on from here."""
        other = Digest({})
        other._sum = self._sum
        other._of = dict(self._of)
        return other

    def change(self, number, block):
        """Take a block's new contents, None where it is blank."""
        new = 0
        if block is not None and block != BLANK:
            running = hashlib.sha256(bytes((number & 0xFF, number >> 8)))
            running.update(block)
            new = int.from_bytes(running.digest()[:8], "big")
        self._sum ^= self._of.get(number, 0) ^ new
        self._of[number] = new

    def value(self):
        """Return the eight bytes."""
        return self._sum.to_bytes(8, "big")


class Chance:
    """A generator of its own, the same on every interpreter; its bytes never come again."""

    def __init__(self, seed):
        """Begin with a string."""
        self._seed = seed.encode()
        self._count = 0
        self._state = int.from_bytes(hashlib.sha256(self._seed).digest()[:4], "big") >> 2

    def below(self, limit):
        """Return a number from 0 to limit - 1."""
        self._state = (self._state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._state >> 8) % limit

    def pick(self, values):
        """Return one of a sequence."""
        return values[self.below(len(values))]

    def bytes(self, count):
        """Return so many bytes."""
        out = b""
        while len(out) < count:
            self._count += 1
            running = hashlib.sha256(self._seed)
            running.update(b" %d" % self._count)
            out += running.digest()
        return out[:count]
