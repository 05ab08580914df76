"""`sluss journal`: what a detector wrote down, checked away from it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from host_tools.journal.chain import JournalRecord, JournalVerifyError, verify
from host_tools.journal.dump import DumpError, read_key_file, read_records

_DAY_ZERO = datetime.date(2020, 1, 1)

journal = typer.Typer(help="Check a detector's journal.", no_args_is_help=True)


@journal.callback()
def _group() -> None:
    """Check a detector's journal."""


@journal.command("verify")
def verify_command(
    file: Annotated[
        Path, typer.Argument(help="A dump, the console's answer to `journal`, or a flash's image.")
    ],
    key: Annotated[Path, typer.Option("--key", help="The customer's key file.")],
    show: Annotated[bool, typer.Option("--show", help="Print the records.")] = False,
) -> None:
    """Check that no record was altered, taken out or put in; name the first bad one."""
    try:
        journal_key = read_key_file(key)
        checked = verify(read_records(file, journal_key.key), journal_key.key, journal_key.device)
    except DumpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    except JournalVerifyError as error:
        typer.echo(f"BAD {error}", err=True)
        raise typer.Exit(1) from error
    if not checked.records:
        typer.echo("error: no record under this key", err=True)
        raise typer.Exit(2)
    if show:
        for record in checked.records:
            typer.echo(line(record))
    start = "from the detector's first" if checked.is_complete else "older ones were overwritten"
    torn = f", {checked.torn} torn by power cuts" if checked.torn else ""
    typer.echo(
        f"OK records {checked.first} to {checked.last} of {journal_key.device}: {start}{torn}"
    )


def line(record: JournalRecord) -> str:
    """Return a record as one readable line."""
    words = [f"{record.number:6d}", f"boot {record.boot}", f"{record.ticks_ms:10d} ms"]
    if record.day is not None:
        day = _DAY_ZERO + datetime.timedelta(days=record.day)
        clock = datetime.timedelta(seconds=record.second)
        words.append(f"{'' if record.time_known else '>='}{day} {clock}")
    words.append(record.name)
    if record.event_id:
        words.append(f"event {record.event_id}")
    words.append(f"a={record.a} b={record.b}")
    if record.armed:
        words.append("armed")
    if record.faults:
        words.append(f"faults=0x{record.faults:02x}")
    if record.text:
        words.append(record.text.decode("ascii", "replace"))
    if record.after_torn:
        words.append("(after a torn record)")
    return "  ".join(words)
