"""Any folder of photographs in front of the virtual camera, taken by the firmware's own driver."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from detector import codes
from host_tools.virtual_board.client import VirtualBoard, VirtualBoardError
from host_tools.virtual_board.photographs import LARGEST_BYTES, SIZE, camera_folder
from host_tools.virtual_board.pictures import IMAGES, PicturesError
from tests.host.camera_bench import Bench

_ORIENTATION = 0x0112  # Exif: how the camera was held
_PLACE = 0x8825  # Exif: where
_ON_ITS_SIDE = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for photographs."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    return folder


def noise(width: int, height: int) -> Image.Image:
    """Return what compresses worst."""
    return Image.merge("RGB", [Image.effect_noise((width, height), 120) for _ in range(3)])


def taken(folder: Path) -> bytes:
    """Return a picture as the driver gets it from a camera in front of `folder`."""
    bench = Bench(camera_folder(folder))
    assert bench.shoot() == codes.CAM_READY
    return bench.read()


def test_small_jpegs_are_served_from_where_they_are() -> None:
    assert camera_folder(IMAGES) == IMAGES


def test_a_large_photograph_arrives_as_a_vga_jpeg(folder: Path) -> None:
    noise(2000, 1500).save(folder / "large.jpg", quality=95)
    picture = taken(folder)
    assert len(picture) <= LARGEST_BYTES
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("JPEG", SIZE)


def test_a_photograph_just_too_large_for_the_driver_arrives(folder: Path) -> None:
    """More than a detector stores, less than the camera's FIFO holds."""
    noise(640, 480).save(folder / "between.jpg", quality=60)
    assert LARGEST_BYTES < (folder / "between.jpg").stat().st_size < 0x5FFFF
    assert len(taken(folder)) <= LARGEST_BYTES


def test_the_largest_that_is_served_as_it_is_arrives_with_its_canary(folder: Path) -> None:
    jpeg = (IMAGES / "garage.jpg").read_bytes()
    filler = bytes(LARGEST_BYTES - len(jpeg) - 4 - 65533)
    segments = b"\xff\xfe\xff\xff" + bytes(65533)  # comments: a length of 16 bits each
    segments += b"\xff\xfe" + (len(filler) - 2).to_bytes(2, "big") + filler[4:]
    (folder / "full.jpg").write_bytes(jpeg[:2] + segments + jpeg[2:])
    assert (folder / "full.jpg").stat().st_size == LARGEST_BYTES
    assert camera_folder(folder) == folder
    assert len(taken(folder)) > LARGEST_BYTES


def test_bytes_behind_the_picture_are_left_behind(folder: Path) -> None:
    jpeg = (IMAGES / "garage.jpg").read_bytes()
    (folder / "motion.jpg").write_bytes(jpeg + b"a film")
    assert taken(folder).endswith(b"\xff\xd9")


def test_other_formats_arrive_as_jpeg_and_small_jpegs_beside_them_as_they_were(
    folder: Path,
) -> None:
    shutil.copy(IMAGES / "garage.jpg", folder / "garage.JPG")
    noise(64, 48).save(folder / "garage.png")
    (folder / "notes.txt").write_text("no picture, and nobody says it is")
    served = {path.name: path.read_bytes() for path in camera_folder(folder).iterdir()}
    assert set(served) == {"garage.JPG", "garage.png.jpg"}
    assert served["garage.JPG"] == (IMAGES / "garage.jpg").read_bytes()


def test_a_photograph_is_turned_upright_and_says_no_more_where_it_was_taken(
    folder: Path,
) -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = _ON_ITS_SIDE
    exif.get_ifd(_PLACE)[1] = "N"
    lying = noise(1200, 900)
    lying.paste("red", (0, 0, 1200, 450))  # at the right when turned upright
    lying.save(folder / "held.jpg", quality=95, exif=exif)
    (upright,) = camera_folder(folder).iterdir()
    with Image.open(upright) as image:
        assert not image.getexif()
        red, green, _blue = image.convert("RGB").getpixel((440, 240))  # type: ignore[misc]
    assert red > 200 > 100 > green


@pytest.mark.parametrize("content", [b"", b"\xff\xd8 cut short \xff\xd9", b"GIF87a nonsense"])
def test_what_is_no_picture_is_named(folder: Path, content: bytes) -> None:
    (folder / "a.jpg").write_bytes(content)
    with pytest.raises(PicturesError, match=r"a\.jpg is no picture that can be opened"):
        camera_folder(folder)


def test_a_photograph_cut_short_is_named(folder: Path) -> None:
    noise(2000, 1500).save(folder / "a.jpg", quality=95)
    (folder / "a.jpg").write_bytes((folder / "a.jpg").read_bytes()[:300_000])
    with pytest.raises(PicturesError, match=r"a\.jpg is no picture"):
        camera_folder(folder)


def test_a_folder_without_photographs_is_named(folder: Path) -> None:
    with pytest.raises(PicturesError, match=r"There is no .*\.jpg.* in .*photographs"):
        camera_folder(folder)


def test_a_board_says_what_is_wrong_with_its_photographs(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(VirtualBoardError, match=rf"The pictures in {missing} cannot be read: No "):
        VirtualBoard(tmp_path / "board", images=missing).start()


def test_a_running_board_takes_photographs_too(tmp_path: Path, folder: Path) -> None:
    noise(2000, 1500).save(folder / "large.jpg", quality=95)
    with VirtualBoard(tmp_path / "board", powered=False) as board:
        board.camera(images=folder)
        with pytest.raises(VirtualBoardError, match="nowhere cannot be read"):
            board.camera(images=tmp_path / "nowhere")
