"""Boards to be flashed: blank ones and provisioned ones, each with its own chip and keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.virtual_board.client import VirtualBoard
from tests.host.flash.flashing import CONFIG, flash
from tests.host.virtual_board_helpers import board_from


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualBoard]:
    """A board with blank flash and its jumper in."""
    with VirtualBoard(tmp_path / "board") as board:
        board.jumper(True)
        yield board


@pytest.fixture(scope="module")
def flashed_image(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """The flash of a provisioned board, and the folder of its keys."""
    folder = tmp_path_factory.mktemp("flashed")
    with VirtualBoard(folder / "board") as board:
        board.jumper(True)
        flash(board, folder / "keys", config=CONFIG)
        return board.flash_image(), folder / "keys"


@pytest.fixture
def provisioned(tmp_path: Path, flashed_image: tuple[bytes, Path]) -> Iterator[VirtualBoard]:
    """A provisioned board, its jumper in, in the service program."""
    with board_from(flashed_image[0], tmp_path / "board") as board:
        yield board


@pytest.fixture
def keys(tmp_path: Path, flashed_image: tuple[bytes, Path]) -> Path:
    """A copy of the provisioned board's keys."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for path in flashed_image[1].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder
