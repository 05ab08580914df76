"""A burst from camera to store, on fakes: what is stored, when it ends, what an abort leaves."""

import struct
import sys
import unittest

from detector import capture, codes, seal
from detector.capture import Capture
from detector.store import StoreError, StoreFull

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython

CHUNK = seal.CHUNK_BYTES
CLASS = seal.CLASS_BYTES
LONGEST_POLLS = 500


def jpeg(length: int) -> bytes:
    """Return bytes that begin and end as a JPEG does, of a given length."""
    return b"\xff\xd8\xff\xe0" + bytes([i % 199 for i in range(length - 6)]) + b"\xff\xd9"


class FakeCamera:
    """Delivers `pictures` in turn, after `busy_polls` polls each."""

    def __init__(self) -> None:
        """Start switched off, with one small picture."""
        self.pictures = [jpeg(3000)]
        self.busy_polls = 2
        self.fails_with = 0
        self.is_on = False
        self.initialised = 0
        self.begun_ms = []
        self.reads = []  # how many bytes each read took
        self.error = 0
        self.length = 0
        self._at = 0
        self._busy = 0
        self._picture = b""

    def begin(self, now_ms: int) -> None:
        """Begin the next picture."""
        self.initialised += 0 if self.is_on else 1
        self.is_on = True
        self._picture = self.pictures[len(self.begun_ms) % len(self.pictures)]
        self.begun_ms.append(now_ms)
        self._busy = self.busy_polls
        self._at = 0

    def poll(self, now_ms: int) -> int:
        """Be busy for a while."""
        if self._busy:
            self._busy -= 1
            return codes.CAM_BUSY
        if self.fails_with:
            self.error = self.fails_with
            return codes.CAM_FAILED
        self.length = len(self._picture)
        return codes.CAM_READY

    def read_into(self, buf: bytearray, count: int) -> None:
        """Copy the next bytes; behind the picture lies what was there before."""
        if not self.is_on:
            raise ValueError
        piece = self._picture[self._at : self._at + count]
        memoryview(buf)[:count] = piece + b"\x55" * (count - len(piece))
        self._at += count
        self.reads.append(count)

    def power_off(self) -> None:
        """Switch off."""
        self.is_on = False


class FakeStore:
    """Keeps whole images in `images` as (kind, event, length, day, second, plaintext)."""

    def __init__(self) -> None:
        """Start empty."""
        self.images = []
        self.open = None
        self.aborted = 0
        self.chunks_a_poll = 0
        self.raises = None  # (method's name, exception)

    def begin(self, kind: int, event_id: int, length: int, day: int, second: int) -> int:
        """Open an image; return how many chunks it takes."""
        self._raise("begin")
        if self.open is not None:
            raise ValueError
        self.open = (kind, event_id, length, day, second)
        self._plain = b""
        return seal.chunks_for(length)

    def chunk(self, buf: bytearray) -> None:
        """Take one chunk; write the length and seal it in place as the real store does."""
        self._raise("chunk")
        if not self._plain:
            struct.pack_into("<I", buf, 0, self.open[2])
        self.chunks_a_poll += 1
        self._plain += bytes(buf)
        for index in range(len(buf)):
            buf[index] ^= 0xA5

    def finish(self) -> int:
        """Keep the image; its id is its place."""
        self._raise("finish")
        self.images.append(self.open + (self._plain,))
        self.open = None
        return len(self.images)

    def abort(self) -> None:
        """Drop the open image."""
        self.open = None
        self.aborted += 1

    def _raise(self, method: str) -> None:
        if self.raises and self.raises[0] == method:
            raise self.raises[1]


class FakeClock:
    """A time of day that stands still."""

    day = 1700
    second = 3661


