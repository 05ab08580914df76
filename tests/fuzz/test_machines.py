"""Stateful machines: everything that can happen to a link and to a channel, in any order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from fuzz_channel import Attacked
from fuzz_frames import packed
from fuzz_link import TwoLinks
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from detector import frames

_SETTINGS = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
_BYTES = st.integers(0, 255)
_MS = st.integers(1, 400)
_ENDS = st.booleans()  # whether it is the detector's


class LinkMachine(RuleBasedStateMachine):
    """Two links, their sessions, and a line that does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.links = TwoLinks()

    @rule(from_device=_ENDS, extra=_BYTES)
    def say(self, from_device: bool, extra: int) -> None:
        self.links.say(from_device, extra)

    @rule()
    def send_image(self) -> None:
        self.links.send_image()

    @rule(ms=_MS)
    def wait(self, ms: int) -> None:
        self.links.wait(ms)

    @rule(from_device=_ENDS, what=st.integers(0, 3), at=st.integers(0, 2300), how=_BYTES)
    def harm(self, from_device: bool, what: int, at: int, how: int) -> None:
        self.links.harm(from_device, what, at, how)

    @rule(ms=_MS)
    def lose(self, ms: int) -> None:
        self.links.lose(ms)

    @rule(is_deaf=st.booleans())
    def deafen(self, is_deaf: bool) -> None:
        self.links.deafen(is_deaf)

    @rule()
    def restart(self) -> None:
        self.links.restart()

    def teardown(self) -> None:
        self.links.heal()


class ChannelMachine(RuleBasedStateMachine):
    """A channel with its peer, and an intruder who replays, forges, floods and says HELLO."""

    is_uplink = False

    def __init__(self) -> None:
        super().__init__()
        self.attacked: Any = None

    @initialize(tick_ms=st.integers(1, 5))
    def begin(self, tick_ms: int) -> None:
        self.attacked = Attacked(self.is_uplink, tick_ms)

    @rule(ms=_MS)
    def wait(self, ms: int) -> None:
        self.attacked.wait(ms)

    @rule(data=st.binary(max_size=300))
    def noise(self, data: bytes) -> None:
        self.attacked.put(data)

    @rule(seed=_BYTES, count=st.integers(1, 2000))
    def much_noise(self, seed: int, count: int) -> None:
        self.attacked.put(random.Random(seed).randbytes(count))

    @rule(number=_BYTES, seq=st.integers(0, 0xFFFF), ack=st.integers(0, 12))
    def replay(self, number: int, seq: int, ack: int) -> None:
        message = self.attacked.replay(number)
        self.attacked.put(packed(frames.MSG, 0, seq, ack, len(message), message))

    @rule(name=st.sampled_from(["disarm", "arm", "delete", "handled"]), seq=st.integers(0, 0xFFFF))
    def forge(self, name: str, seq: int) -> None:
        message = self.attacked.forge(b'{"cmd":"%s","id":1}' % name.encode())
        self.attacked.put(packed(frames.MSG, 0, seq, 0, len(message), message))

    @rule(nonce=st.binary(min_size=16, max_size=16))
    def hello(self, nonce: bytes) -> None:
        text = b'{"proto":1,"dev":"x","nonce":"%s","re":""}' % nonce.hex().encode()
        self.attacked.put(packed(frames.HELLO, 0, 0, 0, len(text), text))

    @rule(length=st.integers(1, 600), cut=st.integers(0, 600), ack=st.integers(0, 12))
    def half_a_frame(self, length: int, cut: int, ack: int) -> None:
        self.attacked.put(packed(frames.MSG, 0, 3, ack, length, bytes(length))[:cut])

    @rule(count=st.integers(1, 200))
    def acknowledgements(self, count: int) -> None:
        self.attacked.put(packed(frames.ACK, 1, 0, 0, 0, b"") * count)

    @rule()
    def new_session(self) -> None:
        self.attacked.meet()

    @rule(seq=st.integers(0, 0xFFFF))
    def end_now(self, seq: int) -> None:
        if self.is_uplink:
            self.attacked.meet()  # `handled` belongs to the running session; a disarm does not
        self.attacked.end_now(seq)

    @precondition(lambda self: self.is_uplink)
    @rule(is_open=st.booleans())
    def gate(self, is_open: bool) -> None:
        self.attacked.gate(is_open)

    def teardown(self) -> None:
        if self.attacked is not None:
            self.attacked.meet()
            self.attacked.end_now(9)


class UplinkMachine(ChannelMachine):
    """The same on the uplink, whose gate opens and shuts."""

    is_uplink = True


@pytest.mark.parametrize(
    ("machine", "examples", "steps"),
    [(LinkMachine, 25, 40), (ChannelMachine, 30, 30), (UplinkMachine, 12, 20)],
)
def test_machine(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine, settings=settings(_SETTINGS, max_examples=examples, stateful_step_count=steps)
    )
