"""Noise into all three ports of a virtual board at the lines' pace: `... noise_board SECONDS`.

What tests/unit/test_noise.py does in memory, on the real interpreter behind real ports.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import sys
import tempfile
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fuzz_frames import packed
from fuzz_input import check

from detector import frames
from host_tools.client import ConsoleClient, HubClient
from host_tools.deadline import Deadline
from host_tools.flash import flash_board
from host_tools.links.refused import CommandRefused
from host_tools.virtual_board.client import VirtualBoard

_PIECE_BYTES = 64
_PATIENCE_S = 20.0
_CONFIG = {"exit_delay_ms": 0, "burst_panic": 1, "camera_settle_ms": 20, "watchdog_ms": 8000}
# A block or two of the allocator: numbers that grow by a digit.
SLACK_BYTES = 96
_LOOKS = 8


@dataclass(frozen=True)
class Noise:
    """How much of it there was, and what came of it."""

    hub_bytes: int
    uplink_bytes: int
    console_bytes: int
    heap_bytes: int  # more than before


def pour(seconds: float) -> Noise:
    """Flash a board, pour noise into it for a while, shut and in an alarm; check what comes of it.

    Raises AssertionError.
    """
    with tempfile.TemporaryDirectory(prefix="sluss-noise-") as name:
        folder = Path(name)
        with VirtualBoard(folder / "state", powered=False) as board:
            customer = _flashed(board, folder / "keys")
            _obeys(board, customer)
            before = _heap(board)
            console_bytes = _noise(board, seconds)
            counts = board.counters()
            check(counts["uplink"]["written"] == 0, "bytes were written to the shut uplink")
            check(counts["uplink"]["received"] == 0, "the shut uplink let something in")
            check(board.levels()["GATE"] == 0, "the gate is open")
            _obeys(board, customer)
            board.pulse("TRIP_PANIC")
            _wait_gate(board, 1)
            console_bytes += _noise(board, seconds / 4)
            _obeys(board, customer)
            counts = board.counters()
            return Noise(
                counts["hub"]["received"],
                counts["uplink"]["received"],
                console_bytes,
                _heap(board) - before,
            )


def _flashed(board: VirtualBoard, keys_dir: Path) -> Path:
    """Return the customer's key file of a board that has the firmware and runs it."""
    board.jumper(True)
    board.power(True)
    result = flash_board(
        board.ports.console, keys_dir=keys_dir, config=_CONFIG, start=lambda: _start(board)
    )
    check(result.keys is not None, "the board has no keys")
    return result.keys.customer


def _start(board: VirtualBoard) -> None:
    board.jumper(False)
    board.power_cycle()


def _obeys(board: VirtualBoard, customer: Path) -> None:
    """Check that it obeys the hub, a disarm where the gate is open, and is shut and well then."""
    deadline = Deadline(_PATIENCE_S)
    with HubClient(board.ports.hub, customer) as hub:
        hub.connect(deadline)
        hub.command("status", deadline=deadline)
        if board.levels()["GATE"]:
            hub.command("disarm", deadline=deadline)
        status = hub.command("status", deadline=deadline)
    check(status["state"] == "IDLE", f"it is in {status['state']}")
    check(status["faults"] == [], f"it has faults: {status['faults']}")
    check(board.levels()["GATE"] == 0, "the gate is open")


def _wait_gate(board: VirtualBoard, level: int) -> None:
    Deadline(_PATIENCE_S).wait_for(lambda: board.levels()["GATE"] == level, f"GATE = {level}")


def _heap(board: VirtualBoard) -> int:
    """Return the bytes in use, the least of some looks."""
    with ConsoleClient(board.ports.console) as console:
        deadline = Deadline(_PATIENCE_S)
        return min(
            deadline.wait_for(lambda: _heap_told(console), "the console says no heap")
            for _ in range(_LOOKS)
        )


def _heap_told(console: ConsoleClient) -> int:
    """Return what the console says now; 0 where it still answers the noise."""
    with contextlib.suppress(CommandRefused):
        return int(console.command("status").values.get("heap", 0))
    return 0


@contextmanager
def _port(path: str) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(handle)
        yield handle
    finally:
        os.close(handle)


def _noise(board: VirtualBoard, seconds: float) -> int:
    """Write to all ports what they take; return the bytes that the console took."""
    taken = [0, 0, 0]
    ports = board.ports

    def write(place: int, path: str) -> None:
        deadline = Deadline(seconds)
        number = 0
        with _port(path) as handle:
            while not deadline.expired:
                number += 1
                piece = _piece(place, number)
                _readable, writable, _ = select.select([], [handle], [], deadline.remaining)
                if writable:
                    taken[place] += os.write(handle, piece)
                _drain(handle)

    threads = [
        threading.Thread(target=write, args=(place, path))
        for place, path in enumerate((ports.hub, ports.uplink, ports.console))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken[2]


def _drain(handle: int) -> None:
    while select.select([handle], [], [], 0)[0]:
        if not os.read(handle, 4096):
            return


def _piece(place: int, number: int) -> bytes:
    random = hashlib.sha512(f"{place} {number}".encode()).digest()
    kind = random[0] % 8
    if kind == 0:
        return frames.SYNC * 32
    if kind == 1:
        return packed(frames.MSG, 0, random[1], 0, 40, random[:40])
    if kind == 2:
        return packed(frames.MSG, 0, random[1], 0, 500, random)[:_PIECE_BYTES]
    if kind == 3:
        return (b"status\n", b"journal\n", b"repl\n", b"attest 00\n", b"\x03\x04\x01")[
            random[1] % 5
        ]
    return random


if __name__ == "__main__":
    _noise_made = pour(float(sys.argv[1]))
    print(_noise_made)
    sys.exit(1 if _noise_made.heap_bytes > SLACK_BYTES else 0)
