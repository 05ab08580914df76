"""What the firmware says of its state on the hub link: drawn beside the wires, never judged.

A word is heard later than it was true, by its time on the wire and behind what was being sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from host_tools.bench.witness import Witness

UNKNOWN = ""
Told = list[tuple[int, str]]
"""Witness's time (us) and the state's name from then on, UNKNOWN where nobody has said it."""


class Hearsay:
    """The states that were told, in the order in which they were heard. Safe for threads."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._lock = threading.Lock()
        self._heard: list[tuple[int, str]] = []  # host's monotonic ns, state

    def hear(self, body: Mapping[str, Any]) -> None:
        """Take a message of the hub link, now: an event or a reply that names the state.

        After a reset it is not known until it is told again.
        """
        state = UNKNOWN if body.get("e") == "boot" else body.get("state")
        if not isinstance(state, str):
            return
        with self._lock:
            if not self._heard or self._heard[-1][1] != state:
                self._heard.append((time.monotonic_ns(), state))

    def within(self, witness: Witness, since_us: int, until_us: int) -> Told:
        """Return what was told in a stretch of the witness's time, first what was so at its start.

        Both clocks count the same seconds; they are compared now.
        """
        before_ns = time.monotonic_ns()
        now_us = witness.now_us()
        offset_us = now_us - (before_ns + time.monotonic_ns()) // 2000
        with self._lock:
            heard = [(ns // 1000 + offset_us, state) for ns, state in self._heard]
        earlier = [state for t_us, state in heard if t_us <= since_us]
        told = [(since_us, earlier[-1] if earlier else UNKNOWN)]
        return told + [one for one in heard if since_us < one[0] <= until_us]
