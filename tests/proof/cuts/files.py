"""The app's files on the real littlefs, cut while they are installed, updated and deleted.

As host_tools/flash/on_device/files.py does it, through the guard that keeps littlefs out of the
raw blocks. Where the mount fails, a stock board's _boot.py makes a new file system: that must
never happen to one that was there.
"""

import vfs
from kinds import RAW_FIRST
from ledger import Broken
from nor import Chance, Flash

from flash_guard import GuardedFlash

_BLOCK_BYTES = 3072  # files.py: what one write takes
_NAMES = (
    "main.py",
    "boot.py",
    "pins.py",
    "detector/app.py",
    "detector/gate.py",
    "detector/hal.py",
)


def mount(flash):
    """Return the file system, mounted as files.py does; raise OSError where there is none.

    But for the times of files: with those no point could be done again as it was.
    """
    return vfs.VfsLfs2(GuardedFlash(flash), readsize=1024, progsize=256, mtime=False)


class FilesPast:
    """A board with an older firmware on it, below a detector's raw blocks."""

    def __init__(self, past, seed):
        """Make the file system as a stock board does, over the whole region, and its files."""
        self.name = "files"
        flash = Flash()
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        flash.blocks.update(past.blocks)
        self.ledger = []
        chance = Chance("files past %d" % seed)
        files = mount(flash)
        for name in _NAMES:
            _receive(files, self.ledger, name, _content(chance))
        self.blocks = flash.blocks

    def story(self, seed, operations):
        """Return what happens to such a board."""
        return FilesStory(self, seed, operations)


def _content(chance):
    return chance.bytes(chance.pick((0, 100, 900, 3000, 7000, 13000)))


def _receive(files, ledger, name, data):
    """Write a file in pieces, as it comes over the console."""
    folder = name.rpartition("/")[0]
    if folder:
        try:
            files.mkdir(folder)
        except OSError:  # it is there
            pass
    ledger.append(("writing", name, data))
    with files.open(name, "wb") as file:
        for at in range(0, len(data), _BLOCK_BYTES):
            file.write(data[at : at + _BLOCK_BYTES])
    ledger.append(("written", name, data))


def _delete(files, ledger, name):
    ledger.append(("removing", name))
    files.remove(name)
    ledger.append(("removed", name))


class FilesStory:
    """Updates of some files, deletions and additions."""

    def knowledge(self):
        """Return who takes in the ledger's facts."""
        return Files(_raw(self.blocks))

    @staticmethod
    def reboot(blocks, known, chance):
        """Return a start on the flash that a cut left."""
        return FilesReboot(blocks, known, chance)

    def __init__(self, past, seed, operations):
        """Tell it until there are so many operations."""
        self.name = "files, %d" % seed
        self.blocks = past.blocks
        chance = Chance(self.name)
        self.ledger = list(past.ledger)
        flash = Flash(self.blocks)
        flash.ledger = self.ledger
        self.operations = flash.operations = []
        flash.step = "files are flashed"
        files = mount(flash)
        known = self.knowledge()
        while len(self.operations) < operations:
            if chance.below(6) == 0:
                files = mount(flash)
            for fact in self.ledger:
                known.take(fact)
            name = chance.pick(_NAMES + ("more.py", "detector/new.py", "a/folder/of.py"))
            if name in known.whole and chance.below(4) == 0:
                _delete(files, self.ledger, name)
            else:
                folder = ""
                for part in name.split("/")[:-1]:
                    folder += "/" + part if folder else part
                    _make_folder(files, folder)
                _receive(files, self.ledger, name, _content(chance))


def _make_folder(files, folder):
    try:
        files.mkdir(folder)
    except OSError:  # it is there
        pass


class Files:
    """What the file system has promised."""

    chain = None

    def __init__(self, raw):
        """Know no file; `raw` are the raw blocks, which stay as they are."""
        self.raw = raw
        self.whole = {}
        self.writing = None
        self.removing = None

    def take(self, fact):
        """Take in one fact."""
        kind = fact[0]
        self.writing = fact[1:] if kind == "writing" else None
        self.removing = fact[1] if kind == "removing" else None
        if kind == "found":
            self.whole = dict(fact[1])
        elif kind == "written":
            self.whole[fact[1]] = fact[2]
        elif kind == "removed":
            self.whole.pop(fact[1])

    def copy(self):
        """Return another that goes on from here."""
        other = Files(self.raw)
        other.whole = dict(self.whole)
        other.writing = self.writing
        other.removing = self.removing
        return other


class FilesReboot:
    """One start: mount, read everything, write another file, start once more."""

    def __init__(self, blocks, known, chance):
        """Take the blocks, what was promised, and the chance of this start."""
        self.flash = Flash(blocks)
        self.flash.operations = []
        self.flash.step = "recovery"
        self.known = known
        self.base = known
        self.chance = chance
        self.ledger = []
        self.flash.ledger = self.ledger

    def run(self):
        """Raise Broken."""
        files = self._mounted()
        found = _everything(files)
        self.ledger.append(("found", dict(found)))  # from here on it stays
        known = self.known
        for name, data in known.whole.items():
            told = [data]
            if known.writing and known.writing[0] == name:
                told.append(known.writing[1])
            if known.removing == name:
                told.append(None)
            if found.pop(name, None) not in told:
                raise Broken("file %s is not as it was written" % name)
        for name, data in found.items():
            # Opened and not closed: empty, or as it will be.
            if (
                not known.writing
                or known.writing[0] != name
                or data not in (b"", known.writing[1])
            ):
                raise Broken("file %s comes from nowhere" % name)
        _receive(files, self.ledger, _NAMES[0], _content(self.chance))
        if _everything(self._mounted()).get(_NAMES[0]) != self.ledger[-1][2]:
            raise Broken("a file that was written now cannot be read")
        raw = _raw(self.flash.blocks)
        for number in sorted(raw):
            if known.raw.get(number) is not raw[number]:
                raise Broken("littlefs wrote to raw block %d" % number)

    def _mounted(self):
        try:
            return mount(self.flash)
        except OSError as error:
            raise Broken("littlefs does not mount: %s" % error)


def _raw(blocks):
    return {number: block for number, block in blocks.items() if number >= RAW_FIRST}


def _everything(files):
    """Return all files: name -> bytes."""
    found = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in files.ilistdir("/" + folder):
            name = folder + "/" + entry[0] if folder else entry[0]
            if entry[1] & 0x4000:
                folders.append(name)
                continue
            try:
                with files.open(name, "rb") as file:
                    found[name] = file.read()
            except OSError as error:
                raise Broken("file %s cannot be read: %s" % (name, error))
    return found
