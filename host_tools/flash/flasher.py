"""Flashes a board: build, install, verify, provision, start, in this order, over one port."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from detector.version import VERSION
from host_tools.boards import board_names, load_board, load_pins
from host_tools.console.client import ConsoleClient
from host_tools.deadline import Deadline
from host_tools.flash.errors import (
    JumperError,
    LostError,
    ProvisionError,
    RolledBackError,
    VerifyError,
    WrongBoardError,
)
from host_tools.flash.image import Image, Sabotage, build_image
from host_tools.flash.installer import BoardFacts, Installed, Installer, ask_facts
from host_tools.flash.keys import KeyFiles
from host_tools.flash.provision import Config, provision
from host_tools.flash.sender import Progress
from host_tools.flash.transport import ReplTransport, lost_is_said
from host_tools.links.port import LinkError
from host_tools.links.refused import CommandRefused

_DEADLINE_S = 120.0
# An answer takes milliseconds; a program that was not there yet when asked never gives one.
_RETRY_S = 0.25
_QUOTED_LINES = 12
_BOOT_S = 10.0
_PROVISION_S = 20.0  # its own: who stops it on the way loses the keys
_SOFT_RESET = b"\x04"  # at an empty prompt


@dataclass(frozen=True)
class FlashResult:
    """What flashing did, and what the board holds now."""

    board: str
    facts: BoardFacts
    installed: Installed
    digests: dict[str, str] = field(repr=False)
    device_id: str | None = None
    keys: KeyFiles | None = None  # None: not provisioned, or some of its key files are missing
    missing: tuple[Path, ...] = ()  # key files of a board that was provisioned before
    provisioned: bool = False  # by this run
    set_aside: tuple[Path, ...] = ()  # old key files, renamed
    version: str | None = None  # as the board answered
    seconds: float = 0.0


@dataclass(frozen=True)
class _Identity:
    """What the board knew of itself before."""

    device_id: str | None
    config: Config


def flash_board(
    port: str,
    *,
    board: str | None = None,
    keys_dir: Path | None = None,
    config: Config | None = None,
    device_id: str | None = None,
    rekey: bool = False,
    sabotage: Sabotage | None = None,
    build: Callable[[str], Image] | None = None,
    start: Callable[[], None] | None = None,
    progress: Progress | None = None,
    deadline: Deadline | None = None,
) -> FlashResult:
    """Bring the board on `port` to this firmware and give it an identity if it has none.

    Without `board` its interpreter says which one it is. `build` gives the image of a board.

    Without `keys_dir` only the files are installed, and the board is soft-reset. With it the
    service jumper must be fitted; then `start`, where given, pulls it and resets the board, and
    the detector's version is checked. `sabotage` may change a file's text before it is compiled.
    Raises FlashError.
    """
    began = time.monotonic()
    deadline = deadline or Deadline(_DEADLINE_S)
    show = progress or _no_progress
    make = build or (lambda name: build_image(name, sabotage))
    image = None if board is None else make(board)
    with contextlib.closing(ReplTransport(port, deadline)) as transport:
        show("waiting for the board's prompt", 0, 0)
        with lost_is_said(port, "its prompt was awaited"):
            transport.start_repl()
        with lost_is_said(port, "it was asked who it is"):
            facts = ask_facts(transport)
        name = which_board(board, facts.build, port)
        image = image or make(name)
        with lost_is_said(port, "its files were written"):
            installer = Installer(transport, load_pins(name), image)
            if keys_dir is not None and not installer.service:
                raise JumperError(
                    f"The service jumper is out: GPIO {load_pins(name).SERVICE} is low. Fit it (a "
                    f"wire from that pin to 3V3 does), reset the board, and run this again."
                )
            installed = installer.install(show)
            known = _Identity(*installer.identity()) if keys_dir else _Identity(None, {})
            transport.exit_raw_repl()
            if keys_dir is None:
                transport.serial.write(_SOFT_RESET)
    result = FlashResult(name, facts, installed, image.digests)
    version = None
    if keys_dir is not None:
        show("waiting for the service program", 0, 0)
        with _console(port, "the service program", deadline) as console:
            status = _await_status(console, True, deadline, _SOFT_RESET.decode())
            if not installed.is_trial:  # else it is the old app's: the new one has to run first
                version = _check_version(status.get("version"))
            result = _identify(result, console, keys_dir, device_id, known, config, rekey)
    if start is not None:
        show("waiting for the detector", 0, 0)
        start()
        version = check_app(port, deadline)
    return replace(result, version=version, seconds=time.monotonic() - began)


def enter_boot(port: str) -> None:
    """Have a board that runs MicroPython wait for an image; raise FlashError."""
    with (
        contextlib.closing(ReplTransport(port, Deadline(_BOOT_S))) as transport,
        lost_is_said(port, "its prompt was awaited"),
    ):
        transport.start_repl()
        transport.exec_raw_no_follow("import machine\nmachine.bootloader()")


def which_board(board: str | None, build: str, port: str) -> str:
    """Return the board that an interpreter was built for; raise WrongBoardError."""
    builds = {load_board(name).build: name for name in board_names()}
    found = builds.get(build)
    if found is None:
        raise WrongBoardError(
            f"The interpreter on {port} was built for {build}, and there is no such board here. "
            f"Known are those for {', '.join(sorted(builds))}."
        )
    if board is not None and board != found:
        raise WrongBoardError(
            f"The board on {port} is no {board}: its interpreter was built for {build}. Leave "
            f"--board away, or say --board {found}; if it really is a {board}, install the right "
            f"interpreter with --image."
        )
    return found


def check_app(port: str, deadline: Deadline) -> str:
    """Wait until the detector answers on its console, and a new app has settled.

    Returns its version, which must be ours. Raises RolledBackError, VerifyError, LostError.
    """
    with _console(port, "the detector", deadline) as console:
        while True:
            status = _await_status(console, False, deadline)
            if status.get("rolled-back") == "yes":
                raise RolledBackError(
                    f"The new app did not pass its self-test in three starts, and the board has "
                    f"gone back to the one before, in slot {status.get('slot')}. It runs."
                    + _quoted(console)
                )
            if status.get("trial") != "yes":
                return _check_version(status.get("version"))


@contextlib.contextmanager
def _console(port: str, who: str, deadline: Deadline) -> Iterator[ConsoleClient]:
    try:
        with ConsoleClient(port) as console:
            try:
                yield console
            except TimeoutError as error:
                raise LostError(
                    f"On {port} {who} did not answer within {deadline.seconds:g} s."
                    + _quoted(console)
                ) from error
    except LinkError as error:
        raise LostError(f"The board was lost while {who} was awaited. {error}") from error


def _quoted(console: ConsoleClient) -> str:
    said = "".join(f"\n  {line}" for line in console.other[:_QUOTED_LINES])
    return f" The console said: {said or 'nothing'}"


def _await_status(
    console: ConsoleClient, service: bool, deadline: Deadline, before: str = ""
) -> dict[str, str]:
    """Ask until the service program (or the detector) answers; return what it says of itself.

    A program that is still starting loses the question, or answers it late. `before` is typed
    once before the first question, so that nothing the program says at its start is missed.
    """
    tries = 0
    while True:
        tries += 1
        deadline.check("no status")
        question, before = f"{before}status", ""
        with contextlib.suppress(TimeoutError, CommandRefused):
            values = console.command(question, deadline.within(_RETRY_S)).values
            # The last word: an answer may be cut short by a reset.
            is_whole = values.get("rolled-back") in ("yes", "no")
            if is_whole and (values.get("state") == "SERVICE") == service:
                break
    if tries > 1:
        console.catch_up(deadline)  # no late answer must be taken for that to another question
    return values


def _check_version(version: str | None) -> str:
    if version != VERSION:
        raise VerifyError(f"The board runs version {version}, not {VERSION} as installed.")
    return VERSION


def _identify(
    result: FlashResult,
    console: ConsoleClient,
    keys_dir: Path,
    device_id: str | None,
    known: _Identity,
    config: Config | None,
    rekey: bool,
) -> FlashResult:
    """Give the board an identity if it has none, or a new one with `rekey`."""
    wanted = device_id or known.device_id or f"sluss-{result.facts.unique_id}"
    files = KeyFiles.of(keys_dir, wanted)
    settings = known.config if config is None else config
    result = replace(result, device_id=wanted)
    if rekey or known.device_id is None:
        old = provision(console, files, wanted, settings, rekey, Deadline(_PROVISION_S))
        return replace(result, keys=files, provisioned=True, set_aside=old)
    if settings != known.config:
        raise ProvisionError(
            "The detector has another configuration already; to change it, give it new keys "
            "with --rekey."
        )
    if wanted != known.device_id:
        raise ProvisionError(f"The detector is {known.device_id} already; see --rekey.")
    missing = tuple(files.missing)
    return replace(result, keys=None if missing else files, missing=missing)


def _no_progress(_what: str, _done: int, _total: int) -> None:
    pass
