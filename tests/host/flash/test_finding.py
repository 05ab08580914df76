"""Which board is meant: by USB ids, by what its interpreter says, and what to type otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from host_tools import cli
from host_tools.boards import board_names, load_board
from host_tools.flash import WrongBoardError, finding, flash_board
from host_tools.flash.errors import NoBoardError, WhichBoardError
from host_tools.flash.finding import boards_of, find_ports, volumes
from host_tools.flash.flasher import which_board
from host_tools.virtual_board.client import VirtualBoard

Ports = Callable[..., None]


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    """Set the serial ports of this machine: (name, "vid:pid") each."""

    def plugged(*found: tuple[str, str]) -> None:
        listed = []
        for name, key in found:
            vid, _, pid = key.partition(":")
            numbers = {"vid": int(vid, 16), "pid": int(pid, 16)} if key else {}
            listed.append(
                SimpleNamespace(
                    device=name, serial_number="E661", **{"vid": None, "pid": None, **numbers}
                )
            )
        monkeypatch.setattr(finding.list_ports, "comports", lambda: listed)

    plugged()
    return plugged


def flat(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def test_the_only_board_is_found_among_other_ports(ports: Ports) -> None:
    ports(("/dev/ttyS0", ""), ("/dev/ttyUSB0", "10c4:ea60"), ("/dev/ttyACM0", "2e8a:0005"))
    assert find_ports(boards_of(None), every=False) == ["/dev/ttyACM0"]


def test_several_boards_are_listed_with_what_to_type(ports: Ports) -> None:
    ports(("/dev/ttyACM1", "303a:4001"), ("/dev/ttyACM0", "2e8a:0005"))
    with pytest.raises(WhichBoardError) as caught:
        find_ports(boards_of(None), every=False)
    lines = str(caught.value).splitlines()
    assert "sluss flash --all" in lines[0]
    assert lines[1].startswith("  sluss flash --port /dev/ttyACM0    # Raspberry Pi Pico")
    assert "E661" in lines[1]
    assert lines[2].startswith("  sluss flash --port /dev/ttyACM1    # ESP32-S3")
    assert find_ports(boards_of("RPI_PICO"), every=False) == ["/dev/ttyACM0"]
    assert find_ports(boards_of(None), every=True) == ["/dev/ttyACM0", "/dev/ttyACM1"]


def test_no_board_says_what_a_newcomer_can_do(ports: Ports) -> None:
    ports(("/dev/ttyS0", ""))
    with pytest.raises(NoBoardError, match=r"BOOTSEL.*Serial ports here: /dev/ttyS0\.$"):
        find_ports(boards_of(None), every=False)


def test_a_board_that_waits_for_its_image_is_told_from_none(ports: Ports) -> None:
    ports(("/dev/ttyACM0", "303a:1001"))
    with pytest.raises(NoBoardError, match=r"firmware\.bin from https.* --image FILE"):
        find_ports(boards_of(None), every=False)


def test_a_boot_volume_is_told_from_none(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted(tmp_path, monkeypatch, [tmp_path / "RPI-RP2"])
    with pytest.raises(NoBoardError, match=r"RPI-RP2 is a Raspberry Pi Pico .*RPI_PICO-.*uf2"):
        find_ports(boards_of(None), every=False)


def mounted(folder: Path, monkeypatch: pytest.MonkeyPatch, places: Iterable[Path]) -> None:
    """Make volumes, and a list of them as Linux has it."""
    lines = ["sysfs /sys sysfs rw 0 0", "short"]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        lines.append(f"/dev/sdz1 {str(place).replace(' ', chr(92) + '040')} vfat rw 0 0")
    (folder / "mounts").write_text("\n".join(lines))
    monkeypatch.setattr(finding, "_MOUNTS", folder / "mounts")
    monkeypatch.setattr(finding.sys, "platform", "linux")


def test_volumes_are_found_by_their_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [tmp_path / "a b" / "RPI-RP2", tmp_path / "RPI-RP2", tmp_path / "RP2350"]
    mounted(tmp_path, monkeypatch, places)
    assert volumes("RPI-RP2") == places[:2]
    places[1].rmdir()
    assert volumes("RPI-RP2") == places[:1]
    assert volumes("") == []


def test_the_command_fails_in_words(ports: Ports) -> None:
    result = CliRunner().invoke(cli.build(), ["flash"])
    assert result.exit_code == 1
    assert "sluss flash: No board was found." in flat(result.stderr)


def test_an_unknown_board_is_named_with_those_that_there_are() -> None:
    result = CliRunner().invoke(cli.build(), ["flash", "--board", "NOWHERE"])
    assert result.exit_code == 1
    assert f"There is no board NOWHERE. Known: {', '.join(board_names())}." in flat(result.stderr)


# --- what the interpreter says ----------------------------------------------------------------


@pytest.mark.parametrize("name", board_names())
def test_a_board_is_told_by_its_interpreter(name: str) -> None:
    assert which_board(None, load_board(name).build, "COM1") == name
    assert which_board(name, load_board(name).build, "COM1") == name


def test_a_wrong_board_is_named_and_what_it_is() -> None:
    with pytest.raises(WrongBoardError, match=r"COM1 is no RPI_PICO.*say --board RPI_PICO2"):
        which_board("RPI_PICO", "RPI_PICO2", "COM1")


def test_an_unknown_interpreter_is_named() -> None:
    with pytest.raises(WrongBoardError, match=r"built for TEENSY.*Known are those for .*RPI_PICO"):
        which_board(None, "TEENSY", "COM1")


def test_a_wrong_board_is_left_as_it_was(provisioned: VirtualBoard, tmp_path: Path) -> None:
    operations = provisioned.flash_operations()
    with pytest.raises(WrongBoardError, match="is no RPI_PICO"):
        flash_board(provisioned.ports.console, board="RPI_PICO", keys_dir=tmp_path / "keys")
    assert provisioned.flash_operations() == operations
