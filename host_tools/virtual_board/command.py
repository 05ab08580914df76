"""The `sluss sim` command."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from host_tools.interpreter import InterpreterError
from host_tools.virtual_board.client import VirtualBoard, VirtualBoardError
from host_tools.virtual_board.remote import split
from host_tools.virtual_board.rom_image import RomError
from host_tools.virtual_board.serve import Server, exporter_file
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
    serve: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT: serve a board for benches over TCP at four ports from PORT on, and"
            " print the file for labgrid-exporter. Whoever reaches them has the board: 127.0.0.1."
        ),
    ] = None,
) -> None:
    """Run a virtual board for hand work: its ports, its signals, its sensors."""
    if serve is not None:
        _serve(serve)
        return
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


def _serve(address: str) -> None:
    """Serve boards until a signal ends it."""
    try:
        host, port = split(address)
        server = Server(host, port)
    except (VirtualBoardError, OSError) as error:
        typer.echo(f"sluss sim: cannot serve at {address}: {error}", err=True)
        raise typer.Exit(1) from error
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    typer.echo(exporter_file(host, server.ports, "sluss-virtual"), nl=False)
    sys.stdout.flush()
    try:
        server.run()
    finally:
        server.close()
