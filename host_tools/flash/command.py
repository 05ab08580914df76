"""`sluss flash`: install the firmware on a board and give it its identity."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn
from serial.tools.list_ports import comports

from host_tools.deadline import Deadline
from host_tools.flash.errors import FlashError
from host_tools.flash.flasher import FlashResult, check_app, flash_board

_START_S = 120.0


def flash(
    port: Annotated[
        str | None, typer.Option(help="The board's console: a port or a pyserial URL.")
    ] = None,
    board: Annotated[str, typer.Option(help="A folder of boards/.")] = "VIRTUAL",
    keys: Annotated[
        Path, typer.Option(help="Folder for the two key files; they are never overwritten.")
    ] = Path("keys"),
    config: Annotated[
        Path | None, typer.Option(help="JSON file with the detector's configuration.")
    ] = None,
    device_id: Annotated[
        str | None,
        typer.Option(help="The detector's id; made from the chip's number if not given."),
    ] = None,
    rekey: Annotated[
        bool,
        typer.Option(
            "--rekey", help="Give it new keys, e.g. for lost ones; old key files are renamed."
        ),
    ] = False,
    start: Annotated[
        bool | None,
        typer.Option(
            "--start/--no-start",
            help="Wait until the jumper is pulled and the detector runs (default: at a terminal).",
        ),
    ] = None,
) -> None:
    """Install, verify and provision; the service jumper must be fitted."""
    console = Console(highlight=False)
    try:
        if port is None:
            raise FlashError(_which_port())
        result = _flash(console, port, board, keys, _read_config(config), device_id, rekey)
        _report(console, result)
        pull = "Pull the service jumper and reset the board"
        if board == "VIRTUAL":
            pull += " (type `jumper out` and `reset` where `sluss sim` runs)"
        if start if start is not None else sys.stdin.isatty():
            console.print(f"{pull}; Ctrl-C leaves it at that.")
            version = check_app(port, Deadline(_START_S))
            console.print(f"The detector runs version {version}.")
        else:
            console.print(f"{pull} to start the detector.")
    except FlashError as error:
        Console(stderr=True, highlight=False).print(f"sluss flash: {error}", markup=False)
        raise typer.Exit(1) from error


def _which_port() -> str:
    ports = [port.device for port in comports()]
    return (
        f"Which board? Name its console with --port. Serial ports here: "
        f"{', '.join(ports) or 'none'}; `sluss sim` prints those of a virtual board."
    )


def _flash(
    console: Console,
    port: str,
    board: str,
    keys: Path,
    config: dict[str, Any] | None,
    device_id: str | None,
    rekey: bool,
) -> FlashResult:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("compiling", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        return flash_board(
            port,
            board=board,
            keys_dir=keys,
            config=config,
            device_id=device_id,
            rekey=rekey,
            progress=show,
        )


def _read_config(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FlashError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise FlashError(f"The configuration {path} is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise FlashError(f"The configuration {path} is not a JSON object.")
    return values


def _report(console: Console, result: FlashResult) -> None:
    done = result.installed
    console.print(
        f"{result.board}: {len(done.sent)} files written, {len(done.kept)} were right already, "
        f"{len(done.deleted)} deleted; all {len(result.digests)} verified "
        f"in {result.seconds:.1f} s"
    )
    for path in result.set_aside:
        console.print(f"  old keys: {path}", soft_wrap=True)
    if result.provisioned and result.keys is not None:
        console.print(
            f"  {result.device_id} has its identity now. Its keys, which exist nowhere else:"
        )
        console.print(f"  for the ARC:      {result.keys.arc}", soft_wrap=True)
        console.print(f"  for the customer: {result.keys.customer}", soft_wrap=True)
    elif result.missing:
        names = " and no ".join(path.name for path in result.missing)
        console.print(
            f"  {result.device_id} had its identity already, but {result.missing[0].parent}/ has "
            f"no {names}. Where its keys are lost, give it new ones with --rekey.",
            soft_wrap=True,
        )
    else:
        console.print(f"  {result.device_id} had its identity already; its keys are as they were.")
