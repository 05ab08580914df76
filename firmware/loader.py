"""Starts one of the two apps that a board has room for, and the old one where the new one fails.

An app is one file, `a.app` or `b.app`, which is mounted at /app and imported from there. The file
`slots` says which one is proven (active) and which one is on trial (candidate); it is written
whole and then renamed, which littlefs does at once or not at all. A candidate has TRIES starts to
settle in.

The files of the root, this one among them, are replaced by a rename, too, one after the other
(host_tools/flash/installer.py): any mixture of old and new ones must start any app.
"""

import hashlib
import os

from slot import DIGEST_BYTES, HEAD, HEAD_BYTES, NAMES, NEW, NONE, STATE, Slot, path_of

TRIES = 3

_PIECE_BYTES = 1024
_PAGE_BYTES = 256  # as the stock _boot.py of the rp2 port mounts it
# An app that hangs on trial is reset; the longest that a Pico's watchdog can be set to is 8388.
_WATCHDOG_MS = 8000


def is_whole(path: str) -> bool:
    """Say whether a file is an app and holds what was written: its last 32 bytes say so."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            if head[:12] != HEAD[:12]:
                return False
            left = int(head.split(b" ")[4]) - DIGEST_BYTES
            digest = hashlib.sha256(head)
            piece = memoryview(bytearray(_PIECE_BYTES))
            while left > 0:
                count = file.readinto(piece[: min(left, _PIECE_BYTES)])
                if not count:
                    return False
                digest.update(piece[:count])
                left -= count
            return file.read(DIGEST_BYTES + 1) == digest.digest()
    except (OSError, ValueError, IndexError):
        return False


class Slots:
    """The two apps of a board and what is known of them; `root` ends with a slash."""

    def __init__(self, root: str = "/") -> None:
        """Read what the file `slots` says: names of slots, or NONE."""
        self.root = root
        self.active = self.candidate = self.failed = NONE
        self.tries = 0
        try:
            with open(root + STATE) as file:
                version, active, candidate, tries, failed = file.read().split()
            if version == "1":
                self.tries = int(tries)
                self.active, self.candidate, self.failed = active, candidate, failed
        except (OSError, ValueError):
            pass  # a blank board; any app that is whole will do

    def write(self, active: str, candidate: str, tries: int, failed: str) -> None:
        """Write the file `slots` whole, then put it in the place of the old one; raise OSError."""
        with open(self.root + STATE + NEW, "w") as file:
            file.write("1 %s %s %d %s\n" % (active, candidate, tries, failed))
        os.rename(self.root + STATE + NEW, self.root + STATE)
        self.active, self.candidate, self.tries, self.failed = active, candidate, tries, failed

    def count(self) -> None:
        """Count a trial before it begins; raise OSError."""
        self.write(self.active, self.candidate, self.tries + 1, self.failed)

    def choose(self, jumper: bool) -> "Slot":
        """Return the slot to start; raise ValueError where neither app is whole.

        The candidate, as long as it has tries left; but the service program is the proven one's.
        """
        candidate = self.candidate
        if candidate in NAMES and not jumper and self.tries < TRIES:
            if is_whole(path_of(candidate, self.root)):
                return Slot(candidate, True, "", False)
        return self.proven(jumper)

    def proven(self, jumper: bool) -> "Slot":
        """Return the active slot, or another whose app is whole; raise ValueError."""
        failed = self.candidate if self.candidate in NAMES else ""
        for name in (self.active,) + NAMES:
            if name in NAMES and name != failed and is_whole(path_of(name, self.root)):
                if self.active in NAMES and name != self.active:
                    failed = self.active
                return Slot(name, False, "" if jumper else failed, self.failed != NONE)
        if failed and is_whole(path_of(failed, self.root)):  # there is nothing to go back to
            return Slot(failed, False, "", False)
        raise ValueError("no app is whole: fit the service jumper, reset, and run sluss flash")


def mount_guarded(readsize: int = _PAGE_BYTES) -> None:
    """Mount the chip's storage region again, through the guard."""
    import vfs

    from flash_guard import GuardedFlash

    try:
        import rp2

        flash = rp2.Flash()
    except ImportError:
        from esp32 import Partition  # type: ignore[import-not-found]

        flash = Partition.find(Partition.TYPE_DATA, label="vfs")[0]
    vfs.umount("/")
    guarded = GuardedFlash(flash)
    files = vfs.VfsLfs2(guarded, readsize=readsize, progsize=_PAGE_BYTES)  # type: ignore[arg-type]
    vfs.mount(files, "/")
    os.chdir("/")


def mount_app() -> None:
    """Mount the app that would be started now, for whoever sits at the prompt."""
    Slots().choose(True).attach()


def start(jumper: bool) -> Slot:
    """Choose an app, and mount it; a trial of it begins."""
    slots = Slots()
    slot = slots.choose(jumper)
    if slot.unsettled:
        mount_guarded()
    if slot.trial:
        try:
            slots.count()
        except OSError:  # tries that cannot be counted would have no end
            slot = slots.proven(jumper)
    if slot.trial:
        import machine

        machine.WDT(timeout=_WATCHDOG_MS)
    slot.attach()
    return slot
