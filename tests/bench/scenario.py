"""The verbs of the bench: what is done to a detector, and what the witness must see then.

Knows a target only through `host_tools.bench.target.Target` and the two links. A verb that waits
takes its limit; a verb that judges believes the witness, never the firmware.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from detector import codes, frames, json_pairs, states
from detector.session import OVERHEAD_BYTES
from host_tools.bench.target import LINES, Target
from host_tools.bench.witness import (
    ALIVE,
    GATE,
    HUB_RX,
    LATCH,
    RESET,
    UPLINK_EN,
    UPLINK_TX_WRITTEN,
    Witness,
)
from host_tools.client import ArcClient, CommandRefused, ConsoleClient, HubClient
from host_tools.deadline import Deadline

# What a board on the bench is provisioned with; the tests reckon with it.
CONFIG: dict[str, Any] = json.loads(
    (Path(__file__).parent / "bench_config.json").read_text(encoding="utf-8")
)
EXIT_MS = CONFIG["exit_delay_ms"]
ENTRY_MS = CONFIG["entry_delay_ms"]
WINDOW_MS = CONFIG["window_ms"]
CAPTURE_TIMEOUT_MS = CONFIG["capture_timeout_ms"]
WATCHDOG_MS = CONFIG["watchdog_ms"]
# The promises' own figures (DESIGN 1).
SHUT_MS = 50
ALIVE_LIMIT_MS = 2100
# How long a line is held for a trip: longer than the debounce of 5 ms, far shorter than a delay.
# A delayed one costs no time: it is held twice as long, should the host keep the board waiting.
HOLD_MS = 50
# Patience with the host's own scheduling; no verdict is made of it.
SLACK_S = 1.0
READY_S = 5.0
# Counts of bytes are told once a millisecond (witness.COUNTERS).
COUNT_LATE_MS = 1
_NO_IMAGE = 0xFFFFFFFF

_DRIVEN_OPEN = (UPLINK_EN, "ARM_CONTACT", "ARM_INTRUSION", ALIVE)
NAMES = codes.TRIP_NAMES
INTRUSION, CONTACT, FIRE, PANIC, TAMPER = NAMES


def role(kind: str) -> str:
    """Return the sensor line of a trip kind."""
    return LINES[NAMES.index(kind)]


def drives_open(board: Target) -> Witness:
    """Wait until a program drives all it can: enable, both arm lines, and a living ALIVE."""
    for signal in _DRIVEN_OPEN:
        board.witness.until(signal, 1, patience(READY_S * 1000))
    return board.witness


def drove_open(witness: Witness) -> int:
    """Return since when a program drives all it can (us)."""
    return max(_first(witness, signal) for signal in _DRIVEN_OPEN)


def _first(witness: Witness, signal: str) -> int:
    return witness.wait(signal, 1, patience()).t_us


def trip(target: Target, kind: str) -> int:
    """Raise a sensor line long enough to count and let it fall; return when it rose (us)."""
    return target.pulse(role(kind), HOLD_MS + (HOLD_MS if kind in CONFIG["entry_zones"] else 0))


# --- the hub's side -----------------------------------------------------------------------------


def say(link: HubClient | ArcClient, command: str, **arguments: Any) -> int:
    """Give a command; return codes.OK or the code it was refused with."""
    try:
        link.command(command, **arguments)
    except CommandRefused as refusal:
        return refusal.code
    return codes.OK


def status(hub: HubClient) -> dict[str, Any]:
    """Return what the detector says of itself."""
    return hub.command("status")


def arm(hub: HubClient, target: Target) -> None:
    """Arm, and come back when the exit delay is over and the firmware looks at the lines."""
    since = target.witness.now_us()
    hub.command("arm")
    target.witness.wait("ARM_CONTACT", 1, patience(EXIT_MS), since)
    ticked(hub)


def becomes(hub: HubClient, state: int, within_s: float = SLACK_S) -> dict[str, Any]:
    """Return the status as soon as it says `state`."""
    name = states.STATE_NAMES[state]

    def asked() -> dict[str, Any] | None:
        answer = status(hub)
        return answer if answer["state"] == name else None

    return Deadline(within_s).wait_for(asked, f"the detector did not become {name}")


# --- the witness's side ---------------------------------------------------------------------


def opens(witness: Witness, since_us: int, within_ms: float) -> float:
    """Check that the gate is open at the latest `within_ms` after a moment; return the ms.

    0.0 where it was open already at that moment.
    """
    if witness.stayed(GATE, 1, since_us, since_us):
        return 0.0
    event = witness.wait(GATE, 1, Deadline(within_ms / 1000 + SLACK_S), since_us)
    took_ms = (event.t_us - since_us) / 1000
    assert took_ms <= within_ms, f"the gate opened after {took_ms:.1f} ms, not {within_ms:g} ms"
    return took_ms


def shuts(witness: Witness, since_us: int, within_ms: float) -> float:
    """Check that the gate shuts within `within_ms` of a moment and stays shut; return the ms."""
    event = witness.wait(GATE, 0, Deadline(within_ms / 1000 + SLACK_S), since_us)
    took_ms = (event.t_us - since_us) / 1000
    assert took_ms <= within_ms, f"the gate shut after {took_ms:.1f} ms, not {within_ms:g} ms"
    assert witness.stayed(GATE, 0, event.t_us), "the gate opened again"
    return took_ms


def is_shut(witness: Witness) -> None:
    """Check that the gate is shut at this moment."""
    assert witness.level(GATE) == 0, "the gate is open"


def stayed_shut(witness: Witness, since_us: int) -> None:
    """Check that the gate was shut from a moment to now."""
    assert witness.stayed(GATE, 0, since_us), f"the gate was open: {opened(witness, since_us)}"


def opened(witness: Witness, since_us: int) -> list[float]:
    """Return when the gate opened since a moment, in ms after it."""
    return [(e.t_us - since_us) / 1000 for e in witness.events(GATE, since_us) if e.value]


def wrote_nothing(witness: Witness, since_us: int) -> None:
    """Check that the firmware has written no byte to the uplink since a moment."""
    written = witness.events(UPLINK_TX_WRITTEN, since_us + witness.written_late_us)
    assert not written, f"{len(written)} writes to the uplink while it had to be silent"


def latch_is(witness: Witness, value: int) -> None:
    """Check the latch, with a moment for the firmware to clear what it must."""
    witness.until(LATCH, value, Deadline(SLACK_S))


def shut_after(
    witness: Witness, link: HubClient | ArcClient, command: str, counter: str = HUB_RX
) -> float:
    """Give a command that shuts the open gate; return ms from its last byte to the fall.

    Counted from when as many bytes as the command has were there. An acknowledgement that went
    before it makes the result longer, never shorter. A gate that fell before that was not shut by
    the command.
    """
    length = frame_bytes(command)
    since, before = witness.now_us(), witness.count(counter)
    link.send(command)
    fall = witness.wait(GATE, 0, patience(), since)
    last = witness.wait_for(
        lambda event: event.signal == counter and event.value >= before + length,
        f"{length} bytes on {counter}",
        patience(),
        since,
    )
    took_ms = (fall.t_us - last.t_us) / 1000
    assert took_ms >= -COUNT_LATE_MS, f"the gate shut {-took_ms:.1f} ms before the command was in"
    return took_ms


def frame_bytes(command: str) -> int:
    """Return how long a command without arguments is on the wire."""
    body = json_pairs.dumps((("cmd", command),))
    return frames.HEADER_BYTES + OVERHEAD_BYTES + len(body) + frames.CHECK_BYTES


def resets(witness: Witness, since_us: int, within_ms: float) -> int:
    """Wait for a reset after a moment; return when it was (us)."""
    event = witness.wait_for(
        lambda event: event.signal == RESET, "a reset", patience(within_ms), since_us
    )
    assert event.t_us - since_us <= within_ms * 1000, f"no reset within {within_ms:g} ms"
    return event.t_us


def crash(target: Target) -> None:
    """Let the firmware meet an error that nothing catches; come back when it has reset itself."""
    target.camera(broken="bus-raises")
    resets(target.witness, trip(target, PANIC), READY_S * 1000)
    target.camera()


def pass_time(witness: Witness, until_us: int) -> None:
    """Let the target's time pass up to a moment; what happens meanwhile is in the log."""
    left_s = (until_us - witness.now_us()) / 1e6
    if left_s > 0:
        Deadline(left_s + SLACK_S).wait_for(lambda: witness.now_us() >= until_us, "the time")


