"""Camera to store: a burst of pictures in 1 KiB chunks, one chunk a poll, none whole in RAM.

What is stored is the JPEG as the camera delivered it, behind its length (which the store writes),
and zeros up to the image's size class (seal.py). A chunk of zeros is read from the camera as every
other is and costs the same time: a shorter one would tell the picture's length, to the KiB, by
when the capture ends (on the hub link, and in the ticks of its journal record).
"""

import struct

from detector import ticks
from detector.codes import (
    CAM_BUSY,
    CAM_ERR_EOI,
    CAM_ERR_SOI,
    CAM_FAILED,
    ERR_CAMERA,
    ERR_STORE,
    ERR_STORE_FULL,
)
from detector.compat import const
from detector.seal import CHUNK_BYTES, LENGTH_BYTES
from detector.store import StoreError, StoreFull

# What poll() returns. The last three are told once; the next poll says IDLE or goes on.
IDLE = const(0)
RUNNING = const(1)
IMAGE_DONE = const(2)  # `image_id` is stored
FINISHED = const(3)
FAILED = const(4)  # `error`, and `camera_error` where that is ERR_CAMERA

# A camera may fill its FIFO up behind the picture; the JPEG's end is within so many last bytes.
_TAIL_BYTES = const(1024)
_SOI = b"\xff\xd8\xff"
_EOI = b"\xff\xd9"
# `pack_into` of nothing in this form writes zeros without allocating.
_ZEROS = "1024s"

_RESTING = const(0)
_WAITING = const(1)  # for the next shot's time
_EXPOSING = const(2)
_READING = const(3)
_ENDING = const(4)  # the last image is told; FINISHED comes next


class Capture:
    """Takes one burst at a time; the camera stays initialised within it and is off outside.

    `buf` is the capture's own while a burst runs.
    """

    def __init__(
        self, camera: "ArducamMini", store: "Store", clock: "Clock", buf: bytearray
    ) -> None:
        """Take a driver (or one with its interface), store, clock, CHUNK_BYTES to work in."""
        self._camera = camera
        self._store = store
        self._clock = clock
        self._buf = buf
        self._after_length = memoryview(buf)[LENGTH_BYTES:]
        self._phase = _RESTING
        self._storing = False
        self._kind = 0
        self._event_id = 0
        self._shots = 0
        self._interval_ms = 0
        self._shot_ms = 0
        self._left = 0  # JPEG bytes still in the camera
        self._is_first = True
        self._chunks = 0  # chunks still to be stored
        self._last_byte = 0
        self._has_end = False
        self.image_id = 0
        self.error = 0
        self.camera_error = 0

    def start(self, now_ms: int, kind: int, event_id: int, count: int, interval_ms: int) -> None:
        """Begin a burst of `count` pictures, `interval_ms` from one to the next or later.

        A burst that is running is aborted first.
        """
        self.abort()
        self.error = 0
        self.camera_error = 0
        self._kind = kind
        self._event_id = event_id
        self._shots = count
        self._interval_ms = interval_ms
        self._expose(now_ms)

    def poll(self, now_ms: int) -> int:
        """Do at most one chunk's work; return IDLE, RUNNING, IMAGE_DONE, FINISHED or FAILED."""
        phase = self._phase
        if phase == _RESTING:
            return IDLE
        if phase == _EXPOSING:
            return self._wait_for_camera(now_ms)
        if phase == _READING:
            return self._move_chunk()
        if phase == _ENDING:
            self.abort()
            return FINISHED
        if ticks.reached(now_ms, self._shot_ms):
            self._expose(now_ms)
        return RUNNING

    def abort(self) -> None:
        """End the burst: camera off, buffer wiped, a half-stored image dropped; never raises."""
        if self._phase == _RESTING:
            return
        self._phase = _RESTING
        self._camera.power_off()
        struct.pack_into(_ZEROS, self._buf, 0, b"")
        if self._storing:
            self._storing = False
            self._store.abort()

    # --- steps -----------------------------------------------------------------------------------

    def _expose(self, now_ms: int) -> None:
        self._shots -= 1
        self._shot_ms = ticks.add_ms(now_ms, self._interval_ms)
        self._phase = _EXPOSING
        self._camera.begin(now_ms)

    def _wait_for_camera(self, now_ms: int) -> int:
        result = self._camera.poll(now_ms)
        if result == CAM_BUSY:
            return RUNNING
        if result == CAM_FAILED:
            return self._fail_camera(self._camera.error)
        length = self._camera.length
        self._left = length
        self._is_first = True
        self._last_byte = 0
        self._has_end = False
        clock = self._clock
        store = self._store
        try:
            self._chunks = store.begin(self._kind, self._event_id, length, clock.day, clock.second)
        except StoreFull:
            return self._fail(ERR_STORE_FULL)
        except StoreError:
            return self._fail(ERR_STORE)
        self._storing = True
        self._phase = _READING
        return RUNNING

    def _move_chunk(self) -> int:
        error = self._fill()
        if error:
            return self._fail_camera(error)
        try:
            self._store.chunk(self._buf)
            self._chunks -= 1
            if self._chunks:
                return RUNNING
            # At the picture's own end this, too, would tell where that is.
            if not self._has_end:
                return self._fail_camera(CAM_ERR_EOI)
            self.image_id = self._store.finish()
        except StoreFull:
            return self._fail(ERR_STORE_FULL)
        except StoreError:
            return self._fail(ERR_STORE)
        self._storing = False
        self._phase = _WAITING if self._shots else _ENDING
        return IMAGE_DONE

    def _fill(self) -> int:
        """Put the next CHUNK_BYTES of plaintext into the buffer; return 0 or a CAM_ERR number."""
        buf = self._buf
        start = LENGTH_BYTES if self._is_first else 0
        space = CHUNK_BYTES - start
        count = min(space, self._left)
        self._camera.read_into(self._after_length if start else buf, space)
        if count == 0:
            struct.pack_into(_ZEROS, buf, 0, b"")
            return 0
        if count < space:  # the only one of its kind in a picture
            struct.pack_into("%ds" % (space - count), buf, start + count, b"")
        if self._is_first:
            self._is_first = False
            if buf.find(_SOI, start, start + len(_SOI)) < 0:
                return CAM_ERR_SOI
        self._look_for_end(start, count)
        self._left -= count
        return 0

    def _look_for_end(self, start: int, count: int) -> None:
        """Note whether the JPEG's end mark is within the picture's last _TAIL_BYTES."""
        buf = self._buf
        skip = max(self._left - _TAIL_BYTES, 0)
        if skip >= count:
            return
        if buf.find(_EOI, start + skip, start + count) >= 0:
            self._has_end = True
        elif self._last_byte == 0xFF and buf[start] == 0xD9:
            self._has_end = True  # the mark lies across two chunks
        self._last_byte = buf[start + count - 1]

    def _fail_camera(self, error: int) -> int:
        self.camera_error = error
        return self._fail(ERR_CAMERA)

    def _fail(self, error: int) -> int:
        self.abort()
        self.error = error
        return FAILED
