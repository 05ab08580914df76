"""Puts the jig's script on a Pico with stock MicroPython, over its prompt."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from host_tools import ROOT
from host_tools.deadline import Deadline
from host_tools.flash.errors import VerifyError
from host_tools.flash.transport import ReplTransport, lost_is_said

SOURCES = ROOT / "firmware" / "jig"
_MAIN = "main.py"
_FOLDER = "jig"
_SOFT_RESET = b"\x04"  # at an empty prompt
_DIGEST = """
import binascii, hashlib
try:
    with open(%r, "rb") as file:
        print(binascii.hexlify(hashlib.sha256(file.read()).digest()).decode())
except OSError:
    print("-")
"""
_MAKE_FOLDER = """
import os
if %r not in os.listdir("/"):
    os.mkdir(%r)
"""


@dataclass(frozen=True)
class Installed:
    """What was written, and what was right already."""

    sent: tuple[str, ...]
    kept: tuple[str, ...]


def files() -> dict[str, bytes]:
    """Return the script's files by their path on the jig; main.py last, it makes the rest run."""
    found: dict[str, Path] = {}
    for path in sorted(SOURCES.glob("*.py"), key=lambda path: path.name == _MAIN):
        found[_MAIN if path.name == _MAIN else f"{_FOLDER}/{path.name}"] = path
    return {name: path.read_bytes() for name, path in found.items()}


def install(port: str, deadline: Deadline) -> Installed:
    """Write what differs, verify it, and start it. Raises FlashError."""
    wanted = files()
    with contextlib.closing(ReplTransport(port, deadline)) as repl:
        with lost_is_said(port, "its prompt was awaited"):
            repl.start_repl()
        with lost_is_said(port, "the jig's files were written"):
            repl.exec(_MAKE_FOLDER % (_FOLDER, _FOLDER))
            sent = [path for path in wanted if _digest(repl, path) != _of(wanted[path])]
            for path in sent:
                repl.fs_writefile(path, wanted[path])
            wrong = [path for path in sent if _digest(repl, path) != _of(wanted[path])]
            if wrong:
                raise VerifyError(
                    f"After writing, these files on the jig are not what was sent: "
                    f"{', '.join(wrong)}. Run this again; if it stays, the flash is worn out."
                )
            repl.exit_raw_repl()
            repl.serial.write(_SOFT_RESET)
    return Installed(tuple(sent), tuple(path for path in wanted if path not in sent))


def _digest(repl: ReplTransport, path: str) -> str:
    said: bytes = repl.exec(_DIGEST % path)
    return said.decode().strip()


def _of(data: bytes) -> str:
    return sha256(data).hexdigest()
