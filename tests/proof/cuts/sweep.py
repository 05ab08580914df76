"""Cuts the power at every flash operation of stories; run by MicroPython and by CPython.

    sweep.py '{"seed": 1, "points": 2000}'

prints a JSON line with what it found. With "story", "operation" and "phase" it does that one point
again; with "keep", the name of a folder, it keeps some flashes there for other readers.

A point is an operation (an erase, or one page programmed), a phase (before, inside, after) and all
that the flash held before the operation: two are the same only where the same operation is cut in
the same phase on the same flash, whichever story led there, and then they count once. Each point
has a start of its own. In what that start does to the flash one operation is cut once more, in one
phase: that is a point too, of the step "recovery", if its flash is new.
"""

import binascii
import json
import sys
import time

try:
    import traceback
except ImportError:  # MicroPython
    traceback = None

_here = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
_root = _here + "/../../.."
_micropython = traceback is None
sys.path[:0] = [_here, _root + "/tests/unit", _root + "/firmware"]

import nor  # noqa: E402
from faults import FAULTS  # noqa: E402
from kinds import RAW_FIRST, kind_of  # noqa: E402
from ledger import Broken  # noqa: E402
from stories import PASTS, Past  # noqa: E402

if _micropython:
    from files import FilesPast

STORY_OPERATIONS = 60  # or more: the last thing that happens is told to its end
KEEP_EVERY = 50
SECOND_OPERATIONS = 40  # of a start, of which one is cut again


class Sweep:
    """Counts points and failures; a point is (flash before, operation, phase), and is new."""

    def __init__(self):
        self.points = 0
        self.again = 0  # cuts at a point that was there before
        self.rows = {}  # kind -> [before, inside, after]
        self.steps = {}
        self.seen = set()
        self.failure = None
        self.keep = None  # a folder

    def count(self, digest, operation, phase):
        """Count a point unless it was there; say whether it is new."""
        key = digest + b"%d %d %d" % (operation.number, operation.offset, phase)
        key = nor.hashlib.sha256(key + (operation.data or b"")).digest()[:8]
        if key in self.seen:
            self.again += 1
            return False
        self.seen.add(key)
        self.points += 1
        for table, name in ((self.rows, kind_of(operation)), (self.steps, operation.step)):
            table.setdefault(name, [0, 0, 0])[phase] += 1
        return True

    def story(self, story, limit, stride=1, offset=0, only=None):
        """Cut a story everywhere, until there are `limit` points or one fails."""
        blocks = dict(story.blocks)
        digest = nor.Digest(blocks)
        known = story.knowledge()
        told = 0
        for index, operation in enumerate(story.operations):
            while told < operation.promised:
                known.take(story.ledger[told])
                told += 1
            before = digest.value()
            is_due = index % stride == offset or kind_of(operation) not in self.rows
            for phase in range(3) if is_due else ():
                if self.points >= limit:
                    return
                if only and (index, phase) != only:
                    continue
                if self.count(before, operation, phase):
                    self.cut(story, index, phase, blocks, digest, known)
                if self.failure:
                    return
            nor.do(blocks, operation)
            digest.change(operation.number, blocks.get(operation.number))

    def cut(self, story, index, phase, blocks, digest, known):
        """Cut once, start, check; then cut once more in what the start did to the flash."""
        operation = story.operations[index]
        chance = nor.Chance("%s, %d, %d" % (story.name, index, phase))
        torn = dict(blocks)
        nor.cut(torn, operation, phase, chance)
        reboot = story.reboot(torn, known, chance)
        where = {"operation": index, "phase": phase}
        if not self.holds(reboot, where, operation) or not reboot.flash.operations:
            return
        at = chance.below(min(len(reboot.flash.operations), SECOND_OPERATIONS))
        self.cut_again(torn, digest, operation, reboot, at, chance, where)

    def cut_again(self, torn, digest, first, reboot, at, chance, where):
        """Cut the `at`-th operation of a start, and start again."""
        blocks = dict(torn)
        digest = digest.copy()
        digest.change(first.number, blocks.get(first.number))
        for operation in reboot.flash.operations[:at]:
            nor.do(blocks, operation)
            digest.change(operation.number, blocks.get(operation.number))
        operation = reboot.flash.operations[at]
        known = reboot.base.copy()
        for fact in reboot.ledger[: operation.promised]:
            known.take(fact)
        phase = chance.below(3)
        if self.count(digest.value(), operation, phase):
            nor.cut(blocks, operation, phase, chance)
            where = dict(where)
            where["second"] = [at, phase]
            self.holds(type(reboot)(blocks, known, chance), where, operation)

    def holds(self, reboot, where, operation):
        """Run a start; note what is broken, or went wrong."""
        try:
            reboot.run()
        except Exception as error:
            if not isinstance(error, Broken):
                sys.print_exception(error) if _micropython else traceback.print_exc()
            where["what"] = "%s %s" % (kind_of(operation), nor.PHASE_NAMES[where["phase"]])
            where["step"] = operation.step
            where["broken"] = str(error) if isinstance(error, Broken) else repr(error)
            self.failure = where
            return False
        if self.keep and self.points % KEEP_EVERY == 0 and hasattr(reboot, "world"):
            self.keep_flash(reboot)
        return True

    def keep_flash(self, reboot):
        """Keep a flash as it is after everything, and the first key of its journal."""
        name = "%s/%d" % (self.keep, self.points)
        with open(name + ".flash", "wb") as file:
            for number in range(RAW_FIRST, nor.BLOCK_COUNT):
                file.write(reboot.flash.blocks.get(number, nor.BLANK))
        with open(name + ".key", "wb") as file:
            file.write(reboot.known.keys["customer-journal"])


def _past(name, seed):
    return FilesPast(Past(PASTS[0], seed), seed) if name == "files" else Past(name, seed)


def main(order):
    """Do what is ordered; return what was found."""
    if "fault" in order:
        FAULTS[order["fault"]]()
    sweep = Sweep()
    sweep.keep = order.get("keep")
    seed = order["seed"]
    limit = order.get("points", 1 << 29)
    stride = order.get("stride", 1)  # each so many-th operation is cut, and the first of a kind
    begun = time.time()
    names = PASTS + (("files",) if _micropython else ())
    pasts = {}
    operations = 0
    stories = 0
    number = order.get("story", 0)
    only = (order["operation"], order["phase"]) if "operation" in order else None
    while sweep.points < limit and not sweep.failure:
        name = names[number % len(names)]
        if name not in pasts:
            pasts[name] = _past(name, seed)
        past = pasts[name]
        offset = seed + number + number // len(names)
        story = past.story(seed * 100000 + number, order.get("operations", STORY_OPERATIONS))
        sweep.story(story, limit, stride, offset % stride, only)
        operations += len(story.operations)
        stories += 1
        if sweep.failure:
            sweep.failure["story"] = number
            sweep.failure["seed"] = seed
            sweep.failure["name"] = story.name
        number += 1
        if only:
            break
    return {
        "seed": seed,
        "points": sweep.points,
        "again": sweep.again,
        "operations": operations,
        "stories": stories,
        "rows": sweep.rows,
        "steps": sweep.steps,
        "seconds": time.time() - begun,
        "failure": sweep.failure,
        # Eight bytes of each point, as hex: so that whoever adds up runs sees that none is twice.
        "seen": binascii.hexlify(b"".join(sorted(sweep.seen))).decode(),
    }


print(json.dumps(main(json.loads(sys.argv[1]))))
