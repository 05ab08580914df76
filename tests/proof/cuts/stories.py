"""What happens to a detector before its power is cut: chosen by chance, from a seed."""

from check import Reboot
from chip import ANY_SIZE, Camera
from ledger import Known
from nor import Chance, Flash
from world import World, provisioned

from detector import codes

FIRST_DAY = 2500
# What a detector has behind it: the journal's ring is about to come round, the store is nearly
# full, or the key store is about to move to its other side; its keys are about to be changed.
PASTS = ("new", "old journal", "used keys", "full store", "changing keys")


class Past:
    """A flash as a detector's past left it, with the ledger of what it promised."""

    def __init__(self, name, seed):
        """Live through it: one of PASTS."""
        self.name = name
        chance = Chance("past %s %d" % (name, seed))
        flash = Flash()
        self.ledger = []
        provisioned(flash, chance, self.ledger)
        self.ledger.append(("time", FIRST_DAY, 0))
        if name != "new":
            world = World(flash, self.ledger, chance, FIRST_DAY)
            world.tell_time(FIRST_DAY, 10)
            if name == "old journal":
                self._write_records(world, 1240 + chance.below(30))
            elif name == "full store":
                self._take_pictures(world, 58 + chance.below(4), 0)
            elif name == "used keys":
                self._take_pictures(world, 102, 98 - chance.below(4))
            else:
                self._take_pictures(world, 3, 1)
        self.blocks = flash.blocks

    def story(self, seed, operations):
        """Return what happens to such a detector."""
        return Story(self, seed, operations)

    def _write_records(self, world, count):
        journal = world.parts.journal
        while journal.seq < count:
            journal.append(codes.JR_TRIP)
            while journal.unsettled:
                journal.settle()
            journal.housekeep()

    def _take_pictures(self, world, count, gone):
        """Take pictures in a time of its own; delete the first `gone` of them."""
        store = world.parts.store
        for _ in range(count):
            world.say("capture")
            world.finish_burst()
            for _ in range(4):
                world.step(20)
            ids = store.ids()
            if len(ids) > 4 and gone:
                store.delete(ids[0], codes.DELETE_BY_CUSTOMER)
                gone -= 1


class Story:
    """A past and what came then: `blocks`, and the operations that changed them."""

    @staticmethod
    def knowledge():
        """Return who takes in the ledger's facts."""
        return Known()

    @staticmethod
    def reboot(blocks, known, chance):
        """Return a start on the flash that a cut left."""
        return Reboot(blocks, known, chance)

    def __init__(self, past, seed, operations):
        """Tell it until there are so many operations."""
        Camera.sizes = ANY_SIZE
        self.name = "%s, %d" % (past.name, seed)
        self.blocks = past.blocks
        self.chance = Chance("story %s" % self.name)
        self.ledger = list(past.ledger)
        self.flash = Flash(self.blocks)
        self.flash.ledger = self.ledger
        self.operations = self.flash.operations = []
        self.day = FIRST_DAY
        self.second = 100
        self._begin("start")
        self.world = World(self.flash, self.ledger, self.chance, self.day)
        # With an untold time the images of earlier boots are not served: one story in four.
        if self.chance.below(4):
            self._tell()
        for name, tell in _BEGINS.get(past.name, ()):
            self._begin(name)
            tell(self)
        while len(self.operations) < operations:
            name, tell = self.chance.pick(_HAPPENS)
            self._begin(name)
            tell(self)

    def _begin(self, name):
        self.flash.step = name

    def _tell(self):
        self.second += 60
        self.world.tell_time(self.day, self.second)
        for _ in range(4):
            self.world.step()

    # --- what may happen -----------------------------------------------------------------------

    def _tidy(self):
        """Let it do all that waits for a quiet state."""
        for _ in range(300):
            self.world.step(20)

    def _rest(self):
        for _ in range(self.chance.pick((4, 12, 40))):
            self.world.step(20)

    def _arm(self):
        self.world.say("arm")
        self.world.step()

    def _disarm(self):
        self.world.say("disarm")
        self.world.step()

    def _alarm(self):
        role = self.chance.pick(("TRIP_PANIC", "TRIP_FIRE", "TRIP_PANIC", "TRIP_INTRUSION"))
        self.world.line(role, 1)
        if self.chance.below(3):
            self.world.finish_burst()
        self._received()
        end = self.chance.pick(("disarm", "cancel", "handled", "window"))
        if end == "handled":
            self.world.controller.handled(self.world.hal.now_ms)
        elif end == "window":
            self.world.step(61000)
        else:
            self.world.say(end)
        self.world.line(role, 0)

    def _received(self):
        """Have the alarm centre acknowledge the newest image."""
        ids = self.world.parts.store.ids()
        if ids and self.chance.below(2):
            self.world.parts.store.mark_delivered(ids[-1], 0)
            self.world.controller.image_received(self.world.hal.now_ms, ids[-1])

    def _capture(self):
        self.world.say("capture")
        if self.chance.below(5):
            self.world.finish_burst()
        self.world.step()

    def _delete(self):
        ids = self.world.parts.store.ids()
        if ids:
            self.world.say("delete", id=self.chance.pick(ids))

    def _fetch(self):
        ids = self.world.parts.store.ids()
        if ids:
            self.world.fetch(self.chance.pick(ids))

    def _day(self):
        self.day += self.chance.pick((1, 2, 9))
        self.second = 0
        self._tell()
        while self.world.parts.retention.step(self.world.hal.now_ms):
            self.world.step()

    def _month(self):
        self.day += 29 + self.chance.below(4)
        self.second = 0
        self._tell()
        for _ in range(12):
            self.world.step()

    def _reboot(self):
        self.world = World(self.flash, self.ledger, self.chance, self.day)
        if self.chance.below(3):
            self._tell()

    def _change_keys(self):
        """Rekey or configure anew, which is the same to the flash: the service program's verb."""
        provisioned(self.flash, self.chance, self.ledger, self.chance.below(3))
        self.world = World(self.flash, self.ledger, self.chance, self.day)
        self._tell()


_HAPPENS = (
    ("rest", Story._rest),
    ("rest", Story._rest),
    ("rest", Story._rest),
    ("arm", Story._arm),
    ("disarm", Story._disarm),
    ("alarm", Story._alarm),
    ("alarm", Story._alarm),
    ("capture", Story._capture),
    ("capture", Story._capture),
    ("capture", Story._capture),
    ("delete", Story._delete),
    ("delete", Story._delete),
    ("delete", Story._delete),
    ("fetch", Story._fetch),
    ("clock", Story._day),
    ("clock and retention", Story._month),
    ("restart", Story._reboot),
    ("key and configuration change", Story._change_keys),
)
_BEGINS = {
    "full store": (("capture", Story._capture), ("rest", Story._tidy)),
    "used keys": (("capture", Story._capture), ("rest", Story._tidy)),
    "changing keys": (("key and configuration change", Story._change_keys),),
}
