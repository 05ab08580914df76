"""Runs on the board. Lists, receives and deletes files, around the raw flash blocks."""

import binascii
import hashlib
import json
import os
import sys

import machine
import vfs

_BUFFER = bytearray(4096)
_IS_FOLDER = 0x4000


def describe(service_pin: int) -> None:
    """Print the service line's level, the chip's number and the interpreter's build."""
    build = getattr(sys.implementation, "_build", "-")
    version = "%d.%d.%d" % sys.implementation[1][:3]
    level = machine.Pin(service_pin, machine.Pin.IN).value()
    print(level, binascii.hexlify(machine.unique_id()).decode(), version, build)


def mount_guarded(kind: str) -> None:
    """Mount the storage region again, so that no file is written to a raw block."""
    from detector.flash_guard import GuardedFlash

    vfs.umount("/")
    # The stock _boot.py mounts with reads of 32 bytes. Nothing on the flash depends on that, and
    # large ones are nine times fewer calls of a block device that is written in Python.
    guarded = GuardedFlash(_flash(kind))
    vfs.mount(vfs.VfsLfs2(guarded, readsize=1024, progsize=256), "/")
    os.chdir("/")


def digests() -> None:
    """Print `sha256 path` for every file."""
    view = memoryview(_BUFFER)
    for path in _walk(""):
        digest = hashlib.sha256()
        with open("/" + path, "rb") as file:
            while True:
                count = file.readinto(_BUFFER)
                if not count:
                    break
                digest.update(view[:count])
        print(binascii.hexlify(digest.digest()).decode(), path)


def receive() -> None:
    """Take files from the console: a line `path size`, then base64 blocks; each is acknowledged.

    Base64, so that Ctrl-C gets the board back wherever the sender was lost. An empty line ends.
    """
    view = memoryview(_BUFFER)
    sys.stdout.write("+")
    while True:
        path, _, size = sys.stdin.readline().strip().rpartition(" ")
        if not path:
            return
        _make_folders(path)
        left = int(size)
        with open("/" + path, "wb") as file:
            while left > 0:
                count = min(left, len(_BUFFER) // 4 * 3)
                block = view[: (count + 2) // 3 * 4]
                _read_all(block)
                file.write(binascii.a2b_base64(block))
                left -= count
                if left > 0:
                    sys.stdout.write("+")
        sys.stdout.write("+")


def delete(path: str) -> None:
    """Delete a file and the folders that it leaves empty."""
    os.remove("/" + path)
    folder = path.rpartition("/")[0]
    while folder and not os.listdir("/" + folder):
        os.rmdir("/" + folder)
        folder = folder.rpartition("/")[0]


def identity(kind: str) -> None:
    """Print the device id and its configuration as JSON, nothing where it has none."""
    # From here on the modules that are installed, not those that were sent ahead.
    for name in list(sys.modules):
        if name.startswith("detector"):
            del sys.modules[name]
    from detector.identity import Identity
    from detector.raw_flash import raw_blocks

    found = Identity.load(raw_blocks(_flash(kind)))
    if found is not None:
        print(found.device_id, json.dumps(found.config))


def _flash(kind: str) -> object:
    if kind != "rp2":
        raise ValueError("unknown kind of flash: " + kind)
    import rp2

    return rp2.Flash()


def _read_all(block: memoryview) -> None:
    done = 0
    while done < len(block):
        done += sys.stdin.buffer.readinto(block[done:]) or 0


def _walk(folder: str) -> list:
    found = []
    for entry in os.ilistdir("/" + folder):
        path = folder + "/" + entry[0] if folder else entry[0]
        if entry[1] & _IS_FOLDER:
            found += _walk(path)
        else:
            found.append(path)
    return found


def _make_folders(path: str) -> None:
    parts = path.split("/")
    for end in range(1, len(parts)):
        try:
            os.mkdir("/" + "/".join(parts[:end]))
        except OSError:  # it is there
            pass
