"""The verbs of the bench: what is done to a detector, and what the witness must see then.

Knows a target only through `host_tools.bench.target.Target` and the two links. A verb that waits
takes its limit; a verb that judges believes the witness, never the firmware.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detector import codes, states
from host_tools.bench.target import LINES, Target
from host_tools.bench.witness import (
    GATE,
    HUB_RX,
    LATCH,
    UPLINK_EN,
    UPLINK_TX_WRITTEN,
    Event,
    Witness,
    WitnessTimeout,
)
from host_tools.client import ArcClient, CommandRefused, HubClient
from host_tools.deadline import Deadline
from tests.bench.cells import Situation

# What a board on the bench is provisioned with (bench_config.json); the tests reckon with it.
EXIT_MS = 300
ENTRY_MS = 400
WINDOW_MS = 3000
CAPTURE_TIMEOUT_MS = 1500
WATCHDOG_MS = 3000
# The promises' own figures (DESIGN 1).
SHUT_MS = 50
ALIVE_MS = 2000
ALIVE_LIMIT_MS = 2100
# How long a line is held for a trip: longer than the debounce of 5 ms, far shorter than a delay.
HOLD_MS = 12
# Patience with the host's own scheduling; no verdict is made of it.
SLACK_S = 1.0
READY_S = 5.0

NAMES = codes.TRIP_NAMES
INTRUSION, CONTACT, FIRE, PANIC, TAMPER = NAMES


def role(kind: str) -> str:
    """Return the sensor line of a trip kind."""
    return LINES[NAMES.index(kind)]


def trip(target: Target, kind: str, hold_ms: int = HOLD_MS) -> int:
    """Raise a sensor line long enough to count and let it fall; return when it rose (us)."""
    return target.pulse(role(kind), hold_ms)


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
    """Arm, and come back when the exit delay is over and the arm lines are up."""
    since = target.witness.now_us()
    hub.command("arm")
    target.witness.wait("ARM_CONTACT", 1, Deadline(EXIT_MS / 1000 + SLACK_S), since)


def becomes(hub: HubClient, state: int, within_s: float = SLACK_S) -> dict[str, Any]:
    """Return the status as soon as it says `state`."""
    name = states.STATE_NAMES[state]

    def asked() -> dict[str, Any] | None:
        answer = status(hub)
        return answer if answer["state"] == name else None

    return Deadline(within_s).wait_for(asked, f"the detector did not become {name}")


def is_in(hub: HubClient, situation: Situation) -> bool:
    """Say whether the detector is in a situation, exit and entry delays over."""
    answer = status(hub)
    return (
        answer["state"] == states.STATE_NAMES[situation.state]
        and answer["armed"] == situation.armed
        and not answer["exit_delay"]
        and not answer["entry_delay"]
    )


# --- the witness's side ----------------------------------------------------------------------------


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
    written = witness.events(UPLINK_TX_WRITTEN, since_us)
    assert not written, f"{len(written)} writes to the uplink while it had to be silent"


def latch_is(witness: Witness, value: int) -> None:
    """Check the latch, with a moment for the firmware to clear what it must."""
    witness.until(LATCH, value, Deadline(SLACK_S))


def heard(witness: Witness, before_us: int) -> int:
    """Return when the last byte from the hub reached the firmware before a moment (us)."""
    event = witness.last(HUB_RX, before_us)
    assert event is not None, "no byte from the hub ever reached the firmware"
    return event.t_us


def shut_after(witness: Witness, act: Callable[[], object], counter: str = HUB_RX) -> float:
    """Do `act`, a command that shuts the open gate; return ms from its last byte to shut.

    The last byte is the last one on `counter` before the gate fell: nobody else writes then.
    """
    since = witness.now_us()
    act()
    event = witness.wait(GATE, 0, Deadline(SLACK_S), since)
    last = witness.last(counter, event.t_us)
    assert last is not None and last.t_us >= since, "the gate shut before the command was there"
    return (event.t_us - last.t_us) / 1000


def held_keys(witness: Witness) -> Event | None:
    """Return the last edge of UPLINK_EN: what the firmware itself last wanted."""
    return witness.last(UPLINK_EN)


# --- situations ---------------------------------------------------------------------------------------


def rest(target: Target, hub: HubClient) -> None:
    """Bring the detector to rest: lines low, jumper out, IDLE, latch clear, nothing broken."""
    target.clear_faults()
    target.lines_low()
    target.jumper(False)
    answer = answering(target, hub)
    if answer["faults"] or answer["service"]:
        target.power_cycle()
        hub.connect(Deadline(READY_S))
        answer = status(hub)
    if answer["state"] != "IDLE":
        say(hub, "disarm")
        becomes(hub, states.IDLE, CAPTURE_TIMEOUT_MS / 1000 + SLACK_S)
    target.witness.until(LATCH, 0, Deadline(SLACK_S))


def answering(target: Target, hub: HubClient) -> dict[str, Any]:
    """Return the status; a detector that is silent is power-cycled once."""
    try:
        return status(hub)
    except (TimeoutError, OSError):
        target.power(True)
        target.power_cycle()
        hub.connect(Deadline(READY_S))
        return status(hub)


def bring_to(target: Target, hub: HubClient, situation: Situation) -> None:
    """Bring the detector into a situation; does nothing where it is in it already."""
    target.lines_low()
    if is_in(hub, situation) and situation.state != states.CUSTOMER_CAPTURE:
        return
    rest(target, hub)
    if situation.armed:
        arm(hub, target)
    if situation.state == states.ALARM:
        alarm(target)
    elif situation.state == states.CUSTOMER_CAPTURE:
        hold_capture(target, hub)


def alarm(target: Target, kind: str = PANIC) -> int:
    """Trip and wait for the gate; return when the line rose (us)."""
    since = trip(target, kind)
    opens(target.witness, since, WINDOW_MS)
    return since


def hold_capture(target: Target, hub: HubClient) -> None:
    """Ask for a customer's picture of a camera that does not finish it by itself."""
    target.camera(broken="never-done")
    hub.command("capture")
    becomes(hub, states.CUSTOMER_CAPTURE)


def reconnect(hub: HubClient) -> dict[str, Any]:
    """Wait for the detector after a reset; return its status."""
    hub.connect(Deadline(READY_S))
    return status(hub)


__all__ = [name for name in dir() if not name.startswith("_")] + ["WitnessTimeout"]
