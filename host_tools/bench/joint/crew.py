"""Benches side by side: a process for each board, some at a time, none waited for without end."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from host_tools import ROOT
from host_tools.bench import kinds
from host_tools.bench.joint.processes import end
from host_tools.bench.joint.record import NOT_RUN, Board, judge
from host_tools.bench.kinds import Spec
from host_tools.deadline import Deadline

_MODULE = "host_tools.bench.joint.worker"
_READ_BYTES = 1 << 16
# With one virtual board a processor the latencies are what they are alone; with two a processor
# the medians double and limits of P4 break. A bench has a second board beside it at times.
_PROCESSORS_A_BOARD = 2


@dataclass(frozen=True)
class Limits:
    """How long a board may take, and for how long its bench may say nothing."""

    board_s: float = 900.0
    silence_s: float = 120.0  # the longest test takes 15 s, flashing at most 60 s
    grace_s: float = 20.0  # to close its boards and write its report when it is told to end


@dataclass(frozen=True)
class Selection:
    """Which tests, as pytest's -k and -m."""

    keyword: str = ""
    marker: str = ""


class Listener(Protocol):
    """Hears the course of all runs; called on several threads."""

    def begins(self, spec: Spec) -> None:
        """A board's bench starts."""
        ...

    def hears(self, spec: Spec, words: dict[str, Any]) -> None:
        """A board's bench says something; see worker.py."""
        ...

    def ends(self, board: Board) -> None:
        """A board's bench is over."""
        ...


class Crew:
    """The benches of one joint run."""

    def __init__(
        self, folder: Path, selection: Selection, limits: Limits, listener: Listener
    ) -> None:
        """Benches will work in `folder`/<the target's name>."""
        self._folder = folder
        self._selection = selection
        self._limits = limits
        self._listener = listener
        self._stopped, self._stop = os.pipe()  # readable: everybody ends

    def run(self, specs: Sequence[Spec], jobs: int) -> list[Board]:
        """Bench all targets, `jobs` at a time; return what became of each, in their order.

        After an interrupt all benches are ended, and those that had no turn are NOT RUN.
        """
        with ThreadPoolExecutor(jobs) as pool:
            runs = [pool.submit(self._bench, spec) for spec in specs]
            try:
                return [run.result() for run in runs]
            except KeyboardInterrupt:
                os.write(self._stop, b"x")
                return [run.result() for run in runs]

    def _bench(self, spec: Spec) -> Board:
        if self._is_stopped():
            return Board(spec.name, spec.kind, spec.folder, NOT_RUN, "The run was interrupted.")
        folder = self._folder / spec.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "record.json").unlink(missing_ok=True)
        began = time.monotonic()
        self._listener.begins(spec)
        with (folder / "bench.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, self._asked(spec, folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "firmware"))),
                },
                start_new_session=True,  # a Ctrl-C is ours to hand on
            )
        try:
            why = self._attend(spec, process)
        finally:
            if process.poll() is None:
                end(process, self._limits.grace_s)
            if process.stdout is not None:
                process.stdout.close()
        board = judge(spec, folder, process.returncode, why, time.monotonic() - began)
        self._listener.ends(board)
        return board

    def _attend(self, spec: Spec, process: subprocess.Popen[bytes]) -> str:
        """Hand on what a bench says until it ends; return why it has to be ended, "" if not."""
        assert process.stdout is not None
        out = process.stdout.fileno()
        limits = self._limits
        deadline = Deadline(limits.board_s)
        doing = "it starts"
        pending = b""
        while True:
            patience = deadline.within(limits.silence_s)
            ready = select.select([out, self._stopped], [], [], patience.remaining)[0]
            if self._stopped in ready:
                return "The run was interrupted."
            if not ready:
                if deadline.expired:
                    return f"It was not done within {limits.board_s:g} s, at: {doing}."
                return f"Nothing was heard of it for {limits.silence_s:g} s, at: {doing}."
            data = os.read(out, _READ_BYTES)
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                words = _words(line)
                doing = words.get("test", words.get("phase", doing))
                self._listener.hears(spec, words)
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(limits.grace_s, deadline.remaining))
        return "" if process.poll() is not None else f"Its bench did not end, at: {doing}."

    def _asked(self, spec: Spec, folder: Path) -> str:
        return json.dumps(
            {
                "target": spec.as_json(),
                "folder": str(folder),
                "keyword": self._selection.keyword,
                "marker": self._selection.marker,
            }
        )

    def _is_stopped(self) -> bool:
        return bool(select.select([self._stopped], [], [], 0)[0])


def _words(line: bytes) -> dict[str, Any]:
    """Return a message; what some library printed is told as it is."""
    try:
        words = json.loads(line)
    except ValueError:
        words = None
    return words if isinstance(words, dict) else {"phase": line.decode(errors="replace")}


def sane_jobs(specs: Sequence[Spec]) -> int:
    """Return how many boards at a time leave each other's latencies alone."""
    here = sum(kinds.KINDS[spec.kind].is_here for spec in specs)
    if not here:
        return len(specs)
    return max(1, len(os.sched_getaffinity(0)) // _PROCESSORS_A_BOARD)
