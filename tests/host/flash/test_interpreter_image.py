"""Interpreter images: what fits a board, made-up boot volumes, and an esptool that is none."""

from __future__ import annotations

import hashlib
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from host_tools.boards import Board, InterpreterImage, load_board
from host_tools.deadline import Deadline
from host_tools.flash import FlashError, interpreter_image
from host_tools.flash.errors import (
    ImageError,
    NoBoardError,
    ToolError,
    VolumeError,
    WhichBoardError,
)
from host_tools.flash.finding import MICROPYTHON, Candidate
from host_tools.flash.interpreter_image import Source, install_interpreter, read_image
from host_tools.flash.uf2 import INFO, copy_uf2

PICO = load_board("RPI_PICO")
PICO2 = load_board("RPI_PICO2")
S3 = load_board("ESP32_GENERIC_S3")
RP2040, RP2350, ABSOLUTE, SAMD21 = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57, 0x68ED2B88
_FLAGS = 0x2000


def block(
    number: int, total: int, family: int, flags: int = _FLAGS, end: int = 0x0AB16F30
) -> bytes:
    """Return one block of a UF2 image."""
    head = struct.pack(
        "<8I", 0x0A324655, 0x9E5D5157, flags, 0x10000000 + 256 * number, 256, number, total, family
    )
    return head + bytes(476) + struct.pack("<I", end)


def uf2(family: int, total: int = 4) -> bytes:
    """Return a whole UF2 image."""
    return b"".join(block(number, total, family) for number in range(total))


def esp(chip: int) -> bytes:
    """Return the beginning of an ESP32's image."""
    return b"\xe9\x03\x02\x20" + bytes(8) + struct.pack("<H", chip) + bytes(100)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A Pico's boot volume, made up."""
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    text = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"
    (folder / INFO).write_text(text)
    return folder


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A Pico's image, made up."""
    path = tmp_path / "pico.uf2"
    path.write_bytes(uf2(RP2040))
    return path


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    """No volume is mounted and no board plugged in until a test says so."""
    found: dict[str, list[object]] = {"volumes": [], "ports": []}
    monkeypatch.setattr(interpreter_image, "volumes", lambda _label: found["volumes"])
    monkeypatch.setattr(interpreter_image, "candidates", lambda _boards: found["ports"])
    return found


def install(board: Board, path: Path, **options: object) -> str:
    """Install an image with little patience."""
    settings = {"port": None, "volume": None, "reboot": lambda _port: None, **options}
    settings.setdefault("deadline", Deadline(5.0))
    return install_interpreter(board, Source(path), tell=lambda _what: None, **settings)  # type: ignore[arg-type]


def plugged(device: str, what: str = MICROPYTHON) -> Candidate:
    """Return a port with a Pico."""
    return Candidate(device, what, (PICO,), "")


