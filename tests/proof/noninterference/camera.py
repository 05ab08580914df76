"""The ArduCAM of the unit tests, with pictures made while they are read and a bus that takes time.

The driver on it is the shipped one (detector/arducam_mini.py).
"""

import hashlib

from fake_arducam import FakeArducam

from tests.proof.noninterference.meter import I2C_BYTE_US, SPI_BYTE_US

_BURST = 0x3C
_FIFO = 0x04
_START = 2
HEAD = b"\xff\xd8\xff\xe0"
END = b"\xff\xd9"
SHORTEST = len(HEAD) + len(END)
LONGEST_FILLER = 1022  # the end mark lies within the last 1024 bytes (capture.py)
_PATTERN_BYTES = 32 * 31  # no divisor of a chunk: no two chunks of a picture are the same


class Picture:
    """`length` bytes as a camera's FIFO holds them: a JPEG, and `filler` zeros behind its end."""

    def __init__(self, seed: bytes, length: int, filler: int, is_whole: bool) -> None:
        """Make a picture unlike that of any other seed; one that is not whole has no end mark."""
        self.length = length
        self._body_end = length - filler - len(END)
        self._end = END if is_whole else bytes(len(END))
        digests = [hashlib.sha256(seed + bytes((index,))).digest() for index in range(31)]
        self._pattern = b"".join(digests)

    def __len__(self) -> int:
        """Return the bytes in the FIFO."""
        return self.length

    def __getitem__(self, index: int) -> int:
        """Return one byte; what lies behind the end is an earlier picture's."""
        return self.read(index, 1)[0]

    def read(self, at: int, count: int) -> bytes:
        """Return `count` bytes from `at` on; behind the end there is what was there before."""
        skip = at % _PATTERN_BYTES
        turns = (skip + count) // _PATTERN_BYTES + 1
        piece = bytearray((self._pattern * turns)[skip : skip + count])
        _overlay(piece, at, 0, HEAD)
        _overlay(piece, at, self._body_end, self._end)
        _overlay(piece, at, self._body_end + len(END), bytes(self.length - self._body_end - 2))
        return bytes(piece)


def _overlay(piece: bytearray, at: int, where: int, what: bytes) -> None:
    """Put `what` over the part of `piece` (which begins at `at`) that it covers."""
    first = max(where, at)
    last = min(where + len(what), at + len(piece))
    if first < last:
        piece[first - at : last - at] = what[first - where : last - where]


class Camera(FakeArducam):
    """SPI bus, I2C bus and camera; `next_picture()` is asked at each exposure."""

    def __init__(self, time, next_picture) -> None:
        """Start without power; bus time is charged to `time`."""
        self._time = time
        FakeArducam.__init__(self)
        self._next_picture = next_picture
        self.exposure_ms = 67  # one frame at 15 a second

    @property
    def now_ms(self) -> int:
        """Return the time; it is nobody's to set."""
        return self._time.ms()

    @now_ms.setter
    def now_ms(self, _now_ms: int) -> None:
        pass

    def write(self, data: bytes) -> None:
        """Clock bytes out."""
        self._time.charge(len(data) * SPI_BYTE_US)
        FakeArducam.write(self, data)

    def readinto(self, buf: bytearray) -> None:
        """Clock bytes in; a selected burst brings the picture, nothing else brings anything."""
        self._time.charge(len(buf) * SPI_BYTE_US)
        if self._address == _BURST and self._listens():
            buf[:] = self.jpeg.read(self._at, len(buf))
            self._at += len(buf)
        else:
            FakeArducam.readinto(self, buf)

    def writeto(self, address: int, data: bytes) -> None:
        """Write on the sensor's bus."""
        self._time.charge((1 + len(data)) * I2C_BYTE_US)
        FakeArducam.writeto(self, address, data)

    def readfrom_into(self, address: int, buf: bytearray) -> None:
        """Read on the sensor's bus."""
        self._time.charge((1 + len(buf)) * I2C_BYTE_US)
        FakeArducam.readfrom_into(self, address, buf)

    def _set(self, register: int, value: int) -> None:
        before = self.exposures
        FakeArducam._set(self, register, value)
        if self.exposures != before:
            self.jpeg = self._next_picture()
