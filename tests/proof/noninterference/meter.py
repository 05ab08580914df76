"""Time that passes only by what is done, the same in every run, and what each thing costs.

A step of the firmware that does more for one picture than for another shows on this clock, and so
on every wire: the costs are those of a Pico (DESIGN 4, measured there).
"""

import gc
import hashlib

from detector import crypto, status
from detector.ticks import add_ms

TURN_US = 2000  # the superloop's Python, machine.idle with it
SPI_BYTE_US = 2  # 4 MHz (hal.py)
I2C_BYTE_US = 90  # 100 kHz, nine bits
PAGE_US = 400  # flash, programming 256 bytes
ERASE_US = 45000  # flash, 4096 bytes
AES_KIB_US = 1300
SHA_KIB_US = 1200


class Time:
    """Microseconds since the trace began; `ticks` are the chip's, which wrap."""

    def __init__(self, start_ticks: int) -> None:
        """Begin with the chip's ticks at `start_ticks`."""
        self.us = 0
        self._start_ticks = start_ticks

    def charge(self, us: int) -> None:
        """Let time pass."""
        self.us += us

    def ms(self) -> int:
        """Return whole milliseconds, which never wrap."""
        return self.us // 1000

    def ticks(self) -> int:
        """Return what the chip's ticks_ms() says."""
        return add_ms(self._start_ticks, self.us // 1000)


class Chance:
    """Random bytes that are the same in every run, as long as as many are drawn."""

    def __init__(self, seed: bytes) -> None:
        """Begin anew."""
        self._seed = seed
        self._count = 0

    def __call__(self, size: int) -> bytes:
        """Return `size` bytes, at most 32."""
        self._count += 1
        return hashlib.sha256(self._seed + b"%d" % self._count).digest()[:size]


class Meter:
    """Charges AES and HMAC to a time while `is_on`, which is while the detector has its turn.

    `heaps` are the figures that `status` would have told of the heap. It tells 0 as on CPython:
    most of this heap is the test's own; the figures are compared by themselves.
    """

    def __init__(self, time: Time) -> None:
        """Take the place of the firmware's own until `remove`."""
        self.is_on = False
        self._time = time
        self._encryptor = crypto.cbc_encryptor
        self._update = crypto.HmacSha256.update
        self._heap_bytes = status.heap_bytes
        self.heaps = []
        status.heap_bytes = self._metered_heap
        crypto.cbc_encryptor = self._metered_encryptor
        update = self._update

        def metered_update(running, buf):
            self._charge(buf, SHA_KIB_US)
            update(running, buf)

        crypto.HmacSha256.update = metered_update

    def remove(self) -> None:
        """Give the firmware its own again."""
        crypto.cbc_encryptor = self._encryptor
        crypto.HmacSha256.update = self._update
        status.heap_bytes = self._heap_bytes

    def _metered_heap(self):
        if hasattr(gc, "mem_alloc"):  # CPython would only collect, with all that Hypothesis keeps
            self.heaps.append(self._heap_bytes())
        return 0

    def _charge(self, buf, kib_us):
        if self.is_on:
            self._time.charge(len(buf) * kib_us // 1024)

    def _metered_encryptor(self, key, iv):
        return _MeteredCipher(self, self._encryptor(key, iv))


class _MeteredCipher:
    def __init__(self, meter, cipher):
        self._meter = meter
        self._cipher = cipher

    def encrypt(self, data, out):
        self._meter._charge(data, AES_KIB_US)
        self._cipher.encrypt(data, out)