# --- which image ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("board", "data"),
    [
        (PICO, uf2(RP2040)),
        (PICO2, uf2(RP2350)),
        (PICO2, block(0, 2, ABSOLUTE) + uf2(RP2350)),  # erratum E10
        (S3, esp(9)),
    ],
)
def test_a_fitting_image_is_taken(board: Board, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    assert read_image(Source(path), board) == data


@pytest.mark.parametrize(
    ("board", "data", "why"),
    [
        (PICO, b"", "no UF2 image"),
        (PICO, uf2(RP2040)[:-1], "blocks of 512 bytes"),
        (PICO, bytes(512), "the block at byte 0 is none"),
        (PICO, uf2(RP2040) + block(4, 5, RP2040, end=0), "the block at byte 2048 is none"),
        (PICO, block(0, 1, 0, flags=0), "does not say which chip"),
        (PICO, uf2(RP2350), "made for rp2350; Raspberry Pi Pico has rp2040"),
        (PICO2, uf2(RP2040), "made for rp2040"),
        (PICO, uf2(SAMD21), "another chip .family 0x68ed2b88"),
        (PICO, uf2(RP2040) + uf2(RP2350), "made for rp2040 and rp2350"),
        (PICO, uf2(RP2040)[512:], "blocks are missing"),
        (PICO, uf2(RP2040)[:-512], "blocks are missing"),
        (PICO, block(0, 2, ABSOLUTE), "made for no chip"),
        (S3, esp(0), "made for esp32;"),
        (S3, esp(5), "another chip .number 5"),
        (S3, uf2(RP2040), "no image for an ESP32"),
        (load_board("VIRTUAL"), b"x", "takes no image"),
    ],
)
def test_another_image_is_refused_with_the_reason(
    board: Board, data: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=why):
        read_image(Source(path), board)


def known(board: Board, sha256: str) -> Board:
    """Return a board whose image's SHA-256 is known."""
    return replace(board, image=InterpreterImage("x.uf2", "https://x", sha256, ""))


def test_an_image_that_does_not_match_its_sha256_is_refused(image: Path, volume: Path) -> None:
    found = hashlib.sha256(image.read_bytes()).hexdigest()
    assert read_image(Source(image), known(PICO, found))
    assert read_image(Source(image, found.upper()), known(PICO, "00" * 32))
    for source, board in (
        (Source(image), known(PICO, "00" * 32)),
        (Source(image, "00" * 32), known(PICO, found)),
    ):
        with pytest.raises(ImageError, match=f"does not match its SHA-256: it has {found}"):
            read_image(source, board)
    with pytest.raises(ImageError, match="Nothing was written"):
        install(known(PICO, "00" * 32), image, volume=volume)
    assert [path.name for path in volume.iterdir()] == [INFO]


def test_an_image_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nothing\.uf2 cannot be read: No such file"):
        read_image(Source(tmp_path / "nothing.uf2"), PICO)


# --- boot volumes -----------------------------------------------------------------------------


def test_an_image_is_copied_and_the_port_that_appears_is_told(
    image: Path, volume: Path, world: dict[str, list[object]]
) -> None:
    world["ports"] = [plugged("/dev/ttyACM7")]  # another Pico, which runs
    world["volumes"] = [volume]

    def look(what: str) -> None:
        if what == "waiting for the interpreter":
            world["ports"] = [plugged("/dev/ttyACM0"), plugged("/dev/ttyACM7")]

    port = install_interpreter(
        PICO,
        Source(image),
        port=None,
        volume=None,
        reboot=lambda _port: None,
        tell=look,
        deadline=Deadline(5.0),
    )
    assert port == "/dev/ttyACM0"
    assert (volume / "pico.uf2").read_bytes() == image.read_bytes()


def test_a_running_board_is_told_to_wait_for_its_image(
    image: Path, volume: Path, world: dict[str, list[object]]
) -> None:
    world["ports"] = [plugged("/dev/ttyACM0")]
    told = []

    def reboot(port: str) -> None:
        told.append(port)
        world["volumes"] = [volume]

    assert install(PICO, image, port="/dev/ttyACM0", reboot=reboot) == "/dev/ttyACM0"
    assert told == ["/dev/ttyACM0"]


def test_another_boards_volume_is_refused(image: Path, volume: Path) -> None:
    (volume / INFO).write_text("UF2 Bootloader v1.0\nModel: RP2350\nBoard-ID: RP2350\n")
    with pytest.raises(VolumeError, match="it says Board-ID RP2350; Raspberry Pi Pico says RPI"):
        install(PICO, image, volume=volume)
    (volume / INFO).write_text("")
    with pytest.raises(VolumeError, match="Board-ID nothing"):
        install(PICO, image, volume=volume)
    (volume / INFO).unlink()
    with pytest.raises(VolumeError, match="is no boot volume"):
        install(PICO, image, volume=volume)
    assert list(volume.iterdir()) == []


def test_without_a_volume_it_is_said_how_to_get_one(image: Path) -> None:
    with pytest.raises(VolumeError, match=r"no volume RPI-RP2.*BOOTSEL.*--volume"):
        install(PICO, image)
    with pytest.raises(VolumeError, match="no volume RPI-RP2"):
        install(PICO, image, port="/dev/ttyACM0", deadline=Deadline(0.1))


def test_several_volumes_are_listed(image: Path, world: dict[str, list[object]]) -> None:
    world["volumes"] = [Path("/media/RPI-RP2"), Path("/media/2/RPI-RP2")]
    with pytest.raises(WhichBoardError, match="--volume /media/RPI-RP2\n  --volume /media/2/RPI"):
        install(PICO, image)


def test_an_interpreter_that_does_not_come_back_is_said(image: Path, volume: Path) -> None:
    with pytest.raises(NoBoardError, match="image was written, but no port"):
        install(PICO, image, volume=volume, deadline=Deadline(0.1))


def test_a_volume_that_takes_nothing_is_said(volume: Path) -> None:
    (volume / "x.uf2").mkdir()
    with pytest.raises(VolumeError, match=r"could not be copied.*Is a directory.*BOOTSEL"):
        copy_uf2(b"x", "x.uf2", volume)


# --- esptool ----------------------------------------------------------------------------------


@pytest.fixture
def s3_image(tmp_path: Path) -> Path:
    """An ESP32-S3's image, made up."""
    path = tmp_path / "s3.bin"
    path.write_bytes(esp(9))
    return path


def fake_esptool(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> Path:
    """Put a program in the place of esptool; it may write `told`, whose path is returned."""
    script = folder / "esptool.py"
    told = folder / "told"
    script.write_text(
        f"import pathlib, sys, time\ntold = pathlib.Path({str(told)!r})\n{program}\n"
    )
    monkeypatch.setattr(interpreter_image, "ESPTOOL", [sys.executable, str(script)])
    return told


def test_esptool_is_told_what_to_write(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    s3_image: Path,
    world: dict[str, list[object]],
) -> None:
    told = fake_esptool(monkeypatch, tmp_path, "told.write_text(' '.join(sys.argv[1:]))")
    world["ports"] = [Candidate("/dev/ttyACM3", MICROPYTHON, (S3,), "")]
    assert install(S3, s3_image, port="/dev/ttyACM3") == "/dev/ttyACM3"
    assert told.read_text() == (
        f"--chip esp32s3 --port /dev/ttyACM3 --baud 460800 write-flash 0x0 {s3_image}"
    )


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('No serial data received.'); sys.exit(2)", "esptool failed.*BOOT.*No serial data"),
        ("time.sleep(60)", "did not come to an end within 0.5 s.*BOOT"),
    ],
)
def test_an_esptool_that_fails_or_hangs_is_quoted(
    program: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3_image: Path
) -> None:
    fake_esptool(monkeypatch, tmp_path, program)
    deadline = Deadline(0.5 if "sleep" in program else 10.0)
    with pytest.raises(ToolError, match=f"(?s){said}"):
        install(S3, s3_image, port="/dev/ttyACM3", deadline=deadline)


def test_an_esptool_that_is_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch, s3_image: Path
) -> None:
    monkeypatch.setattr(interpreter_image, "ESPTOOL", [sys.executable, "-m", "no_such_esptool"])
    with pytest.raises(ToolError, match="esptool is not installed"):
        install(S3, s3_image, port="/dev/ttyACM3")


def test_without_a_port_the_ones_that_wait_are_named(s3_image: Path) -> None:
    with pytest.raises(FlashError, match=r"Which port.*waits for an image: none"):
        install(S3, s3_image)


def test_the_real_esptool_knows_what_it_is_told() -> None:
    """Its words have changed between versions; `--help` behind them is still an answer."""
    assert interpreter_image.ESPTOOL[1:] == ["-m", "esptool"]
    words = ["--chip", "esp32s3", "--baud", "460800", "write-flash", "--help"]
    assert (
        interpreter_image.subprocess.run(
            [*interpreter_image.ESPTOOL, *words], capture_output=True, check=False
        ).returncode
        == 0
    )
