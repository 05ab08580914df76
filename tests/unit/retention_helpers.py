"""A device with a clock and its retention, in a test's own time."""

from journal_helpers import KIND_AT, opened, records
from store_helpers import Device

from detector import codes, ticks
from detector.clock import Clock
from detector.record import Record
from detector.retention import Retention

MINUTE_MS = 60000
DAY_MIN = 1440


class Detector(Device):
    """A device with its clock and its retention, and time that passes."""

    def __init__(self):
        self.now_ms = 0x3FFFFFFF - 5000  # the ticks wrap soon
        self.chance = 0
        Device.__init__(self)

    def boot(self):
        """Start as the app does: the clock begins with the journal's last record."""
        journal = opened(self.flash)
        self.clock = Clock(self.now_ms, journal.day, journal.second, journal.last_unclocked_min)
        self.wire(self.clock)
        self.record = Record(self.journal, self.clock)
        self.retention = Retention(self.ages, self.keys, self.store, self.record, self.now_ms)
        self.record.write(self.now_ms, codes.JR_BOOT)

    def random(self, count):
        """Return bytes that come only once."""
        self.chance += 1
        return (b"chance %08d of the generator..." % self.chance)[:count]

    def pass_minutes(self, minutes, tidy=False):
        """Let time pass, minute by minute, with all that is due in each."""
        for _ in range(minutes):
            self.now_ms = ticks.add_ms(self.now_ms, MINUTE_MS)
            self.clock.tick(self.now_ms)
            self.settle()
            if tidy:
                self.tidy()

    def pass_days(self, days):
        """Let days pass; ticks come each two hours."""
        for _ in range(days * 12):
            self.now_ms = ticks.add_ms(self.now_ms, 120 * MINUTE_MS)
            self.clock.tick(self.now_ms)
            self.settle()
            self.tidy()

    def settle(self):
        """Step until nothing is due."""
        while self.retention.step(self.now_ms):
            pass
        while self.journal.unsettled:
            self.journal.settle()

    def tell(self, day, second=0):
        """Be told the time by the hub."""
        taken = self.clock.set(self.now_ms, day, second)
        if taken:
            self.record.write(self.now_ms, codes.JR_CLOCK)
        self.settle()
        return taken

    def take(self):
        """Take a picture, with its record."""
        image_id = self.put(b"x" * 100, day=self.clock.day)
        self.record.write(self.now_ms, codes.JR_CAPTURE, 0, image_id)
        return image_id

    def key_of(self, image_id):
        """Return an image's key, as it lies in the flash."""
        return self.store.fields(image_id)[9]

    def kinds(self):
        """Return the kinds of all records."""
        return [data[KIND_AT] for _number, data in records(self.journal)]
