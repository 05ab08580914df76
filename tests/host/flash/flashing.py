"""Flashing a virtual board, and what is on it afterwards."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from littlefs import LittleFS, UserContext

import slot as slots
from detector import flash_map
from host_tools.deadline import Deadline
from host_tools.flash import FlashResult, flash_board
from host_tools.flash.transport import ReplTransport
from host_tools.virtual_board.client import VirtualBoard

CONFIG = {"exit_delay_ms": 100, "entry_delay_ms": 200}
SECONDS = 60.0


def flash(
    board: VirtualBoard, keys_dir: Path | None, **options: object
) -> FlashResult:  # one id for all, because the chips' numbers differ
    options.setdefault("device_id", "dut")
    options.setdefault("deadline", Deadline(SECONDS))
    return flash_board(board.ports.console, keys_dir=keys_dir, **options)  # type: ignore[arg-type]


def starter(board: VirtualBoard) -> Callable[[], None]:
    """What pulls the jumper and resets."""

    def start() -> None:
        board.jumper(False)
        board.reset()

    return start


def files_on(flash_image: bytes) -> dict[str, bytes]:
    """Return what a board runs: its root's files, and those of the app that starts next."""
    files = raw_files(flash_image)
    apps = {name: files.pop(name + slots.SUFFIX, b"") for name in slots.NAMES}
    words = files.pop(slots.STATE, b"1 - - 0 -").decode().split()
    slot = words[2] if words[2] in slots.NAMES else words[1]
    return files | (unpacked(apps[slot]) if slot in slots.NAMES else {})


def unpacked(app: bytes) -> dict[str, bytes]:
    """Return the files of an app."""
    index = slots.read_index(io.BytesIO(app))
    first = slots.first_of(index)
    places = {name: slots.place_of(index, name) for name in slots.names_of(index)}
    return {name: app[first + at : first + at + size] for name, (at, size) in places.items()}


def raw_files(flash_image: bytes) -> dict[str, bytes]:
    """Read the file system as the host's littlefs sees it."""
    context = UserContext(len(flash_image))
    context.buffer[:] = flash_image
    size = flash_map.BLOCK_BYTES
    system = LittleFS(
        context, block_size=size, block_count=len(flash_image) // size, prog_size=256
    )
    found = {}
    for folder, _folders, names in system.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with system.open(path, "rb") as file:
                found[path.lstrip("/")] = file.read()
    return found


def on_board(board: VirtualBoard, program: str) -> None:
    """Run a program in the board's raw REPL, around the raw blocks."""
    transport = ReplTransport(board.ports.console, Deadline(SECONDS))
    try:
        transport.start_repl()
        transport.exec("import loader\nloader.mount_guarded()\n" + program)
        transport.exit_raw_repl()
    finally:
        transport.close()
