"""Finds the MicroPython unix port that runs virtual boards and the unit tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from host_tools import ROOT

# littlefs's behaviour on bad blocks and VfsRom are what the firmware was tried with.
OLDEST = (1, 25)
PRIVATE = ROOT / ".tools" / "micropython" / "micropython"
_OVERRIDE = "SLUSS_MICROPYTHON"


class InterpreterError(Exception):
    """No usable MicroPython unix port; the text says what to do."""


@lru_cache(maxsize=1)
def micropython_path() -> Path:
    """Return $SLUSS_MICROPYTHON, else the one that set-up unpacked, else PATH's if new enough.

    Raises InterpreterError when there is none.
    """
    override = os.environ.get(_OVERRIDE)
    if override:
        version = micropython_version(Path(override))
        if version is None:
            raise InterpreterError(f"{_OVERRIDE}={override} is no MicroPython that starts here.")
        if version < OLDEST:
            raise InterpreterError(f"{_OVERRIDE}={override} is older than {_words(OLDEST)}.")
        return Path(override)
    # Where set-up unpacked one, PATH had none that was new enough.
    on_path = shutil.which("micropython")
    for candidate in (PRIVATE, Path(on_path) if on_path else None):
        if candidate is not None and (micropython_version(candidate) or (0,)) >= OLDEST:
            return candidate
    raise InterpreterError(
        f"There is no MicroPython unix port >= {_words(OLDEST)} here. Run `make setup`, or name "
        f"one with {_OVERRIDE}=/path/to/micropython."
    )


def micropython_version(path: Path) -> tuple[int, ...] | None:
    """Return the version of the MicroPython at `path`, e.g. (1, 25, 0), or None if it is none."""
    command = "import sys; print(sys.implementation[0], *sys.implementation[1][:3])"
    try:
        done = subprocess.run(
            [path, "-c", command], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.fullmatch(r"micropython (\d+) (\d+) (\d+)\s*", done.stdout)
    return tuple(int(number) for number in found.groups()) if found else None


def _words(version: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in version)
