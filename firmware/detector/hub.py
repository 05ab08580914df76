"""The hub link: the customer's own channel, never gated. Commands in; events and images out."""

from detector import codes, json_pairs, permissions, ticks
from detector.channel import LOST_MS, Channel
from detector.compat import const
from detector.keystore import READER_CUSTOMER
from detector.store import StoreError
from detector.transfer import kind_name

_BEACON_MS = const(1000)
_EVENTS = const(32)
_EVENTS_IN_FLIGHT = const(4)  # the rest of the link's queue is for replies and images
_ROOM_KEPT = const(3)
# What the customer must hear, whatever else there was to say while he was away.
_MUST_HEAR = ("alarm", "alarm-end", "fault", "boot")
_EVENT = const(-1)  # tag of an event's message; an image's end has the image's id
_LIST_PAGE = const(8)
_U32 = 0xFFFFFFFF


class Hub(Channel):
    """Obeys the customer, and tells him everything."""

    def __init__(
        self,
        uart: "machine.UART",
        device_id: str,
        keys: tuple,
        controller: "Controller",
        store: "Store",
        random: object,
    ) -> None:
        """Take keys (command, event, wrap) of the customer; `random(n)` returns n random bytes."""
        parts = (controller, store, random)
        Channel.__init__(self, permissions.HUB, uart, device_id, keys, parts)
        self.events_dropped = 0
        # (must be heard, body), oldest first; the first _in_flight are with the link.
        self._events: list = []
        self._dropped_told = 0
        self._in_flight = 0
        self._delivered: list = []  # image ids acknowledged in this poll
        self._beacon_ms: int | None = None  # when the last HELLO without a session was sent
        self.session.restart()

    def poll(self, now_ms: int) -> bool:
        """Do a bounded step; True when something moved. Allocates only when something happens."""
        self._now_ms = now_ms
        moved = self.link.poll(now_ms)
        if not self.link.running:
            self._beacon(now_ms)
            return moved
        if self.link.stalled(now_ms, LOST_MS):
            self._lose()
            return True
        while self._delivered:
            self._on_delivered(now_ms, self._delivered.pop(0))
        if self._in_flight < len(self._events):
            self._send_event()
        elif self._dropped_told != self.events_dropped:
            self._dropped_told = self.events_dropped
            self.event((("e", "events-dropped"), ("count", self.events_dropped)))
        self.transfer.poll()
        return moved

    def event(self, pairs: tuple) -> None:
        """Queue an event of (name, value) pairs; of too many some are dropped and counted."""
        if len(self._events) >= _EVENTS:
            self._drop_event()
        self._events.append((pairs[0][1] in _MUST_HEAR, json_pairs.dumps(pairs)))

    def _drop_event(self) -> None:
        """Drop the oldest that is not on its way, and need not be heard if there is such a one."""
        oldest = self._in_flight
        for index in range(self._in_flight, len(self._events)):
            if not self._events[index][0]:
                oldest = index
                break
        self._events.pop(oldest)
        self.events_dropped += 1

    def send_image(self, image_id: int) -> bool:
        """Send an image when its turn comes; False when too many wait."""
        return self.transfer.add(image_id)

    # --- called by the link and the channel ------------------------------------------------------

    def on_session(self) -> None:
        """Send everything again that the old session did not bring over."""
        self._in_flight = 0

    def on_acked(self, tag: int) -> None:
        """Strike off an event, or note that an image is with the customer."""
        if tag != _EVENT:
            # At once: what is asked for behind this acknowledgement is sent again.
            self.transfer.remove(tag)
            self._delivered.append(tag)
        elif self._in_flight:
            self._events.pop(0)
            self._in_flight -= 1

    def obey(self, name: object, command: dict) -> tuple:
        """Do an allowed command; return its code and the reply's further pairs."""
        controller = self._controller
        now_ms = self._now_ms
        if name == "disarm":
            return controller.disarm(now_ms), ()
        if name == "cancel":
            return controller.cancel(now_ms), ()
        if name == "arm":
            code = controller.arm(now_ms)
            if code == codes.ERR_OPEN_ZONES:
                return code, (("open", controller.open_zones()),)
            return code, ()
        if name == "capture":
            return controller.capture_picture(now_ms), ()
        if name == "status":
            return codes.OK, controller.status()
        if name == "clock":
            return self._clock(command), ()
        return self._image_command(name, command)

    def _clock(self, command: dict) -> int:
        day = json_pairs.integer(command, "day", 0, 0xFFFF)
        second = json_pairs.integer(command, "second", 0, 86399)
        if day is None or second is None:
            return codes.ERR_ARGUMENT
        return self._controller.set_clock(self._now_ms, day, second)

    def _image_command(self, name: object, command: dict) -> tuple:
        if name == "list":
            first = json_pairs.integer(command, "from", 0, _U32) if "from" in command else 0
            if first is None:
                return codes.ERR_ARGUMENT, ()
            return codes.OK, self._list(first)
        image_id = json_pairs.integer(command, "id", 1, _U32)
        if image_id is None:
            return codes.ERR_ARGUMENT, ()
        if image_id not in self._store.ids():
            return codes.ERR_NO_IMAGE, ()
        if name == "fetch" and not self._store.is_served(image_id):
            return codes.ERR_AGE_UNKNOWN, ()
        if name == "fetch":
            return codes.OK if self.send_image(image_id) else codes.ERR_BUSY, ()
        if name == "delete":
            return self._delete(image_id), ()
        return codes.ERR_UNKNOWN, ()

    def _list(self, first: int) -> tuple:
        """Return one page of images, oldest first; "more" says that there is another."""
        entries: list = []
        more = False
        for image_id in self._store.ids():
            if image_id < first:
                continue
            if len(entries) == _LIST_PAGE:
                more = True
                break
            try:
                entries.append(_entry(self._store.info(image_id)))
            except StoreError:  # its key slot cannot be read; the others are still his
                continue
        return (("images", entries), ("more", more))

    def _delete(self, image_id: int) -> int:
        self.transfer.remove(image_id)
        try:
            self._store.delete(image_id, codes.DELETE_BY_CUSTOMER)
        except Exception:  # flash; whatever it was, the customer must hear that it is not deleted
            return codes.ERR_STORE
        return codes.OK

    # --- steps -----------------------------------------------------------------------------------

    def _beacon(self, now_ms: int) -> None:
        if self._beacon_ms is None or ticks.diff_ms(now_ms, self._beacon_ms) >= _BEACON_MS:
            self._beacon_ms = now_ms
            self.greet()

    def _lose(self) -> None:
        self.link.stop()
        self.session.restart()
        self.transfer.restart(None)
        self._in_flight = 0

    def _send_event(self) -> None:
        if self._in_flight >= _EVENTS_IN_FLIGHT or self.link.room() <= _ROOM_KEPT:
            return
        if self.send_body(self._events[self._in_flight][1], _EVENT):
            self._in_flight += 1

    def _on_delivered(self, now_ms: int, image_id: int) -> None:
        try:
            self._store.mark_delivered(image_id, READER_CUSTOMER)
        except Exception:  # not marked: it is only evicted later than it could be
            pass
        self._controller.image_fetched(now_ms, image_id)


def _entry(info: "ImageInfo") -> tuple:
    return (
        ("id", info.image_id),
        ("event", info.event_id),
        ("kind", kind_name(info.kind)),
        ("chunks", info.chunks),
        ("day", info.day),
        ("second", info.second),
    )
