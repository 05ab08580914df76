"""`sluss jig`: put the jig's script on a second Pico, and see whether it answers."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from host_tools.deadline import Deadline
from host_tools.flash.errors import FlashError
from host_tools.jig.client import JigClient, JigError, JigLostError
from host_tools.jig.installer import install
from host_tools.links.port import LinkError
from jig import words

_INSTALL_S = 60.0
_START_S = 10.0
_TRIES = 5

jig = typer.Typer(
    help="The jig: a second Pico that drives a detector's pins and watches its gate.",
    no_args_is_help=True,
)


@jig.callback()
def _group() -> None:
    """Keep `install` a word of its own."""


@jig.command("install")
def install_command(
    port: Annotated[str, typer.Option(help="The jig's own USB port, or a pyserial URL.")],
) -> None:
    """Write the script onto a Pico with stock MicroPython (1.25 or newer) and start it."""
    console = Console(highlight=False)
    try:
        done = install(port, Deadline(_INSTALL_S))
        console.print(
            f"{len(done.sent)} files written, {len(done.kept)} were right already; all verified"
        )
        client = JigClient(port, _ignore, lambda _why: None)
        try:
            client.start(Deadline(_START_S))
        finally:
            client.close()
    except (FlashError, LinkError, JigError, JigLostError) as error:
        Console(stderr=True, highlight=False).print(f"sluss jig: {error}", markup=False)
        raise typer.Exit(1) from error
    console.print(f"The jig runs, version {words.VERSION}. How it is wired: firmware/jig/pins.py")


def _ignore(_t_us: int, _signal: str, _value: int) -> None:
    """Nobody looks at the signals yet."""
