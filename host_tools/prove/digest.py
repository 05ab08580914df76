"""A state as bytes, and as the 64 bits that stand for it among the visited."""

from __future__ import annotations

import hashlib
import marshal

from host_tools.prove.world import State


def pack(state: State) -> bytes:
    """Return a state as bytes: the same for equal states (format 2 has no back references)."""
    return marshal.dumps(state, 2)


def digest_of(packed: bytes) -> int:
    """Return 64 bits that stand for a state."""
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "little")
