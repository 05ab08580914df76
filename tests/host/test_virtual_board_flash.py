"""The board's flash as the processor meets it: faults, cuts, costs, and reading as memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.virtual_board.wire import wire
from tests.host.virtual_board_helpers import LoggedBoard, let_go, run


@pytest.fixture
def board(tmp_path: Path) -> Iterator[LoggedBoard]:
    with LoggedBoard(tmp_path / "state") as board:
        yield board


FLASH = "import rp2\nf = rp2.Flash()\n"


def test_flash_outlives_the_board(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path) as board:
        run(board, "with open('/kept', 'w') as f: f.write('yes')")
    with LoggedBoard(tmp_path) as board:
        assert run(board, "print(open('/kept').read())") == "yes"


def test_the_processor_reads_at_once_what_the_board_has_programmed_and_erased(
    board: LoggedBoard,
) -> None:
    """Read as memory, and asked of the board: the same, around and in the middle of a change."""
    code = FLASH + (
        "def looks():\n"
        "    for at in (0, 4090, 4096, 4100):\n"
        "        mine, theirs = bytearray(12), bytearray(12)\n"
        "        f.readblocks(299, mine, at)\n"
        f"        rp2.exchange({wire.OP_FLASH_READ}, 0, 299 * 4096 + at, 12, None, theirs)\n"
        "        print(mine == theirs, sum(mine), end=' ')\n"
        "f.writeblocks(300, b'\\x05' * 256, 0)\nlooks()\nf.ioctl(6, 300)\nlooks()\n"
    )
    assert run(board, code) == (
        f"True {12 * 255} True {6 * 255 + 6 * 5} True {12 * 5} True {12 * 5} "
        f"True {12 * 255} True {12 * 255} True {12 * 255} True {12 * 255}"
    )


def test_nothing_is_read_beyond_the_flash(board: LoggedBoard) -> None:
    assert run(board, FLASH + "print(f.readblocks(352, bytearray(4)))") == "-22"


def test_a_failing_block_answers_eio_and_the_others_work(board: LoggedBoard) -> None:
    board.fault("flash-fails", {"first": 300, "count": 1})
    code = "print(f.ioctl(6, 300), f.writeblocks(300, bytes(256), 0), f.ioctl(6, 301))"
    assert run(board, FLASH + code) == "-5 -5 0"


def test_the_power_goes_at_the_nth_flash_operation(board: LoggedBoard) -> None:
    run(board, FLASH + "f.writeblocks(300, bytes(4096))")
    board.fault("flash-cut", 2)
    let_go(board, FLASH + "f.writeblocks(300, b'\\x55' * 4096)")
    board.log.wait("POWER", 0)
    assert board.flash_image()[300 * 4096 : 301 * 4096] == b"\xff" * 4096


def test_the_power_can_go_in_the_middle_of_an_operation(board: LoggedBoard) -> None:
    run(board, FLASH + "f.writeblocks(300, bytes(4096))")
    board.fault("flash-cut", {"at": 1, "during": True})
    let_go(board, FLASH + "f.ioctl(6, 300)")
    board.log.wait("POWER", 0)
    assert board.flash_image()[300 * 4096 : 301 * 4096] == b"\xff" * 2048 + bytes(2048)


def test_an_erase_takes_45_ms_with_a_pico_s_costs(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path, flash_costs="pico") as board:
        code = "import time\nt = time.ticks_us()\nf.ioctl(6, 300)\n"
        took_us = int(run(board, FLASH + code + "print(time.ticks_diff(time.ticks_us(), t))"))
    assert 45_000 <= took_us < 60_000
