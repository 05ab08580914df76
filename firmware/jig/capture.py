"""The capture block: PIO samples, DMA stamps and stores, the processor reads when it has time.

A word that the sampler pushes starts a chain of DMA channels: the word itself, the microsecond
timer, and what is left of the transfer counts of four more channels, each of which takes one word
for each byte on its wire. Each of the six writes into a ring of its own and the last starts the
first again. So a record is stamped within about a microsecond of its sample, and the counts are
those of that moment. Addresses and DREQ numbers: RP2040 datasheet 2.2, 2.5.3.1, 2.5.7, 4.6.5.
"""

from array import array

import machine
import rp2
import uctypes

from jig import pins, pio
from jig.ring import RINGS, WIRES, Ring

_RING_WORDS = 1024  # a second of ticks
_RING_BYTES = _RING_WORDS * 4
_RING_BITS = 12
_SAMPLER_FIFO = 0x50200020  # PIO0, RXF0
_SAMPLER_DREQ = 4
_COUNTER_FIFO = 0x50300020  # PIO1, RXF0; the next state machine's is 4 further
_COUNTER_DREQ = 12
_FIRST_COUNTER = 4  # state machine 0 of PIO1
_TIMER = 0x40054028  # TIMERAWL
_DMA = 0x50000000
_DMA_STRIDE = 0x40
_DMA_COUNT = 0x08
_UNPACED = 0x3F
# Small integers of a 32-bit interpreter end here; three hours of an uplink that never rests.
_START = 0x3FFFFFFF


class Capture:
    """Started once; look() and read() take the records in order, each of them once."""

    def __init__(self) -> None:
        """Set pins, state machines and channels up, and start them."""
        for number in range(len(pins.SIGNALS)):
            if pins.SIGNALS[number] not in pins.OUTPUTS + ("TX_SILENT",):
                machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_DOWN)
        self._words = array("I", bytes((RINGS + 1) * _RING_BYTES))
        address = uctypes.addressof(self._words)
        # A ring begins at a multiple of its size.
        self._address = (address + _RING_BYTES - 1) & ~(_RING_BYTES - 1)
        first = (self._address - address) // 4
        self.ring = Ring(self._words, first, _RING_WORDS, _START)
        self._sink = bytearray(4)
        # All channels are kept: one that nobody holds is closed by the garbage collector.
        self._counters = [self._counter(wire) for wire in range(WIRES)]
        wire = machine.Pin(pins.HUB_TX, machine.Pin.IN, machine.Pin.PULL_DOWN)
        silence = rp2.StateMachine(
            1,
            pio.silence,
            freq=pio.SILENCE_HZ,
            in_base=wire,
            jmp_pin=wire,
            set_base=machine.Pin(pins.SIGNALS.index("TX_SILENT")),
        )
        silence.active(1)
        self._machine = rp2.StateMachine(
            0, pio.sampler, freq=pio.SAMPLER_HZ, in_base=machine.Pin(0)
        )
        self._channels = self._chain()
        self._machine.active(1)
        self._end = 0

    def look(self) -> None:
        """Find out how far the hardware has come; read() goes so far."""
        self._end = (self._channels[-1].write - self._address) // 4 % _RING_WORDS

    def read(self) -> bool:
        """Read the next record into `ring`; False when there is none."""
        return self.ring.read(self._end)

    def _counter(self, wire: int) -> "rp2.DMA":
        pin = machine.Pin(pins.FIRST_WIRE + wire, machine.Pin.IN, machine.Pin.PULL_DOWN)
        counter = rp2.StateMachine(
            _FIRST_COUNTER + wire,
            pio.byte_counter,
            freq=pio.COUNTER_HZ[wire],
            in_base=pin,
            jmp_pin=pin,
        )
        channel = rp2.DMA()
        channel.config(
            read=_COUNTER_FIFO + 4 * wire,
            write=self._sink,
            count=_START,
            ctrl=channel.pack_ctrl(inc_read=False, inc_write=False, treq_sel=_COUNTER_DREQ + wire),
            trigger=True,
        )
        counter.active(1)
        return channel

    def _chain(self) -> list:
        """Set six channels up and start the first; the last one's pointer says what is whole."""
        sources = [_SAMPLER_FIFO, _TIMER]
        for counter in self._counters:
            sources.append(_DMA + counter.channel * _DMA_STRIDE + _DMA_COUNT)
        chain = [rp2.DMA() for _ in range(RINGS)]
        for at in range(RINGS - 1, -1, -1):
            channel = chain[at]
            channel.config(
                read=sources[at],
                write=self._address + at * _RING_BYTES,
                count=1,
                ctrl=channel.pack_ctrl(
                    inc_read=False,
                    ring_sel=True,
                    ring_size=_RING_BITS,
                    treq_sel=_UNPACED if at else _SAMPLER_DREQ,
                    chain_to=chain[(at + 1) % RINGS].channel,
                ),
                trigger=at == 0,
            )
        return chain
