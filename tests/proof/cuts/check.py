"""What must hold when the power comes back, whatever the flash was doing when it went."""

import struct

from chip import SMALL, Camera
from journal_helpers import KIND_AT
from kinds import RAW_FIRST
from ledger import Broken
from nor import Flash
from store_helpers import unseal
from world import RETENTION_DAYS, World, is_provisioned, provisioned, record_of

from detector import codes, states
from detector.clock import DAY_UNKNOWN
from detector.flash_map import (
    EXTENT_BLOCKS,
    IMAGES_BLOCK,
    JOURNAL_BLOCK,
    JOURNAL_BLOCKS,
    KEYS_A_BLOCK,
)
from detector.journal_ring import KEPT_RECORDS
from detector.journal_slots import BODY, FLAG_ARMED, PER_BLOCK
from detector.keystore import READER_CUSTOMER

_KEY_BLOCKS = range(RAW_FIRST + KEYS_A_BLOCK, RAW_FIRST + JOURNAL_BLOCK)
_LATER_DAYS = (0, 0, 0, 0, 0, 0, 1, RETENTION_DAYS - 1, RETENTION_DAYS, 200)
_TIDY_STEPS = 60  # a good second: journal blocks ahead, a side of the key store, its header
_EVENTS = 1000  # no story has as many
_DELETED_ID_AT = 28
_REASONS = (
    codes.DELETE_BY_CUSTOMER,
    codes.DELETE_FOR_ROOM,
    codes.DELETE_UNFINISHED,
    codes.DELETE_BY_AGE,
    codes.DELETE_AGE_UNKNOWN,
)


def need(condition, text):
    """Raise Broken with this text unless the condition holds."""
    if not condition:
        raise Broken(text)


