"""A virtual detector in the jig: the jig's own script, on a second virtual board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.deadline import Deadline
from host_tools.jig.client import JigClient
from host_tools.jig.installer import install
from tests.host.virtual_board_helpers import EventLog, LoggedBoard

_INSTALL_S = 30


@pytest.fixture(scope="session")
def jig_flash(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The flash of a jig with its script."""
    folder = tmp_path_factory.mktemp("installed")
    with LoggedBoard(folder / "detector", jig=folder / "jig") as board:
        install(board.jig_port, Deadline(_INSTALL_S))
    return (folder / "jig" / "flash.bin").read_bytes()


@pytest.fixture
def board(tmp_path: Path, jig_flash: bytes) -> Iterator[LoggedBoard]:
    """A blank detector, without power until its jig, which runs, gives it some."""
    (tmp_path / "jig").mkdir()
    (tmp_path / "jig" / "flash.bin").write_bytes(jig_flash)
    with LoggedBoard(tmp_path / "detector", jig=tmp_path / "jig") as board:
        yield board


class Listener:
    """What a jig's client hears."""

    def __init__(self) -> None:
        self.log = EventLog()
        self.lost: list[str] = []


@pytest.fixture
def heard() -> Listener:
    """What the client hears."""
    return Listener()


@pytest.fixture
def jig(board: LoggedBoard, heard: Listener) -> Iterator[JigClient]:
    """The client of the board's jig, watching."""
    client = JigClient(board.jig_port, heard.log, heard.lost.append)
    client.start(Deadline(10))
    yield client
    client.close()
