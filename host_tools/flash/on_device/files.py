"""Runs on the board. Lists, receives and deletes files, around the raw flash blocks.

`loader`, `slot` and `flash_guard` are there already, as modules.py has loaded them: those that
will be installed, not those that the board may have.
"""

import binascii
import hashlib
import json
import os
import sys

import loader
import slot

_BUFFER = bytearray(4096)
_VIEW = memoryview(_BUFFER)
_IS_FOLDER = 0x4000


def survey() -> None:
    """Mount around the raw blocks; print the slots' state, then `mark path` for every file.

    The mark is the file's SHA-256; of an app its own last bytes, or `-` where it is not whole.
    """
    # The stock _boot.py mounts with reads of 32 bytes. Nothing on the flash depends on that, and
    # large ones are nine times fewer calls of a block device that is written in Python.
    loader.mount_guarded(1024)
    slots = loader.Slots()
    print(slots.active, slots.candidate, slots.tries, slots.failed)
    for path in _walk(""):
        print(app_mark(path) if path.endswith(slot.SUFFIX) else digest(path), path)


def app_mark(path: str) -> str:
    """Return an app's mark."""
    if not loader.is_whole("/" + path):
        return slot.NONE
    with open("/" + path, "rb") as file:
        file.seek(-slot.DIGEST_BYTES, 2)
        return binascii.hexlify(file.read()).decode()


def digest(path: str) -> str:
    """Return a file's SHA-256."""
    found = hashlib.sha256()
    with open("/" + path, "rb") as file:
        while True:
            count = file.readinto(_BUFFER)
            if not count:
                return binascii.hexlify(found.digest()).decode()
            found.update(_VIEW[:count])


def contents(path: str) -> None:
    """Print `SHA-256 offset path` for every file of an app."""
    with open("/" + path, "rb") as file:
        index = slot.read_index(file)
        first = slot.first_of(index)
        for name in slot.names_of(index):
            mark = binascii.hexlify(file.read(slot.DIGEST_BYTES)).decode()
            print(mark, first + slot.place_of(index, name)[0], name)


def receive(path: str) -> None:
    """Take a file from the console, in parts; each line and each block is acknowledged.

    `copy offset count path`: from a file that is here. `take count`: in base64 blocks, so that
    Ctrl-C gets the board back wherever the sender was lost. An empty line ends it.
    """
    _make_folders(path)
    with open("/" + path, "wb") as file:
        sys.stdout.write("+")
        while True:
            words = sys.stdin.readline().split()
            if not words:
                break
            if words[0] == "copy":
                _copy(file, int(words[1]), int(words[2]), words[3])
            else:
                _take(file, int(words[1]))
            sys.stdout.write("+")
    sys.stdout.write("+")


def _take(file: object, left: int) -> None:
    while left > 0:
        sys.stdout.write("+")
        count = min(left, len(_BUFFER) // 4 * 3)
        block = _VIEW[: (count + 2) // 3 * 4]
        done = 0
        while done < len(block):
            done += sys.stdin.buffer.readinto(block[done:]) or 0
        file.write(binascii.a2b_base64(block))
        left -= count


def _copy(file: object, offset: int, left: int, path: str) -> None:
    with open("/" + path, "rb") as source:
        source.seek(offset)
        while left > 0:
            count = source.readinto(_VIEW[: min(left, len(_BUFFER))])
            file.write(_VIEW[:count])
            left -= count


def rename(path: str, name: str) -> None:
    """Put a file in the place of another, at once or not at all."""
    os.rename("/" + path, "/" + name)


def delete(path: str) -> None:
    """Delete a file and the folders that it leaves empty."""
    os.remove("/" + path)
    folder = path.rpartition("/")[0]
    while folder and not os.listdir("/" + folder):
        os.rmdir("/" + folder)
        folder = folder.rpartition("/")[0]


def write_slots(active: str, candidate: str) -> None:
    """Say which app is proven, and which one is to be tried."""
    loader.Slots().write(active, candidate, 0, slot.NONE)


def identity() -> None:
    """Print the device id and its configuration as JSON, nothing where it has none."""
    loader.mount_app()
    from detector.hal import Hal
    from detector.identity import Identity
    from detector.raw_flash import raw_blocks

    found = Identity.load(raw_blocks(Hal().flash))
    if found is not None:
        print(found.device_id, json.dumps(found.config))


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
