"""Three stories from beginning to end, drawn in the report for a stranger to look at first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from host_tools.bench.target import Target
from host_tools.bench.witness import GATE, LATCH, UPLINK_TX_PASSED, Witness
from host_tools.client import ArcClient, HubClient
from tests.bench import hostile as programs
from tests.bench import pictures, scenario
from tests.bench.scenario import CONTACT, ENTRY_MS, PANIC, SHUT_MS

Scope = Callable[..., None]
_BEFORE_US = 100_000


@pytest.mark.promise("P1")
@pytest.mark.needs("camera")
def test_a_panic_alarm_from_the_button_to_the_disarm(
    target: Target,
    witness: Witness,
    hub: HubClient,
    arc: ArcClient,
    arc_keys: dict[str, bytes],
    picture: Callable[..., None],
    scope: Scope,
) -> None:
    """Button, gate, pictures at the alarm centre, disarm, shut: nothing crosses but in between."""
    scenario.pass_time(witness, witness.now_us() + _BEFORE_US)
    first = pictures.before(target)
    before = witness.count(UPLINK_TX_PASSED)
    rose = scenario.alarm(target)
    opened = witness.wait(GATE, 1, scenario.patience(), rose)
    images = [pictures.next_whole(arc) for _ in range(scenario.CONFIG["burst_panic"])]
    arrived = witness.now_us()
    scenario.shut_after(witness, hub, "disarm")
    shut = witness.wait(GATE, 0, scenario.patience(), opened.t_us)
    passed = witness.count(UPLINK_TX_PASSED)
    for image, served in zip(images, target.served()[first:], strict=True):
        picture(pictures.unsealed(image, arc_keys), served, f"Alarm image {image.id}, {PANIC}")
    scope(
        "A panic alarm: pictures cross, then the customer disarms",
        rose - _BEFORE_US,
        marks=[
            (rose, "button"),
            (opened.t_us, "gate opens"),
            (arrived, "all pictures arrived"),
            (shut.t_us, "disarmed"),
        ],
    )
    assert passed - before > sum(len(image.body) for image in images)
    assert witness.count(UPLINK_TX_PASSED) == passed
    assert witness.stayed(GATE, 0, rose - _BEFORE_US, rose)


@pytest.mark.promise("P1")
def test_somebody_comes_home_and_disarms_in_time(
    target: Target, witness: Witness, hub: HubClient, scope: Scope
) -> None:
    """The door opens, the latch is set, the code comes in time: the gate never opened."""
    scenario.arm(hub, target)
    rose = scenario.trip(target, CONTACT)
    scenario.pass_time(witness, rose + ENTRY_MS * 500)
    assert witness.level(LATCH) == 1, "the door did not set the latch: nothing was shown"
    before = witness.now_us()
    hub.command("disarm")
    scenario.pass_time(witness, rose + ENTRY_MS * 1500)
    scope(
        "Coming home: the latch is set, the gate stays shut",
        rose - _BEFORE_US,
        marks=[(rose, "door"), (before, "disarm"), (rose + ENTRY_MS * 1000, "entry delay's end")],
    )
    scenario.stayed_shut(witness, rose - _BEFORE_US)
    scenario.wrote_nothing(witness, rose - _BEFORE_US)


@pytest.mark.promise("P2")
@pytest.mark.needs("spare")
def test_hostile_firmware_tries_before_and_after_a_trip(
    hostile: Callable[..., Target], scope: Scope
) -> None:
    """Every pin driven open: shut, until panic is pressed; then MAX, shortened, shuts it."""
    max_ms = 400
    board = hostile(programs.source("hold_open"), max_ms=max_ms)
    witness = scenario.drives_open(board)
    began = witness.now_us()
    scenario.pass_time(witness, began + 250_000)
    scenario.is_shut(witness)
    rose = scenario.trip(board, PANIC)
    scenario.opens(witness, rose, SHUT_MS)
    scenario.shuts(witness, rose, max_ms + SHUT_MS)
    scenario.pass_time(witness, rose + (max_ms + 250) * 1000)
    scope(
        "Hostile firmware drives everything open, for ever",
        began,
        signals=("TRIP_PANIC", "ARM_CONTACT", "LATCH", "UPLINK_EN", "ALIVE", "GATE"),
        marks=[(rose, "panic button"), (rose + max_ms * 1000, "MAX")],
        witness=witness,
    )
    scenario.is_shut(witness)
