"""The `sluss sim` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.interpreter import InterpreterError
from host_tools.virtual_board.client import VirtualBoard, VirtualBoardError
from host_tools.virtual_board.rom_image import RomError
from host_tools.virtual_board.sim import Printer, Simulation


def sim(
    state: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps the board's flash; without it the flash is blank."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of photographs that the camera sees.")
    ] = None,
    flash_costs: Annotated[
        str, typer.Option(help="free, or pico: flash operations take a Pico's time.")
    ] = "free",
    heapsize: Annotated[str, typer.Option(help="The interpreter's heap.")] = "128wk",
    alive_ms: Annotated[int, typer.Option(help="The circuit's ALIVE time.")] = 2_000,
    max_ms: Annotated[int, typer.Option(help="The circuit's MAX time.")] = 1_200_000,
) -> None:
    """Run a virtual board for hand work: its ports, its signals, its sensors."""
    printer = Printer()
    if images is not None:
        printer.say(f"Looking at the pictures in {images} ...")
    try:
        board = VirtualBoard(
            state,
            images=images,
            flash_costs=flash_costs,
            heapsize=heapsize,
            alive_us=alive_ms * 1000,
            max_us=max_ms * 1000,
            powered=False,  # the simulation switches it on when it is all ears
            on_event=printer.event,
            on_lost=printer.lost,
        )
        with board:
            Simulation(board, printer).run()
    except (InterpreterError, RomError, VirtualBoardError) as error:
        typer.echo(f"sluss sim: {error}", err=True)
        raise typer.Exit(1) from error
