"""What must hold of a channel, whatever an intruder on its line does, or its own peer says.

Nothing that is not authentic reaches the controller or the store, nothing is done twice, no queue
grows, a shut uplink is silent and deaf; and a disarm (on the uplink: `handled`) is obeyed in time,
of the session proven last at any moment, and of a new one.
"""

from fake_line import Line, Watch
from fake_peer import EVENT_KEY, KEYS, Chance, FakeController, FakeLinkStore, FakePeer
from fuzz_frames import OBEYED_MS, packed
from fuzz_input import Input, check

from detector import codes, frames, json_pairs, permissions, states
from detector.hub import Hub
from detector.session import NONCE_BYTES, Session
from detector.uplink import Uplink

_BAUD = 115200
_ROOM = 1024 + 32  # hal.py, and the FIFO
_TX_ROOM = 2200
_MEET_MS = 400
_EVENTS = 32
_NAMES = tuple([row[1] for row in permissions.TABLE]) + ("open", "")
_KEYS = ("id", "from", "day", "second", "cmd", "have", "x")
_VALUES = (
    "0", "1", "7", "-1", "true", "null", '"7"', "[]", "{}", "1.5", "1e9", "4294967295",
    "4294967296", "99999999999999999999", "2500", "86399", '"disarm"', "[[[[]]]]", '"\\ud800"',
)  # fmt: skip


class FakeEvent:
    """An alarm."""

    id = 5
    kind = codes.TRIP_PANIC
    kinds = 1 << codes.TRIP_PANIC
    confirmed = True


class Attacked:
    """A channel with its rightful peer and an intruder on one paced line."""

    def __init__(self, is_uplink: bool, tick_ms: int) -> None:
        """Begin a session and prove it; the store has three images."""
        self.line = Line(_BAUD)
        self.line.a.rx_limit = _ROOM
        self.line.a.tx_limit = _TX_ROOM
        self._tick_ms = tick_ms
        self.controller = FakeController()
        self.store = FakeLinkStore()
        for image_id in (1, 2, 7):
            self.store.add(image_id, codes.TRIP_FIRE, 1)
        kind = Uplink if is_uplink else Hub
        parts = (self.line.a, "dev-1", KEYS, self.controller, self.store, Chance(1))
        self.channel = kind(*parts)
        self.is_uplink = is_uplink
        if is_uplink:
            self.controller.state = states.ALARM
            self.controller.on_handled = self.channel.closed
        self.peer = FakePeer(self.line)
        self.watch = Watch(self.line)
        self.line.a.watch(self.watch)
        self._foreign = Session(EVENT_KEY, b"another key, 32 bytes of it.....", True, Chance(3))
        self._signed: list = []  # every message that the peer ever signed
        self._asked: list = []  # what they may make the controller and the store do, not done yet
        self._seen = 0
        self.meet()

    def meet(self) -> None:
        """Have the peer begin a session, and prove it with a command."""
        self.wait(self._tick_ms)  # what is on the line still counts: it may shut the uplink
        if self.is_uplink and not self.channel.is_open:
            self.gate(True)
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.hello()
        self._until(lambda: self.peer.link.running, "no session begins")
        before = len(self.peer.replies)
        self.say(b'{"cmd":"received","id":99}' if self.is_uplink else b'{"cmd":"status"}')
        self._until(lambda: len(self.peer.replies) > before, "a good command is not answered")

    def gate(self, is_open: bool) -> None:
        """Open or shut the gate, and with it the uplink."""
        if is_open and not self.channel.is_open:
            self.channel.opened(self.line.now_ms, FakeEvent())
            self.channel.offer(1)
        elif not is_open:
            self.channel.closed()

    def _until(self, condition: object, what: str) -> None:
        end_ms = self.line.now_ms + _MEET_MS
        while not condition():
            check(self.line.now_ms < end_ms, what)
            self.wait(1)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms):
            self.line.advance(1000)
            now_ms = self.line.now_ms
            if now_ms % self._tick_ms == 0:
                self._step(now_ms)
            self.peer.link.poll(now_ms)

    def _step(self, now_ms: int) -> None:
        was_shut = self.is_uplink and not self.channel.is_open
        written = self.line.a.written
        waiting = len(self.line.a.received)
        self.channel.poll(now_ms)
        if was_shut:
            check(self.line.a.written == written, "bytes were written to a shut uplink")
            check(len(self.line.a.received) == waiting, "a shut uplink was read")
            self.line.a.received = bytearray()  # it has no supply
        self._look()

    def put(self, data: bytes) -> None:
        """Put bytes on the line towards the detector, and wait until they are there."""
        self.line.b.write(data)
        while not self.line.b.txdone():
            self.wait(1)

    def sign(self, body: bytes) -> bytes:
        """Return an authentic message; what it asks for may be done once."""
        message = self.peer.session.sign(body)
        self._signed.append(message)
        command = json_pairs.loads(body)
        if command is not None:
            self._asked.append((command.get("cmd"), command))
        return message

    def say(self, body: bytes) -> None:
        """Have the peer send an authentic message through its link."""
        self.peer.link.send_message(self.sign(body))

    def end_now(self, seq: int) -> None:
        """Send a disarm (`handled`) of the session proven last; it must be obeyed in time."""
        if self.is_uplink and not self.channel.is_open:
            return
        name = "handled" if self.is_uplink else "disarm"
        if self.is_uplink:
            seq = self.channel.link._expected  # only a disarm and a cancel need no turn
        message = self.sign(b'{"cmd":"%s"}' % name.encode())
        count = self.controller.calls.count(name)
        self.watch.wanted = [message]
        self.watch.arrived = []
        self.put(packed(frames.MSG, 0, seq, 0, len(message), message))
        check(self.watch.arrived, "the line lost a frame: the detector reads too slowly")
        while self.controller.calls.count(name) == count:
            late_ms = self.line.now_ms - self.watch.arrived[0][1]
            check(late_ms <= OBEYED_MS, "%s is not obeyed in time" % name)
            self.wait(1)

    def forge(self, body: bytes) -> bytes:
        """Return a message signed with another key, under the detector's own challenge."""
        self._foreign.set_peer(self.channel.session.nonce())
        return self._foreign.sign(body)

    def replay(self, number: int) -> bytes:
        """Return a message that the peer signed once."""
        return self._signed[number % len(self._signed)]

    # --- what must hold --------------------------------------------------------------------------

    def _look(self) -> None:
        done = self.controller.calls[self._seen :]
        self._seen = len(self.controller.calls)
        done += [("delete", image_id) for image_id, _why in self.store.deleted]
        self.store.deleted = []
        for call in done:
            # The link's acknowledgement alone says that an image is fetched; it proves nothing.
            if call[0] != "fetched" or self.is_uplink:
                self._was_asked(call)
        named = len(self.channel.session.peer) == NONCE_BYTES
        check(named or not self.channel.link.running, "a session with nobody")
        check(self.channel.link.room() >= 0, "too many messages are queued")
        check(self.is_uplink or len(self.channel._events) <= _EVENTS, "too many events are queued")

    def _was_asked(self, call: object) -> None:
        for index, (name, command) in enumerate(self._asked):
            arguments = [command.get(key) for key in ("day", "second") if key in command]
            with_id = (name, command.get("id"))
            if call == name or call == with_id or call == tuple([name] + arguments):
                self._asked.pop(index)
                return
        check(False, "%r was done, and nobody asked for it" % (call,))


