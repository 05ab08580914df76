"""`sluss journal`: what a detector wrote down, checked away from it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from host_tools.journal.chain import CheckedJournal, Head, verify
from host_tools.journal.dump import DumpError, read_dump, read_head, read_key_file
from host_tools.journal.records import JournalRecord

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
    head: Annotated[
        str | None,
        typer.Option("--head", help="NUMBER:HEX, what the detector's status said of its journal."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the records.")] = False,
) -> None:
    """Check that no record was changed, taken out, put in, moved or cut off; name each."""
    try:
        journal_key = read_key_file(key)
        told = None if head is None else read_head(head)
        checked = verify(read_dump(file), journal_key.key, journal_key.device, told)
    except DumpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    if show:
        for record in checked.records:
            typer.echo(line(record))
    for problem in checked.problems:
        typer.echo(f"BAD {problem}", err=True)
    if checked.problems:
        raise typer.Exit(1)
    typer.echo(f"OK records {checked.first} to {checked.last} of {journal_key.device}")
    typer.echo(f"   {_known(checked, told)}")


def _known(checked: CheckedJournal, told: Head | None) -> str:
    """Say in one line what is known of beginning and end."""
    start = "from the detector's first" if checked.is_complete else "older ones were overwritten"
    torn = f"; {checked.torn} torn by power cuts so far" if checked.torn else ""
    end = "nothing was cut off behind them when they were read"
    if not checked.end_proved:
        end = "whether later ones were cut off cannot be told"
    if told is not None:
        end += f"; they agree with record {told.number} as the detector told it"
    return f"{start}{torn}; {end}"


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
    if record.unclocked_min:
        words.append(f"{record.unclocked_min} min without a clock")
    return "  ".join(words)
