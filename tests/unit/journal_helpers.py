"""A journal for tests: begun, recovered, and checked from its first key by other code."""

import binascii
import struct

from detector import codes, crypto
from detector.clock import DAY_UNKNOWN
from detector.journal import Journal
from detector.journal_slots import BODY, RECORD_BYTES
from detector.raw_flash import raw_blocks

KEY = b"the first key of this journal..."
NAME = "SL-0001"
PER_BLOCK = 32
RING = 40 * PER_BLOCK
FIRST_BLOCK = 96 + 9
KEY_PIECES = (0, 8, 16, 24)  # of eight bytes
# Where the fields lie that tests look at.
KIND_AT = 2
TORN_AT = 40
CHAIN_AT = 44
MAC_AT = 56


# What `told` says where nothing is known.
NOTHING = (
    (False, 0, 0, DAY_UNKNOWN, 0),
    (False, 0, 1, 0),
    (0, False, DAY_UNKNOWN, 0),
    (0, 1),
)


def opened(flash, key=KEY, name=NAME):
    """Return the journal as a boot finds it; on blank flash, as provisioning begins it."""
    journal = Journal(raw_blocks(flash))
    journal.recover()
    if not journal.seq:
        journal.begin(key, name)
    return journal


def tidy(journal):
    """Let the journal erase ahead until nothing is to be done."""
    while journal.housekeep():
        pass


def write(journal, kind=codes.JR_TRIP):
    """Append one record and settle it, as the loop does."""
    journal.append(kind)
    while journal.unsettled:
        journal.settle()


def fill(journal, count):
    """Append records, with the housekeeping of a quiet state between."""
    for _ in range(count):
        write(journal)
        journal.housekeep()


def key_of(link, key=KEY):
    """Return the key of the `link`-th whole record."""
    for _ in range(link - 1):
        key = crypto.hmac_sha256(key, b"sluss journal next")
    return key


def records(journal):
    """Return (number, bytes) of all records that can be read."""
    buf = bytearray(RECORD_BYTES)
    found = []
    for number in range(journal.first_seq, journal.seq + 1):
        if journal.read(number, buf):
            found.append((number, bytes(buf)))
    return found


def numbers(journal):
    """Return the numbers of all records that can be read."""
    return [number for number, _data in records(journal)]


def check(test, journal, key=KEY, name=NAME):
    """See that each record has its own key's MAC and follows the one before; torn ones counted."""
    before = crypto.hmac_sha256(key, b"sluss journal" + name.encode())[:12]
    link = 1
    for number, data in records(journal):
        torn = struct.unpack_from("<H", data, TORN_AT)[0]
        while link < number - torn:  # the ring has overwritten what came before
            test.assertEqual(number, journal.first_seq)
            key = crypto.hmac_sha256(key, b"sluss journal next")
            link += 1
            before = data[CHAIN_AT:MAC_AT]
        test.assertEqual(number - torn, link)
        test.assertEqual(data[CHAIN_AT:MAC_AT], before)
        test.assertEqual(data[MAC_AT : MAC_AT + 32], crypto.hmac_sha256(key, data[:MAC_AT]))
        test.assertEqual(
            struct.unpack_from("<I", data, RECORD_BYTES - 4)[0],
            binascii.crc32(data[: RECORD_BYTES - 4]),
        )
        before = data[MAC_AT : MAC_AT + 12]
        key = crypto.hmac_sha256(key, b"sluss journal next")
        link += 1
    return key


def body(data):
    """Return a record's fields."""
    return struct.unpack_from(BODY, data, 0)


def told(journal):
    """Return all that a journal says of itself and of its last record."""
    return (
        (journal.armed, journal.faults, journal.ticks_ms, journal.day, journal.second),
        (journal.time_known, journal.unclocked_min, journal.boot, journal.seq),
        (journal.last_event, journal.last_was_alarm, journal.last_day, journal.last_unclocked_min),
        (journal.unsettled, journal.first_seq),
    )
