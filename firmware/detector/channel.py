"""What hub link and uplink have in common: a link, a session, a table of permissions, images.

A message is obeyed only if it is authentic and new. A disarm or cancel is then obeyed at once,
also where a message before it is missing, or where somebody else began another session meanwhile.
"""

from detector import codes, json_pairs, permissions
from detector.compat import const
from detector.keystore import READER_ARC, READER_CUSTOMER
from detector.link import AHEAD, IN_ORDER, Link
from detector.session import (
    FORGED,
    FRESH_BEFORE,
    OVERHEAD_BYTES,
    REPEATED,
    Session,
    counter_of,
    peer_nonce,
)
from detector.transfer import Transfer

RX_PAYLOAD_BYTES = const(512)
# Nothing acknowledged for this long: the peer is gone, a HELLO will bring it back.
LOST_MS = const(5000)


class Channel:
    """Base of Hub and Uplink, which add what they obey and what they send."""

    def __init__(
        self, which: int, uart: "machine.UART", device_id: str, keys: tuple, parts: tuple
    ) -> None:
        """Take permissions.HUB or UPLINK; keys (command, event, wrap); parts as unpacked below."""
        command_key, event_key, wrap_key = keys
        self._controller, self._store, random = parts
        self._which = which
        self._device_id = device_id
        self.link = Link(uart, RX_PAYLOAD_BYTES)
        self.link.handler = self
        self.session = Session(command_key, event_key, False, random)
        reader = READER_CUSTOMER if which == permissions.HUB else READER_ARC
        self.transfer = Transfer(self, self._store, wrap_key, reader)
        self.auth_failures = 0  # counts up; whoever journals them sets it to 0
        self.replies_dropped = 0
        # Counters up to a command that was obeyed before its turn: they may still come.
        self._overtaken_from = 1
        self._overtaken = 0
        self._now_ms = 0

    def send(self, pairs: tuple, tag: int = 0) -> bool:
        """Sign and queue a message; False where there is no session or no room."""
        return self.send_body(json_pairs.dumps(pairs), tag)

    def send_body(self, body: bytes, tag: int = 0) -> bool:
        """Sign and queue a message that is JSON already."""
        # First the room: a counter that is drawn must be sent, in its order.
        if not self.link.running or self.link.room() <= 0:
            return False
        return self.link.send_message(self.session.sign(body), tag)

    def greet(self) -> None:
        """Send a HELLO."""
        self.link.send_hello(self.session.hello(self._device_id))

    def obey(self, name: object, command: dict) -> tuple:
        """Do an allowed command; return its code and the reply's further pairs."""
        return codes.ERR_UNKNOWN, ()

    def on_session(self) -> None:
        """Learn that a session has begun."""

    # --- called by the link ----------------------------------------------------------------------

    def on_hello(self, payload: memoryview) -> None:
        """Answer a HELLO; a nonce not heard before begins a new session."""
        hello = json_pairs.loads(payload)
        nonce = peer_nonce(hello) if hello is not None else None
        if hello is None or nonce is None or nonce == self.session.nonce():
            return  # the last: our own, from a line that echoes
        if nonce != self.session.peer:
            if self.session.peer:
                self.session.restart()
            self.session.set_peer(nonce)
            self._overtaken_from = 1
            self._overtaken = 0
            self.link.start(self._now_ms)
            self.transfer.restart(hello.get("have"))
            self.on_session()
        self.greet()

    def on_message(self, payload: memoryview, order: int) -> None:
        """Obey a message if it is authentic, new, allowed and in its turn."""
        found = self.session.check(payload)
        if found == FORGED:
            self.auth_failures += 1
            return
        counter = counter_of(payload)
        if found == REPEATED:
            # A replay; the link's own repeats are not in order, but for what was overtaken.
            if order == IN_ORDER and not self._overtaken_from <= counter <= self._overtaken:
                self.auth_failures += 1
            return
        command = json_pairs.loads(payload[OVERHEAD_BYTES:])
        name = command.get("cmd") if command is not None else None
        if order == AHEAD or found == FRESH_BEFORE:
            if name not in permissions.ALWAYS_OBEYED:
                return  # the link brings it again in its turn
            self._overtaken_from = self.session.last_counter(found) + 1
            self._overtaken = counter
        self.session.accept(payload, found)
        controller = self._controller
        code = permissions.check(self._which, name, controller.state, controller.lacks)
        extra = ()
        if command is None:
            code = codes.ERR_ARGUMENT
        elif code == codes.OK:
            code, extra = self.obey(name, command)
        if found != FRESH_BEFORE:
            self._reply(counter, code, extra)

    def on_chunk(self, payload: memoryview) -> None:
        """Ignore a chunk: nobody sends images to a detector."""

    def on_acked(self, tag: int) -> None:
        """Learn that a tagged message has arrived; see Hub."""

    def _reply(self, counter: int, code: int, extra: tuple) -> None:
        head: tuple = (("re", counter), ("ok", True))
        if code != codes.OK:
            word = codes.error_word(code)
            text = codes.error_text(code)
            head = (("re", counter), ("err", word), ("code", code), ("text", text))
        if not self.send(head + extra):
            self.replies_dropped += 1
