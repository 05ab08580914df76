"""Attestation: what a detector says its files are, over a nonce that it cannot have known.

It is the firmware that answers. Honest firmware of another version gives itself away; hostile
firmware could compute the right answer from files that it does not run.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from host_tools.console.client import ConsoleClient
from host_tools.deadline import Deadline
from host_tools.links.refused import CommandRefused
from host_tools.utc import utc_now

NONCE_BYTES = 32
# A Pico reads all its files in some 200 ms of work, in steps between everything else.
ANSWER_S = 20.0


class AttestationError(Exception):
    """The detector does not attest now; the text says why."""


@dataclass(frozen=True)
class Attestation:
    """One answer to one nonce, both hex."""

    nonce: str
    digest: str
    asked: str  # UTC

    def is_of(self, firmware: Mapping[str, str]) -> bool:
        """Say whether this is the answer of a board with exactly these files (path: SHA-256)."""
        return self.digest == expected(firmware, self.nonce)


def expected(firmware: Mapping[str, str], nonce: str) -> str:
    """Return what a board with these files answers to `nonce` (see detector/attest.py), hex."""
    whole = hashlib.sha256(bytes.fromhex(nonce))
    for path in sorted(firmware):
        whole.update(path.encode() + b"\x00" + bytes.fromhex(firmware[path]))
    return whole.hexdigest()


def ask(console: ConsoleClient, deadline: Deadline | None = None) -> Attestation:
    """Ask a running detector with a fresh nonce.

    Raises AttestationError where it refuses, TimeoutError, LinkError.
    """
    nonce = secrets.token_hex(NONCE_BYTES)
    asked = utc_now()
    try:
        answer = console.command(f"attest {nonce}", deadline or Deadline(ANSWER_S))
    except CommandRefused as refused:
        raise AttestationError(
            f"the detector does not attest: {refused.text} (it does so in IDLE only)"
        ) from refused
    return Attestation(nonce, answer.text.strip(), asked)
