"""A process and all that it has started, ended for certain."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path


def end(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """Ask a process to end; after `grace_s` kill it with whatever it has started."""
    process.terminate()
    try:
        process.wait(grace_s)
        return
    except subprocess.TimeoutExpired:
        family = descendants(process.pid)
    for pid in (process.pid, *family):
        with suppress(ProcessLookupError):  # it has ended with its parent
            os.kill(pid, signal.SIGKILL)
    process.wait(grace_s)


def descendants(pid: int) -> list[int]:
    """Return the children of a process and theirs, whatever session they are in."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for tasks in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError):  # that thread has ended
                children = [int(word) for word in tasks.read_text().split()]
                found += children
                waiting += children
    return found
