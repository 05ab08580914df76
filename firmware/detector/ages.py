"""How old an image may be, and whether it is: every rule of retention, and nothing else.

- Taken in this boot: it is as old as the powered time since, whatever a hub says of the date.
- Taken in an earlier boot: it carries the day that the clock showed then: the true one, or an
  earlier one where the hub had not told the time yet in that boot: then it goes earlier, never
  later. Now is what the journal said last or the hub says, carried on by ticks, never back; the
  journal's word suffices to delete. Until the hub has told the time in this boot nobody knows how
  long the power was off: the image is not served, and goes when the detector has been powered for
  24 h, over all boots, without being told.
- Taken before any time was ever known, in an earlier boot: its age will never be known. It goes.

A hub that is wrong by years ahead deletes all images of earlier boots at once: that is on the side
of privacy, and on record. It cannot be taken back: an earlier time is refused from then on. All is
reckoned in whole days, so an image goes up to 24 h before it gets `days` old.
"""

from array import array

from detector import codes
from detector.clock import DAY_UNKNOWN
from detector.compat import const

_UNCLOCKED_LIMIT_MIN = const(1440)  # 24 h
_NO_ID = const(0x3FFFFFFF)  # beyond any image's


class Ages:
    """Judge of images by id and day; until `begin`, none is of this boot."""

    def __init__(self, clock: "Clock", days: int) -> None:
        """Take the clock and how many days an image may live."""
        self.clock = clock
        self._days = days
        self._first_id = _NO_ID
        # The first ids that could be taken on each of the last days of this boot; below the oldest
        # of them, all are over.
        self._firsts = array("I", [_NO_ID] * days)
        self._over_below = 0

    def begin(self, next_id: int) -> None:
        """Note that the images from an id on are taken in this boot."""
        self._first_id = next_id
        for place in range(self._days):
            self._firsts[place] = next_id
        self._over_below = next_id

    def begin_day(self, up_day: int, next_id: int) -> None:
        """Note that the images from an id on are taken on this day of the boot, or later."""
        self._firsts[up_day % self._days] = next_id
        self._over_below = self._firsts[(up_day + 1) % self._days]

    def why_over(self, image_id: int, day: int) -> int:
        """Return the DELETE_ number for an image whose time is over, 0 for any other."""
        if image_id >= self._first_id:
            return codes.DELETE_BY_AGE if image_id < self._over_below else 0
        if day == DAY_UNKNOWN:
            return codes.DELETE_AGE_UNKNOWN
        clock = self.clock
        if clock.day != DAY_UNKNOWN and clock.day - day >= self._days:
            return codes.DELETE_BY_AGE
        return codes.DELETE_AGE_UNKNOWN if self.is_late() else 0

    def is_served(self, image_id: int, day: int) -> bool:
        """Say whether an image's age is known, and not over."""
        if image_id < self._first_id and not self.clock.known:
            return False
        return self.why_over(image_id, day) == 0

    def is_late(self) -> bool:
        """Say whether the detector has been powered for too long without being told the time."""
        return self.clock.unclocked_min >= _UNCLOCKED_LIMIT_MIN
