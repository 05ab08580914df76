"""Brings a board into a situation of the state table, on the shortest way there is."""

from __future__ import annotations

from typing import Any

from detector import states
from host_tools.bench.target import Target
from host_tools.client import HubClient
from tests.bench import scenario
from tests.bench.cells import Situation

# A capture is left by an alarm: disarming it would wait for the camera.
_WAY_OUT = scenario.PANIC


def bring_to(target: Target, hub: HubClient, situation: Situation) -> None:
    """Bring the detector into a situation; nothing is done where it is in it already."""
    target.lines_low()
    answer = scenario.status(hub)
    if situation.state != states.CUSTOMER_CAPTURE and _is(answer, situation):
        return
    _to_idle(target, hub, answer)
    if situation.armed:
        scenario.arm(hub, target)
    if situation.state == states.ALARM:
        scenario.alarm(target)
    elif situation.state == states.CUSTOMER_CAPTURE:
        scenario.hold_capture(target, hub)


def _is(answer: dict[str, Any], situation: Situation) -> bool:
    delays = answer["exit_delay"] or answer["entry_delay"]
    name = states.STATE_NAMES[situation.state]
    return not delays and (answer["state"], answer["armed"]) == (name, situation.armed)


def _to_idle(target: Target, hub: HubClient, answer: dict[str, Any]) -> None:
    if answer["state"] == states.STATE_NAMES[states.CUSTOMER_CAPTURE]:
        scenario.trip(target, _WAY_OUT)
        scenario.becomes(hub, states.ALARM)
    target.camera()
    if answer["state"] != states.STATE_NAMES[states.IDLE]:
        hub.command("disarm")
    scenario.latch_is(target.witness, 0)
