"""A laboratory on loopback: labgrid's coordinator, its exporter, and the board it exports.

All three are processes as an operator starts them; what they say is in the folder's logs.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from host_tools import ROOT
from host_tools.bench.place import client_path
from host_tools.deadline import Deadline

HOST = "127.0.0.1"
EXPORTER = "shelf"
GROUP = "sluss-virtual"
_START_S = 60.0  # labgrid's programs take a second to import, more on a busy machine
_END_S = 10.0
_SERVE = "from host_tools.cli import main; main()"


class Lab:
    """The running laboratory; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Keep logs and labgrid's state in `folder`."""
        self.folder = folder
        self.coordinator = ""
        self.resources = ""
        self._bin = client_path().parent
        self._leaving = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            self._leaving = started
            self._start_board()
            self._start_coordinator()
            command = ["-c", self.coordinator, "-n", EXPORTER, self.resources]
            self._start("exporter", str(self._bin / "labgrid-exporter"), *command)
            self._await("exporter", "Exporter ready")
            Deadline(_START_S).wait_for(
                lambda: self.client("resources").count(GROUP) == 4, "the board is not exported"
            )
            self._leaving = started.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving.close()

    def add_place(self, name: str, match: str = f"{EXPORTER}/{GROUP}/*") -> None:
        """Make a place of some resources."""
        self.client("-p", name, "create")
        self.client("-p", name, "add-match", match)

    def client(self, *words: str, user: str = "") -> str:
        """Run labgrid-client as a person would, as `host/user` if given; return its output."""
        environment = {**os.environ, "LG_COORDINATOR": self.coordinator}
        if user:
            host, _, name = user.partition("/")
            environment |= {"LG_HOSTNAME": host, "LG_USERNAME": name}
        done = subprocess.run(
            [str(client_path()), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_START_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # --- inside ---------------------------------------------------------------------------------

    def _start_board(self) -> None:
        self._start("board", sys.executable, "-c", _SERVE, "sim", "--serve", f"{HOST}:0")
        self._await("board", "uplink:")
        path = self.folder / "board.log"
        Deadline(_START_S).wait_for(
            lambda: len(re.findall("protocol: raw\n", path.read_text())) == 4, "no resource file"
        )
        self.resources = str(path)

    def _start_coordinator(self) -> None:
        with socket.create_server((HOST, 0)) as free:
            self.coordinator = f"{HOST}:{free.getsockname()[1]}"
        self._start("coordinator", str(self._bin / "labgrid-coordinator"), "-l", self.coordinator)
        Deadline(_START_S).wait_for(self._is_listening, "the coordinator does not listen")

    def _is_listening(self) -> bool:
        host, _, port = self.coordinator.partition(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def _start(self, name: str, *command: str) -> None:
        """Start a program; it ends with the laboratory."""
        log_path, error_path = (self.folder / f"{name}.{end}" for end in ("log", "err"))
        with log_path.open("wb") as log, error_path.open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=errors,
                cwd=self.folder if "labgrid" in command[0] else ROOT,
            )
        self._leaving.callback(self._end, process)

    def _await(self, name: str, words: str) -> None:
        path = self.folder / f"{name}.log"
        Deadline(_START_S).wait_for(
            lambda: words in path.read_text(), f"{name} did not say {words!r}; see {path}"
        )

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_S)
