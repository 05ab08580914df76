"""The power fails in the n-th flash operation of an update, and of the starts that try it.

Then the board starts either the old app or the new one, as its attestation says, with its gate
shut. `--hypothesis-profile=long` cuts every operation, before it and in the middle of it;
otherwise a few.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest
from hypothesis import settings

from host_tools.attestation import ask
from host_tools.console.client import ConsoleClient
from host_tools.deadline import Deadline
from host_tools.flash import FlashError, build_image, flash_board
from host_tools.flash.flasher import check_app
from host_tools.flash.image import Image
from host_tools.flash.installer import ROOT_ORDER
from tests.host.flash.flashing import CONFIG, SECONDS, files_on, flash, starter
from tests.host.virtual_board_helpers import LoggedBoard, board_from

_POINTS = 20  # of CI
# An update begins with what is deleted, sent and renamed; then it is switched, and settles.
_LAST = 12
# Behind it the journal's housekeeping goes on, in its own time: these may not come to pass.
_LATE = 8


def newer(path: str, text: str) -> str:
    """Return a firmware of which every file differs, in the root and in the app."""
    return f"{text}\n_NEWER = 1\n" if path != "boot.py" else f"{text}\nnewer = 1\n"


@pytest.fixture(scope="module")
def old() -> Image:
    """What the board holds."""
    return build_image("VIRTUAL")


@pytest.fixture(scope="module")
def new() -> Image:
    """What it is to hold."""
    return build_image("VIRTUAL", newer)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The flash of a provisioned board with the old firmware."""
    folder = tmp_path_factory.mktemp("before")
    with LoggedBoard(folder / "board") as board:
        board.jumper(True)
        flash(board, folder / "keys", config=CONFIG, start=starter(board))
        return board.flash_image()


class WhilePowered(Deadline):
    """A deadline that is over as soon as the board's supply has failed."""

    def __init__(self, board: LoggedBoard, seconds: float = SECONDS) -> None:
        super().__init__(seconds)
        self._board = board

    @property
    def expired(self) -> bool:
        return super().expired or is_cut(self._board)

    @property
    def remaining(self) -> float:
        return 0.0 if self.expired else super().remaining

    def within(self, seconds: float) -> Deadline:
        return WhilePowered(self._board, min(seconds, self.remaining))


def is_cut(board: LoggedBoard) -> bool:
    """Say whether the supply failed."""
    return bool(board.log.of("POWER")) and board.log.of("POWER")[-1][1] == 0


def update(board: LoggedBoard) -> None:
    """Flash the new firmware and let it settle, or as much of that as the supply allows."""
    with contextlib.suppress(FlashError):
        flash_board(board.ports.console, sabotage=newer, deadline=WhilePowered(board))
        starter(board)()
        check_app(board.ports.console, WhilePowered(board))


def possible(old: Image, new: Image) -> list[dict[str, str]]:
    """Return what a board may attest: the root's files change one by one, the app all at once."""
    found = []
    for count in range(len(ROOT_ORDER) + 1):
        changed = {path: new.root[path] for path in ROOT_ORDER[:count]}
        found.append(Image("VIRTUAL", {**old.root, **changed}, old.app).digests)
    return [*found, new.digests]


def points(operations: int) -> list[tuple[int, bool]]:
    """Return (operation, in the middle of it) of each cut."""
    numbers = range(1, operations + 1)
    if settings.get_current_profile_name() == "long":
        return list(itertools.product(numbers, (False, True)))
    few = [*numbers[: -_LAST : max(1, operations // (_POINTS - _LAST))], *numbers[-_LAST:]]
    return [(number, index % 2 == 0) for index, number in enumerate(few)]


def test_a_cut_leaves_the_old_app_or_the_new_one_and_the_gate_shut(
    before: bytes, old: Image, new: Image, tmp_path: Path
) -> None:
    with board_from(before, tmp_path / "whole") as board:
        update(board)
        operations = board.flash_operations()
        assert files_on(board.flash_image()) == new.files
    started = []
    for number, during in points(operations):
        with board_from(before, tmp_path / f"{number}-{during}") as board:
            board.fault("flash-cut", {"at": number, "during": during})
            update(board)
            if not is_cut(board):
                assert number > operations - _LATE, f"there was no operation {number}"
                board.power(False)
            board.jumper(False)
            board.power(True)
            check_any(board)
            with ConsoleClient(board.ports.console) as console:
                attestation = ask(console)
            fits = [attestation.is_of(firmware) for firmware in possible(old, new)]
            assert any(fits), f"cut at {number}: what runs is neither the old app nor the new one"
            assert not any(level for _t_us, level in board.log.of("GATE"))
            started.append(fits[-1])
    # The cuts were spread over the whole of it.
    assert started[0] is False
    assert started[-1] is True


def check_any(board: LoggedBoard) -> None:
    """Wait until a detector answers, whichever."""
    with ConsoleClient(board.ports.console) as console:
        deadline = Deadline(SECONDS)
        while True:
            with contextlib.suppress(TimeoutError):
                if console.command("status", deadline.within(0.25)).values["state"] == "IDLE":
                    console.catch_up(deadline)
                    return
            deadline.check("no detector answers")


def test_after_any_cut_the_next_run_goes_on(before: bytes, new: Image, tmp_path: Path) -> None:
    for number in (1, 9, 20, 40):
        with board_from(before, tmp_path / str(number)) as board:
            board.fault("flash-cut", {"at": number, "during": True})
            update(board)
            assert is_cut(board)
            board.power(True)
            flash(board, None, sabotage=newer)
            assert files_on(board.flash_image()) == new.files
