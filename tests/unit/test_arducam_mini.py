"""The ArduCAM driver on a camera in memory: the way to a picture, its waits, and every failure."""

import sys
import unittest

from fake_arducam import FakeArducam

from detector import arducam_mini, codes, ov2640_tables, ticks
from detector.arducam_mini import ArducamMini

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython

SETTLE_MS = 50
LONGEST_MS = 5000
DSP = 0
SENSOR = 1


class DriverTest(unittest.TestCase):
    """One camera and its driver; `run_until_done` polls once a millisecond."""

    def setUp(self) -> None:
        """Make both."""
        self.first_tick_ms = 0
        self.chip = FakeArducam()
        self.camera = self.driver()

    def tick(self) -> int:
        """Return the firmware's time; the fake camera's own never wraps."""
        return ticks.add_ms(self.first_tick_ms, self.chip.now_ms)

    def driver(self, **options: int) -> ArducamMini:
        """Return a driver for the camera."""
        chip = self.chip
        return ArducamMini(chip, chip.cs, chip, chip.power, SETTLE_MS, **options)

    def poll_until_done(self) -> int:
        """Poll until the camera is ready or has failed; the limit shows an endless wait."""
        for _ in range(LONGEST_MS):
            result = self.camera.poll(self.tick())
            if result != codes.CAM_BUSY:
                return result
            self.chip.now_ms += 1
        return codes.CAM_BUSY

    def shoot(self) -> int:
        """Ask for one exposure and wait for it."""
        self.camera.begin(self.tick())
        return self.poll_until_done()

    def read(self, sizes: tuple) -> bytes:
        """Read pieces of `sizes` bytes and join them."""
        picture = b""
        for size in sizes:
            buf = bytearray(size)
            self.camera.read_into(buf, size)
            picture += bytes(buf)
        return picture


class TestPicture(DriverTest):
    """What works."""

    def test_a_picture_arrives_whole_and_in_order(self) -> None:
        self.chip.jpeg = b"\xff\xd8\xff" + bytes([i % 251 for i in range(1500)]) + b"\xff\xd9"
        self.assertEqual(self.shoot(), codes.CAM_READY)
        self.assertEqual(self.camera.length, 1505)
        self.assertEqual(self.read((1020, 400, 85)), self.chip.jpeg)

    def test_a_longer_buffer_keeps_what_is_behind_the_count(self) -> None:
        self.shoot()
        buf = bytearray(b"\x77" * 8)
        self.camera.read_into(buf, 4)
        self.assertEqual(bytes(buf), b"\xff\xd8\xff\x00\x77\x77\x77\x77")

    def test_reading_past_the_end_runs_the_bus_with_no_chip_selected(self) -> None:
        self.shoot()
        self.read((2000, 100))
        self.assertEqual(self.chip.cs.level, 1)
        self.assertEqual(self.read((1000,)), bytes(1000))
        self.assertEqual(self.shoot(), codes.CAM_READY)
        self.assertEqual(self.read((2005,)), self.chip.jpeg)

    def test_the_driver_honours_both_reset_times_of_the_chip(self) -> None:
        self.shoot()
        self.assertEqual((self.chip.resets, self.chip.sensor_resets), (1, 1))
        self.assertGreater(self.chip.now_ms, 3 * arducam_mini.RESET_MS)

    def test_the_first_picture_takes_no_longer_than_the_waits(self) -> None:
        self.shoot()
        waits_ms = arducam_mini.RAIL_MS + 3 * arducam_mini.RESET_MS + SETTLE_MS
        self.assertLess(self.chip.now_ms, waits_ms + self.chip.exposure_ms + 40)

    def test_a_length_of_three_bytes_is_read_whole(self) -> None:
        self.chip.jpeg = _Long(0x10305)
        self.shoot()
        self.assertEqual(self.camera.length, 0x10305)

    def test_exposure_and_white_balance_get_their_time(self) -> None:
        self.shoot()
        quick_ms = self.chip.now_ms
        self.chip = FakeArducam()
        chip = self.chip
        self.camera = ArducamMini(chip, chip.cs, chip, chip.power, SETTLE_MS + 400)
        self.shoot()
        self.assertEqual(self.chip.now_ms, quick_ms + 400)

    def test_the_sensor_is_left_in_jpeg_mode_at_vga(self) -> None:
        self.shoot()
        self.assertEqual(self.chip.sensor[(DSP, 0xDA)], 0x10)
        self.assertEqual(self.chip.sensor[(DSP, 0x5A)] * 4, 640)
        self.assertEqual(self.chip.sensor[(DSP, 0x5B)] * 4, 480)

    def test_another_size_can_be_chosen(self) -> None:
        self.camera = self.driver(size=ov2640_tables.SIZE_320X240)
        self.shoot()
        self.assertEqual(self.chip.sensor[(DSP, 0x5A)] * 4, 320)

    def test_a_table_of_a_prime_number_of_registers_is_written_to_its_end(self) -> None:
        self.camera = self.driver(size=bytes(range(2, 2 + 2 * 37)))
        self.shoot()
        self.assertEqual(self.chip.sensor[(SENSOR, 74)], 75)

    def test_no_poll_writes_more_than_sixteen_registers(self) -> None:
        self.camera.begin(0)
        most = 0
        while self.camera.poll(self.chip.now_ms) == codes.CAM_BUSY:
            most = max(most, self.chip.registers_a_poll)
            self.chip.registers_a_poll = 0
            self.chip.now_ms += 1
        self.assertEqual(most, 16)

    def test_the_camera_stays_initialised_between_two_shots(self) -> None:
        self.shoot()
        self.read((2005,))
        begun_ms = self.chip.now_ms
        self.assertEqual(self.shoot(), codes.CAM_READY)
        self.assertEqual(self.chip.resets, 1)
        self.assertLess(self.chip.now_ms - begun_ms, self.chip.exposure_ms + 5)

    def test_a_new_shot_drops_what_was_not_read_of_the_last(self) -> None:
        self.shoot()
        self.read((700,))
        self.chip.jpeg = b"\xff\xd8\xffnew\xff\xd9"
        self.camera.begin(self.chip.now_ms)
        self.assertEqual(self.camera.length, 0)
        self.poll_until_done()
        self.assertEqual(self.read((8,)), b"\xff\xd8\xffnew\xff\xd9")

    def test_it_works_across_the_wrap_of_the_ticks(self) -> None:
        for before_ms in (1, 60, 150, 250, 390, 420):
            self.first_tick_ms = ticks.TICKS_PERIOD - before_ms
            self.chip = FakeArducam()
            self.camera = self.driver()
            self.assertEqual(self.shoot(), codes.CAM_READY)


