"""What a bench test may ask for by name.

Fixtures
--------
target      session. `target.Target`: line(role, level), pulse(role, ms), jumper, power_cycle,
            reset, fault, camera, link_fault, hang, served, spare ... Flashed, provisioned,
            running. Do not close it.
witness     session. `witness.Witness` of that target: now_us(), wait(signal, value, deadline,
            since_us) -> Event(t_us, signal, value), events(), level(), count(), stayed(), quiet().
within      within(seconds) -> Deadline; every wait takes one.
idle        in force for every bench test without being named (unless it is marked `raw_board`):
            before and after the test lines low, jumper out, faults cleared, firmware in IDLE
            without faults. It goes by the firmware's `status` only: whether the gate is really
            shut is for tests to say. A test that leaves the detector so that only a power-cycle
            brings it to rest fails, unless it says so: `@pytest.mark.disturbs("why")`.
hub         HubClient with the customer's key, connected; survives resets by connecting again:
            `hub.command("arm")`, `hub.events`, ...
arc         ArcClient with the alarm centre's key, listening on the uplink from before the alarm.
console     ConsoleClient: console.command("status").
customer_keys, arc_keys   the key files as host_tools.client gives them.
config      dict: the configuration that the board was provisioned with (BENCH_CONFIG).
firmware    dict: SHA-256 of each file that was flashed, by its path on the board.
status      status() -> the firmware's own word, over the console: words by name.
measure     measure(name, value_or_values, unit, low=None, high=None, judged="max"): records,
            then fails the test if the limits do not hold. judged: "max", "p99" or "median".
scope       scope(title, since_us, until_us=None, signals=None, marks=(), witness=None): keeps that
            stretch of the log (of another board's witness, if given) and the states that were told
            in it; the report draws it.
picture     picture(jpeg, served, caption): compares with the camera's copy (fails the test if
            they differ), keeps it for the report.
hostile     hostile(source, max_ms=None) -> Target: another board on which boot.py is absent and
            main.py is `source`, nothing else; running, jumper out. Closed by itself. In `source`,
            `{UPLINK_EN}` and so on are replaced by the pin numbers.
spare       spare(clone=True, max_ms=None, flash_costs="free") -> Bench: another whole board with
            .target .witness .hub .arc .console, a copy of this one's flash. Closed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from host_tools.attestation import AttestationError
from host_tools.bench.outcome import Recovery
from host_tools.bench.rig import Rig
from host_tools.bench.run import RUN
from host_tools.bench.session import Bench, NoRestError
from host_tools.bench.target import Target, TargetError, TargetLostError
from host_tools.bench.witness import Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient, LinkError
from host_tools.deadline import Deadline
from host_tools.flash import FlashError


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Bench:
    """The board of this session with its clients: flashed, provisioned, running."""
    run = request.config.stash[RUN]
    if run.rig is None:
        run.rig = Rig(run.plan, run.phase)
        try:
            run.rig.bring_up()
        except (FlashError, LinkError, TimeoutError, TargetError, AttestationError) as error:
            raise TargetLostError(f"the board could not be brought up: {error}") from error
        run.record.device = run.rig.device
        run.record.firmware = run.rig.digests
        run.record.attestation = run.rig.attestation
    return run.rig.bench


@pytest.fixture(scope="session")
def target(bench: Bench) -> Target:
    """The detector on the bench."""
    return bench.target


@pytest.fixture(scope="session")
def witness(bench: Bench) -> Witness:
    """Whoever watches the gate from outside."""
    return bench.target.witness


@pytest.fixture(scope="session")
def within() -> Callable[[float], Deadline]:
    """Make a deadline: within(seconds)."""
    return Deadline


@pytest.fixture
def idle(request: pytest.FixtureRequest, bench: Bench) -> Iterator[None]:
    """Have the detector at rest before the test and after it: IDLE, no faults, lines low."""
    for marker in request.node.iter_markers("needs"):
        for capability in marker.args:
            if capability not in bench.target.capabilities:
                pytest.skip(f"the {bench.target.name} target has no {capability!r}")
    recoveries = request.config.stash[RUN].record.recoveries
    if not bench.is_resting:
        why = bench.rest()
        if why:
            recoveries.append(Recovery(f"before {request.node.nodeid}", why))
            raise NoRestError(f"it was left so that only a power-cycle brought it to rest: {why}")
    bench.is_resting = False
    yield
    why = bench.rest()
    if why:
        recoveries.append(Recovery(request.node.nodeid, why))
    says = request.node.get_closest_marker("disturbs")
    if why and says is None:
        raise NoRestError(f"it leaves what only a power-cycle mends, and does not say so: {why}")
    if says is not None and not why:
        raise NoRestError(f"it says that it disturbs ({says.args[0]}), but all came to rest")


@pytest.fixture
def roused(bench: Bench) -> None:
    """Leave the detector as it is, and have the next test with `idle` bring it to rest."""
    bench.is_resting = False


@pytest.fixture
def hub(bench: Bench) -> HubClient:
    """The customer's hub, connected."""
    return bench.hub


@pytest.fixture
def arc(bench: Bench) -> Iterator[ArcClient]:
    """The alarm centre, listening on the uplink."""
    client = bench.new_arc()
    yield client
    client.close()


@pytest.fixture
def console(bench: Bench) -> ConsoleClient:
    """The console."""
    return bench.console


@pytest.fixture(scope="session")
def customer_keys(bench: Bench) -> dict[str, bytes]:
    """The customer's keys by name."""
    return bench.customer_keys


@pytest.fixture(scope="session")
def arc_keys(bench: Bench) -> dict[str, bytes]:
    """The alarm centre's keys by name."""
    return bench.arc_keys


@pytest.fixture(scope="session")
def config(bench: Bench) -> dict[str, Any]:
    """What the board was provisioned with."""
    return dict(bench.config)


@pytest.fixture(scope="session")
def firmware(request: pytest.FixtureRequest, bench: Bench) -> dict[str, str]:
    """What was flashed."""
    return request.config.stash[RUN].record.firmware


@pytest.fixture
def status(bench: Bench) -> Callable[[], dict[str, str]]:
    """Ask for the firmware's own word."""
    return bench.status


@pytest.fixture
def hostile(bench: Bench) -> Iterator[Callable[..., Target]]:
    """Run a program instead of the firmware, on another board."""
    boards: list[Target] = []

    def run(source: str, *, max_ms: int | None = None) -> Target:
        board = bench.hostile(source, max_ms)
        boards.append(board)
        return board

    yield run
    for board in boards:
        board.close()


@pytest.fixture
def spare(bench: Bench) -> Iterator[Callable[..., Bench]]:
    """Start another whole board with the same firmware and keys."""
    benches: list[Bench] = []

    def start(
        *, clone: bool = True, max_ms: int | None = None, flash_costs: str = "free"
    ) -> Bench:
        other = bench.spare(clone=clone, max_ms=max_ms, flash_costs=flash_costs)
        benches.append(other)
        return other

    yield start
    for other in benches:
        other.close()
