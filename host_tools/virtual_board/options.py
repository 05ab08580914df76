"""How a virtual board is set up; the same on the command line and in the library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.virtual_board.circuit import ALIVE_US, MAX_US

# USB full speed with ten bits a byte: what a Pico's console can carry.
CONSOLE_BAUD = 12_000_000


@dataclass(frozen=True)
class BoardOptions:
    """Everything that a board is started with."""

    state: Path  # folder of the flash image, the unique id and the interpreter's log
    micropython: Path
    rom: Path  # the start script; see rom_image
    images: Path | None = None  # folder of JPEGs that the camera serves
    canary: bool = False  # a random mark and filler in each of them
    # 256 KiB where a word has 64 bits ("w", MicroPython's ports/unix/main.c): objects are larger
    # there than a chip's. What the detector needs is measured in boards/VIRTUAL/README.md.
    heapsize: str = "128wk"
    flash_costs: str = "free"  # "pico": operations take their time
    alive_us: int = ALIVE_US
    max_us: int = MAX_US
    console_baud: int = CONSOLE_BAUD
    powered: bool = True
    seed: int = 0  # for noise and the order of the pictures
    jig: Path | None = None  # folder of a second board, a jig wired to this one
    # Descriptors of TCP listeners for console, hub link and uplink; without them they are ptys.
    listeners: tuple[int, ...] = ()