class TestRail(DriverTest):
    """Power is on while somebody captures, and only then."""

    def test_the_rail_is_off_before_the_first_picture(self) -> None:
        self.assertEqual(self.chip.power.level, 0)

    def test_a_rail_that_was_on_is_switched_off_by_a_new_driver(self) -> None:
        self.chip.power.level = 1
        self.driver()
        self.assertEqual(self.chip.power.level, 0)

    def test_chip_select_is_high_while_the_camera_rests(self) -> None:
        self.camera.power_on(0)
        self.assertEqual(self.chip.cs.level, 1)
        self.shoot()
        self.read((2005,))
        self.assertEqual(self.chip.cs.level, 1)

    def test_chip_select_feeds_no_camera_without_power(self) -> None:
        self.assertEqual(self.chip.cs.level, 0)
        self.camera.begin(0)
        self.camera.power_off()
        self.assertEqual(self.chip.cs.level, 0)

    def test_power_off_cuts_the_rail_in_the_middle_of_a_picture(self) -> None:
        self.shoot()
        self.read((100,))
        self.camera.power_off()
        self.assertEqual(self.chip.power.level, 0)
        self.assertEqual(self.camera.length, 0)
        with self.assertRaises(ValueError):
            self.camera.read_into(bytearray(4), 4)

    def test_after_power_off_the_camera_is_initialised_anew(self) -> None:
        self.shoot()
        self.camera.power_off()
        self.assertEqual(self.shoot(), codes.CAM_READY)
        self.assertEqual(self.chip.resets, 2)

    def test_power_on_alone_takes_no_picture(self) -> None:
        self.camera.power_on(0)
        for now_ms in range(1000):
            self.chip.now_ms = now_ms
            self.assertEqual(self.camera.poll(now_ms), codes.CAM_BUSY)
        self.assertEqual(self.chip.exposures, 0)

    def test_power_off_forgets_that_a_picture_was_wanted(self) -> None:
        self.camera.begin(0)
        self.camera.power_off()
        self.camera.power_on(0)
        self.poll_until_done()
        self.assertEqual(self.chip.exposures, 0)

    def test_a_second_begin_during_an_exposure_is_the_same_exposure(self) -> None:
        self.chip.exposure_ms = 500
        self.camera.begin(0)
        for now_ms in range(500):
            self.chip.now_ms = now_ms
            self.camera.poll(now_ms)
        self.camera.begin(500)
        self.poll_until_done()
        self.assertEqual(self.chip.exposures, 1)


