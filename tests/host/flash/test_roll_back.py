"""A new app that does not settle is left for the one before, by the board itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector import codes
from host_tools.attestation import ask
from host_tools.console.client import ConsoleClient
from host_tools.deadline import Deadline
from host_tools.flash import BoardFullError, RolledBackError, build_image
from host_tools.flash.flasher import check_app
from host_tools.journal import records
from host_tools.virtual_board.client import VirtualBoard
from tests.host.flash.flashing import SECONDS, files_on, flash, on_board, raw_files, starter
from tests.host.virtual_board_helpers import LoggedBoard, board_from

_SPOIL = "with open('/{}.app', 'r+b') as file:\n    file.seek(999)\n    file.write(b'spoilt')\n"
_RESETS = 3


@pytest.fixture
def logged(tmp_path: Path, flashed_image: tuple[bytes, Path]) -> Iterator[LoggedBoard]:
    """A provisioned board with its jumper in, and its log."""
    with board_from(flashed_image[0], tmp_path / "logged") as board:
        yield board


def crash(path: str, text: str) -> str:
    """An app that cannot be imported."""
    return text + "\nraise ValueError('broken on purpose')\n" if path.endswith("app.py") else text


def late_crash(path: str, text: str) -> str:
    """An app that fails when it has run for a moment."""
    if path != "detector/trial.py":
        return text
    return text.replace("        controller = self._controller\n", "        1 // 0\n", 1)


def hang(path: str, text: str) -> str:
    """An app that hangs before it has a watchdog of its own; the loader's is quick here."""
    if path == "loader.py":
        return text.replace("_WATCHDOG_MS = 8000", "_WATCHDOG_MS = 300")
    return text + "\nwhile True:\n    pass\n" if path == "detector/states.py" else text


def unfit(path: str, text: str) -> str:
    """An app whose self-test finds a fault where there is none."""
    if path != "detector/selftest.py":
        return text
    return text.replace("    faults = 0\n", "    faults = codes.FAULT_GATE_SENSE\n")


def newer(path: str, text: str) -> str:
    """Another app, with nothing wrong."""
    return f"{text}\n_NEWER = 1\n" if path == "detector/gate.py" else text


def console_says(board: VirtualBoard, line: str) -> dict[str, str]:
    """Ask the detector on its console."""
    with ConsoleClient(board.ports.console) as console:
        return console.command(line, Deadline(SECONDS)).values


def await_state(board: VirtualBoard, state: str) -> None:
    """Wait until the board has written so of its slots."""
    Deadline(SECONDS).wait_for(
        lambda: raw_files(board.flash_image()).get("slots") == state.encode(), state
    )


@pytest.mark.parametrize("broken", [crash, late_crash, hang, unfit])
def test_an_app_that_does_not_settle_in_three_starts_is_rolled_back(
    broken: object, logged: LoggedBoard, keys: Path
) -> None:
    old = build_image("VIRTUAL")
    with pytest.raises(RolledBackError, match="did not pass its self-test in three starts"):
        flash(logged, keys, sabotage=broken, start=starter(logged))
    status = console_says(logged, "status")
    assert (status["slot"], status["trial"], status["faults"]) == ("a", "no", "-")
    assert console_says(logged, "version")["rolled-back"] == "yes"
    await_state(logged, "1 a - 0 b\n")
    with ConsoleClient(logged.ports.console) as console:
        digests = {**old.digests, **_root_of(broken)}
        assert ask(console).is_of(digests)
        notes = console.command("journal", Deadline(SECONDS)).notes
    told = [records.parse(bytes.fromhex(note)) for note in notes]
    assert [(one.a, one.b) for one in told if one.kind == codes.JR_APP] == [(0, 1)]
    assert not any(level for _t_us, level in logged.log.of("GATE"))
    flash_again_says_nothing_of_it(logged, keys)


def _root_of(broken: object) -> dict[str, str]:
    image = build_image("VIRTUAL", broken)  # type: ignore[arg-type]
    return {path: image.digests[path] for path in image.root}


def flash_again_says_nothing_of_it(board: VirtualBoard, keys: Path) -> None:
    """A roll-back is history as soon as somebody flashes."""
    board.jumper(True)
    board.reset()
    assert flash(board, keys, start=starter(board)).installed.slot == "a"
    assert console_says(board, "version")["rolled-back"] == "no"


