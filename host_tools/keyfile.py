"""Key files: what the holder of one of the two may say to a detector, and open of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ARC = "arc"
CUSTOMER = "customer"
FORMAT = 1
KEY_BYTES = 32
# Names of the keys that each role's file must have.
NAMES: Mapping[str, tuple[str, ...]] = {
    ARC: ("command", "event", "image"),
    CUSTOMER: ("command", "event", "image", "journal"),
}


class KeyFileError(Exception):
    """A file is missing, is no key file, or is another role's; the text says which and why."""


@dataclass(frozen=True)
class KeyFile:
    """One role's keys for one detector."""

    role: str
    device: str
    keys: Mapping[str, bytes]

    @classmethod
    def read(cls, path: Path | str, role: str | None = None) -> KeyFile:
        """Read and check a key file, of `role` where one is asked for. Raises KeyFileError."""
        path = Path(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise KeyFileError(f"The key file {path} cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:
            raise KeyFileError(f"{path} is no key file.") from error
        if not isinstance(content, dict) or content.get("sluss_key_file") != FORMAT:
            raise KeyFileError(f"{path} is no key file of a kind that this version knows.")
        found = str(content.get("role"))
        if found not in NAMES or (role is not None and found != role):
            raise KeyFileError(f"{path} holds the keys of role {found!r}, not of {role!r}.")
        try:
            keys = {name: bytes.fromhex(content["keys"][name]) for name in NAMES[found]}
            device = str(content["device"])
        except (KeyError, TypeError, ValueError) as error:
            raise KeyFileError(f"{path} is incomplete or damaged: {error}.") from error
        short = [name for name, key in keys.items() if len(key) != KEY_BYTES]
        if short:
            raise KeyFileError(f"{path}: the key {short[0]!r} is not {KEY_BYTES} bytes long.")
        return cls(found, device, keys)