def check_hub(data: bytes) -> None:
    """Run a program of an intruder's and, where its first byte says so, of a confused customer."""
    _run(data, False)


def check_uplink(data: bytes) -> None:
    """Run such a program on the uplink, whose gate opens and shuts meanwhile."""
    _run(data, True)


def _run(data: bytes, is_uplink: bool) -> None:
    program = Input(data)
    attacked = Attacked(is_uplink, 1 + program.number(5))
    confused = program.number(2) == 1
    while program:
        _do(program, attacked, confused)
    if not confused and not is_uplink:
        attacked.end_now(program.byte() * 257)
    attacked.meet()
    attacked.end_now(9)


def _do(program: Input, attacked: Attacked, confused: bool) -> None:
    word = program.number(11 if confused else 9)
    if word == 0:
        attacked.put(program.piece())
    elif word == 1:
        attacked.wait(program.byte())
    elif word == 2:
        attacked.put(_frame(program, frames.HELLO, _hello(program, attacked)))
    elif word == 3:
        attacked.put(_frame(program, 1 + program.number(4), program.piece()))
    elif word == 4:
        attacked.put(_frame(program, frames.MSG, attacked.forge(_body(program))))
    elif word == 5:
        message = attacked.replay(program.byte())
        at = program.number(256)
        if at < len(message):
            bit = 1 << program.number(8)
            message = message[:at] + bytes([message[at] ^ bit]) + message[at + 1 :]
        attacked.put(_frame(program, frames.MSG, message))
    elif word == 6:
        times = program.byte()
        attacked.put(_frame(program, frames.ACK, b"") * times)
    elif word == 7:
        if attacked.is_uplink:
            attacked.gate(program.number(2) == 1)
        elif not confused:
            attacked.end_now(program.byte() * 257)
    elif word == 8:
        attacked.line.b.received = bytearray()  # the peer does not hear what was sent just now
    elif word == 9:
        attacked.say(_body(program))
        attacked.wait(20)
    else:
        attacked.put(_frame(program, frames.MSG, attacked.sign(_body(program))))


def _frame(program: Input, kind: int, payload: bytes) -> bytes:
    """Return a frame; most numbers are near those that count."""
    flags, seq, ack = program.number(4), program.byte(), program.byte()
    if seq >= 128:
        seq *= 257
    if ack >= 128:
        ack *= 257
    return packed(kind, flags, seq, ack, len(payload), payload)


def _hello(program: Input, attacked: Attacked) -> bytes:
    """Return a HELLO with a nonce of anybody's, and some `have`."""
    nonces = (
        attacked.peer.session.nonce().hex(),
        attacked.channel.session.nonce().hex(),
        attacked.channel.session.peer.hex(),
        "%032x" % program.byte(),
        " " * 32,
        "zz" * 16,
    )
    nonce = nonces[program.number(len(nonces))]
    have = _VALUES[program.number(len(_VALUES))]
    text = '{"proto":1,"dev":"x","nonce":"%s","re":"","have":{"1":%s,"x":1}}' % (nonce, have)
    return text.encode()


def _body(program: Input) -> bytes:
    """Return a command of the table with some arguments, or any bytes."""
    number = program.number(len(_NAMES) + 2)
    if number >= len(_NAMES):
        return program.piece()
    more = ""
    for _ in range(program.number(3)):
        name = _KEYS[program.number(len(_KEYS))]
        more += ',"%s":%s' % (name, _VALUES[program.number(len(_VALUES))])
    return ('{"cmd":"%s"%s}' % (_NAMES[number], more)).encode()