def test_a_new_app_settles_and_says_so_in_the_journal(
    provisioned: VirtualBoard, keys: Path
) -> None:
    result = flash(provisioned, keys, sabotage=newer, start=starter(provisioned))
    assert (result.installed.slot, result.installed.is_trial) == ("b", True)
    assert result.installed.sent == ("detector/gate.mpy",)
    assert len(result.installed.copied) == len(build_image("VIRTUAL").app) - 1
    assert console_says(provisioned, "version")["slot"] == "b"
    assert raw_files(provisioned.flash_image())["slots"] == b"1 b - 0 -\n"
    with ConsoleClient(provisioned.ports.console) as console:
        notes = console.command("journal", Deadline(SECONDS)).notes
    told = [records.parse(bytes.fromhex(note)) for note in notes]
    assert [(one.a, one.b) for one in told if one.kind == codes.JR_APP] == [(1, 0)]


def test_the_app_before_is_switched_back_to_without_a_byte_sent(
    provisioned: VirtualBoard, keys: Path
) -> None:
    flash(provisioned, keys, sabotage=newer, start=starter(provisioned))
    provisioned.jumper(True)
    provisioned.reset()
    result = flash(provisioned, keys, start=starter(provisioned))
    assert (result.installed.slot, result.installed.sent, result.installed.copied) == ("a", (), ())


def test_a_candidate_that_never_started_is_replaced_or_given_up(
    provisioned: VirtualBoard, keys: Path
) -> None:
    flash(provisioned, keys, sabotage=newer)
    assert raw_files(provisioned.flash_image())["slots"] == b"1 a b 0 -\n"
    flash(provisioned, keys, sabotage=late_crash)
    assert files_on(provisioned.flash_image()) == build_image("VIRTUAL", late_crash).files
    flash(provisioned, keys)
    assert raw_files(provisioned.flash_image())["slots"] == b"1 a - 0 -\n"


def test_a_damaged_app_is_left_for_the_other_one(logged: LoggedBoard, keys: Path) -> None:
    flash(logged, keys, sabotage=newer, start=starter(logged))
    logged.jumper(True)
    logged.reset()
    on_board(logged, _SPOIL.format("b"))
    starter(logged)()
    with pytest.raises(RolledBackError, match="slot a"):
        check_app(logged.ports.console, Deadline(SECONDS))


def test_a_board_unprovisioned_settles_a_sound_app(board: VirtualBoard) -> None:
    flash(board, None)
    flash(board, None, sabotage=newer)
    starter(board)()
    await_state(board, "1 b - 0 -\n")


# --- nothing is left --------------------------------------------------------------------------


def _apps(board: VirtualBoard) -> None:
    on_board(board, _SPOIL.format("a"))


def _loader(board: VirtualBoard) -> None:
    on_board(board, "with open('/loader.mpy', 'wb') as file: file.write(b'no module')\n")


def _main(board: VirtualBoard) -> None:
    on_board(board, "import os\nos.remove('/slot.mpy')\n")


@pytest.mark.parametrize("spoil", [_apps, _loader, _main])
def test_a_board_with_nothing_to_start_is_shut_gives_no_prompt_and_can_be_repaired(
    spoil: object, logged: LoggedBoard, keys: Path
) -> None:
    spoil(logged)  # type: ignore[operator]
    logged.jumper(False)
    logged.reset()
    said = _resets_and_says(logged)
    assert b">>>" not in said
    assert not any(level for _t_us, level in logged.log.of("GATE"))
    logged.jumper(True)
    logged.reset()
    result = flash(logged, keys, start=starter(logged))
    assert result.version
    assert files_on(logged.flash_image()) == build_image("VIRTUAL").files


def _resets_and_says(board: LoggedBoard) -> bytes:
    """Watch until the board has been reset some times; return what it printed."""
    begun = len(board.log.of("RESET"))
    port = os.open(board.ports.console, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    said = bytearray()

    def has_reset() -> bool:
        with contextlib.suppress(BlockingIOError):
            said.extend(os.read(port, 4096))
        is_told = said.count(b"Error") >= _RESETS
        return is_told and len(board.log.of("RESET")) > begun + _RESETS

    try:
        Deadline(SECONDS).wait_for(has_reset, "the board resets itself")
    finally:
        os.close(port)
    return bytes(said)


def test_an_app_that_has_no_room_is_refused_and_the_old_one_stays(
    provisioned: VirtualBoard, keys: Path
) -> None:
    def huge(path: str, text: str) -> str:
        return f"{text}\n_HUGE = {'x' * 330_000!r}\n" if path == "detector/seal.py" else text

    with pytest.raises(BoardFullError, match=r"board is full: there is no room for b\.app"):
        flash(provisioned, keys, sabotage=huge)
    starter(provisioned)()
    assert check_app(provisioned.ports.console, Deadline(SECONDS))
    assert console_says(provisioned, "version")["slot"] == "a"
