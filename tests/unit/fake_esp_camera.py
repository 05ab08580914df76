"""The `camera` module of micropython-camera-API in memory, as far as the driver uses it.

As strict as its source (src/modcamera.c, 0.6.2): one camera for ever; nothing works before init()
or after deinit(); capture() waits where there is no frame (a test says so); a frame's bytes are
the module's until free_buffer() or the next capture(), and are signed on MicroPython.
"""

import sys
from array import array

FRAME_MS = 80


def frame(data: bytes) -> memoryview:
    """Return bytes as the module does: a memoryview of signed bytes where that can be copied."""
    if sys.implementation.name == "micropython":
        return memoryview(array("b", data))
    return memoryview(bytearray(data))  # CPython copies only between like formats


class WaitsError(Exception):
    """capture() was called where it would have waited for a frame."""


class FakeEspCamera:
    """The one Camera, its power pin and its sensor; `now_ms` is the time, `jpegs` what it sees."""

    def __init__(self) -> None:
        """Be without power, and never made."""
        self.now_ms = 0
        self.level = 0  # of the power pin
        self.jpegs = [b"\xff\xd8\xff" + bytes(2000) + b"\xff\xd9"]
        self.init_ms = 300  # how long initialising holds up the loop
        self.is_there = True
        self.sees = True  # frames come
        self.breaks = ()  # methods that raise OSError
        self.gives_nothing = False  # capture() returns None
        self.made = 0
        self.inits = 0
        self.deinits = 0
        self.frees = 0
        self.taken = 0  # frames begun since power-on
        self.rail_up_ms = 0
        self.log: list = []
        self._is_up = False
        self._frame_ms = 0
        self._out: memoryview = None  # type: ignore[assignment]

    # --- the power pin ---------------------------------------------------------------------------

    def value(self, level: int) -> None:
        """Drive the rail; a module that is still up would feed the camera through its pins."""
        if not level and self._is_up:
            self.log.append("rail off before deinit")
        if level and not self.level:
            self.rail_up_ms = self.now_ms
        self.level = level

    # --- the module ------------------------------------------------------------------------------

    def make(self) -> object:
        """Be constructed: initialise, take one picture and throw it away."""
        self.made += 1
        self._start()
        if not self.sees:
            self._is_up = False
            raise OSError("Failed to capture initial frame.")
        return self

    def init(self) -> None:
        """Initialise again."""
        self.inits += 1
        self._start()

    def deinit(self) -> None:
        """Let go of everything."""
        self.deinits += 1
        self._break("deinit")
        self._is_up = False
        self._out = None  # type: ignore[assignment]

    def frame_available(self) -> bool:
        """Say whether a frame is complete."""
        self._need_up()
        self._break("frame_available")
        return self.sees and self.now_ms >= self._frame_ms

    def capture(self) -> memoryview:
        """Hand over the frame."""
        self._need_up()
        self._break("capture")
        if not self.frame_available():
            raise WaitsError
        if self.gives_nothing:
            return None  # type: ignore[return-value]
        self._out = frame(self.jpegs[self.taken % len(self.jpegs)])
        self.taken += 1
        return self._out

    def free_buffer(self) -> None:
        """Take the buffer back; the next frame begins, and overwrites it."""
        self.frees += 1
        if self._out is not None:
            for index in range(len(self._out)):
                self._out[index] = 0x55
            self._out = None  # type: ignore[assignment]
            self._frame_ms = self.now_ms + FRAME_MS

    def _start(self) -> None:
        if not self.level or self.now_ms < self.rail_up_ms + 20 or not self.is_there:
            raise OSError(0x105)  # ESP_ERR_NOT_FOUND
        self._is_up = True
        self.now_ms += self.init_ms
        self._frame_ms = self.now_ms + FRAME_MS
        self.taken = 0

    def _need_up(self) -> None:
        if not self._is_up or not self.level:
            raise OSError(2)

    def _break(self, method: str) -> None:
        if method in self.breaks:
            raise OSError(5)