class Reboot:
    """One start of a detector on the flash that a cut left, and everything that is asked of it.

    `flash.operations` are those of the start and what followed it.
    """

    def __init__(self, blocks, known, chance):
        """Take the blocks, what was promised, and the chance of this start."""
        self.flash = Flash(blocks)
        self.flash.operations = []
        self.known = known
        self.base = known  # what was known when this start's ledger begins
        self.chance = chance
        self.ledger = []
        self.flash.ledger = self.ledger

    def run(self):
        """Start it and check everything; raise Broken."""
        self.flash.step = "recovery"
        Camera.sizes = SMALL
        if not is_provisioned(self.flash):
            need(self.known.is_changing, "the identity is lost")
            # No detector runs without one; the service program gives it another.
            self.known = self.known.begun(provisioned(self.flash, self.chance, self.ledger))
        elif self.known.is_changing and self._has_new_keys():
            self.known = self.base = self.known.begun(self.known.next_keys)
        self.world = World(self.flash, self.ledger, self.chance, self.known.day, self.known.last)
        self._is_shut("after the restart")
        need(self.world.parts.record.faults == 0, "faults %x" % self.world.parts.record.faults)
        self._journal()
        self._is_armed_as_recorded()
        self._images(False)
        self._retention()
        self._works()
        self._keys_are_gone()
        self._journal()

    def _has_new_keys(self):
        """Say whether the journal under the new keys has begun: then the old ones are void."""
        journal = World(Flash(self.flash.blocks), [], self.chance, 0).parts.journal
        first = record_of(journal, 1)
        if first is None:
            return False
        try:
            self.known.begun(self.known.next_keys).chain.follow(1, first)
        except Broken:
            return False
        return True

    # --- the gate --------------------------------------------------------------------------------

    def _is_shut(self, when):
        hal = self.world.hal
        rises = ("UPLINK_EN", 1) in hal.log
        need(not rises and not hal.gate() and not hal.read("UPLINK_EN"), "the gate opened " + when)

    # --- the journal -----------------------------------------------------------------------------

    def _journal(self):
        """See that every record that was promised is there, and that the chain goes on from it."""
        known = self.known
        journal = self.world.parts.journal
        need(journal.seq >= known.last, "the journal ends at %d" % journal.seq)
        first = max(1, journal.seq - KEPT_RECORDS + 1)
        need(journal.first_seq <= first, "records are gone from %d on" % first)
        for number in range(first, known.last + 1):
            block = RAW_FIRST + JOURNAL_BLOCK + (number - 1) // PER_BLOCK % JOURNAL_BLOCKS
            data = self.flash.blocks.get(block)
            # A block that is the same object holds what it held when it was read last.
            proved = known.proved_records.get(block)
            if proved is not None and proved[0] is data and proved[1] <= number <= proved[2]:
                continue
            record = record_of(journal, number)
            need(record == known.records.get(number), "record %d is not as it was" % number)
            if number == known.last or number % PER_BLOCK == 0:
                start = max(first, (number - 1) // PER_BLOCK * PER_BLOCK + 1)
                known.proved_records[block] = (data, start, number)
        chain = known.chain.copy()
        for number in range(known.last + 1, journal.seq + 1):
            record = record_of(journal, number)
            if record is not None:
                chain.follow(number, record)
        for fact in self.ledger:
            if fact[0] == "record":
                need(record_of(journal, fact[1]) == fact[2], "a record of this start is gone")

    def _is_armed_as_recorded(self):
        """See that the state is the one on record: what was promised, or in flash already."""
        journal = self.world.parts.journal
        record = record_of(journal, self.world.found)
        armed = record is not None and bool(struct.unpack_from(BODY, record)[3] & FLAG_ARMED)
        need(self.world.controller.armed == armed, "it is not armed as the journal says")

    # --- images ----------------------------------------------------------------------------------

    def _images(self, is_told):
        """See that promised images are whole, deleted ones gone, and no half one is shown."""
        known = self.known
        store = self.world.parts.store
        living = store.ids()
        new = [fact[1] for fact in self.ledger if fact[0] == "image"]
        for image_id in known.deleted:
            need(image_id not in living, "image %d is back" % image_id)
        for image_id in known.images:
            need(image_id in living or self._is_over(image_id), "image %d is lost" % image_id)
        for image_id in living:
            if image_id in known.images or image_id in known.deleting:
                self._is_whole(image_id, is_told)
            elif image_id not in new:
                need(
                    image_id > max(known.images or (0,)), "image %d comes from nowhere" % image_id
                )
                if store.is_served(image_id):
                    need(self._unsealed(image_id) is not None, "image %d is torn" % image_id)

    def _is_over(self, image_id):
        """Say whether an image's time is over, or its age will never be known."""
        picture = self.known.images[image_id]
        return picture.day == DAY_UNKNOWN or self.world.day - picture.day >= RETENTION_DAYS

    def _is_whole(self, image_id, is_told):
        known = self.known
        picture = known.images.get(image_id) or known.deleting[image_id]
        fields = self.world.parts.store.fields(image_id)
        need(fields[9] == picture.key, "image %d has another key" % image_id)
        if not is_told:
            return
        blocks = self.flash.blocks
        places = [
            blocks.get(RAW_FIRST + IMAGES_BLOCK + extent * EXTENT_BLOCKS + half)
            for extent in fields[11][: fields[2]]
            for half in range(EXTENT_BLOCKS)
        ]
        proved = known.proved_images.get(image_id, ())
        if len(proved) != len(places) or any(a is not b for a, b in zip(proved, places)):
            jpeg = self._unsealed(image_id)
            need(
                jpeg is not None and picture.jpeg in (None, jpeg), "image %d is spoiled" % image_id
            )
            known.proved_images[image_id] = places

    def _unsealed(self, image_id):
        image = self.world.parts.store.open(image_id, READER_CUSTOMER)
        return unseal(image, self.known.keys["customer-image"])

    def _retention(self):
        """Tell the time: what is past its date goes, nothing else; what stays is shown."""
        known = self.known
        world = self.world
        world.tell_time(known.day + self.chance.pick(_LATER_DAYS), known.second + 60)
        for _ in range(len(world.parts.store.ids()) + 4):
            world.step()
            if not world.parts.retention.step(world.hal.now_ms):
                break
        for image_id in world.parts.store.ids():
            picture = known.images.get(image_id) or known.deleting.get(image_id)
            if picture is not None:
                age = world.day - picture.true_day
                need(age < RETENTION_DAYS, "image %d is past its date" % image_id)
        self._images(True)
        self._deletions_are_on_record()

    def _deletions_are_on_record(self):
        """See that each image that went has its record, for a reason that there is."""
        gone = set(self.known.images) | set(self.known.deleting)
        gone -= set(self.world.parts.store.ids())
        gone |= set(self.known.gone[-2:])
        if not gone and not self.world.parts.keys.pending:
            return
        for _ in range(8):
            if not self.world.parts.keys.pending:
                break
            self.world.step(1000)
        journal = self.world.parts.journal
        number = journal.seq
        while gone and number >= journal.first_seq:
            record = self.known.records.get(number) or record_of(journal, number)
            number -= 1
            if record is not None and record[KIND_AT] == codes.JR_DELETE:
                image_id, why = struct.unpack_from("<II", record, _DELETED_ID_AT)
                need(why in _REASONS, "image %d went for reason %d" % (image_id, why))
                gone.discard(image_id)
        need(not gone or number > 0, "no record says that %s went" % sorted(gone))

    def _keys_are_gone(self):
        """See that no key of a deleted image, or of an earlier owner, is left in flash."""
        dead = [self.known.deleted[image_id].key for image_id in self.known.gone[-8:]]
        living = self.world.parts.store.ids()
        for pictures in (self.known.images, self.known.deleting):
            dead += [picture.key for number, picture in pictures.items() if number not in living]
        for key in dead + self.known.old_keys[-8:]:
            place = self.flash.holds(key, _KEY_BLOCKS)
            need(place < 0, "a deleted image's key is left in block %d" % place)

    # --- it works --------------------------------------------------------------------------------

    def _works(self):
        """Arm, alarm, open, take a picture, disarm, shut."""
        world = self.world
        # What was torn while nobody had been promised anything is erased in a quiet state.
        for _ in range(_TIDY_STEPS):
            if world.parts.keys.ready:
                break
            world.step(20)
        for _ in range(self.chance.below(4)):
            world.step(20)
        world.say("disarm")
        self._is_shut("before an alarm")
        code = world.say("arm")
        leapt = world.parts.event.id > _EVENTS
        need(not leapt, "the events' numbers have leapt to %d" % world.parts.event.id)
        need(code == codes.OK, "arming is refused: %s" % codes.error_word(code))
        world.line("TRIP_PANIC", 1)
        need(world.hal.gate(), "a panic trip does not open the gate")
        self._told_last(codes.JR_GATE_INTENT)
        world.finish_burst()
        need(world.say("disarm") == codes.OK, "a disarm is refused")
        need(not world.hal.gate() and not world.hal.read("UPLINK_EN"), "a disarm does not shut")
        need(world.controller.state == states.IDLE, "a disarm does not disarm")
        world.line("TRIP_PANIC", 0)
        new = [fact for fact in self.ledger if fact[0] == "image"]
        faults = codes.fault_names(world.parts.record.faults)
        need(len(new) == 1, "%d new images are stored; %s" % (len(new), faults))
        need(self._unsealed(new[0][1]) == new[0][2].jpeg, "the new image is spoiled")

    def _told_last(self, kind):
        kinds = [fact[2][KIND_AT] for fact in self.ledger if fact[0] == "record"]
        need(kind in kinds[-4:], "the gate opened without its record")
