"""`sluss console`: type the console's verbs by hand; the answers as they come."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

import typer

from host_tools.console.client import ConsoleClient
from host_tools.links.port import LinkError
from host_tools.links.refused import CommandRefused

_PROMPT = "sluss> "


def console(
    port: Annotated[
        str, typer.Option("--port", help="The detector's console: a device or a pyserial URL.")
    ],
    verb: Annotated[
        list[str] | None, typer.Argument(help="One line to send; without it, type lines by hand.")
    ] = None,
) -> None:
    """Talk to a detector's console: `help` lists the verbs, Ctrl-D leaves."""
    try:
        # For itself: two readers would each get half of every answer.
        with ConsoleClient(port, exclusive=True) as client:
            if verb:
                raise typer.Exit(0 if _say(client, " ".join(verb)) else 1)
            _converse(client)
    except LinkError as error:
        typer.echo(f"sluss console: {error}", err=True)
        raise typer.Exit(2) from error


def _converse(client: ConsoleClient) -> None:
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  gives input() its history and line editing

        typer.echo("Ctrl-D leaves; help lists the verbs.")
    while True:
        try:
            line = input(_PROMPT if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            _say(client, line.strip())


def _say(client: ConsoleClient, line: str) -> bool:
    """Send one line and print what comes back; False for a refusal or no answer."""
    client.other.clear()
    try:
        answer = client.command(line)
    except CommandRefused as refusal:
        typer.echo(f'ERROR {refusal.code} "{refusal.text}"')
        return False
    except TimeoutError as error:
        typer.echo(str(error), err=True)
        return False
    finally:
        for text in client.other:
            typer.echo(text, err=True)
    for note in answer.notes:
        typer.echo(f"# {note}")
    typer.echo(f"OK {answer.text}".rstrip())
    return True
