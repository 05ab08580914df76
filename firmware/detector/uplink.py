"""The uplink: the gated channel to the alarm centre. While it is closed, not a byte is written.

Opened by the gatekeeper once the circuit's gate is really open, closed with every shutting. Each
opening is a new session; nothing of an earlier one is sent or obeyed.
"""

from detector import codes, json_pairs, permissions, ticks
from detector.channel import LOST_MS, Channel
from detector.compat import const
from detector.keystore import READER_ARC
from detector.store import StoreError

_GREET_MS = const(300)
_U32 = 0xFFFFFFFF


class Uplink(Channel):
    """Sends an alarm and its images to the alarm centre while the gate is open."""

    def __init__(
        self,
        uart: "machine.UART",
        device_id: str,
        keys: tuple,
        controller: "Controller",
        store: "Store",
        random: object,
    ) -> None:
        """Take keys (command, event, wrap) of the alarm centre; starts closed."""
        parts = (controller, store, random)
        Channel.__init__(self, permissions.UPLINK, uart, device_id, keys, parts)
        self.link.silence()
        self.is_open = False
        self._alarm = b""  # the alarm's message, until the link has it
        self._alarm_sent = False
        self._received: list = []  # image ids of this alarm that the alarm centre has
        self._greet_ms = 0

    def opened(self, now_ms: int, event: "AlarmEvent") -> None:
        """Begin a session for `event`: the gate is open now."""
        self._now_ms = now_ms
        self._received = []
        self._alarm = json_pairs.dumps(self._alarm_pairs(event))
        self.session.forget()
        self.session.restart()
        self.transfer.clear()
        self.link.enable()
        self.is_open = True
        self._greet(now_ms)

    def closed(self) -> None:
        """Forget everything queued and half sent, and write nothing more; may be called again."""
        self.is_open = False
        if not self.link.enabled:
            return
        self.link.silence()
        self.session.forget()
        self.transfer.clear()
        self._alarm = b""
        self._received = []

    def drained(self) -> bool:
        """Say whether nothing of an earlier opening is left in the UART's buffer (24 ms of it)."""
        return self.link.drained()

    def poll(self, now_ms: int) -> bool:
        """Do a bounded step; nothing at all while closed. True when something moved."""
        if not self.is_open:
            return False
        self._now_ms = now_ms
        moved = self.link.poll(now_ms)
        if not self.is_open:  # an obeyed command may have closed it
            return True
        if not self.link.running:
            if ticks.diff_ms(now_ms, self._greet_ms) >= _GREET_MS:
                self._greet(now_ms)
            return moved
        if self.link.stalled(now_ms, LOST_MS):
            self._lose(now_ms)
            return True
        if not self._alarm_sent:
            self._alarm_sent = self.send_body(self._alarm)
        else:
            self.transfer.poll()
        return moved

    def offer(self, image_id: int) -> bool:
        """Send an image of this alarm; False while closed, and for a customer's picture."""
        if not self.is_open:
            return False
        try:
            if self._store.info(image_id).kind == codes.IMAGE_CUSTOMER:
                return False
        except StoreError:  # unreadable: nothing to send
            return False
        return self.transfer.add(image_id)

    def on_session(self) -> None:
        """Tell a new peer of the alarm first."""
        self._alarm_sent = False

    def obey(self, name: object, command: dict) -> tuple:
        """Do an allowed command; return its code and no further pairs."""
        if name == "handled":
            # Shuts the gate, so that no reply can follow: silence is the answer.
            return self._controller.handled(self._now_ms), ()
        if name == "received":
            image_id = json_pairs.integer(command, "id", 1, _U32)
            if image_id is None:
                return codes.ERR_ARGUMENT, ()
            return self._take_received(image_id), ()
        return codes.ERR_UNKNOWN, ()

    def _take_received(self, image_id: int) -> int:
        if image_id in self._received:
            return codes.OK
        if not self.transfer.listed(image_id):
            return codes.ERR_NO_IMAGE
        self._received.append(image_id)
        self.transfer.remove(image_id)
        try:
            self._store.mark_delivered(image_id, READER_ARC)
        except Exception:  # not marked: it is only evicted later than it could be
            pass
        self._controller.image_received(self._now_ms, image_id)
        return codes.OK

    def _greet(self, now_ms: int) -> None:
        self._greet_ms = now_ms
        self.greet()

    def _lose(self, now_ms: int) -> None:
        self.link.stop()
        self.session.restart()
        self.transfer.restart(None)
        self._greet(now_ms)

    def _alarm_pairs(self, event: "AlarmEvent") -> tuple:
        names = codes.TRIP_NAMES
        kinds = [names[kind] for kind in range(len(names)) if event.kinds & (1 << kind)]
        clock = self._controller.clock
        return (
            ("e", "alarm"),
            ("event", event.id),
            ("kind", names[event.kind]),
            ("kinds", kinds),
            ("confirmed", event.confirmed),
            ("day", clock.day),
            ("second", clock.second),
        )
