"""An app as one file: a file system to import from, and what an app may know of itself.

This stays in memory while the app runs; what chooses one (loader.py) does not. What an app may
use of the two is the Slot that its `app.main` is given, and nothing else: an app meets older
loaders and newer ones. A loader that changes the format of an app goes on reading the one before.
"""

import sys

NAMES = ("a", "b")
NONE = "-"
APP = "/app"
SUFFIX = ".app"
STATE = "slots"
NEW = ".new"  # behind the name of a file that is not whole yet

# An app: this line with the lengths of the index and of all behind the line; the index, a line
# `path offset size` for each file; their SHA-256, raw, in the same order; the files; the SHA-256
# of everything before it.
HEAD = b"sluss app 1 %06d %08d\n"
HEAD_BYTES = 28
DIGEST_BYTES = 32

_FOLDER = (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)


class Slot:
    """The app that is started, as it may see itself, and its files (MicroPython's vfs_userfs.py).

    `trial`: it is new, and has to settle before its tries are over. `undone`: the slot of another
    one that did not, or was damaged; this one was started instead. `unsettled`: one of the two, so
    settle() has something to write. `rolled_back`: a roll-back has happened, now or earlier.
    """

    def __init__(self, name: str, trial: bool, undone: str, rolled_back: bool) -> None:
        """Take what the loader found."""
        self.name = name
        self.trial = trial
        self.undone = undone
        self.unsettled = trial or undone != ""
        self.rolled_back = rolled_back or undone != ""
        self._index = b""

    def settle(self) -> None:
        """Make this app the active one, for good; raise OSError."""
        import loader

        loader.Slots().write(self.name, NONE, 0, self.undone or NONE)
        self.trial = self.unsettled = False

    def mount_guarded(self) -> None:
        """Mount the board's files again, so that they may be written."""
        import loader

        loader.mount_guarded()

    def names(self) -> list:
        """Name the files of the app; they are at /app."""
        return names_of(self._read())

    @staticmethod
    def is_own(name: str) -> bool:
        """Say whether a name in the root is the loader's: apps, its book of them, a half file."""
        return name in ("app", "a.app", "b.app", STATE) or name.endswith(NEW)

    def forget(self) -> None:
        """Free the index's memory; whoever opens a file from now on has it read again."""
        self._index = b""

    # --- the app's files -------------------------------------------------------------------------

    def attach(self) -> None:
        """Mount the app; what is imported next comes from it. Raise OSError, ValueError."""
        import vfs

        self._index = self._read()  # the importer looks into it often
        vfs.mount(self, APP)
        sys.path.insert(0, APP)

    def mount(self, _readonly: bool, _mkfs: bool) -> None:
        """Be mounted."""

    def stat(self, path: str) -> tuple:
        """Say whether a path is a file or a folder; raise OSError."""
        index = self._read()
        place = place_of(index, path[1:])
        if place is not None:
            return (0x8000, 0, 0, 0, 0, 0, place[1], 0, 0, 0)
        if path == "/" or index.find(b"\n" + path[1:].encode() + b"/") >= 0:
            return _FOLDER
        raise OSError(2)

    def open(self, path: str, _mode: str) -> "IO":
        """Open the whole app where a file begins; raise OSError.

        It does not end where that file ends: a compiled module says itself how long it is.
        """
        index = self._read()
        place = place_of(index, path[1:])
        if place is None:
            raise OSError(2)
        file = open(path_of(self.name), "rb")
        file.seek(first_of(index) + place[0])
        return file

    def _read(self) -> bytes:
        if self._index:
            return self._index
        with open(path_of(self.name), "rb") as file:
            return read_index(file)


def read_index(file: "IO") -> bytes:
    """Return an app's index, which follows its head; raise ValueError."""
    head = file.read(HEAD_BYTES)
    words = head.split(b" ")
    if head[:12] != HEAD[:12] or len(words) != 5:
        raise ValueError("no app")
    return file.read(int(words[3]))


def names_of(index: bytes) -> list:
    """Return the paths of all files of an app, in their order."""
    return [str(line.split(b" ")[0], "utf-8") for line in index.split(b"\n")[1:-1]]


def first_of(index: bytes) -> int:
    """Return where the first file of an app begins."""
    return HEAD_BYTES + len(index) + (index.count(b"\n") - 1) * DIGEST_BYTES


def place_of(index: bytes, path: str) -> tuple | None:
    """Return where a file begins, counted from the first, and its size; None without it."""
    key = b"\n" + path.encode() + b" "
    at = index.find(key)
    if at < 0:
        return None
    at += len(key)
    offset, size = index[at : index.find(b"\n", at)].split(b" ")
    return int(offset), int(size)


def path_of(name: str, root: str = "/") -> str:
    """Return where a slot's app is."""
    return root + name + SUFFIX
