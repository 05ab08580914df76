"""A camera on an ESP32's parallel bus, through the `camera` module of micropython-camera-API.

The same interface as ArducamMini. The module itself waits: its first use takes the sensor's
initialisation and one picture (it gives up after 4 s), later ones the initialisation alone (some
300 ms, its own delays). Everything else is asked for only once it is there. Behaviour is that of
the module's source (github.com/cnadler86/micropython-camera-API, 0.6.2).
"""

from detector import ticks
from detector.codes import (
    CAM_BUSY,
    CAM_ERR_LENGTH,
    CAM_ERR_SENSOR,
    CAM_ERR_TIMEOUT,
    CAM_FAILED,
    CAM_READY,
)
from detector.compat import const

MAX_BYTES = const(131068)  # 128 KiB with the length that the store writes before it
RAIL_MS = const(20)
EXPOSURE_LIMIT_MS = const(2000)
# Nothing answers on the sensor's bus: the module raises OSError for it, and for a first picture
# that never came. Without RAM for its buffer it raises MemoryError, with wrong pins ValueError.
_NO_CAMERA = (OSError, MemoryError, ValueError)

# What the next poll() does.
_OFF = const(0)
_RAIL_UP = const(1)
_SETTLING = const(2)
_EXPOSING = const(3)
_READY = const(4)
_FAILED = const(5)
_IDLE = const(6)  # initialised, and nobody asked for a picture


class Esp32Camera:
    """One camera. After `begin` call `poll` until it is ready or has failed, then `read_into`.

    It stays initialised between the shots of a burst; `power_off` ends it: the module lets go of
    its pins and clock, then the rail goes off.
    """

    def __init__(
        self,
        make: "Callable",
        power_pin: "machine.Pin",
        settle_ms: int,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Take what makes the module's Camera (Hal.camera_module); switches the camera off.

        `settle_ms` is what exposure and white balance get after initialisation, `max_bytes` the
        longest picture that counts as one.
        """
        self._make = make
        self._power = power_pin
        self._settle_ms = settle_ms
        self._max_bytes = max_bytes
        self._camera: object = None
        self._is_up = False  # the module holds pins, clock and buffer
        self._view: memoryview = None  # the picture, in the module's buffer
        self._at = 0
        self._wanted = False
        self._wait_ms = 0
        self._wait_begun = True
        self._deadline_ms = 0
        self.length = 0
        self.error = 0
        self._step = _OFF
        self.power_off()

    def power_on(self, now_ms: int) -> None:
        """Switch the rail on and begin to initialise (also after a failure), unless it is on."""
        if self._step not in (_OFF, _FAILED):
            return
        self.error = 0
        self._power.value(1)
        self._next(_RAIL_UP, RAIL_MS)

    def power_off(self) -> None:
        """Switch the rail off, whatever is going on; the picture is gone with it. Never raises."""
        self._drop()
        if self._is_up:
            self._is_up = False
            try:
                self._camera.deinit()  # type: ignore[attr-defined]
            except OSError:
                self._camera = None  # what state it is in nobody knows: made anew next time
        self._power.value(0)
        self._step = _OFF
        self._wanted = False

    def begin(self, now_ms: int) -> None:
        """Ask for one exposure; switches on and initialises first where needed."""
        self.power_on(now_ms)
        self._wanted = True
        if self._step in (_READY, _IDLE):
            self._expose(now_ms)

    def poll(self, now_ms: int) -> int:
        """Do at most one step; return CAM_BUSY, CAM_READY or CAM_FAILED (`error` says why)."""
        step = self._step
        if step == _RAIL_UP and self._waited(now_ms):
            self._initialise()
        elif step == _SETTLING and self._waited(now_ms):
            self._step = _IDLE
            if self._wanted:
                self._expose(now_ms)
        elif step == _EXPOSING:
            self._look(now_ms)
        if self._step == _READY:
            return CAM_READY
        return CAM_FAILED if self._step == _FAILED else CAM_BUSY

    def read_into(self, buf: bytearray, count: int) -> None:
        """Read the picture's next `count` bytes into `buf`.

        Behind the picture's end its start comes again: that takes the same time, and means
        nothing. Raises ValueError where there is no picture.
        """
        if self._step != _READY:
            raise ValueError("no picture")
        done = 0
        while done < count:
            piece = min(count - done, self.length - self._at)
            buf[done : done + piece] = self._view[self._at : self._at + piece]
            done += piece
            self._at = (self._at + piece) % self.length

    # --- steps -----------------------------------------------------------------------------------

    def _initialise(self) -> None:
        try:
            if self._camera is None:
                self._camera = self._make()
            else:
                self._camera.init()  # type: ignore[attr-defined]
        except _NO_CAMERA:
            self._fail(CAM_ERR_SENSOR)
            return
        self._is_up = True
        self._next(_SETTLING, self._settle_ms)

    def _expose(self, now_ms: int) -> None:
        """Throw away what the module has taken meanwhile, so that the next one is new."""
        self._drop()
        try:
            if self._camera.frame_available():  # type: ignore[attr-defined]
                self._camera.capture()  # type: ignore[attr-defined]
                self._camera.free_buffer()  # type: ignore[attr-defined]
        except OSError:
            self._fail(CAM_ERR_SENSOR)
            return
        self._deadline_ms = ticks.add_ms(now_ms, EXPOSURE_LIMIT_MS)
        self._step = _EXPOSING

    def _look(self, now_ms: int) -> None:
        # capture() waits for a frame (up to 4 s): only where there is one.
        try:
            view = None
            if self._camera.frame_available():  # type: ignore[attr-defined]
                view = self._camera.capture()  # type: ignore[attr-defined]
        except OSError:
            self._fail(CAM_ERR_SENSOR)
            return
        if view is None:
            if ticks.reached(now_ms, self._deadline_ms):
                self._fail(CAM_ERR_TIMEOUT)
            return
        self._view = view
        if not 0 < len(view) <= self._max_bytes:
            self._fail(CAM_ERR_LENGTH)
            return
        self.length = len(view)
        self._at = 0
        self._step = _READY

    def _next(self, step: int, wait_ms: int) -> None:
        self._step = step
        self._wait_ms = wait_ms
        self._wait_begun = False

    def _waited(self, now_ms: int) -> bool:
        # Counted from the first poll after what began it, which may itself have taken long, and
        # one more because a tick is cut to whole ms: never shorter than asked for.
        if not self._wait_begun:
            self._wait_begun = True
            self._deadline_ms = ticks.add_ms(now_ms, self._wait_ms + 1)
        return ticks.reached(now_ms, self._deadline_ms)

    def _drop(self) -> None:
        """Give the buffer back to the module."""
        self.length = 0
        if self._view is not None:
            self._view = None
            self._camera.free_buffer()  # type: ignore[attr-defined]

    def _fail(self, error: int) -> None:
        self.power_off()
        self.error = error
        self._step = _FAILED
