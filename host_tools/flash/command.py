"""`sluss flash`: install the firmware on boards and give them their identity."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from host_tools.boards import Board, BoardError
from host_tools.deadline import Deadline
from host_tools.flash import show
from host_tools.flash.errors import FlashError
from host_tools.flash.finding import boards_of, candidates, find_ports, volumes
from host_tools.flash.flasher import FlashResult, check_app, enter_boot, flash_board
from host_tools.flash.interpreter_image import Source, install_interpreter
from host_tools.flash.many import Images, flash_all
from host_tools.flash.sender import Progress

_START_S = 120.0
_FLASH_S = 120.0
_IMAGE_S = 180.0


def flash(
    port: Annotated[
        list[str] | None,
        typer.Option(
            help="A board's console: a port or a pyserial URL. Say it once for each board. Not "
            "needed where one board is plugged in."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All boards that are plugged in.")] = False,
    board: Annotated[
        str | None,
        typer.Option(help="A folder of boards/; by default what the board says that it is."),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(
            help="Install this MicroPython image first: a .uf2 file for a Pico (hold BOOTSEL "
            "while you plug it in), a .bin file for an ESP32. boards/*/board.json says which one."
        ),
    ] = None,
    image_sha256: Annotated[
        str | None, typer.Option(help="What the image's SHA-256 must be.")
    ] = None,
    volume: Annotated[
        Path | None, typer.Option(help="Where the boot volume is mounted, if it is not found.")
    ] = None,
    keys: Annotated[
        Path,
        typer.Option(
            help="Folder for two key files a board, readable by you alone; never overwritten."
        ),
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
    """Install the firmware on a board, verify it, and give the board its identity and keys.

    Fit the service jumper (on a Pico a wire from GP22 to 3V3; boards/ has the
    other pins), plug the board in, and type `sluss flash`. A new Pico needs
    MicroPython first: hold BOOTSEL while you plug it in, and type
    `sluss flash --image FILE.uf2`.

    The new firmware goes beside the old one and is switched to when it is
    verified. Where it does not pass its self-test in three starts, the board
    goes back to the old one by itself. Whatever is interrupted can be run
    again: the board runs the old firmware or the new one, never a mixture.
    """
    console = Console(highlight=False)
    try:
        _flash(
            console,
            _Wanted(port or [], every, board, image, image_sha256, volume),
            {
                "keys_dir": keys,
                "config": _read_config(config),
                "device_id": device_id,
                "rekey": rekey,
            },
            start if start is not None else sys.stdin.isatty(),
        )
    except (FlashError, BoardError) as error:
        _say_error(error)
        raise typer.Exit(1) from error


class _Wanted:
    """Which boards were asked for, and what interpreter."""

    def __init__(
        self,
        ports: list[str],
        every: bool,
        board: str | None,
        image: Path | None,
        sha256: str | None,
        volume: Path | None,
    ) -> None:
        self.every = every
        self.boards = boards_of(board)
        self.board = board
        self.ports = list(dict.fromkeys(ports))
        self.source = None if image is None else Source(image, sha256)
        self.volume = volume
        if every and ports:
            raise FlashError("Say --port or --all, not both.")
        if image is not None and (every or len(ports) > 1):
            raise FlashError("An image is installed on one board at a time: name one --port.")

    def find(self) -> list[str]:
        """Return the ports; raise FlashError."""
        return self.ports or find_ports(self.boards, self.every)

    def kind(self) -> Board:
        """Return the kind of board that the image is for; raise FlashError."""
        fitting = [board for board in self.boards if board.flasher != "none"]
        if len(fitting) > 1:
            near = [one for one in candidates(fitting) if one.device in self.ports]
            fitting = list(near[0].boards) if near else [b for b in fitting if _volume_of(b)]
        if len(fitting) != 1:
            names = ", ".join(board.board for board in self.boards)
            raise FlashError(f"Which board is the image for? Say --board, one of {names}.")
        return fitting[0]


def _volume_of(board: Board) -> list[Path]:
    return volumes(board.boot_volume or "")


def _flash(console: Console, wanted: _Wanted, options: dict[str, Any], start: bool) -> None:
    if wanted.source is not None:
        with show.bars(console) as progress:
            tell = progress("the interpreter")
            kind = wanted.kind()
            try:
                ports = [
                    install_interpreter(
                        kind,
                        wanted.source,
                        port=wanted.ports[0] if wanted.ports else None,
                        volume=wanted.volume,
                        reboot=enter_boot,
                        tell=lambda what: tell(what, 0, 0),
                        deadline=Deadline(_IMAGE_S),
                    )
                ]
            except TimeoutError as error:
                raise FlashError(f"The interpreter could not be installed: {error}.") from error
    else:
        ports = wanted.find()
    if len(ports) > 1 and options["device_id"] is not None:
        raise FlashError("A device id is one board's: with several leave --device-id away.")
    images = Images()

    def job(port: str, deadline: Deadline, progress: Progress) -> FlashResult:
        return flash_board(
            port,
            board=wanted.board,
            build=images.get,
            progress=progress,
            deadline=deadline,
            **options,
        )

    with show.bars(console) as progress:
        outcomes, is_stopped = flash_all(ports, job, _FLASH_S, progress)
    if len(outcomes) > 1:
        show.table(console, outcomes)
    else:
        for outcome in outcomes:
            if outcome.result is None:
                raise FlashError(outcome.error)
            show.report(console, outcome.result)
    good = [outcome for outcome in outcomes if outcome.result is not None]
    if good:
        _start(console, [one.port for one in good], good[0].result, start and not is_stopped)
    if is_stopped:
        raise typer.Exit(130)
    if len(good) < len(outcomes):
        raise typer.Exit(1)


def _start(
    console: Console, ports: list[str], result: FlashResult | None, is_awaited: bool
) -> None:
    """Say how to start the detectors; wait for them where that is wanted."""
    pull = "Pull the service jumper and reset the board"
    if result is not None and result.board == "VIRTUAL":
        pull += " (type `jumper out` and `reset` where `sluss sim` runs)"
    if not is_awaited:
        console.print(f"{pull} to start the detector.")
        return
    console.print(f"{pull}; Ctrl-C leaves it at that.")
    deadline = Deadline(_START_S)
    for port in ports:
        version = check_app(port, deadline)
        console.print(f"The detector on {port} runs version {version}.", soft_wrap=True)


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


def _say_error(error: Exception) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"sluss flash: {error}", markup=False
    )
