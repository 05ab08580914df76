"""A digest over a nonce and all files that run, for the console's `attest`.

Those are the ones of the root and of this app, not the loader's books and not the other app. It
says which files a firmware that answers honestly runs from. Against hostile firmware it says
nothing: that could compute the digest of files it does not run.
"""

import hashlib
import os

_PIECE_BYTES = 512


class Attestation:
    """SHA-256(nonce, then name, 0, SHA-256(content) of each file, names sorted), step by step."""

    def __init__(self, nonce: bytes, slot: "Slot") -> None:
        """List the files; `slot` is the loader's word for the app that this is."""
        self._whole = hashlib.sha256(nonce)
        names = [(name, "/" + name) for name in _files("", slot)]
        names += [(name, "/app/" + name) for name in slot.names()]
        self._names = sorted(names)
        self._view = memoryview(bytearray(_PIECE_BYTES))
        self._file: "IO" = None
        self._left = 0  # bytes of it: an app's files are in one, and do not end it
        self._content = hashlib.sha256()

    def step(self) -> bytes | None:
        """Read one piece of a file; return the digest when all are read, None before."""
        if self._file is None:
            if not self._names:
                return self._whole.digest()
            name, path = self._names.pop(0)
            self._whole.update(name.encode() + b"\x00")
            self._content = hashlib.sha256()
            self._left = os.stat(path)[6]
            self._file = open(path, "rb")
            return None
        count = self._file.readinto(self._view[: min(self._left, _PIECE_BYTES)])
        if count:
            self._left -= count
            self._content.update(self._view[:count])
        else:
            self._file.close()
            self._file = None
            self._whole.update(self._content.digest())
        return None


def of(slot: "Slot") -> "Callable":
    """Return what makes an Attestation of this app from a nonce."""
    return lambda nonce: Attestation(nonce, slot)


def _files(folder: str, slot: "Slot") -> list[str]:
    """Name the files below a folder, relative to the root, without a leading slash."""
    names = []
    for entry in os.ilistdir("/" + folder):
        name = folder + "/" + entry[0] if folder else entry[0]
        if slot.is_own(name):
            continue
        if entry[1] & 0x4000:  # a directory (os.ilistdir)
            names += _files(name, slot)
        else:
            names.append(name)
    return names
