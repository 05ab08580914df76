"""What must hold of the host's end of a link, whatever a detector, or somebody else, says on it.

Nothing that is not authentic is handed on; a body that makes no sense is no reason to give up the
link; an image that counts as whole has all its chunks; and a good event is heard afterwards.
"""

from __future__ import annotations

import json
from typing import Any

from fake_line import Line
from fake_peer import Chance
from fuzz_frames import packed
from fuzz_input import Input, check

from detector import frames
from detector.frames import CHUNK_BYTES
from detector.session import Session
from host_tools.client import WrongDeviceError
from host_tools.keyfile import CUSTOMER, NAMES, KeyFile
from host_tools.sealed_image import SealError, unseal
from tests.fuzz.real_peer import memory_client

_DEVICE = "dev-1"
KEYS = {name: name[:1].encode() * 32 for name in NAMES[CUSTOMER]}
_HEARD_MS = 400
_REPLIES = 64
_LONGEST_CHUNKS = 0xFFFF
_WORDS = ("image", "image-end", "alarm", "x")
_FIELDS = ("e", "re", "id", "chunks", "from", "header", "key", "mac", "ok", "code", "err", "x")
_VALUES: tuple[Any, ...] = (
    0, 1, 2, 3, 7, -1, 65535, 65536, 2**32, 10**30, 1.5, True, None, "", "00" * 64, "00" * 80,
    "00" * 32, "0", "zz", [], {}, [1], "\ud800", "image", "x" * 100,
)  # fmt: skip


class Visited:
    """A client on a line in memory, and the detector's session on the other end."""

    def __init__(self, role: str = CUSTOMER) -> None:
        """Begin a session."""
        self.line = Line(0)
        key_file = KeyFile(role, _DEVICE, KEYS)
        self.client = memory_client(key_file, self.line.b, lambda: self.line.now_ms)
        self.peer = self.client.peer
        command, event = KEYS["command"], KEYS["event"]
        self.device = Session(command, event, False, Chance(1))
        self._foreign = Session(command, b"another key, 32 bytes of it.....", False, Chance(2))
        self.sent = b""  # what the client sent since the session began
        self._seq = 0
        self.signed = 0  # messages that the detector's key signed
        self.meet()

    def meet(self) -> None:
        """Answer the client's HELLO."""
        self.device.restart()
        self.device.set_peer(self.peer._session.nonce())
        self._seq = 0
        self.sent = b""
        self.hear(packed(frames.HELLO, 0, 0, 0, *_sized(self.device.hello(_DEVICE))))

    def hear(self, data: bytes) -> None:
        """Have the client receive bytes, and take what it sends off the line."""
        self.line.a.write(data)
        self.wait(2)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms):
            self.line.advance(1000)
            for _step in range(8):
                if not self.peer.step():
                    break
            self.sent += bytes(self.line.a.received)
            self.line.a.received = bytearray()

    def say(self, body: bytes) -> None:
        """Send an authentic message in its turn."""
        self.signed += 1
        self.numbered(frames.MSG, self.device.sign(body))

    def numbered(self, kind: int, payload: bytes) -> None:
        """Send a frame with the next number."""
        self.hear(packed(kind, 0, self._seq & 0xFFFF, 0, *_sized(payload)))
        self._seq += 1

    def forge(self, body: bytes) -> bytes:
        """Return a message signed with another key."""
        self._foreign.set_peer(self.peer._session.nonce())
        return bytes(self._foreign.sign(body))


def _sized(payload: bytes) -> tuple[int, bytes]:
    return len(payload), payload


def check_peer(data: bytes) -> None:
    """Run a program of a detector's and an intruder's; then a good event must be heard."""
    program = Input(data)
    visited = Visited()
    try:
        while program:
            _do(program, visited)
            _hold(visited)
    except WrongDeviceError:
        return  # as documented: a HELLO named another detector
    visited.peer.restart()
    visited.meet()
    heard = len(visited.client.events)
    visited.say(b'{"e":"good"}')
    for _ in range(_HEARD_MS):
        if len(visited.client.events) > heard:
            break
        visited.wait(1)
    check(visited.client.events[heard:] == [{"e": "good"}], "a good event is not heard")
    _hold(visited)


def _do(program: Input, visited: Visited) -> None:
    word = program.number(10)
    if word == 0:
        visited.hear(program.piece())
    elif word == 1:
        visited.wait(program.byte() * (1 + program.number(16)))
    elif word == 2:
        visited.hear(packed(frames.HELLO, 0, 0, 0, *_sized(_hello(program, visited))))
    elif word == 3:
        visited.hear(packed(1 + program.number(4), 0, program.byte(), 0, *_sized(program.piece())))
    elif word == 4:
        visited.numbered(frames.MSG, visited.forge(_body(program)))
    elif word == 5:
        visited.numbered(frames.CHUNK, bytes([program.byte()]) * CHUNK_BYTES)
    elif word == 6:
        visited.numbered(frames.CHUNK, program.piece())
    elif word == 7:
        visited.meet()
    elif word == 8:
        visited.say(program.piece())
    else:
        visited.say(_body(program))


def _hello(program: Input, visited: Visited) -> bytes:
    nonces = (
        visited.peer._session.nonce().hex(),
        visited.device.nonce().hex(),
        "11" * 16,
        " " * 32,
    )
    hello = {
        "proto": _VALUES[1],
        "dev": _DEVICE if program.number(8) else _VALUES[program.number(len(_VALUES))],
        "nonce": nonces[program.number(4)],
        "re": nonces[program.number(4)],
    }
    return json.dumps(hello).encode()


def _body(program: Input) -> bytes:
    """Return an announcement, an end or a reply, as they are, with some fields spoiled or gone."""
    kinds: tuple[dict[str, Any], ...] = (
        {"e": "image", "id": 3, "chunks": 2, "from": 0, "header": "00" * 64, "key": "00" * 80},
        {"e": "image", "id": 3, "chunks": 2, "from": 1, "header": "00" * 64, "key": "00" * 80},
        {"e": "image-end", "id": 3, "mac": "00" * 32},
        {"re": 1, "ok": True},
        {"re": 1, "err": "x", "code": 3, "text": "x"},
        {"e": "alarm"},
    )
    body = dict(kinds[program.number(len(kinds))])
    for _ in range(program.number(3)):
        name = _FIELDS[program.number(len(_FIELDS))]
        value = program.number(len(_VALUES) + 1)
        if value == len(_VALUES):
            body.pop(name, None)
        else:
            body[name] = _VALUES[value]
    return json.dumps(body).encode()


def _hold(visited: Visited) -> None:
    client = visited.client
    replies = client._replies
    check(len(client.events) + len(replies) <= visited.signed, "more was heard than was signed")
    check(len(replies) <= _REPLIES, "replies that nobody waits for pile up")
    for image in client.images:
        longest = min(image.chunks, _LONGEST_CHUNKS) * CHUNK_BYTES
        check(len(image.body) <= longest, "an image is longer than was announced")
        if image.complete:
            whole = image.chunks * CHUNK_BYTES
            check(len(image.body) == whole, "an image counts as whole, and is not")
            try:
                unseal(image.header, image.wrapped, bytes(image.body), image.mac, KEYS["image"])
            except SealError:
                continue
            check(False, "an image was unsealed that was never sealed")