# --- situations and stories ---------------------------------------------------------------


def patience(within_ms: float = 0) -> Deadline:
    """Return a deadline for something that takes `within_ms`, with slack for the host."""
    return Deadline(within_ms / 1000 + SLACK_S)


def ticked(hub: HubClient) -> None:
    """Come back when the firmware has looked at every line once more."""
    for _ in range(2):
        hub.command("list", **{"from": _NO_IMAGE})  # the shortest answer there is


def hushed(hub: HubClient) -> None:
    """Come back when the firmware has no more events to tell."""
    heard = -1
    while heard != len(hub.events):
        heard = len(hub.events)
        hub.command("list", **{"from": _NO_IMAGE})


def alarm(target: Target, kind: str = PANIC) -> int:
    """Hold a line high until the gate is open; return when the line rose (us).

    And as long as a trip takes at least: a gate that was open already says nothing.
    """
    since = target.line(role(kind), 1)
    opens(target.witness, since, WINDOW_MS)
    pass_time(target.witness, since + HOLD_MS * 1000)
    target.line(role(kind), 0)
    return since


def hold_capture(target: Target, hub: HubClient) -> None:
    """Ask for a customer's picture of a camera that does not finish it by itself."""
    target.camera(broken="never-done")
    hub.command("capture")


def reconnect(hub: HubClient) -> dict[str, Any]:
    """Wait for the detector after a reset; return its status."""
    hub.connect(Deadline(READY_S))
    return status(hub)


def told(link: HubClient | ArcClient, word: str, within_ms: float = 0, **fields: Any) -> Any:
    """Return the event with this word and these fields that a link has brought or will bring."""
    return link.wait_event(word, patience(within_ms), **fields)


# --- the console --------------------------------------------------------------------------


def ask(console: ConsoleClient, line: str) -> int:
    """Say a line on the console; return codes.OK or the number of its error."""
    try:
        console.command(line)
    except CommandRefused as refusal:
        return refusal.code
    return codes.OK
