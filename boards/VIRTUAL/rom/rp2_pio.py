"""PIO and DMA of `rp2`, as far as a capture block needs them, by messages to the board process.

The assembler is whole; what its programs do is known to the board process, which refuses every
program, clock and pin that it has no model of. DMA channels are taken as two shapes only: one that
counts a state machine's words, and six in a ring of chains that store records (RP2040 datasheet
2.5). Their memory is written when `write` of the last one is looked at.
"""

import uctypes
import wire
from board_link import call, check, exchange
from micropython import const

_MACHINES = const(8)
_NO_PIN = const(31)
_CHANNELS = const(12)
_MOST_RECORDS = const(1024)
_LEAST_BITS = const(3)  # of a ring's size
_WORDS = const(6)  # of a record
_RECORD_BYTES = const(24)
_HEAD_BYTES = const(4)
_COUNTERS = const(4)
_DMA = const(0x50000000)
_DMA_COUNT = const(0x08)
_SOURCES = (0x50200020, 0x40054028)  # PIO0's first FIFO, the microsecond timer
_SAMPLER_DREQ = const(4)
_UNPACED = const(0x3F)
_COUNTER_FIFO = const(0x50300020)  # PIO1's first
_COUNTER_DREQ = const(12)
_FIELDS = (  # of a channel's control register: name, lowest bit, bits
    ("enable", 0, 1),
    ("high_pri", 1, 1),
    ("size", 2, 2),
    ("inc_read", 4, 1),
    ("inc_write", 5, 1),
    ("ring_size", 6, 4),
    ("ring_sel", 10, 1),
    ("chain_to", 11, 4),
    ("treq_sel", 15, 6),
    ("irq_quiet", 21, 1),
)


class PIO:
    """Constants of the assembler and the state machines (rp2_pio.c)."""

    JOIN_NONE = 0
    JOIN_TX = 1
    JOIN_RX = 2
    SHIFT_LEFT = 0
    SHIFT_RIGHT = 1
    OUT_LOW = 2


class _Assembler:
    """Makes instruction words of a function's calls: datasheet 3.4."""

    def __init__(self, shiftctrl: int, set_init: int) -> None:
        self.shiftctrl = shiftctrl
        self.set_init = set_init
        self.words = []
        self.bounds = (0, 0)
        self._labels = {}
        self._target = 0
        self._is_last = False

    def assemble(self, function: object) -> None:
        """Run the function twice, the second time with all labels known."""
        names = function.__globals__
        kept = names.copy()
        names.clear()
        names.update(_NAMES)
        for word in ("wrap_target", "wrap", "label", "jmp", "wait", "in_", "push", "mov", "set"):
            names[word] = getattr(self, word)
        try:
            for self._is_last in (False, True):
                self.words = []
                function()
        finally:
            names.clear()
            names.update(kept)

    def __getitem__(self, delay: int) -> "_Assembler":
        self.words[-1] |= delay << 8
        return self

    def _word(self, word: int) -> "_Assembler":
        self.words.append(word)
        return self

    def wrap_target(self) -> None:
        self._target = len(self.words)

    def wrap(self) -> None:
        self.bounds = (self._target, len(self.words) - 1)

    def label(self, name: str) -> None:
        self._labels[name] = len(self.words)

    def jmp(self, condition: object, label: str | None = None) -> "_Assembler":
        if label is None:
            condition, label = 0, condition
        return self._word(condition << 5 | (self._labels[label] if self._is_last else 0))

    def wait(self, level: int, source: int, index: int) -> "_Assembler":
        return self._word(0x2000 | level << 7 | (1 if source == 6 else source) << 5 | index)

    def in_(self, source: int, bits: int) -> "_Assembler":
        return self._word(0x4000 | source << 5 | bits & 0x1F)

    def push(self, how: int = 0x21) -> "_Assembler":
        return self._word(0x8000 | how & 0x60)

    def mov(self, target: int, source: int) -> "_Assembler":
        return self._word(0xA000 | target << 5 | source)

    def set(self, target: int, value: int) -> "_Assembler":
        return self._word(0xE000 | target << 5 | value)


_NAMES = {
    "gpio": 0, "pins": 0, "x": 1, "y": 2, "null": 3, "pc": 5, "isr": 6, "osr": 7,
    "not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6,
    "noblock": 0x01, "block": 0x21,
}  # fmt: skip


def asm_pio(
    *, in_shiftdir: int = PIO.SHIFT_LEFT, fifo_join: int = PIO.JOIN_NONE, set_init: int = 0
) -> object:
    """Assemble the decorated function."""

    def assembled(function: object) -> _Assembler:
        program = _Assembler(fifo_join << 30 | in_shiftdir << 18, set_init)
        program.assemble(function)
        return program

    return assembled


