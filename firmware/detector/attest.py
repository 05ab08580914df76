"""A digest over all files of the file system and a nonce, for the console's `attest`.

It says which files a firmware that answers honestly runs from. Against hostile firmware it says
nothing: that could compute the digest of files it does not run.
"""

import hashlib
import os

_PIECE_BYTES = 512


class Attestation:
    """SHA-256(nonce, then name, 0, SHA-256(content) of each file, names sorted), step by step."""

    def __init__(self, nonce: bytes) -> None:
        """List the files."""
        self._whole = hashlib.sha256(nonce)
        self._names = sorted(_files(""))
        self._piece = bytearray(_PIECE_BYTES)
        self._view = memoryview(self._piece)
        self._file: "IO" = None
        self._content = hashlib.sha256()

    def step(self) -> bytes | None:
        """Read one piece of a file; return the digest when all are read, None before."""
        if self._file is None:
            if not self._names:
                return self._whole.digest()
            name = self._names.pop(0)
            self._whole.update(name.encode() + b"\x00")
            self._content = hashlib.sha256()
            self._file = open("/" + name, "rb")
            return None
        count = self._file.readinto(self._piece)
        if count:
            self._content.update(self._view[:count])
        else:
            self._file.close()
            self._file = None
            self._whole.update(self._content.digest())
        return None


def _files(folder: str) -> list[str]:
    """Name the files below a folder, relative to the root, without a leading slash."""
    names = []
    for entry in os.ilistdir("/" + folder):
        name = folder + "/" + entry[0] if folder else entry[0]
        if entry[1] & 0x4000:  # a directory (os.ilistdir)
            names += _files(name)
        else:
            names.append(name)
    return names
