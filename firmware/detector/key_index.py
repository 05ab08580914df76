"""What a boot knows of the key slots without reading them again: id, day and marks of each."""

from array import array

from detector.clock import DAY_UNKNOWN
from detector.compat import const
from detector.keyslots import SLOT_COUNT

ANY_READER = None
LIVE = const(8)  # marks: bits 0 and 1 say delivered to reader 0 and 1
PENDING = const(4)  # deleted, and the journal does not say so yet


class KeyIndex:
    """Slots 0 to `used` - 1, the oldest image first; 7 bytes each."""

    def __init__(self) -> None:
        """Have room for all slots of a side."""
        self.ids = array("I", bytes(4 * SLOT_COUNT))
        self.days = array("H", bytes(2 * SLOT_COUNT))
        self.marks = bytearray(SLOT_COUNT)
        self.used = 0

    def add(self, image_id: int, day: int = DAY_UNKNOWN) -> int:
        """Take the next slot for an image that does not live yet; return its number."""
        slot = self.used
        self.used = slot + 1
        self.ids[slot] = image_id
        self.days[slot] = day
        self.marks[slot] = 0
        return slot

    def check_id(self, slot: int, next_id: int) -> bool:
        """Say whether the id in a slot that is not whole can be its own; put the likely one there.

        Ids count up slot by slot; slots that stayed blank used up one each.
        """
        before = self.ids[slot - 1] if slot else 0
        if before < self.ids[slot] <= next_id + slot:
            return True
        self.ids[slot] = before + 1
        return False

    def living(self) -> list:
        """Return the ids of all images, oldest first."""
        return [self.ids[slot] for slot in range(self.used) if self.marks[slot] & LIVE]

    def find(self, image_id: int) -> int:
        """Return an image's slot, -1 where there is no such image."""
        for slot in range(self.used):
            if self.ids[slot] == image_id and self.marks[slot] & LIVE:
                return slot
        return -1

    def oldest(self, reader: int | None) -> int:
        """Return the oldest image that was delivered to a reader (or ANY_READER), 0 for none."""
        want = LIVE if reader is ANY_READER else LIVE | 1 << reader
        for slot in range(self.used):
            if self.marks[slot] & want == want:
                return self.ids[slot]
        return 0

    def first_over(self, ages: "Ages") -> int:
        """Return the slot of the first image whose time is over, -1 for none."""
        for slot in range(self.used):
            if self.marks[slot] & LIVE and ages.why_over(self.ids[slot], self.days[slot]):
                return slot
        return -1