class CaptureTest(unittest.TestCase):
    """One capture on fakes; `run_burst` polls once a millisecond to the burst's end."""

    def setUp(self) -> None:
        """Wire the parts."""
        self.camera = FakeCamera()
        self.store = FakeStore()
        self.buf = bytearray(CHUNK)
        self.capture = Capture(self.camera, self.store, FakeClock(), self.buf)
        self.now_ms = 0

    def run_burst(self, count: int = 1, interval_ms: int = 0) -> list:
        """Start a burst; return what poll said but RUNNING, up to its end."""
        self.capture.start(self.now_ms, codes.TRIP_FIRE, 7, count, interval_ms)
        return self.poll_to_end()

    def poll_to_end(self) -> list:
        """Poll until the burst has ended."""
        results = []
        for _ in range(LONGEST_POLLS):
            self.store.chunks_a_poll = 0
            result = self.capture.poll(self.now_ms)
            self.now_ms += 1
            if result != capture.RUNNING:
                results.append(result)
            if result in (capture.FINISHED, capture.FAILED):
                break
        return results

    def poll_until_storing(self, chunks: int) -> None:
        """Poll until so many chunks of the picture are stored."""
        while self.store.open is None:
            self.capture.poll(self.now_ms)
        for _ in range(chunks):
            self.capture.poll(self.now_ms)


class TestImage(CaptureTest):
    """What lands in the store."""

    def check_stored(self, length: int) -> None:
        """Shoot a picture of this length; expect it framed and padded."""
        picture = jpeg(length)
        self.camera.pictures = [picture]
        self.assertEqual(self.run_burst(), [capture.IMAGE_DONE, capture.FINISHED])
        plain = self.store.images[-1][-1]
        self.assertEqual(len(plain) % CLASS, 0)
        self.assertLess(len(plain) - CLASS, 4 + length)
        self.assertEqual(plain[:4], struct.pack("<I", length))
        self.assertTrue(plain[4 : 4 + length] == picture)
        self.assertTrue(plain[4 + length :] == bytes(len(plain) - 4 - length))

    def test_length_picture_and_zeros_up_to_the_size_class_are_stored(self) -> None:
        self.check_stored(3000)

    def test_a_picture_that_fills_its_class_gets_no_chunk_more(self) -> None:
        self.check_stored(CLASS - 4)

    def test_one_byte_more_takes_the_next_class(self) -> None:
        self.check_stored(CLASS - 3)

    def test_a_picture_that_ends_with_a_chunk_is_stored(self) -> None:
        self.check_stored(3 * CHUNK - 4)

    def test_an_end_mark_across_two_chunks_is_found(self) -> None:
        self.check_stored(3 * CHUNK - 4 + 1)

    def test_a_picture_within_the_first_chunk_is_stored(self) -> None:
        self.check_stored(300)

    def test_kind_event_length_and_time_are_given_to_the_store(self) -> None:
        self.run_burst()
        self.assertEqual(self.store.images[0][:5], (codes.TRIP_FIRE, 7, 3000, 1700, 3661))

    def test_the_image_id_is_told(self) -> None:
        self.run_burst(count=2)
        self.assertEqual(self.capture.image_id, 2)

    def test_padding_behind_the_end_mark_is_kept_as_delivered(self) -> None:
        self.camera.pictures = [jpeg(3000) + bytes(1022)]
        self.assertEqual(self.run_burst(), [capture.IMAGE_DONE, capture.FINISHED])
        self.assertEqual(self.store.images[0][2], 4022)

    def test_no_poll_moves_more_than_one_chunk(self) -> None:
        self.capture.start(0, codes.TRIP_FIRE, 7, 1, 0)
        most = 0
        for _ in range(LONGEST_POLLS):
            self.store.chunks_a_poll = 0
            self.capture.poll(0)
            most = max(most, self.store.chunks_a_poll)
        self.assertEqual(most, 1)
        self.assertEqual(max(self.camera.reads), CHUNK)

    def test_the_camera_is_read_as_long_for_each_picture_of_a_size_class(self) -> None:
        for length in (300, 3000, CLASS - 4):
            self.camera.reads = []
            self.camera.pictures = [jpeg(length)]
            self.run_burst()
            self.assertEqual(self.camera.reads, [CHUNK - 4] + [CHUNK] * 7)

    def test_a_picture_without_its_end_is_refused_as_late_wherever_that_was(self) -> None:
        polls = []
        for length in (300, 3000, CLASS - 4):
            self.camera.reads = []
            self.camera.pictures = [jpeg(length)[:-2] + b"\x00\x00"]
            self.now_ms = 0
            self.assertEqual(self.run_burst(), [capture.FAILED])
            self.assertEqual(self.camera.reads, [CHUNK - 4] + [CHUNK] * 7)
            polls.append(self.now_ms)
        self.assertEqual(polls, [polls[0]] * 3)


