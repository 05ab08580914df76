"""Gives a board its identity through the service program's console, and writes its key files."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detector import codes
from detector.provision import RANDOM_BYTES
from host_tools.console.client import Answer, ConsoleClient
from host_tools.deadline import Deadline
from host_tools.flash.errors import KeysLostError, ProvisionError
from host_tools.flash.keys import KeyFiles
from host_tools.links.port import LinkError
from host_tools.links.refused import CommandRefused

Config = Mapping[str, Any]


def provision(
    console: ConsoleClient,
    files: KeyFiles,
    device_id: str,
    config: Config,
    rekey: bool,
    deadline: Deadline,
) -> tuple[Path, ...]:
    """Give a board its identity and write its keys to `files`.

    `rekey` replaces one that it may have already; then existing key files are renamed, and their
    new names returned. Raises KeysError (a file is in the way) and ProvisionError, board and files
    being as they were, or KeysLostError.
    """
    text = json.dumps(dict(config), separators=(",", ":")).encode().hex()
    command = f"provision {secrets.token_hex(RANDOM_BYTES)} {device_id} {text}"
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(files.set_aside()) if rekey else []
        # Reserved first: the keys are told once.
        writer = stack.enter_context(files.reserved())
        try:
            answer = _ask(console, f"{command} rekey" if rekey else command, deadline)
            writer.write(device_id, dict(_pair(note) for note in answer.notes))
        except KeysLostError as error:
            aside = " The old key files are now: " + ", ".join(map(str, old)) + "." if old else ""
            raise KeysLostError(f"{error} Run this again with --rekey.{aside}") from error
    return tuple(old)


def _ask(console: ConsoleClient, command: str, deadline: Deadline) -> Answer:
    """Send the command; say what its failure means for the keys."""
    try:
        return console.command(command, deadline)
    except CommandRefused as refused:
        if refused.code == codes.ERR_STORE:
            # It erases before it writes.
            raise KeysLostError(
                "The detector could not write its identity into its flash."
            ) from refused
        raise ProvisionError(_refusal(refused.code)) from refused
    except (TimeoutError, LinkError, KeyboardInterrupt) as error:
        raise KeysLostError(
            "The detector was asked to make keys and its answer did not arrive: it may have keys "
            "that nobody knows."
        ) from error


def _refusal(code: int) -> str:
    if code == codes.ERR_ARGUMENT:
        return "The detector refused its configuration or its id: a value is out of range."
    return f"The detector refused its identity: {codes.error_text(code)}."


def _pair(note: str) -> tuple[str, str]:
    name, _, value = note.partition(" ")
    return name, value
