"""The ROM's exchange with the board process, against a stand-in that interrupts at its worst."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.deadline import Deadline
from host_tools.interpreter import micropython_path
from host_tools.virtual_board import rom_image
from host_tools.virtual_board.rom_image import IMAGE, START, rom_folder
from host_tools.virtual_board.wire import wire

_REQUEST = struct.Struct(wire.REQUEST_FORMAT)
_ANSWER = struct.Struct(wire.ANSWER_FORMAT)
_ROUNDS = 3000

# Counts up in requests; each answer must be the one to that very request.
_ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import board_link
board_link.connect(sys.argv[2])
out = bytearray(700)
into = bytearray(900)
n = hits = 0
while n < %d:
    try:
        while n < %d:
            n += 1
            if board_link.exchange(12, n & 255, n, 900, out, into) != n:
                raise ValueError(n)
            if into[0] != n & 255 or into[899] != n & 255:
                raise ValueError(n)
    except KeyboardInterrupt:
        hits += 1
print("done", n, hits)
"""


class StandIn:
    """A board process that knows one request: it answers with the number in it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "s"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.path))
        self.listener.listen(1)
        self.listener.settimeout(10)

    def start(self, code: str, rom: Path) -> subprocess.Popen[bytes]:
        """Start an interpreter with the code and take its connection."""
        process = subprocess.Popen(
            [micropython_path(), "-c", code, str(rom), str(self.path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.link, _address = self.listener.accept()
        self.link.settimeout(10)
        return process

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes, fewer at the end."""
        data = b""
        while len(data) < count:
            piece = self.link.recv(count - len(data))
            if not piece:
                break
            data += piece
        return data

    def close(self) -> None:
        """Close both sockets."""
        self.listener.close()
        self.link.close()


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    board = StandIn(tmp_path)
    yield board
    board.close()


@pytest.fixture(scope="module")
def rom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rom_folder(tmp_path_factory.mktemp("rom"))


def test_an_interrupt_at_any_moment_leaves_the_exchange_in_step(
    stand_in: StandIn, rom: Path
) -> None:
    process = stand_in.start(_ASK % (_ROUNDS, _ROUNDS), rom)
    chance = random.Random(1)
    interrupts = 0
    while head := stand_in.take(_REQUEST.size):
        op, a, length, number, count = _REQUEST.unpack(head)
        assert (op, length, count, a) == (12, 700, 900, number & 255)
        # One interrupt a request: between its parts, before, within or after the answer.
        moment = chance.randrange(6)
        interrupts += moment < 4
        _interrupt(process, moment == 0)
        assert len(stand_in.take(length)) == length
        _interrupt(process, moment == 1)
        stand_in.link.sendall(_ANSWER.pack(number, count))
        _interrupt(process, moment == 2)
        stand_in.link.sendall(bytes((number & 255,)) * count)
        _interrupt(process, moment == 3 and number < _ROUNDS)
    stdout, stderr = process.communicate(timeout=10)
    assert stderr == b""
    word, asked, hits = stdout.split()
    assert (word, int(asked)) == (b"done", _ROUNDS)
    assert 0.9 * interrupts < int(hits) <= interrupts


def test_something_that_is_no_buffer_is_refused_before_the_request(
    stand_in: StandIn, rom: Path
) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import board_link
board_link.connect(sys.argv[2])
try:
    board_link.exchange(1, 0, 0, 0, [1, 2], None)
except TypeError:
    print("refused", board_link.call(2, 0, 0, 0))
"""
    process = stand_in.start(code, rom)
    assert _REQUEST.unpack(stand_in.take(_REQUEST.size))[0] == 2
    stand_in.link.sendall(_ANSWER.pack(7, 0))
    assert process.communicate(timeout=10)[0].split() == [b"refused", b"7"]


def test_an_exchange_allocates_nothing(stand_in: StandIn, rom: Path) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import board_link, micropython
board_link.connect(sys.argv[2])
out = bytearray(4)
into = bytearray(4)
micropython.heap_lock()
board_link.exchange(1, 0, 0, 0, out, into)
board_link.call(1, 0, 0, 0)
micropython.heap_unlock()
print("done")
"""
    process = stand_in.start(code, rom)
    stand_in.take(_REQUEST.size + 4)
    stand_in.link.sendall(_ANSWER.pack(4, 4) + bytes(4))
    stand_in.take(_REQUEST.size)
    stand_in.link.sendall(_ANSWER.pack(0, 0))
    assert process.communicate(timeout=10)[0] == b"done\n"


def test_the_interpreter_ends_with_the_board_process(stand_in: StandIn, rom: Path) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import board_link
board_link.connect(sys.argv[2])
try:
    board_link.call(1, 0, 0, 0)
except BaseException:
    pass
print("went on")
"""
    process = stand_in.start(code, rom)
    stand_in.take(_REQUEST.size)
    stand_in.close()
    assert process.communicate(timeout=10)[0] == b""
    assert process.returncode == 0


def test_the_image_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rom_folder(tmp_path)
    monkeypatch.setattr(rom_image, "_compile", None)  # not to be called again
    assert rom_folder(tmp_path) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name]


def test_without_an_image_the_loose_modules_do(stand_in: StandIn, rom: Path) -> None:
    (rom / IMAGE).rename(rom / "aside")
    try:
        process = subprocess.Popen(
            [micropython_path(), str(rom / START)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SLUSS_BOARD_SOCKET": str(stand_in.path)},
        )
        stand_in.link, _address = stand_in.listener.accept()
        Deadline(10).wait_readable(stand_in.link, "a request")
        assert _REQUEST.unpack(stand_in.take(_REQUEST.size))[0] == wire.OP_PIO_THERE
        process.kill()
        process.communicate()
    finally:
        (rom / "aside").rename(rom / IMAGE)


def _interrupt(process: subprocess.Popen[bytes], now: bool) -> None:
    if now:
        process.send_signal(signal.SIGINT)