class StateMachine:
    """One state machine; the board process must have a model of its program."""

    def __init__(
        self, id: int, program: _Assembler, freq: int, *, in_base=None, jmp_pin=None, set_base=None
    ):
        if not 0 <= id < _MACHINES:
            raise ValueError("invalid state machine")
        words = bytearray()
        rest = [program.shiftctrl >> 16, program.set_init]
        for word in program.words + list(program.bounds) + rest:
            words.append(word & 0xFF)
            words.append(word >> 8)
        self._id = id
        pins = 0
        for pin in (set_base, jmp_pin, in_base):
            pins = pins << 8 | (_NO_PIN if pin is None else pin.id)
        check(exchange(wire.OP_PIO_INIT, id, freq, pins, words, None))

    def active(self, on: int) -> None:
        """Start or stop it."""
        check(call(wire.OP_PIO_ACTIVE, self._id, on, 0))


class DMA:
    """A channel (rp2_dma.c); see above for what it may be used for."""

    _made = []

    def __init__(self) -> None:
        if len(DMA._made) == _CHANNELS:
            raise OSError(16)
        self.channel = len(DMA._made)
        self.source = self.target = self.count = self.control = 0
        self._block = None
        DMA._made.append(self)

    def pack_ctrl(self, **fields) -> int:
        """Return a control register's value: words, both addresses advancing, if not said."""
        value = 1 << 21 | 0x3F << 15 | self.channel << 11 | 1 << 5 | 1 << 4 | 2 << 2 | 1
        for name, shift, bits in _FIELDS:
            if name in fields:
                mask = (1 << bits) - 1
                value = value & ~(mask << shift) | (int(fields.pop(name)) & mask) << shift
        if fields:
            raise TypeError
        return value

    def config(self, *, read: int, write: object, count: int, ctrl: int, trigger=False) -> None:
        """Set the channel up; the one that starts a ring of chains comes last."""
        self.source, self.target, self.count, self.control = read, write, count, ctrl
        if trigger and self._field("chain_to") != self.channel:
            _Block(self)

    @property
    def write(self) -> int:
        """The address that is written next."""
        if self._block is None:
            return self.target
        return self.target + 4 * self._block.catch_up()

    def _field(self, wanted: str) -> int:
        for name, shift, bits in _FIELDS:
            if name == wanted:
                return self.control >> shift & (1 << bits) - 1
        raise ValueError(wanted)


def _made(number: int) -> DMA:
    if not 0 <= number < len(DMA._made):
        raise NotImplementedError("a DMA channel that nobody has set up")
    return DMA._made[number]


class _Block:
    """Six chained channels that store records: levels, time, and four counters' rests."""

    def __init__(self, first: DMA) -> None:
        chain = [first]
        while len(chain) < _WORDS:
            chain.append(_made(chain[-1]._field("chain_to")))
        bits = first._field("ring_size")
        if chain[-1]._field("chain_to") != first.channel or bits < _LEAST_BITS:
            raise NotImplementedError("a chain of DMA channels that is no capture block")
        self._length = 1 << bits - 2
        for at, channel in enumerate(chain):
            control = channel.pack_ctrl(
                inc_read=False,
                ring_sel=1,
                ring_size=bits,
                treq_sel=_UNPACED if at else _SAMPLER_DREQ,
                chain_to=chain[(at + 1) % _WORDS].channel,
            )
            is_known = at >= len(_SOURCES) or channel.source == _SOURCES[at]
            is_aligned = channel.target % (self._length * 4) == 0
            if (channel.control, channel.count) != (control, 1) or not (is_known and is_aligned):
                raise NotImplementedError("a DMA channel that is no part of a capture block")
        self._counters = [self._counter(chain[2 + wire], wire) for wire in range(_COUNTERS)]
        self._rings = [uctypes.bytearray_at(one.target, self._length * 4) for one in chain]
        self._answer = bytearray(_HEAD_BYTES + _MOST_RECORDS * _RECORD_BYTES)
        self._view = memoryview(self._answer)
        self._at = 0
        chain[-1]._block = self

    def _counter(self, channel: DMA, wire: int) -> DMA:
        counter = _made((channel.source - _DMA) // 0x40)
        control = counter.pack_ctrl(inc_read=False, inc_write=False, treq_sel=_COUNTER_DREQ + wire)
        is_rest = channel.source & 0x3F == _DMA_COUNT
        if not is_rest or (counter.source, counter.control) != (_COUNTER_FIFO + 4 * wire, control):
            raise NotImplementedError("a DMA channel that counts no state machine's words")
        return counter

    def catch_up(self) -> int:
        """Store what was recorded since the last time; return the next record's index."""
        size = check(exchange(wire.OP_CAPTURE_READ, 0, 0, 0, None, self._answer))
        count = (size - _HEAD_BYTES) // _RECORD_BYTES
        missed = int.from_bytes(self._view[:_HEAD_BYTES], "little") - count
        at = (self._at + missed) % self._length
        for number in range(count):
            self._store(_HEAD_BYTES + number * _RECORD_BYTES, at)
            at = (at + 1) % self._length
        self._at = at
        return at

    def _store(self, start: int, at: int) -> None:
        view = self._view
        for ring in range(_WORDS):
            word = view[start + 4 * ring : start + 4 * ring + 4]
            if ring >= 2:  # the board counts bytes, a channel what it has left to do
                rest = self._counters[ring - 2].count - int.from_bytes(word, "little")
                word = rest.to_bytes(4, "little")
            self._rings[ring][4 * at : 4 * at + 4] = word
