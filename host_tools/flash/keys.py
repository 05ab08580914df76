"""The two key files of a detector: one for the ARC, one for the customer, no key in common."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from host_tools.flash.errors import KeysError, KeysLostError
from host_tools.keyfile import ARC, CUSTOMER, FORMAT, KEY_BYTES, NAMES

_MODE = 0o600
_FOLDER_MODE = 0o700  # of a folder that is made


@dataclass(frozen=True)
class KeyFiles:
    """Where a detector's key files are."""

    arc: Path
    customer: Path

    @classmethod
    def of(cls, folder: Path, device_id: str) -> KeyFiles:
        """Return the two paths of a device."""
        return cls(folder / f"{device_id}.arc.json", folder / f"{device_id}.customer.json")

    @property
    def existing(self) -> list[Path]:
        """Those of the two that exist."""
        return [path for path in (self.arc, self.customer) if path.exists()]

    @property
    def missing(self) -> list[Path]:
        """Those of the two that do not exist."""
        return [path for path in (self.arc, self.customer) if not path.exists()]

    @contextlib.contextmanager
    def set_aside(self) -> Iterator[list[Path]]:
        """Rename existing files, dated: images sealed to the old keys still need them.

        They get their names back when the block fails, but not after KeysLostError: then they may
        be the board's keys no more.
        """
        moved = {}
        try:
            for path in self.existing:
                moved[path] = _rename(path, _dated(path))
            yield list(moved.values())
        except KeysLostError:
            raise
        except BaseException:
            for path, old in moved.items():
                _rename(old, path)
            raise

    @contextlib.contextmanager
    def reserved(self) -> Iterator[KeyFileWriter]:
        """Create both files, empty, before the board makes keys: they exist nowhere else then.

        Raises KeysError if one exists. What is still empty at the end is removed again.
        """
        with contextlib.ExitStack() as stack:
            files = {}
            for role, path in ((ARC, self.arc), (CUSTOMER, self.customer)):
                files[role] = _create(path)
                stack.callback(_remove_if_empty, path)
                stack.callback(files[role].close)
            yield KeyFileWriter(files)


@dataclass(frozen=True)
class KeyFileWriter:
    """Both files, open and empty, by role."""

    files: Mapping[str, io.FileIO]

    def write(self, device_id: str, keys: Mapping[str, str]) -> None:
        """Write the keys (`arc-command` ... `customer-journal`, hex) to their files.

        Raises KeysLostError; both are empty then: half of the keys are of no use.
        """
        try:
            for role, file in self.files.items():
                mine = {name: _whole(keys[f"{role}-{name}"]) for name in NAMES[role]}
                content = {"sluss_key_file": FORMAT, "role": role, "device": device_id}
                _write_all(file, json.dumps({**content, "keys": mine}, indent=2) + "\n")
        except (KeyError, ValueError, OSError) as error:
            for file in self.files.values():
                file.truncate(0)
            if isinstance(error, KeyError):
                why = f"it did not tell its key {error}"
            elif isinstance(error, ValueError):
                why = "what it told of them came damaged"
            else:
                why = f"the key files cannot be written: {error.strerror}"
            raise KeysLostError(f"The detector has keys that nobody knows; {why}.") from error


def _whole(key: str) -> str:
    """Return a key in hex; raise ValueError where it is none."""
    if len(bytes.fromhex(key)) != KEY_BYTES:
        raise ValueError("length")
    return key


def _write_all(file: io.FileIO, text: str) -> None:
    data = text.encode()
    while data:
        data = data[file.write(data) :]
    os.fsync(file.fileno())


def _rename(path: Path, name: Path) -> Path:
    try:
        return path.rename(name)
    except OSError as error:
        raise KeysError(f"The key file {path} cannot be renamed: {error.strerror}.") from error


def _dated(path: Path) -> Path:
    """Return a name that is free and says until when the keys were in use."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = itertools.chain([stamp], (f"{stamp}-{number}" for number in itertools.count(2)))
    paths = (path.with_name(f"{path.stem}.until-{name}.json") for name in names)
    return next(free for free in paths if not free.exists())


def _create(path: Path) -> io.FileIO:
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        return io.FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w")
    except FileExistsError as error:
        raise KeysError(
            f"The key file {path} exists and is never overwritten. With --rekey it is renamed "
            f"and the detector gets new keys."
        ) from error
    except OSError as error:
        raise KeysError(f"The key file {path} cannot be made: {error.strerror}.") from error


def _remove_if_empty(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()
