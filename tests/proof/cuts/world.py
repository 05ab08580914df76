"""A whole detector in memory: the shipped App over a flash, with silent links and a quick camera.

What it promises goes into a ledger, the moment that it is promised:

    ("record", number, bytes)          an append to the journal has returned
    ("image", id, Picture)             an image is stored
    ("deleting", id, Picture)          an image's key is about to be destroyed
    ("deleted", id)                    it is
    ("time", day, second)              the true time, of which the hub may tell
    ["provisioning", keys or None]     keys are changed from here on; the keys when it is known
    ("provisioned",)                   they are
"""

import json
import sys

from chip import Camera, Hal

from detector import codes, provision
from detector.identity import Identity
from detector.journal_slots import RECORD_BYTES
from detector.raw_flash import raw_blocks

DEVICE = "SL-0001"
RETENTION_DAYS = 30
_FIRST_CONFIG = {
    "exit_delay_ms": 0,
    "entry_delay_ms": 0,
    "window_ms": 60000,
    "capture_timeout_ms": 30000,
    "burst_panic": 1,
    "burst_fire": 2,
    "shot_interval_ms": 0,
    "camera_settle_ms": 0,
    "retention_days": RETENTION_DAYS,
}


class _Absent:
    """Stands for a module of the chip while the app is imported; nothing of it is used."""

    Hal = None


def _import_app():
    added = [name for name in ("detector.hal", "vfs") if name not in sys.modules]
    for name in added:
        sys.modules[name] = _Absent
    try:
        from detector import app
    finally:
        for name in added:
            del sys.modules[name]
    return app


class Picture:
    """What a stored image must say for as long as it lives."""

    def __init__(self, jpeg, key, day, true_day):
        """Take the JPEG, the image's own key, the day in its slot and the true one.

        The JPEG is None where nobody was promised the image: it was in flash when the power went.
        """
        self.jpeg = jpeg
        self.key = key
        self.day = day
        self.true_day = true_day


app = _import_app()
app.ArducamMini = Camera


def provisioned(flash, chance, ledger, change=0):
    """Give the detector new keys and a configuration; return the keys. `change` varies it."""
    config = dict(_FIRST_CONFIG)
    config["debounce_ms"] = 5 + change
    fact = ["provisioning", None]
    ledger.append(fact)
    random = (chance.bytes(32), chance.bytes(32))
    text = json.dumps(config).encode()
    code, pairs = provision.run(raw_blocks(flash), random[0], random[1], DEVICE, text, True)
    if code != codes.OK:
        raise ValueError(codes.error_word(code))
    fact[1] = dict(pairs)
    ledger.append(("provisioned",))
    return fact[1]


def is_provisioned(flash):
    """Say whether the detector runs at its next start, and not the service program."""
    return Identity.load(raw_blocks(flash)) is not None


class World:
    """A detector from its start on. What it promises goes into `ledger`."""

    def __init__(self, flash, ledger, chance, day, last=0):
        """Start it; `day` is the true one, which it is not told.

        What the journal has behind record `last`, or the last in the ledger, was never promised.
        From here on it is.
        """
        self.ledger = ledger
        self.found = 0  # the last record's number at the start
        self._last = _last_record(ledger) or last
        self.day = day
        Camera.chance = chance
        self.hal = Hal(flash, chance)
        self._watch(app.Parts)
        try:
            self.app = app.App(self.hal, Identity.load(raw_blocks(flash)))
        finally:
            app.Parts = self._parts
        self.parts = self.app.parts
        self.controller = self.app.controller

    def step(self, ms=10):
        """Let time pass, and the superloop run once."""
        self.hal.now_ms += ms
        self.app.step(self.hal.now_ms)

    def line(self, role, level):
        """Move a sensor line, and let the loop see it: debounced, and the gate in its place."""
        self.hal.line(role, level)
        for _ in range(3):
            self.step()

    def say(self, name, **values):
        """Be the customer on an authenticated hub link; return the code."""
        return self.app.hub.obey(name, values)[0]

    def tell_time(self, day, second):
        """Tell the time on the hub link."""
        self.day = day
        self.ledger.append(("time", day, second))
        return self.say("clock", day=day, second=second)

    def fetch(self, image_id):
        """Have the customer acknowledge a whole image."""
        self.app.hub._on_delivered(self.hal.now_ms, image_id)

    def finish_burst(self, limit=60):
        """Step until the camera rests."""
        while self.parts.capture._phase and limit:
            limit -= 1
            self.step()
        self.step()

    # --- who promises what ---------------------------------------------------------------------

    def _watch(self, parts_class):
        """Have the parts of the app that is made next write what they promise into the ledger."""
        self._parts = parts_class

        def watched(hal, identity, now_ms):
            parts = parts_class(hal, identity, now_ms)
            self._watch_journal(parts.journal)
            self._watch_store(parts)
            return parts

        app.Parts = watched

    def _watch_journal(self, journal):
        append = journal.append
        self.found = journal.seq
        for number in range(self._last + 1, journal.seq + 1):
            record = record_of(journal, number)
            if record is not None:
                self.ledger.append(("record", number, record))

        def watched(kind, event_id=0, a=0, b=0):
            append(kind, event_id, a, b)
            self.ledger.append(("record", journal.seq, record_of(journal, journal.seq)))

        journal.append = watched

    def _watch_store(self, parts):
        store = parts.store
        finish = store.finish
        delete = store.delete

        def watched_finish():
            image_id = finish()
            fields = store.fields(image_id)
            jpeg = parts.capture._camera.jpeg
            picture = Picture(jpeg, bytes(fields[9]), fields[6], self.day)
            self.ledger.append(("image", image_id, picture))
            return image_id

        def watched_delete(image_id, why):
            fields = store.fields(image_id)
            picture = Picture(None, bytes(fields[9]), fields[6], fields[6])
            self.ledger.append(("deleting", image_id, picture))
            delete(image_id, why)
            self.ledger.append(("deleted", image_id))

        store.finish = watched_finish
        store.delete = watched_delete


def _last_record(ledger):
    """Return the number of the last record in the ledger under the keys of now."""
    for fact in reversed(ledger):
        if fact[0] == "record":
            return fact[1]
        if fact[0] == "provisioned":
            break
    return 0


def record_of(journal, number):
    """Return a record's bytes, None where the journal has none of this number."""
    buf = bytearray(RECORD_BYTES)
    return bytes(buf) if journal.read(number, buf) else None
