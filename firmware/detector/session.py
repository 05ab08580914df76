"""Who is speaking: challenge, counter and HMAC of every message.

A message is mac16 | counter u32 | JSON. mac16 is the first half of HMAC-SHA-256 over the
*receiver's* random nonce, a direction byte, the counter and the JSON; the counter must grow. So a
message is good once, in one session, in one direction. HELLOs carry the nonces and prove nothing.

Anybody can send a HELLO, and with it begin a new session. So that nobody can talk a customer out
of his disarm that way, the last session in which something was proven is kept beside it, until
something is proven in the new one.
"""

import struct

from detector import crypto, json_pairs
from detector.codes import PROTOCOL
from detector.compat import const

NONCE_BYTES = const(16)
MAC_BYTES = const(16)
OVERHEAD_BYTES = const(20)  # mac and counter
TO_DEVICE = b"\x00"
TO_HOST = b"\x01"

# What `check` found.
FORGED = const(0)  # not under this key, in this session, in this direction
REPEATED = const(1)  # authentic, but its counter was used or passed
FRESH = const(2)  # authentic and new
FRESH_BEFORE = const(3)  # the same, in the session that was proven last and is no longer running


class Challenge:
    """The receiving half of a session: our nonce and the last counter accepted under it."""

    def __init__(self) -> None:
        """Hold no nonce: nothing is authentic."""
        self.nonce = b""
        self.counter = 0

    def check(self, key: "HmacKey", direction: bytes, payload: memoryview) -> int:
        """Return FORGED, REPEATED or FRESH for a message."""
        if not self.nonce or len(payload) <= OVERHEAD_BYTES:
            return FORGED
        signed = payload[MAC_BYTES:]
        mac = key.mac(self.nonce, direction, signed)
        if not crypto.equal(mac[:MAC_BYTES], bytes(payload[:MAC_BYTES])):
            return FORGED
        return FRESH if counter_of(payload) > self.counter else REPEATED


def counter_of(payload: memoryview) -> int:
    """Return a message's counter."""
    return struct.unpack_from("<I", payload, MAC_BYTES)[0]


class Session:
    """Nonces and counters of one link; `peer` is b"" until the other side's HELLO came."""

    def __init__(self, key_in: bytes, key_out: bytes, to_device: bool, random: object) -> None:
        """Check with `key_in`, sign with `key_out`; `random(n)` returns n random bytes."""
        self._key_in = crypto.HmacKey(key_in)
        self._key_out = crypto.HmacKey(key_out)
        self._in = TO_HOST if to_device else TO_DEVICE
        self._out = TO_DEVICE if to_device else TO_HOST
        self._random = random
        self._now = Challenge()
        self._proven = Challenge()
        self.peer = b""
        self._sent = 0

    def restart(self) -> None:
        """Draw a new nonce and forget the peer; the proven session before stays."""
        if self._now.counter:
            self._proven = self._now
        self._now = Challenge()
        self._now.nonce = self._random(NONCE_BYTES)  # type: ignore[operator]
        self.peer = b""
        self._sent = 0

    def forget(self) -> None:
        """End every session: nothing is authentic until the next restart."""
        self._now = Challenge()
        self._proven = Challenge()
        self.peer = b""

    def set_peer(self, nonce: bytes) -> None:
        """Sign for this peer from now on."""
        self.peer = nonce
        self._sent = 0

    def nonce(self) -> bytes:
        """Return our nonce."""
        return self._now.nonce

    def hello(self, device_id: str, extra: tuple = ()) -> bytes:
        """Return the HELLO to send now."""
        head = (("proto", PROTOCOL), ("dev", device_id), ("nonce", self._now.nonce.hex()))
        return json_pairs.dumps(head + (("re", self.peer.hex()),) + extra)

    def sign(self, body: bytes) -> bytes:
        """Return the message for `body`, with the next counter."""
        self._sent += 1
        signed = struct.pack("<I", self._sent) + body
        mac = self._key_out.mac(self.peer, self._out, signed)
        return mac[:MAC_BYTES] + signed

    def check(self, payload: memoryview) -> int:
        """Say whether a received message is authentic and new; takes nothing down yet."""
        found = self._now.check(self._key_in, self._in, payload)
        if found == FORGED:
            before = self._proven.check(self._key_in, self._in, payload)
            if before == FRESH:
                return FRESH_BEFORE
            return before
        return found

    def last_counter(self, found: int) -> int:
        """Return the last counter taken down in the session that a message was found in."""
        return self._challenge(found).counter

    def accept(self, payload: memoryview, found: int) -> None:
        """Take down a message's counter: from now on it is a repeat."""
        if found == FRESH and self._now.counter == 0:
            # This session is proven now. What was held back of an earlier one is too late.
            self._proven = Challenge()
        self._challenge(found).counter = counter_of(payload)

    def _challenge(self, found: int) -> Challenge:
        return self._proven if found == FRESH_BEFORE else self._now


def peer_nonce(hello: dict, name: str = "nonce") -> bytes | None:
    """Return the nonce in a HELLO; None where there is none or the protocol is another."""
    text = hello.get(name)
    if hello.get("proto") != PROTOCOL or not isinstance(text, str):
        return None
    try:
        nonce = bytes.fromhex(text)
    except ValueError:
        return None
    return nonce if len(nonce) == NONCE_BYTES else None
