"""What a detector has promised up to some moment, and the checks of its journal's chain."""

import struct

from journal_helpers import CHAIN_AT, MAC_AT, TORN_AT
from world import DEVICE

from detector import crypto
from detector.journal_slots import FIRST_LABEL, NEXT_LABEL


class Broken(Exception):  # noqa: N818
    """A promise was not kept; the text says which."""


class Chain:
    """Follows a journal from its first key on, record by record."""

    def __init__(self, first_key):
        """Begin before record 1."""
        self.key = first_key
        self.before = crypto.hmac_sha256(first_key, FIRST_LABEL + DEVICE.encode())[:12]
        self.link = 1

    def copy(self):
        """Return another that goes on from here."""
        other = Chain(self.key)
        other.before = self.before
        other.link = self.link
        return other

    def follow(self, number, data):
        """Check the next record and move on behind it; raise Broken."""
        if number - struct.unpack_from("<H", data, TORN_AT)[0] != self.link:
            raise Broken("record %d is not the next link of the chain" % number)
        if data[CHAIN_AT:MAC_AT] != self.before:
            raise Broken("record %d does not follow the one before" % number)
        if data[MAC_AT : MAC_AT + 32] != crypto.hmac_sha256(self.key, data[:MAC_AT]):
            raise Broken("record %d has a wrong MAC" % number)
        self.before = data[MAC_AT : MAC_AT + 12]
        self.key = crypto.hmac_sha256(self.key, NEXT_LABEL)
        self.link += 1


class Known:
    """The ledger's facts, taken in one by one."""

    def __init__(self):
        """Know nothing."""
        self.day = 0
        self.second = 0
        self.old_keys = []  # of images, of which nothing may be left
        self.is_changing = False
        self.next_keys = None
        self.begin(None)

    def begin(self, keys):
        """Begin anew with these keys, as provisioning does."""
        self.keys = keys
        self.chain = Chain(keys["customer-journal"]) if keys else None
        self.records = {}
        self.last = 0
        self.images = {}
        self.deleting = {}  # asked for and not acknowledged
        self.deleted = {}  # acknowledged: id -> Picture
        self.gone = []  # their ids, in order
        self.proved_images = {}  # id -> the blocks in which it was seen whole
        self.proved_records = {}  # block -> its bytes when all its records were seen

    def copy(self):
        """Return another that goes on from here; what was proved is proved for both."""
        other = Known()
        for name, value in self.__dict__.items():
            is_own = isinstance(value, dict) and not name.startswith("proved")
            setattr(other, name, dict(value) if is_own else value)
        other.gone = list(self.gone)
        if self.chain:
            other.chain = self.chain.copy()
        return other

    def take(self, fact):
        """Take in one fact."""
        kind = fact[0]
        if kind == "record":
            if self.chain:
                self.chain.follow(fact[1], fact[2])
            self.last = fact[1]
            self.records[self.last] = fact[2]
        elif kind == "image":
            self.images[fact[1]] = fact[2]
        elif kind == "deleting":
            known = self.images.pop(fact[1], None) or self.deleting.get(fact[1])
            self.deleting[fact[1]] = known or fact[2]
        elif kind == "deleted":
            self.deleted[fact[1]] = self.deleting.pop(fact[1])
            self.gone.append(fact[1])
        elif kind == "time":
            self.day = fact[1]
            self.second = fact[2]
        elif kind == "provisioning":
            self.is_changing = True
            self.next_keys = fact[1]
        elif kind == "provisioned":
            self.change()
        else:
            raise ValueError(kind)

    def change(self):
        """Take the new keys: what was promised under the old ones is void, and its keys gone."""
        self.old_keys = self._keys_of_images()
        self.is_changing = False
        self.begin(self.next_keys)

    def begun(self, keys):
        """Return what is known when a detector begins anew with these keys."""
        other = Known()
        other.day = self.day
        other.second = self.second
        other.old_keys = self._keys_of_images()
        other.begin(keys)
        return other

    def _keys_of_images(self):
        found = self.old_keys
        for pictures in (self.deleted, self.deleting, self.images):
            found = found + [picture.key for picture in pictures.values()]
        return found
