"""A device's store over a flash in RAM, and a reader of its images."""

import struct

from fake_flash import FakeFlash
from journal_helpers import KIND_AT, opened

from detector import codes, crypto
from detector.ages import Ages
from detector.clock import Clock
from detector.journal_slots import RECORD_BYTES
from detector.keystore import KeyStore
from detector.raw_flash import raw_blocks
from detector.store import Store

JPEG = b"\xff\xd8\xff" + b"a picture of the hallway " * 60 + b"\xff\xd9"


class Device:
    """Journal, key store and store over one flash, as the app wires them."""

    days = 60
    random = None

    def __init__(self):
        self.flash = FakeFlash()
        self.boot()

    def boot(self):
        """Start as after a reset, with a clock that is told the time at once."""
        clock = Clock(0, 2500, 0)
        clock.set(0, 2500, 86399)
        self.wire(clock)

    def wire(self, clock):
        """Recover everything that is in the flash."""
        raw = raw_blocks(self.flash)
        self.journal = opened(self.flash)
        self.keys = KeyStore(raw)
        self.ages = Ages(clock, self.days)
        self.store = Store(raw, self.keys, self.journal, self.ages, self.random)

    def tidy(self):
        """Housekeep until nothing is to be done."""
        while self.journal.housekeep() or self.store.housekeep():
            pass

    def put(self, jpeg=JPEG, kind=codes.TRIP_PANIC, day=2500):
        """Store a picture; return its id."""
        chunks = self.store.begin(kind, 7, len(jpeg), day, 86399)
        plain = bytes(4) + jpeg
        for at in range(0, chunks * 1024, 1024):
            piece = plain[at : at + 1024]
            self.store.chunk(bytearray(piece + bytes(1024 - len(piece))))
        return self.store.finish()

    def deletions(self):
        """Return (image id, why) of all deletions on record."""
        found = []
        buf = bytearray(RECORD_BYTES)
        for number in range(self.journal.first_seq, self.journal.seq + 1):
            if self.journal.read(number, buf) and buf[KIND_AT] == codes.JR_DELETE:
                found.append(struct.unpack_from("<II", buf, 28))
        return found


def body_of(image):
    """Return an image's sealed body."""
    buf = bytearray(1024)
    body = b""
    for index in range(image.chunks):
        image.read_chunk(index, buf)
        body += bytes(buf)
    return body


def unseal(image, reader_key):
    """Return the JPEG, or None where MAC or key is wrong."""
    wrapped = image.wrapped(reader_key)
    mac_key = crypto.hmac_sha256(reader_key, b"wrap mac")
    if crypto.hmac_sha256(mac_key, image.header(), wrapped[:48]) != wrapped[48:]:
        return None
    key = bytearray(wrapped[16:48])
    wrap_key = crypto.hmac_sha256(reader_key, b"wrap enc")
    crypto.cbc_decryptor(wrap_key, wrapped[:16]).decrypt(key, key)
    body = bytearray(body_of(image))
    if crypto.hmac_sha256(crypto.hmac_sha256(key, b"mac"), image.header(), body) != image.mac:
        return None
    crypto.cbc_decryptor(crypto.hmac_sha256(key, b"enc"), image.header()[26:42]).decrypt(
        body, body
    )
    length = struct.unpack_from("<I", body, 0)[0]
    return bytes(body[4 : 4 + length])
