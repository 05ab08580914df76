"""The virtual camera: the firmware's own driver takes pictures with it, and finds every fault."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from detector import codes, ov2640_tables
from host_tools.virtual_board.arducam import BROKEN_MODES, ArducamModel
from host_tools.virtual_board.pictures import IMAGES, PicturesError
from tests.host.camera_bench import Bench

ERRORS = {
    "dead-spi": codes.CAM_ERR_SPI,
    "no-sensor": codes.CAM_ERR_SENSOR,
    "wrong-sensor": codes.CAM_ERR_SENSOR,
    "raises": codes.CAM_ERR_I2C,
    "never-done": codes.CAM_ERR_TIMEOUT,
    "empty": codes.CAM_ERR_LENGTH,
    "too-long": codes.CAM_ERR_LENGTH,
}


def test_the_drivers_picture_is_what_the_camera_took() -> None:
    bench = Bench()
    assert bench.shoot() == codes.CAM_READY
    assert bench.read() == bench.model.served[0].jpeg


def test_a_burst_delivers_its_pictures_in_order() -> None:
    bench = Bench()
    pictures = []
    for _ in range(8):
        assert bench.shoot() == codes.CAM_READY
        pictures.append(bench.read())
    assert pictures == [picture.jpeg for picture in bench.model.served]
    assert [picture.index for picture in bench.model.served] == list(range(8))


def test_the_hash_is_that_of_the_delivered_bytes() -> None:
    bench = Bench()
    bench.shoot()
    assert bench.model.served[0].sha256 == hashlib.sha256(bench.read()).hexdigest()


def test_each_shot_has_a_canary_of_its_own_inside() -> None:
    bench = Bench()
    for _ in range(8):
        bench.shoot()
    canaries = {picture.canary for picture in bench.model.served}
    assert len(canaries) == 8
    assert all(len(c) == 16 and c in p.jpeg for p in bench.model.served for c in [p.canary])


def test_lengths_with_a_canary_are_no_multiple_of_a_block_and_vary() -> None:
    bench = Bench()
    for _ in range(60):
        bench.shoot()
    lengths = [len(picture.jpeg) for picture in bench.model.served]
    assert all(length % 16 for length in lengths)
    assert len(set(lengths)) > 40


def test_without_canaries_the_files_are_served_as_they_are() -> None:
    bench = Bench()
    bench.model.canary = False
    bench.shoot()
    picture = bench.model.served[0]
    assert picture.jpeg == (IMAGES / picture.name).read_bytes()
    assert picture.canary == b""


def test_a_seed_decides_the_order_and_the_canaries() -> None:
    def shots(seed: int) -> list[tuple[str, bytes]]:
        bench = Bench(seed=seed)
        for _ in range(6):
            bench.shoot()
        return [(picture.name, picture.canary) for picture in bench.model.served]

    assert shots(1) == shots(1)
    assert shots(1) != shots(2)


def test_all_pictures_of_the_folder_come_before_one_comes_again() -> None:
    bench = Bench()
    for _ in range(len(list(IMAGES.glob("*.jpg")))):
        bench.shoot()
    assert len({picture.name for picture in bench.model.served}) == len(bench.model.served)


def test_how_much_of_a_picture_was_fetched_is_known() -> None:
    bench = Bench()
    bench.shoot()
    bench.driver.read_into(bytearray(100), 100)
    assert bench.model.served[0].read_bytes == 100


@pytest.mark.parametrize("mode", sorted(ERRORS))
def test_the_driver_finds_what_is_broken(mode: str) -> None:
    bench = Bench()
    bench.model.broken = mode
    assert bench.shoot() == codes.CAM_FAILED
    assert bench.driver.error == ERRORS[mode]


def test_a_lost_start_is_seen_in_the_picture() -> None:
    bench = Bench()
    bench.model.broken = "no-soi"
    assert bench.shoot() == codes.CAM_READY
    assert not bench.read().startswith(b"\xff\xd8")


def test_a_lost_end_is_seen_in_the_picture() -> None:
    bench = Bench()
    bench.model.broken = "no-eoi"
    assert bench.shoot() == codes.CAM_READY
    assert not bench.read().endswith(b"\xff\xd9")


def test_a_bus_that_fails_in_a_picture_raises_what_the_driver_does_not_catch() -> None:
    bench = Bench()
    bench.model.broken = "bus-raises"
    assert bench.shoot() == codes.CAM_READY
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        bench.read()


def test_every_fault_is_one_of_those_tested_here() -> None:
    assert set(BROKEN_MODES) == set(ERRORS) | {"no-soi", "no-eoi", "bus-raises"}


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="dead-spi"):
        Bench().model.broken = "dead"


def test_a_mended_camera_works_again() -> None:
    bench = Bench()
    bench.model.broken = "dead-spi"
    bench.shoot()
    bench.model.broken = ""
    assert bench.shoot() == codes.CAM_READY


def test_a_slow_exposure_is_waited_for() -> None:
    bench = Bench()
    bench.model.delay_us = 1_500_000
    assert bench.shoot() == codes.CAM_READY
    assert bench.now_us > 1_500_000


def test_without_its_rail_the_camera_says_nothing() -> None:
    model = ArducamModel()
    model.spi_select(1)
    model.spi_select(0)
    assert model.spi_transfer(b"\x40\x00") == b"\x00\x00"
    assert not model.i2c_write(0x30, b"\xff\x01")


def test_the_rail_going_off_loses_registers_and_picture() -> None:
    bench = Bench()
    bench.shoot()
    bench.model.power(False, bench.now_us)
    bench.model.power(True, bench.now_us)
    bench.now_us += 1_000_000
    bench.model.spi_select(1)
    bench.model.spi_select(0)
    assert bench.model.spi_transfer(b"\x42\x00\x00\x00") == bytes(4)
    assert bench.model.output_size == (0, 0)


@pytest.mark.parametrize(
    ("size", "pixels"),
    [
        (ov2640_tables.SIZE_160X120, (160, 120)),
        (ov2640_tables.SIZE_320X240, (320, 240)),
        (ov2640_tables.SIZE_640X480, (640, 480)),
        (ov2640_tables.SIZE_800X600, (800, 600)),
        (ov2640_tables.SIZE_1024X768, (1024, 768)),
    ],
)
def test_each_size_table_asks_the_sensor_for_that_size(
    size: bytes, pixels: tuple[int, int]
) -> None:
    bench = Bench(size=size)
    assert bench.shoot() == codes.CAM_READY
    assert bench.model.output_size == pixels


@pytest.mark.parametrize("reset_ms", [0, 50, 97])
def test_a_driver_that_cuts_the_reset_short_gets_no_picture(reset_ms: int) -> None:
    bench = Bench()
    bench.driver._reset_ms = reset_ms
    assert bench.shoot() == codes.CAM_FAILED


@pytest.mark.parametrize("first_us", [0, 350, 900])
@pytest.mark.parametrize("step_us", [90, 300, 777, 45_300])
def test_no_rhythm_of_the_loop_cuts_a_reset_short(first_us: int, step_us: int) -> None:
    bench = Bench()
    bench.now_us = first_us
    assert bench.shoot(step_us) == codes.CAM_READY


def test_a_sensor_that_was_not_set_up_delivers_no_jpeg() -> None:
    bench = Bench()
    bench.driver._tables = (b"\xff\x01", b"\x15\x00")
    assert bench.shoot() == codes.CAM_READY
    assert not bench.read().startswith(b"\xff\xd8")
    assert bench.model.served == []


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match=r"no \.jpg in"):
        ArducamModel(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match="cannot read"):
        ArducamModel(tmp_path / "nowhere")


def test_a_file_that_is_no_jpeg_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8 cut short")
    with pytest.raises(PicturesError, match=r"a\.jpg is no JPEG"):
        ArducamModel(tmp_path)


def test_a_file_larger_than_the_fifo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8" + bytes(0x5FFFF) + b"\xff\xd9")
    with pytest.raises(PicturesError, match="larger"):
        ArducamModel(tmp_path)


def test_another_folder_can_be_served_while_running(tmp_path: Path) -> None:
    bench = Bench()
    bench.shoot()
    (tmp_path / "own.JPG").write_bytes(b"\xff\xd8\xff\xd9")
    bench.model.set_images(tmp_path)
    bench.shoot()
    assert bench.model.served[-1].name == "own.JPG"


def test_the_sample_pictures_are_small_and_whole() -> None:
    sizes = [path.stat().st_size for path in IMAGES.glob("*.jpg")]
    assert len(sizes) >= 5
    assert sum(sizes) < 150_000
    assert all(5_000 <= size <= 25_600 for size in sizes)