class TestHeap(DriverTest):
    """A camera that is waited for costs no memory."""

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_waiting_for_a_reset_allocates_nothing(self) -> None:
        self.camera.begin(0)
        self.poll_locked(arducam_mini.RAIL_MS)
        self.assertEqual(self.chip.power.level, 1)

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_a_second_exposure_allocates_nothing(self) -> None:
        self.shoot()
        self.camera.begin(self.chip.now_ms)
        self.assertEqual(self.poll_locked(100), codes.CAM_READY)

    def poll_locked(self, count: int) -> int:
        """Poll once a millisecond with the heap locked."""
        result = codes.CAM_BUSY
        micropython.heap_lock()
        try:
            for _ in range(count):
                result = self.camera.poll(self.chip.now_ms)
                self.chip.now_ms += 1
        finally:
            micropython.heap_unlock()
        return result


class TestFailure(DriverTest):
    """Whatever is broken ends in CAM_FAILED with its number, and with the rail off."""

    def check(self, error: int) -> None:
        """Shoot; expect a failure for this reason."""
        self.assertEqual(self.shoot(), codes.CAM_FAILED)
        self.assertEqual(self.camera.error, error)
        self.assertEqual(self.chip.power.level, 0)

    def test_a_dead_spi_side_is_found(self) -> None:
        self.chip.spi_alive = False
        self.check(codes.CAM_ERR_SPI)

    def test_an_unknown_sensor_is_refused(self) -> None:
        self.chip.sensor_id = 0x5642
        self.check(codes.CAM_ERR_SENSOR)

    def test_an_unknown_revision_of_the_sensor_is_refused(self) -> None:
        self.chip.sensor_id = 0x2643
        self.check(codes.CAM_ERR_SENSOR)

    def test_a_sensor_that_never_answers_is_no_sensor(self) -> None:
        self.chip.acknowledges = 0
        self.check(codes.CAM_ERR_SENSOR)

    def test_a_sensor_that_falls_silent_in_the_tables_is_found(self) -> None:
        self.chip.acknowledges = 100
        self.check(codes.CAM_ERR_I2C)

    def test_after_a_failure_the_tables_are_written_from_their_start(self) -> None:
        self.shoot()
        whole = self.chip.sensor
        self.camera.power_off()
        self.chip.acknowledges = 100
        self.check(codes.CAM_ERR_I2C)
        self.chip.acknowledges = 1000
        self.shoot()
        self.assertEqual(self.chip.sensor, whole)

    def test_an_exposure_that_never_ends_is_given_up(self) -> None:
        self.chip.exposure_ms = 1 << 20
        self.check(codes.CAM_ERR_TIMEOUT)
        self.assertLess(self.chip.now_ms, arducam_mini.EXPOSURE_LIMIT_MS + 600)

    def test_an_empty_picture_is_none(self) -> None:
        self.chip.jpeg = b""
        self.check(codes.CAM_ERR_LENGTH)

    def test_a_picture_above_the_limit_is_refused(self) -> None:
        self.camera = self.driver(max_bytes=2004)
        self.check(codes.CAM_ERR_LENGTH)

    def test_a_picture_at_the_limit_is_taken(self) -> None:
        self.camera = self.driver(max_bytes=2005)
        self.assertEqual(self.shoot(), codes.CAM_READY)

    def test_no_limit_is_above_the_fifo(self) -> None:
        self.camera = self.driver(max_bytes=0x7FFFFF)
        self.chip.jpeg = _Long(0x60000)
        self.check(codes.CAM_ERR_LENGTH)

    def test_a_failure_stays_until_the_next_begin(self) -> None:
        self.chip.spi_alive = False
        self.check(codes.CAM_ERR_SPI)
        self.assertEqual(self.camera.poll(self.chip.now_ms), codes.CAM_FAILED)
        self.chip.spi_alive = True
        self.assertEqual(self.shoot(), codes.CAM_READY)
        self.assertEqual(self.camera.error, 0)


class _Long:
    """A picture of which only the length matters."""

    def __init__(self, length: int) -> None:
        """Be that long."""
        self._length = length

    def __len__(self) -> int:
        """Return the length."""
        return self._length


if __name__ == "__main__":
    unittest.main()
