"""The flash in trouble: full of images, or without power in the middle of a record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import pytest

from detector import codes
from host_tools.bench.target import FLASH_CUT, Target
from host_tools.bench.witness import GATE, POWER, Witness
from host_tools.client import ConsoleClient, HubClient
from tests.bench import journals, pictures, scenario, uploads
from tests.bench.full_store import Filled
from tests.bench.scenario import PANIC, SHUT_MS

Keys = dict[str, bytes]
Measure = Callable[..., None]


@pytest.fixture
def filled(filling: Future[Filled]) -> Filled:
    """A board whose store was filled beside the tests before."""
    return filling.result()


@pytest.mark.promise("P4")
@pytest.mark.needs("spare", "camera")
def test_with_a_full_store_a_disarm_is_still_obeyed(filled: Filled, measure: Measure) -> None:
    """However full the flash is, a disarm shuts the gate."""
    measure("disarm, store filling up, to gate shut", filled.took_ms, "ms", high=SHUT_MS)
    assert scenario.status(filled.bench.hub)["faults"] == []


# --- the power fails in the n-th flash operation of a story -----------------------------------


def arms(target: Target, hub: HubClient) -> None:
    """Have the customer arm."""
    hub.send("arm")


def trips(target: Target, hub: HubClient) -> None:
    """Have somebody press the panic button."""
    target.line(scenario.role(PANIC), 1)


def disarms(target: Target, hub: HubClient) -> None:
    """Have the customer disarm."""
    hub.send("disarm")


@pytest.mark.promise("P3", "P9")
@pytest.mark.needs("faults", "power", "flash")
@pytest.mark.parametrize(
    ("story", "operation"),
    # The records of a pass, three for a trip, then zeros over the key of each.
    [
        *((arms, n) for n in (1, 2)),
        *((trips, n) for n in (1, 2, 3, 4, 6)),
        *((disarms, n) for n in (1, 2, 3, 4)),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_power_cut_within_a_record_leaves_the_gate_shut_and_the_state_that_is_on_record(
    story: Callable[[Target, HubClient], None],
    operation: int,
    target: Target,
    witness: Witness,
    hub: HubClient,
    console: ConsoleClient,
) -> None:
    """Torn in its n-th flash operation: shut, no opening without its record, back as journaled."""
    if story is disarms:
        scenario.arm(hub, target)
        scenario.alarm(target)
    else:
        uploads.quiet_flash(target)
    first, since = int(console.command("status").values["journal"]), witness.now_us()
    target.fault(FLASH_CUT, operation)
    story(target, hub)
    cut = witness.wait(POWER, 0, scenario.patience(), since).t_us
    if story is disarms:
        assert witness.wait(GATE, 0, scenario.patience(), since).t_us < cut, "shut only by the cut"
    else:
        scenario.wrote_nothing(witness, since)
    openings = len(scenario.opened(witness, since))
    target.lines_low()
    target.power(True)
    answer = scenario.reconnect(hub)
    scenario.stayed_shut(witness, cut)
    # That the chain holds with what was torn here, test_journal shows on the whole of it.
    records = journals.records(console, first - 1)
    boot = max(one.number for one in records if one.kind == codes.JR_BOOT)
    before = [one for one in records if one.number < boot]
    told = [one for one in before if one.number > first]
    assert len(told) >= min(operation - 1, 3), "what was written before the cut is not on record"
    assert openings <= [one.kind for one in told].count(codes.JR_GATE_INTENT)
    assert answer["state"] == ("ARMED" if before[-1].armed else "IDLE")


# --- the full board once more, which has had time for its housekeeping ------------------------


@pytest.mark.promise("P1", "P9")
@pytest.mark.needs("spare", "camera", "flash")
def test_the_oldest_images_give_way_and_the_next_alarms_come(
    filled: Filled, arc_keys: Keys
) -> None:
    """Evicted on record, the oldest make room: the newest alarm's images cross as ever."""
    target, hub, console = filled.bench.target, filled.bench.hub, filled.bench.console
    uploads.quiet_flash(target)
    given_way = journals.awaited(console, filled.first, codes.JR_DELETE, 1)
    assert {one.b for one in given_way} == {codes.DELETE_FOR_ROOM}
    assert given_way[0].a == filled.oldest
    assert filled.oldest not in [entry["id"] for entry in pictures.listed(hub)]
    before = pictures.before(target)
    arc = filled.bench.new_arc()
    scenario.alarm(target)
    jpeg = pictures.unsealed(pictures.next_whole(arc), arc_keys)
    assert jpeg == target.served()[before].jpeg
    target.power(False)
