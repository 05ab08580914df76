"""The flash of a detector before a trace: just provisioned, or nearly full of older pictures.

Both are made by the firmware itself and kept for all traces.
"""

from detector import provision
from detector.codes import IMAGE_CUSTOMER, OK, TRIP_PANIC
from detector.identity import Identity
from detector.raw_flash import raw_blocks
from detector.seal import CHUNK_BYTES, CLASS_BYTES, LENGTH_BYTES
from tests.proof.noninterference import chip
from tests.proof.noninterference.camera import Picture
from tests.proof.noninterference.meter import Chance, Time
from tests.proof.noninterference.shipped import App

DEVICE = "SL-0001"
# Short, so that every delay, and every picture's life, ends within a trace.
_CONFIG = (
    b'{"exit_delay_ms":200,"entry_delay_ms":300,"window_ms":4000,"capture_timeout_ms":2500,'
    b'"burst_intrusion":2,"burst_contact":2,"burst_fire":2,"burst_panic":1,"burst_tamper":1,'
    b'"shot_interval_ms":0,"camera_settle_ms":0,"retention_days":2,"entry_zones":["contact"]}'
)
# Size classes of the older pictures: so many that the store has to make room, and that a list
# has more than a page. Every third is an alarm's.
_OLDER = (16, 16, 16, 16, 1, 1, 2, 1, 1, 2, 1, 1)
_DAY = 2499  # since 2020-01-01


class Past:
    """`blocks` are the flash's, `pictures` what lies in them (id -> Picture)."""

    def __init__(self, blocks: dict, pictures: dict) -> None:
        """Take both; they are copied before they are changed."""
        self.blocks = blocks
        self.pictures = pictures


def _provisioned() -> tuple:
    """Return the flash of a new detector, and the keys that its two readers got, by name."""
    flash = chip.Flash(Time(0), {})
    raw = raw_blocks(flash)
    code, keys = provision.run(raw, b"c" * 32, b"h" * 32, DEVICE, _CONFIG, False)
    if code != OK:
        raise ValueError(code)
    return flash.blocks, dict(keys)


def _store(app: object, number: int, size_class: int, album: bytes) -> Picture:
    """Store one older picture; its length within the class is the album's."""
    longest = size_class * CLASS_BYTES - LENGTH_BYTES
    length = longest - (7000 if album == SECOND else number * 100)
    picture = Picture(b"older %d " % number + album, length, 0, True)
    kind = TRIP_PANIC if number % 3 == 0 else IMAGE_CUSTOMER
    store = app.parts.store
    chunks = store.begin(kind, 1 if kind == TRIP_PANIC else 0, length, _DAY, number)
    plain = bytes(LENGTH_BYTES) + picture.read(0, length)
    for at in range(0, chunks * CHUNK_BYTES, CHUNK_BYTES):
        piece = plain[at : at + CHUNK_BYTES]
        store.chunk(bytearray(piece + bytes(CHUNK_BYTES - len(piece))))
    picture.image_id = store.finish()
    return picture


def _aged(album: bytes) -> Past:
    hal = chip.Hal(Time(0), Chance(b"older"), None, _NEW.blocks)
    hal.start(chip.POWER_ON)
    app = App(hal, Identity.load(raw_blocks(hal.flash)))
    app.controller.set_clock(0, _DAY, 0)
    pictures = {}
    for number, size_class in enumerate(_OLDER):
        picture = _store(app, number, size_class, album)
        pictures[picture.image_id] = picture
    return Past(hal.flash.blocks, pictures)


def past(is_aged: bool, album: bytes) -> Past:
    """Return the past of a detector whose pictures are of an album."""
    if not is_aged:
        return _NEW
    if album not in _KEPT:
        _KEPT[album] = _aged(album)
    return _KEPT[album]


FIRST = b"first"
SECOND = b"second"
_BLOCKS, KEYS = _provisioned()
_NEW = Past(_BLOCKS, {})
_KEPT = {}
