"""A labgrid place: taken, looked at and given back through labgrid's own client.

labgrid runs in an environment of its own: its pyserial would take the place of ours, and its
pytest plugin would load itself into every run. What is asked of `labgrid-client` is what a person
would type, so reservations, users and exporters are labgrid's business.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from host_tools import ROOT
from host_tools.bench.target import TargetError
from host_tools.deadline import Deadline

CLIENT = "labgrid-client"
_OWN = ROOT / ".tools" / "labgrid" / "bin" / CLIENT
_COMMAND_S = 20.0  # one answer of the coordinator; labgrid's client takes a second to start


class Place:
    """One place of a coordinator; release() after acquire()."""

    def __init__(self, name: str, coordinator: str = "", client: Path | None = None) -> None:
        """Name it; without `coordinator` (HOST:PORT) LG_COORDINATOR says where to ask."""
        self.name = name
        self._coordinator = coordinator
        self._client = client or client_path()

    def acquire(self, wait_s: float = 0) -> None:
        """Take the place; one that somebody has is waited for in labgrid's queue.

        Raises TargetError, which says who has it.
        """
        try:
            self._run("acquire")
            return
        except TargetError as error:
            if not wait_s or "already acquired" not in str(error):
                raise TargetError(f"{error}{self._reserved_for()}") from error
            self._queue(wait_s, str(error))

    def resources(self, wanted: Collection[str]) -> dict[str, str]:
        """Return the URLs of those of the acquired place's resources whose names are wanted.

        Raises TargetError when one of them is no serial port.
        """
        said = yaml.safe_load(self._run("env"))
        try:
            (described,) = said["targets"].values()
            found = [next(iter(entry.items())) for entry in described["resources"]]
            named = [(str(params.get("name", cls)), cls, params) for cls, params in found]
            return {name: url(cls, params) for name, cls, params in named if name in wanted}
        except (KeyError, TypeError, ValueError, StopIteration) as error:
            raise TargetError(f"{CLIENT} describes the place {self.name} as {said!r}") from error

    def release(self) -> None:
        """Give the place back. Raises TargetError."""
        self._run("release")

    # --- inside ---------------------------------------------------------------------------------

    def _queue(self, wait_s: float, why: str) -> None:
        """Reserve the place, wait for our turn, take it; leave the queue in any case."""
        deadline = Deadline(wait_s)
        told = self._run("reserve", "--shell", f"name={self.name}")
        token = told.strip().rpartition("=")[2]
        try:
            self._run("wait", token, deadline=deadline)
            self._run("acquire")
        except TimeoutError as error:
            raise TargetError(f"{why} It was not free within {wait_s:g} s.") from error
        finally:
            with suppress(TargetError):  # it has run out by itself
                self._run("cancel-reservation", token)

    def _reserved_for(self) -> str:
        """Say who has reserved the place, "" if nobody has or the coordinator does not answer."""
        try:
            told = yaml.safe_load(self._run("reservations"))
        except (TargetError, yaml.YAMLError):
            return ""
        reservations = told.values() if isinstance(told, dict) else ()
        owners = [
            str(one["owner"])
            for one in reservations
            if self.name in (one.get("allocations") or {}).values()
        ]
        return f" It is reserved for {', '.join(owners)}." if owners else ""

    def _run(self, *words: str, deadline: Deadline | None = None) -> str:
        """Run labgrid-client and return what it printed. Raises TargetError.

        With `deadline` also TimeoutError, when that is over.
        """
        where = ["--coordinator", self._coordinator] if self._coordinator else []
        command = [str(self._client), *where, "--place", self.name, *words]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND_S if deadline is None else deadline.remaining,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            if deadline is not None:
                raise TimeoutError(f"{words[0]} took too long") from error
            raise TargetError(
                f"labgrid's coordinator does not answer `{words[0]}` within {_COMMAND_S:g} s"
            ) from error
        except OSError as error:
            raise TargetError(f"{self._client} does not run: {error.strerror}") from error
        if done.returncode:
            why = _last_line(done.stderr)
            if "connect to coordinator" in why:
                why += ". Say where it is with --coordinator HOST:PORT or LG_COORDINATOR."
            raise TargetError(f"labgrid, place {self.name}: {why}")
        return done.stdout


def client_path() -> Path:
    """Return where labgrid's client is. Raises TargetError."""
    found = str(_OWN) if _OWN.is_file() else shutil.which(CLIENT)
    if found is None:
        raise TargetError(
            f"There is no {CLIENT}. `make labgrid` puts one into .tools/labgrid; one on PATH will"
            " do as well."
        )
    return Path(found)


def url(cls: str, params: Mapping[str, Any]) -> str:
    """Return what pyserial opens for a resource. Raises TargetError."""
    if cls == "RawSerialPort":  # on this very machine
        return str(params["port"])
    if cls != "NetworkSerialPort":
        raise TargetError(
            f"A {cls} is no port that the bench can open. The exporter makes a NetworkSerialPort"
            " of each USBSerialPort and RawSerialPort."
        )
    host, port = params["host"], params["port"]
    if port is None:
        raise TargetError(
            f"The port {params.get('name', cls)} is not there: is its board plugged into {host}?"
        )
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if params.get("protocol", "rfc2217") == "raw":
        return f"socket://{where}"
    # ser2net acknowledges no control lines; labgrid's own driver does not ask for them either.
    return f"rfc2217://{where}?ign_set_control"


def _last_line(text: str) -> str:
    """Return the sentence with which labgrid's client ends, without its name."""
    lines = [line for line in text.splitlines() if line.strip()] or ["it did not say why"]
    return lines[-1].rpartition("Error: ")[2]
