"""Brings a board into a situation of the state table, on the shortest way there is."""

from __future__ import annotations

from detector import states
from host_tools.bench.target import Target
from host_tools.client import ConsoleClient, HubClient
from tests.bench import scenario
from tests.bench.cells import Situation

# A capture is left by an alarm: disarming it would wait for the camera.
_WAY_OUT = scenario.PANIC


def bring_to(target: Target, hub: HubClient, console: ConsoleClient, situation: Situation) -> None:
    """Bring the detector into a situation; nothing is done where it is in it already."""
    target.lines_low()
    says = console.command("status").values
    if situation.state != states.CUSTOMER_CAPTURE and _is(says, situation):
        return
    _to_idle(target, hub, console, says["state"])
    if situation.armed:
        scenario.arm(hub, target)
    if situation.state == states.ALARM:
        scenario.alarm(target)
    elif situation.state == states.CUSTOMER_CAPTURE:
        scenario.hold_capture(target, hub)


def becomes(console: ConsoleClient, situation: Situation) -> dict[str, str]:
    """Return what the firmware says of itself as soon as it says that it is in a situation."""
    found: dict[str, str] = {}

    def is_so() -> bool:
        found.update(console.command("status").values)
        return found["state"] == states.STATE_NAMES[situation.state]

    scenario.patience().wait_for(is_so, f"the detector did not become {situation.name}")
    return found


def _is(says: dict[str, str], situation: Situation) -> bool:
    name = states.STATE_NAMES[situation.state]
    delays = (says["exit_delay"], says["entry_delay"])
    return (says["state"], says["armed"], delays) == (name, armed(situation), ("0", "0"))


def armed(situation: Situation) -> str:
    """Return what the console says of the armed flag in a situation."""
    return "yes" if situation.armed else "no"


def _to_idle(target: Target, hub: HubClient, console: ConsoleClient, state: str) -> None:
    if state == states.STATE_NAMES[states.CUSTOMER_CAPTURE]:
        scenario.trip(target, _WAY_OUT)
        becomes(console, Situation(states.ALARM, False))
    target.camera()
    if state != states.STATE_NAMES[states.IDLE]:
        hub.command("disarm")
    scenario.latch_is(target.witness, 0)
