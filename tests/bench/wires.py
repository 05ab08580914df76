"""Bytes that no honest peer would send, put on a link's wires beside the client that uses them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from detector import frames
from detector.channel import RX_PAYLOAD_BYTES
from host_tools.bench.witness import HUB_RX, UPLINK_RX, Witness
from host_tools.client import HUB_BAUD, ArcClient, HubClient
from host_tools.deadline import Deadline

_SEED = 20
# Numbers far from any that a session on the bench reaches.
_SEQ = 0x5A11
_ACK = 0x7777
_HELLO_BYTES = 100
_BITS_A_BYTE = 10
_MARGIN_S = 0.1
_AT_ONCE_BYTES = 512  # half of the firmware's receive buffer
_PATIENCE_S = 1.0


def send(witness: Witness, link: HubClient | ArcClient, data: bytes, times: int = 1) -> None:
    """Put bytes on a link's line, so many times, and wait until the detector's receiver has them.

    As many at once as fit into its buffer: an open gate does not wait for a slow witness.
    """
    counter = HUB_RX if isinstance(link, HubClient) else UPLINK_RX
    before = witness.count(counter)
    most = max(1, _AT_ONCE_BYTES // len(data))
    for first in range(0, times, most):
        sent = min(times, first + most)
        batch = data * (sent - first)
        link.send_raw(batch)
        _arrived(witness, counter, before + sent * len(data), batch)


def _arrived(witness: Witness, counter: str, wanted: int, data: bytes) -> None:
    witness.wait_for(
        lambda event: event.signal == counter and event.value >= wanted,
        f"{len(data)} bytes on {counter}",
        Deadline(_line_s(data) + _PATIENCE_S),
    )


def send_in_vain(witness: Witness, arc: ArcClient, data: bytes) -> None:
    """Put bytes on the shut uplink's line, and come back when it had the time to carry them."""
    since = witness.now_us()
    arc.send_raw(data)
    end_us = since + round((_line_s(data) + _MARGIN_S) * 1e6)
    Deadline(_line_s(data) + _PATIENCE_S).wait_for(
        lambda: witness.now_us() >= end_us, "the line's time"
    )


def _line_s(data: bytes) -> float:
    """Return how long the slower of the two lines takes for bytes."""
    return len(data) * _BITS_A_BYTE / HUB_BAUD


# --- frames -----------------------------------------------------------------------------------


def frame(kind: int, payload: bytes, *, seq: int = _SEQ) -> bytes:
    """Build a frame whose header and payload check are right."""
    writer = frames.FrameWriter()
    if len(payload) > frames.CHUNK_BYTES:
        raise ValueError("a frame holds a chunk at most")
    writer.payload[: len(payload)] = payload
    return bytes(writer.frame[: writer.finish(kind, 0, seq, _ACK, len(payload))])


def forged(seq: int = _SEQ) -> bytes:
    """Build a disarm under a key that nobody has."""
    counter = (1).to_bytes(4, "little")
    return frame(frames.MSG, _noise(16) + counter + b'{"cmd":"disarm"}', seq=seq)


def signed(link: HubClient | ArcClient, command: str) -> bytes:
    """Build a frame that is authentic in the running session: what a recorder would have."""
    return frame(frames.MSG, link.peer.sign(json.dumps({"cmd": command}).encode()))


def _noise(count: int) -> bytes:
    return random.Random(_SEED).randbytes(count)


def _flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def _unknown_kind() -> bytes:
    return frame(frames.CHUNK + 5, b"x" * 20)


def _strangers_hello() -> bytes:
    hello = {"proto": 1, "dev": "?", "nonce": _noise(16).hex(), "re": ""}
    return frame(frames.HELLO, json.dumps(hello).encode())


_BUILDERS: dict[str, Callable[[], bytes]] = {
    "noise": lambda: _noise(200),
    "sync-marks-only": lambda: frames.SYNC * 100,
    "half-a-frame": lambda: forged()[:-20],
    "longer-than-allowed": lambda: frame(frames.MSG, bytes(RX_PAYLOAD_BYTES + 1)),
    "a-chunk": lambda: frame(frames.CHUNK, bytes(frames.CHUNK_BYTES)),
    "wrong-header-check": lambda: _flipped(forged(), frames.HEADER_BYTES - 1),
    "wrong-crc": lambda: _flipped(forged(), -1),
    "wrong-hmac": forged,
    "message-without-a-mac": lambda: frame(frames.MSG, b"{}"),
    "unknown-kind": _unknown_kind,
    "hello-that-is-no-json": lambda: frame(frames.HELLO, b"[" * _HELLO_BYTES),
    "hello-of-a-stranger": _strangers_hello,
}
BAD_INPUTS = tuple(_BUILDERS)


def bad(name: str) -> bytes:
    """Build the bad input of that name."""
    return _BUILDERS[name]()
