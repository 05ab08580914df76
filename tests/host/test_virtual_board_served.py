"""A virtual board over TCP: ports, flash, pictures and spares of a process that is elsewhere."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.deadline import Deadline
from host_tools.virtual_board.client import VirtualBoardError
from host_tools.virtual_board.flash import FLASH_BYTES
from host_tools.virtual_board.pictures import IMAGES
from host_tools.virtual_board.poller import Poller
from host_tools.virtual_board.remote import RemoteBoard, split
from host_tools.virtual_board.serve import Server
from host_tools.virtual_board.tcp_port import TcpPort

_HOST = "127.0.0.1"
_BLANK = b"\xff" * FLASH_BYTES


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(_HOST, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.close()
    thread.join()


def board_of(server: Server, folder: Path, **options: Any) -> RemoteBoard:
    options = {"is_main": True, **options}
    return RemoteBoard(f"{_HOST}:{server.ports['control']}", folder, **options)


def ask(server: Server, line: bytes) -> dict[str, Any]:
    """Say something on the control port and return the answer."""
    with socket.create_connection((_HOST, server.ports["control"])) as connection:
        connection.sendall(line)
        return dict(json.loads(connection.makefile("rb").readline()))


def test_the_main_board_has_the_ports_that_were_known_before(
    server: Server, tmp_path: Path
) -> None:
    with board_of(server, tmp_path) as board, board_of(server, tmp_path, is_main=False) as spare:
        for name in ("console", "hub", "uplink"):
            url = f"socket://{_HOST}:{server.ports[name]}"
            assert getattr(board.ports, name) == url
            assert getattr(spare.ports, name) != url


def test_a_request_right_behind_the_opening_is_the_boards(server: Server) -> None:
    opening = {"is_main": True, "flash": None, "pictures": None}
    both = json.dumps({"open": opening}) + '\n{"id": 1, "do": "signals"}\n'
    with socket.create_connection((_HOST, server.ports["control"])) as connection:
        connection.sendall(both.encode())
        for line in connection.makefile("rb"):
            answer = json.loads(line)
            if "id" in answer:
                break
        assert answer["ok"] is True


def test_a_port_is_shared_and_knows_who_is_there() -> None:
    with socket.create_server((_HOST, 0)) as listener:
        port = TcpPort(os.dup(listener.fileno()))
        poller = Poller()
        events: list[None] = []
        port.watch(poller, lambda: events.append(None))
        assert port.write(b"nobody hears") == 12
        first, second = (socket.create_connection(listener.getsockname()) for _ in range(2))
        Deadline(5).wait_for(lambda: poller.wait(0) or len(port._users) == 2, "they did not come")
        assert port.write(b"both hear") == 9
        assert [user.recv(100) for user in (first, second)] == [b"both hear"] * 2
        second.sendall(b"from the second")
        Deadline(5).wait_for(lambda: poller.wait(0) or events, "nothing came")
        assert port.read(100) == b"from the second"
        for user in (first, second):
            assert port.connected
            user.close()
        Deadline(5).wait_for(lambda: port.read(100) or not port.connected, "they stay")
        port.close()
        poller.close()


def test_lines_and_events_cross_the_network(server: Server, tmp_path: Path) -> None:
    events: list[tuple[int, str, int]] = []
    with board_of(server, tmp_path, on_event=lambda *event: events.append(event)) as board:
        t_us = board.line("TRIP_PANIC", 1)
        assert board.levels()["TRIP_PANIC"] == 1
        assert (t_us, "TRIP_PANIC", 1) in events


def test_the_console_is_heard_again_after_it_was_closed(server: Server, tmp_path: Path) -> None:
    with board_of(server, tmp_path):
        for _ in range(2):
            with socket.create_connection((_HOST, server.ports["console"])) as console:
                console.settimeout(10)
                console.sendall(b"\r\n")
                said = b""
                while b">>>" not in said:
                    said += console.recv(100)


def test_flash_is_sent_there_and_fetched_back(server: Server, tmp_path: Path) -> None:
    flash = b"\x00" * 4096 + _BLANK[4096:]
    with board_of(server, tmp_path, flash=flash, powered=False) as board:
        assert board.flash_image() == flash
    with board_of(server, tmp_path) as board:  # nothing is left of the one before
        assert board.flash_image() == _BLANK
    assert not list(tmp_path.iterdir())


def test_pictures_are_sent_to_the_camera(server: Server, tmp_path: Path) -> None:
    with board_of(server, tmp_path, images=IMAGES, powered=False) as board:
        board.camera(images=IMAGES)
        with pytest.raises(VirtualBoardError, match="There is no"):
            board.camera(images=tmp_path)


def test_a_board_ends_with_its_connection(server: Server, tmp_path: Path) -> None:
    board = board_of(server, tmp_path).start()
    pid = board.pid
    board.close()
    Deadline(5).wait_for(lambda: not Path(f"/proc/{pid}/stat").exists() or _is_over(pid), "")


def _is_over(pid: int) -> bool:
    """Say whether a process has ended; its parent may not have asked for its status yet."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_board_that_somebody_uses_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.virtual_board.serve._END_S", 0.1)
    with board_of(server, tmp_path), pytest.raises(VirtualBoardError, match="board is in use"):
        board_of(server, tmp_path).start()


def test_a_served_board_that_dies_is_lost(server: Server, tmp_path: Path) -> None:
    lost = threading.Event()
    with board_of(server, tmp_path, on_lost=lambda _why: lost.set()) as board:
        server.close()
        Deadline(10).wait_event(lost, "nobody noticed")
        with pytest.raises(VirtualBoardError, match="the board is gone"):
            board.levels()


@pytest.mark.parametrize(
    "line", [b"\n", b"[]\n", b"{}\n", b'{"pid": 1}\n', b'{"open": {}}\n', b'{"open": 7}\n']
)
def test_nonsense_is_refused_and_the_next_one_served(
    line: bytes, server: Server, tmp_path: Path
) -> None:
    assert "refused" in ask(server, line)
    with board_of(server, tmp_path, powered=False) as board:
        assert board.levels()["POWER"] == 0


def test_where_nobody_serves_it_says_what_does(tmp_path: Path) -> None:
    with pytest.raises(VirtualBoardError, match="`sluss sim --serve` does"):
        RemoteBoard(f"{_HOST}:1", tmp_path, is_main=True).start()


@pytest.mark.parametrize("address", ["", "lab", "lab:", "lab:x", "http://lab:1"])
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(VirtualBoardError, match="is no HOST:PORT"):
        split(address)
    assert split("socket://[::1]:7") == ("::1", 7)
