"""A digest over all files of the file system and a nonce, for the console's `attest`.

It says which files a firmware that answers honestly runs from. Against hostile firmware it says
nothing: that could compute the digest of files it does not run.
"""

import hashlib
import os

_PIECE_BYTES = 512


def digest(nonce: bytes) -> bytes:
    """Return SHA-256(nonce, then name, 0, SHA-256(content) of each file, names sorted).

    Reads every file: some 200 ms on a Pico, so never in an alarm.
    """
    whole = hashlib.sha256(nonce)
    piece = bytearray(_PIECE_BYTES)
    for name in sorted(_files("")):
        whole.update(name.encode() + b"\x00")
        whole.update(_file_digest("/" + name, piece))
    return whole.digest()


def _file_digest(path: str, piece: bytearray) -> bytes:
    content = hashlib.sha256()
    view = memoryview(piece)
    with open(path, "rb") as file:
        while True:
            count = file.readinto(piece)
            if not count:
                return content.digest()
            content.update(view[:count])


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
