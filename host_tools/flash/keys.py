"""The two key files of a detector: one for the ARC, one for the customer, no key in common."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from host_tools.flash.errors import KeysError, ProvisionError
from host_tools.keyfile import ARC, CUSTOMER, FORMAT, NAMES

_MODE = 0o600


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

    @contextlib.contextmanager
    def set_aside(self) -> Iterator[list[Path]]:
        """Rename existing files, dated: images sealed to the old keys still need them.

        They get their names back when the block fails.
        """
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        moved = {path: path.with_name(f"{path.stem}.until-{stamp}.json") for path in self.existing}
        for path, old in moved.items():
            path.rename(old)
        try:
            yield list(moved.values())
        except BaseException:
            for path, old in moved.items():
                old.rename(path)
            raise

    @contextlib.contextmanager
    def reserved(self) -> Iterator[KeyFileWriter]:
        """Create both files, empty, before the board makes keys: they exist nowhere else then.

        Raises KeysError if one exists. They are removed again when the block fails.
        """
        with contextlib.ExitStack() as stack:
            self.arc.parent.mkdir(parents=True, exist_ok=True)
            handles = {}
            for role, path in ((ARC, self.arc), (CUSTOMER, self.customer)):
                handles[role] = _create(path)
                stack.callback(os.close, handles[role])
                stack.callback(_remove_if_empty, path)
            yield KeyFileWriter(handles)


@dataclass(frozen=True)
class KeyFileWriter:
    """Open handles of both files."""

    handles: Mapping[str, int]

    def write(self, device_id: str, keys: Mapping[str, str]) -> None:
        """Write the keys (`arc-command` ... `customer-journal`, hex) to their files."""
        for role, handle in self.handles.items():
            try:
                mine = {name: keys[f"{role}-{name}"] for name in NAMES[role]}
            except KeyError as error:
                raise ProvisionError(f"The board did not tell its key {error}.") from error
            content = {"sluss_key_file": FORMAT, "role": role, "device": device_id, "keys": mine}
            os.write(handle, (json.dumps(content, indent=2) + "\n").encode())
            os.fsync(handle)


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
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
