"""Bit rot: bits of what is stored flip; it is noticed and told, never shown, never a crash.

    rot.py '{"seed": 1, "flips": 300}'

prints a JSON line: for each place, how many flips had which outcome. Both interpreters run it.
"""

import json
import struct
import sys

_here = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
_root = _here + "/../../.."
sys.path[:0] = [_here, _root + "/tests/unit", _root + "/firmware"]

from journal_helpers import KIND_AT  # noqa: E402
from kinds import RAW_FIRST  # noqa: E402
from ledger import Broken, Known  # noqa: E402
from nor import Chance, Flash  # noqa: E402
from store_helpers import unseal  # noqa: E402
from world import World, is_provisioned, provisioned, record_of  # noqa: E402

from detector import codes, flash_map, journal_slots, keyslots  # noqa: E402
from detector.store import StoreError  # noqa: E402

_DAY = 2500
_PICTURES = 5
_PLACES = ("identity", "key header", "living key slot", "dead key slot", "image", "record", "end")
# What a flip led to. Nothing: all is as it was, for it hit what says nothing (any more).
_NOTHING = "nothing"
_NOT_RUNNING = "no identity: service program"
_FAULT = "fault"
_ON_RECORD = "deleted, on record"
_REFUSED = "refused by its reader"
_GAP = "record missing"


class Past:
    """A detector with pictures, deletions and records, and where all of that lies."""

    def __init__(self, seed):
        """Live through it."""
        self.chance = Chance("rot %d" % seed)
        flash = Flash()
        ledger = []
        provisioned(flash, self.chance, ledger)
        world = World(flash, ledger, self.chance, _DAY)
        world.tell_time(_DAY, 10)
        for _ in range(_PICTURES):
            world.say("capture")
            world.finish_burst()
        world.say("delete", id=2)
        for _ in range(30):
            world.step(20)
        self.blocks = flash.blocks
        self.known = Known()
        for fact in ledger:
            self.known.take(fact)
        self.fields = [world.parts.store.fields(image_id) for image_id in world.parts.store.ids()]

    def place(self, name):
        """Return (block, byte) of a byte of such a place."""
        chance = self.chance
        if name == "identity":
            length = struct.unpack_from("<H", self.blocks[RAW_FIRST], 6)[0]
            return RAW_FIRST, chance.below(8 + length + 32)
        if name == "image":
            fields = chance.pick(self.fields)
            extent = fields[11][chance.below(fields[2])]
            first = RAW_FIRST + flash_map.IMAGES_BLOCK + extent * flash_map.EXTENT_BLOCKS
            return first + chance.below(flash_map.EXTENT_BLOCKS), chance.below(4096)
        if name in ("record", "end"):
            last = self.known.last
            number = last if name == "end" else 1 + chance.below(last - 1)
            slot = journal_slots.slot_of(number)
            block = RAW_FIRST + flash_map.JOURNAL_BLOCK + slot // journal_slots.PER_BLOCK
            return block, slot % journal_slots.PER_BLOCK * 128 + chance.below(128)
        block = RAW_FIRST + flash_map.KEYS_A_BLOCK
        if name == "key header":
            return block, chance.below(20)
        slot = 1 if name == "dead key slot" else chance.pick((0, 2, 3, 4))
        return block, (slot + 2) * keyslots.SLOT_BYTES + chance.below(keyslots.SLOT_BYTES)

    def flipped(self, name):
        """Return the flash with one bit or several flipped in one byte of a place."""
        number, at = self.place(name)
        block = bytearray(self.blocks[number])
        block[at] ^= self.chance.pick((1, 2, 4, 8, 16, 32, 64, 128, 1 + self.chance.below(255)))
        blocks = dict(self.blocks)
        blocks[number] = bytes(block)
        return blocks


def outcomes(past, blocks):
    """Start a detector on these blocks; return what came of it; raise Broken, or its error."""
    flash = Flash(blocks)
    if not is_provisioned(flash):
        return {_NOT_RUNNING}
    ledger = []
    # Which records are whole is looked at below: behind the last there is nothing to find.
    world = World(flash, ledger, past.chance, _DAY, past.known.last)
    if ("UPLINK_EN", 1) in world.hal.log or world.hal.gate():
        raise Broken("the gate opened")
    world.tell_time(_DAY, 100)
    for _ in range(30):
        world.step(20)
    found = set()
    if world.parts.record.faults:
        found.add(_FAULT)
    _look_at_images(past, world, found)
    _look_at_records(past, world, found)
    _use(world)
    return found or {_NOTHING}


def _look_at_images(past, world, found):
    store = world.parts.store
    deleted = _deleted(world)
    living = store.ids()
    if 2 in living:
        raise Broken("a deleted image is back")
    for image_id, picture in past.known.images.items():
        if image_id not in living:
            if image_id not in deleted and _FAULT not in found:
                raise Broken("image %d went, and nobody is told" % image_id)
            found.add(_ON_RECORD)
    for image_id in living:
        try:
            image = store.open(image_id)
            jpeg = unseal(image, past.known.keys["customer-image"])
        except StoreError:
            jpeg = None
        picture = past.known.images.get(image_id)
        if jpeg is None:
            found.add(_REFUSED)
        elif picture is None or jpeg != picture.jpeg:
            raise Broken("image %d is shown, and is not what was taken" % image_id)


def _deleted(world):
    journal = world.parts.journal
    found = set()
    for number in range(journal.first_seq, journal.seq + 1):
        record = record_of(journal, number)
        if record is not None and record[KIND_AT] == codes.JR_DELETE:
            found.add(struct.unpack_from("<I", record, 28)[0])
    return found


def _look_at_records(past, world, found):
    journal = world.parts.journal
    for number, data in past.known.records.items():
        record = record_of(journal, number)
        if record is None:
            found.add(_GAP)
        elif record != data and number < past.known.last:
            raise Broken("record %d has changed, and passes for whole" % number)


def _use(world):
    """Do what a customer does; whatever the answers are, nothing is raised and it shuts."""
    for image_id in world.parts.store.ids():
        world.say("fetch", id=image_id)
    world.say("list")
    world.say("arm")
    world.line("TRIP_PANIC", 1)
    world.finish_burst()
    world.say("disarm")
    if world.hal.gate() or world.hal.read("UPLINK_EN"):
        raise Broken("a disarm does not shut")
    for image_id in world.parts.store.ids():
        world.say("delete", id=image_id)
    for _ in range(10):
        world.step(20)


def main(order):
    """Flip bits here and there; return a table, and the first failure."""
    past = Past(order["seed"])
    table = {}
    flips = 0
    failure = None
    while flips < order["flips"] and failure is None:
        name = _PLACES[flips % len(_PLACES)]
        blocks = past.flipped(name)
        row = table.setdefault(name, {})
        try:
            for outcome in outcomes(past, blocks):
                row[outcome] = row.get(outcome, 0) + 1
        except Exception as error:
            failure = "flip %d, %s: %r" % (flips, name, error)
        flips += 1
    return {"flips": flips, "table": table, "failure": failure}


print(json.dumps(main(json.loads(sys.argv[1]))))