class TestBurst(CaptureTest):
    """Several pictures in a row."""

    def test_a_burst_stores_all_its_pictures_and_then_finishes(self) -> None:
        self.camera.pictures = [jpeg(2000), jpeg(9000), jpeg(2500)]
        done = capture.IMAGE_DONE
        self.assertEqual(self.run_burst(count=3), [done, done, done, capture.FINISHED])
        for image, picture in zip(self.store.images, self.camera.pictures):
            self.assertTrue(image[-1][4 : 4 + len(picture)] == picture)

    def test_shots_begin_no_sooner_than_the_interval(self) -> None:
        self.run_burst(count=3, interval_ms=60)
        self.assertEqual(self.camera.begun_ms, [0, 60, 120])

    def test_a_shot_that_takes_longer_than_the_interval_is_followed_at_once(self) -> None:
        self.camera.busy_polls = 40
        self.run_burst(count=2, interval_ms=20)
        self.assertLess(self.camera.begun_ms[1], 60)

    def test_the_camera_is_initialised_once_a_burst(self) -> None:
        self.run_burst(count=3)
        self.assertEqual(self.camera.initialised, 1)

    def test_the_camera_is_off_after_the_burst(self) -> None:
        self.run_burst()
        self.assertFalse(self.camera.is_on)

    def test_the_end_is_told_once(self) -> None:
        self.run_burst()
        self.assertEqual(self.capture.poll(self.now_ms), capture.IDLE)

    def test_nothing_runs_before_the_first_start(self) -> None:
        self.assertEqual(self.capture.poll(0), capture.IDLE)


class TestHeap(CaptureTest):
    """What runs in every tick, or for every chunk, costs no memory."""

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_polling_at_rest_allocates_nothing(self) -> None:
        micropython.heap_lock()
        try:
            self.capture.poll(0)
        finally:
            micropython.heap_unlock()

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_a_chunk_and_the_zeros_behind_the_picture_allocate_nothing(self) -> None:
        self.capture = Capture(_QuietCamera(), _QuietStore(), FakeClock(), self.buf)
        self.capture.start(0, codes.TRIP_FIRE, 7, 1, 0)
        self.capture.poll(0)
        done = 0
        micropython.heap_lock()
        try:
            for _ in range(8):
                done = self.capture.poll(0)
        finally:
            micropython.heap_unlock()
        self.assertEqual(done, capture.IMAGE_DONE)


class _QuietCamera:
    """Is ready at once with three whole chunks, all of one pattern that is start and end."""

    length = 3 * CHUNK - 4
    error = 0

    def begin(self, now_ms: int) -> None:
        pass

    def poll(self, now_ms: int) -> int:
        return codes.CAM_READY

    def read_into(self, buf: bytearray, count: int) -> None:
        struct.pack_into("<4s", buf, 0, b"\xff\xd8\xff\xd9")
        struct.pack_into("<2s", buf, count - 2, b"\xff\xd9")

    def power_off(self) -> None:
        pass


class _QuietStore:
    """Forgets what it is given."""

    def begin(self, kind: int, event_id: int, length: int, day: int, second: int) -> int:
        return 8

    def chunk(self, buf: bytearray) -> None:
        pass

    def finish(self) -> int:
        return 1

    def abort(self) -> None:
        pass


