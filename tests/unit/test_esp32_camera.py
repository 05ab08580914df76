"""The driver of the `camera` module: when it waits, what it reads, how it fails."""

import unittest

from fake_esp_camera import FRAME_MS, FakeEspCamera

from detector import capture, codes, seal
from detector.esp32_camera import Esp32Camera

SETTLE_MS = 500
RAIL_MS = 20
EXPOSURE_LIMIT_MS = 2000
MAX_BYTES = 131068
LIMIT_MS = 20000


def jpeg(count: int, fill: int = 7) -> bytes:
    """Return a picture of `count` bytes."""
    middle = bytes([(fill + i) % 251 for i in range(count - 5)])
    return b"\xff\xd8\xff" + middle + b"\xff\xd9"


class Esp32CameraTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = FakeEspCamera()
        self.camera = self.made()

    def made(self, max_bytes: int = 131068) -> Esp32Camera:
        return Esp32Camera(self.fake.make, self.fake, SETTLE_MS, max_bytes)

    def wait_ms(self, ms: int) -> None:
        """Poll for a while; nothing is ready meanwhile."""
        for _ in range(ms):
            self.assertEqual(self.camera.poll(self.fake.now_ms), codes.CAM_BUSY)
            self.fake.now_ms += 1

    def run_until_told(self) -> int:
        """Poll once a millisecond until the camera is ready or has failed."""
        end_ms = self.fake.now_ms + LIMIT_MS
        while self.fake.now_ms < end_ms:
            result = self.camera.poll(self.fake.now_ms)
            if result != codes.CAM_BUSY:
                return result
            self.fake.now_ms += 1
        raise AssertionError("it neither came nor failed")

    def take(self) -> bytes:
        """Take a picture and read it whole, in pieces of 100."""
        self.camera.begin(self.fake.now_ms)
        self.assertEqual(self.run_until_told(), codes.CAM_READY)
        return self.read(self.camera.length)

    def read(self, count: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            piece = bytearray(min(100, count - len(got)))
            self.camera.read_into(piece, len(piece))
            got += piece
        return bytes(got)

    def fails(self, error: int) -> None:
        self.camera.begin(self.fake.now_ms)
        self.assertEqual(self.run_until_told(), codes.CAM_FAILED)
        self.assertEqual(self.camera.error, error)
        self.assertEqual((self.fake.level, self.camera.length), (0, 0))

    # --- a picture -------------------------------------------------------------------------------

    def test_it_is_off_until_somebody_captures(self):
        self.fake.level = 1
        self.camera = self.made()
        self.assertEqual((self.fake.level, self.fake.made, self.fake.deinits), (0, 0, 0))
        self.assertEqual((self.camera.length, self.camera.error), (0, 0))
        self.wait_ms(3000)
        self.assertEqual((self.fake.level, self.fake.made), (0, 0))

    def test_a_picture_is_read_byte_for_byte(self):
        self.fake.jpegs = [jpeg(2345)]
        self.assertEqual(self.take(), jpeg(2345))

    def test_a_piece_of_a_longer_buffer_is_filled_and_no_more(self):
        self.fake.jpegs = [jpeg(300)]
        self.camera.begin(0)
        self.run_until_told()
        buf = bytearray(8)
        self.camera.read_into(memoryview(buf)[2:], 4)
        self.assertEqual(bytes(buf), b"\x00\x00" + jpeg(300)[:4] + b"\x00\x00")

    def test_behind_the_end_reading_goes_on(self):
        self.fake.jpegs = [jpeg(30)]
        self.camera.begin(0)
        self.run_until_told()
        self.assertEqual(self.read(75), (jpeg(30) * 3)[:75])

    def test_the_rail_is_up_for_its_time_before_the_module_is_made(self):
        self.camera.begin(5)
        self.fake.now_ms = 5
        while not self.fake.made:
            self.assertEqual(self.fake.level, 1)
            self.camera.poll(self.fake.now_ms)
            self.fake.now_ms += 1
        polls = self.fake.now_ms - self.fake.init_ms - 5
        self.assertEqual(polls, RAIL_MS + 2)  # one for a tick that is cut, and that of the making

    def test_settling_begins_after_the_initialisation_that_held_up_the_loop(self):
        self.camera.begin(0)
        self.run_until_told()
        waited = self.fake.now_ms - self.fake.init_ms - FRAME_MS
        self.assertEqual(waited, RAIL_MS + 1 + 1 + SETTLE_MS + 1)

    def test_what_the_module_took_while_settling_is_not_the_picture(self):
        self.fake.jpegs = [jpeg(300, 1), jpeg(300, 2)]
        self.assertEqual(self.take(), jpeg(300, 2))

    def test_a_burst_initialises_once_and_takes_a_new_picture_each_time(self):
        self.fake.jpegs = [jpeg(300, fill) for fill in range(6)]
        first, second = self.take(), self.take()
        self.assertEqual((first, second), (jpeg(300, 1), jpeg(300, 2)))
        self.fake.now_ms += 1000
        self.assertEqual(self.take(), jpeg(300, 3))  # begun when the second was given back
        self.assertEqual((self.fake.made, self.fake.inits), (1, 0))

    def test_switched_on_ahead_it_waits_for_begin(self):
        self.camera.power_on(0)
        self.wait_ms(5000)
        self.fake.jpegs = [jpeg(300, 1), jpeg(300, 2)]
        began_ms = self.fake.now_ms
        self.assertEqual(self.take(), jpeg(300, 2))
        self.assertEqual(self.fake.now_ms - began_ms, FRAME_MS)

    def test_switched_on_again_without_begin_it_takes_nothing(self):
        self.take()
        self.camera.power_off()
        self.camera.power_on(self.fake.now_ms)
        self.wait_ms(5000)
        self.assertEqual(self.fake.taken, 0)

    # --- off -------------------------------------------------------------------------------------

    def test_off_lets_the_module_go_before_the_rail_and_forgets_the_picture(self):
        self.take()
        self.camera.power_off()
        self.assertEqual((self.fake.level, self.camera.length, self.fake.log), (0, 0, []))
        frees = self.fake.frees
        self.camera.power_off()
        self.assertEqual((self.fake.deinits, self.fake.frees), (1, frees))
        with self.assertRaises(ValueError):
            self.camera.read_into(bytearray(1), 1)
        self.assertEqual(self.camera.poll(self.fake.now_ms), codes.CAM_BUSY)

    def test_the_second_burst_initialises_the_same_module(self):
        self.take()
        self.camera.power_off()
        self.assertEqual(self.take(), self.fake.jpegs[0])
        self.assertEqual((self.fake.made, self.fake.inits), (1, 1))

    def test_a_module_that_will_not_let_go_is_made_anew(self):
        self.take()
        self.fake.breaks = ("deinit",)
        self.camera.power_off()
        self.assertEqual(self.fake.level, 0)
        self.fake.breaks = ()
        self.take()
        self.assertEqual((self.fake.made, self.fake.inits), (2, 0))

    def test_off_in_every_step_leaves_the_rail_off(self):
        for polls in range(0, 1200, 7):
            self.fake = FakeEspCamera()
            self.camera = self.made()
            self.camera.begin(0)
            for _ in range(polls):
                self.camera.poll(self.fake.now_ms)
                self.fake.now_ms += 1
            self.camera.power_off()
            self.assertEqual((self.fake.level, self.fake.log), (0, []), polls)

    # --- failures --------------------------------------------------------------------------------

    def test_without_a_sensor_it_fails_and_is_off(self):
        self.fake.is_there = False
        self.fails(codes.CAM_ERR_SENSOR)

    def test_without_a_first_picture_it_fails_and_is_off(self):
        self.fake.sees = False
        self.fails(codes.CAM_ERR_SENSOR)

    def test_a_failure_is_told_until_the_next_begin_which_may_succeed(self):
        self.fake.is_there = False
        self.fails(codes.CAM_ERR_SENSOR)
        self.assertEqual(self.camera.poll(self.fake.now_ms), codes.CAM_FAILED)
        self.fake.is_there = True
        self.assertEqual(self.take(), self.fake.jpegs[0])
        self.assertEqual(self.camera.error, 0)

    def test_out_of_memory_and_wrong_pins_are_failures_too(self):
        for error in (MemoryError(), ValueError("pins")):
            self.raised = error
            self.camera = Esp32Camera(self._raise, self.fake, SETTLE_MS)
            self.fails(codes.CAM_ERR_SENSOR)

    def _raise(self) -> None:
        raise self.raised

    def test_a_picture_that_never_comes_is_waited_for_only_so_long(self):
        self.take()
        self.fake.sees = False
        began_ms = self.fake.now_ms
        self.fails(codes.CAM_ERR_TIMEOUT)
        self.assertEqual(self.fake.now_ms - began_ms, EXPOSURE_LIMIT_MS)

    def test_a_frame_that_cannot_be_had_counts_as_none(self):
        self.take()
        self.fake.gives_nothing = True
        self.fails(codes.CAM_ERR_TIMEOUT)

    def test_a_module_that_breaks_at_any_call_is_a_failure(self):
        for method in ("frame_available", "capture"):
            for at_ms in (0, 30, FRAME_MS):
                self.fake = FakeEspCamera()
                self.camera = self.made()
                self.take()
                self.camera.begin(self.fake.now_ms)
                for _ in range(at_ms):
                    self.camera.poll(self.fake.now_ms)
                    self.fake.now_ms += 1
                self.fake.breaks = (method,)
                self.assertEqual(self.run_until_told(), codes.CAM_FAILED, (method, at_ms))
                self.assertEqual(self.camera.error, codes.CAM_ERR_SENSOR)
                self.assertEqual(self.fake.level, 0)

    def test_a_module_that_breaks_where_an_old_frame_lies_ready_is_a_failure(self):
        for method in ("frame_available", "capture"):
            for ahead_ms in (0, 5000):  # at the end of settling, or in begin
                self.fake = FakeEspCamera()
                self.camera = self.made()
                self.camera.power_on(0)
                self.wait_ms(ahead_ms)
                self.fake.breaks = (method,)
                began_ms = self.fake.now_ms
                self.camera.begin(began_ms)
                self.assertEqual(self.run_until_told(), codes.CAM_FAILED)
                self.assertEqual((self.camera.error, self.fake.level), (codes.CAM_ERR_SENSOR, 0))
                limit_ms = RAIL_MS + self.fake.init_ms + SETTLE_MS + 10
                self.assertTrue(self.fake.now_ms - began_ms < limit_ms)

    def test_a_module_that_breaks_at_the_last_moment_did_not_time_out(self):
        self.take()
        self.camera.begin(self.fake.now_ms)
        self.fake.breaks = ("frame_available",)
        self.fake.now_ms += EXPOSURE_LIMIT_MS
        self.assertEqual(self.run_until_told(), codes.CAM_FAILED)
        self.assertEqual(self.camera.error, codes.CAM_ERR_SENSOR)

    def test_the_longest_picture_is_what_the_store_takes(self):
        self.camera = Esp32Camera(self.fake.make, self.fake, 0)
        self.fake.jpegs = [b"\xff"]
        self.assertEqual(self.take(), b"\xff")  # what is no JPEG the capture says
        self.fake.jpegs = [bytes(MAX_BYTES)]
        self.camera.begin(self.fake.now_ms)
        self.assertEqual(self.run_until_told(), codes.CAM_READY)
        self.fake.jpegs = [bytes(MAX_BYTES + 1)]
        self.fails(codes.CAM_ERR_LENGTH)

    def test_a_picture_of_no_bytes_or_of_too_many_is_none(self):
        self.camera = self.made(300)
        self.fake.jpegs = [jpeg(300)]
        self.take()
        self.fake.jpegs = [jpeg(301)]
        self.fails(codes.CAM_ERR_LENGTH)
        self.fake.jpegs = [b""]
        self.fails(codes.CAM_ERR_LENGTH)


class FakeStore:
    """Keeps the chunks of one picture."""

    def __init__(self) -> None:
        self.data = b""
        self.aborted = 0

    def begin(self, _kind, _event_id, length, _day, _second) -> int:
        self.data = b""
        return -(-(length + seal.LENGTH_BYTES) // seal.CHUNK_BYTES) + 2  # two chunks of padding

    def chunk(self, buf: bytearray) -> None:
        self.data += bytes(buf)

    def finish(self) -> int:
        return 1

    def abort(self) -> None:
        self.aborted += 1


class FakeClock:
    """No time."""

    day = second = 0


class CaptureTest(unittest.TestCase):
    """The driver under the capture that a detector runs it with."""

    def setUp(self) -> None:
        self.fake = FakeEspCamera()
        self.store = FakeStore()
        camera = Esp32Camera(self.fake.make, self.fake, 0)
        buf = bytearray(seal.CHUNK_BYTES)
        self.capture = capture.Capture(camera, self.store, FakeClock(), buf)

    def burst(self, picture: bytes) -> int:
        self.fake.jpegs = [picture]
        self.capture.start(self.fake.now_ms, 0, 1, 1, 0)
        for _ in range(LIMIT_MS):
            result = self.capture.poll(self.fake.now_ms)
            if result in (capture.FINISHED, capture.FAILED):
                return result
            self.fake.now_ms += 1
        raise AssertionError("no end")

    def test_what_is_stored_is_the_picture_and_zeros(self):
        picture = jpeg(2500)
        self.assertEqual(self.burst(picture), capture.FINISHED)
        start = seal.LENGTH_BYTES
        self.assertEqual(self.store.data[start : start + len(picture)], picture)
        self.assertEqual(self.store.data[start + len(picture) :].strip(b"\x00"), b"")
        self.assertEqual(self.fake.level, 0)

    def test_a_picture_without_start_or_end_is_refused_and_the_camera_is_off(self):
        for picture, error in (
            (b"\x00" + jpeg(2500)[1:], codes.CAM_ERR_SOI),
            (jpeg(2500)[:-2], codes.CAM_ERR_EOI),
        ):
            self.assertEqual(self.burst(picture), capture.FAILED)
            self.assertEqual(self.capture.camera_error, error)
            self.assertEqual(self.fake.level, 0)


if __name__ == "__main__":
    unittest.main()