class TestAbort(CaptureTest):
    """An alarm's end or a trip stops a capture in the middle."""

    def test_an_abort_drops_the_half_stored_image(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.poll_until_storing(2)
        self.capture.abort()
        self.assertEqual(self.store.aborted, 1)
        self.assertEqual(self.store.images, [])

    def test_an_abort_wipes_the_buffer(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.poll_until_storing(2)
        self.capture.abort()
        self.assertEqual(bytes(self.buf), bytes(CHUNK))

    def test_an_abort_switches_the_camera_off(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.capture.abort()
        self.assertFalse(self.camera.is_on)

    def test_an_abort_before_anything_is_stored_leaves_the_store_alone(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.capture.abort()
        self.assertEqual(self.store.aborted, 0)

    def test_an_abort_between_two_shots_leaves_the_store_alone(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 2, 1000)
        while not self.store.images:
            self.capture.poll(0)
        self.capture.abort()
        self.assertEqual(self.store.aborted, 0)

    def test_what_one_abort_dropped_the_next_does_not(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.poll_until_storing(2)
        self.capture.abort()
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.capture.abort()
        self.assertEqual(self.store.aborted, 1)

    def test_an_abort_at_rest_touches_nothing(self) -> None:
        self.buf[0] = 1
        self.capture.abort()
        self.assertEqual(self.buf[0], 1)

    def test_a_start_while_a_burst_runs_drops_the_first(self) -> None:
        self.capture.start(0, codes.IMAGE_CUSTOMER, 0, 1, 0)
        self.poll_until_storing(2)
        self.run_burst(count=2)
        self.assertEqual([image[0] for image in self.store.images], [codes.TRIP_FIRE] * 2)


class TestFailure(CaptureTest):
    """Camera and store fail; the burst ends with a reason."""

    def check(self, error: int, camera_error: int = 0) -> None:
        """Run a burst; expect it to fail so, with nothing left behind."""
        self.assertEqual(self.run_burst(count=2), [capture.FAILED])
        self.assertEqual(self.capture.error, error)
        self.assertEqual(self.capture.camera_error, camera_error)
        self.assertFalse(self.camera.is_on)
        self.assertIsNone(self.store.open)
        self.assertEqual(bytes(self.buf), bytes(CHUNK))
        self.assertEqual(self.capture.poll(self.now_ms), capture.IDLE)

    def test_a_camera_that_fails_ends_the_burst_with_its_reason(self) -> None:
        self.camera.fails_with = codes.CAM_ERR_TIMEOUT
        self.check(codes.ERR_CAMERA, codes.CAM_ERR_TIMEOUT)

    def test_a_picture_that_does_not_start_as_a_jpeg_is_refused(self) -> None:
        self.camera.pictures = [b"\x00" + jpeg(3000)]
        self.check(codes.ERR_CAMERA, codes.CAM_ERR_SOI)

    def test_a_picture_of_one_byte_is_refused(self) -> None:
        self.camera.pictures = [b"\xff"]
        self.check(codes.ERR_CAMERA, codes.CAM_ERR_SOI)

    def test_a_picture_without_its_end_is_refused(self) -> None:
        self.camera.pictures = [jpeg(3000)[:-1]]
        self.check(codes.ERR_CAMERA, codes.CAM_ERR_EOI)

    def test_half_an_end_mark_at_a_chunks_border_is_none(self) -> None:
        for border in (b"\xff\x00", b"\x00\xd9"):
            cut = jpeg(2 * CHUNK - 4 + 1)[:-2]
            self.camera.begun_ms = []
            self.camera.pictures = [cut + border + bytes(200)]
            self.check(codes.ERR_CAMERA, codes.CAM_ERR_EOI)

    def test_an_end_mark_far_before_the_end_is_none(self) -> None:
        self.camera.pictures = [jpeg(3000) + bytes(1024)]
        self.check(codes.ERR_CAMERA, codes.CAM_ERR_EOI)

    def test_an_end_mark_of_the_picture_before_does_not_count(self) -> None:
        self.camera.pictures = [jpeg(3000), jpeg(3000)[:-2]]
        self.assertEqual(self.run_burst(count=2), [capture.IMAGE_DONE, capture.FAILED])

    def test_a_full_store_ends_the_burst(self) -> None:
        self.store.raises = ("begin", StoreFull())
        self.check(codes.ERR_STORE_FULL)

    def test_a_store_that_cannot_begin_ends_the_burst(self) -> None:
        self.store.raises = ("begin", StoreError())
        self.check(codes.ERR_STORE)

    def test_a_store_that_cannot_write_ends_the_burst(self) -> None:
        self.store.raises = ("chunk", StoreError())
        self.check(codes.ERR_STORE)

    def test_a_store_that_cannot_finish_ends_the_burst(self) -> None:
        self.store.raises = ("finish", StoreError())
        self.check(codes.ERR_STORE)

    def test_a_new_burst_after_a_failure_starts_clean(self) -> None:
        self.camera.fails_with = codes.CAM_ERR_SPI
        self.run_burst()
        self.camera.fails_with = 0
        self.assertEqual(self.run_burst(), [capture.IMAGE_DONE, capture.FINISHED])
        self.assertEqual((self.capture.error, self.capture.camera_error), (0, 0))


if __name__ == "__main__":
    unittest.main()
