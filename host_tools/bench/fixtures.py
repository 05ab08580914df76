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
status      status() -> the firmware's own word, over the console: words by name.
measure     measure(name, value_or_values, unit, low=None, high=None, judged="max"): records,
            then fails the test if the limits do not hold. judged: "max", "p99" or "median".
scope       scope(title, since_us, until_us=None, signals=None, marks=(), witness=None): keeps that
            stretch of the log (of another board's witness, if given); the report draws it.
picture     picture(jpeg, served, caption): compares with the camera's copy (fails the test if
            they differ), keeps it for the report.
hostile     hostile(source, max_ms=None) -> Target: another board on which boot.py is absent and
            main.py is `source`, nothing else; running, jumper out. Closed by itself. In `source`,
            `{UPLINK_EN}` and so on are replaced by the pin numbers.
spare       spare(clone=True, max_ms=None, flash_costs="free") -> Bench: another whole board with
            .target .witness .hub .arc .console, a copy of this one's flash. Closed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from host_tools.bench import record as records
from host_tools.bench.measurement import Measurement
from host_tools.bench.outcome import Recovery
from host_tools.bench.record import Picture, Waveform
from host_tools.bench.rig import Rig
from host_tools.bench.run import RUN
from host_tools.bench.session import Bench, NoRestError
from host_tools.bench.target import Served, Target, TargetError, TargetLostError
from host_tools.bench.waveform import DEFAULT_SIGNALS
from host_tools.bench.witness import Event, Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient, LinkError
from host_tools.deadline import Deadline
from host_tools.flash import FlashError

_STRETCH_S = 5.0


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Bench:
    """The board of this session with its clients: flashed, provisioned, running."""
    run = request.config.stash[RUN]
    if run.rig is None:
        run.rig = Rig(run.plan, run.phase)
        try:
            run.rig.bring_up()
        except (FlashError, LinkError, TimeoutError, TargetError) as error:
            raise TargetLostError(f"the board could not be brought up: {error}") from error
        run.record.device = run.rig.device
        run.record.firmware = run.rig.digests
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


@pytest.fixture
def status(bench: Bench) -> Callable[[], dict[str, str]]:
    """Ask for the firmware's own word."""
    return bench.status


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Record a measurement and hold it against its limits."""
    record = request.config.stash[RUN].record

    def take(
        name: str,
        values: float | Sequence[float],
        unit: str,
        *,
        low: float | None = None,
        high: float | None = None,
        judged: str = "max",
    ) -> None:
        series = [float(value) for value in values] if isinstance(values, Sequence) else [values]
        if not series:
            raise AssertionError(f"{name}: nothing was measured")
        measurement = Measurement(name, unit, series, low, high, judged, request.node.nodeid)
        record.add_measurement(measurement)
        # A sabotaged run shares the machine with another one; its subject are verdicts, not times.
        if not measurement.within and not record.sabotage:
            raise AssertionError(measurement.sentence())

    return take


@pytest.fixture
def scope(request: pytest.FixtureRequest, witness: Witness) -> Callable[..., None]:
    """Keep a stretch of the witness's log for the report to draw."""
    record = request.config.stash[RUN].record

    def keep(
        title: str,
        since_us: int,
        until_us: int | None = None,
        signals: Sequence[str] | None = None,
        marks: Sequence[tuple[int, str]] = (),
        witness: Witness = witness,
    ) -> None:
        end = _after(witness, since_us) if until_us is None else until_us
        events = witness.events(None, since_us, end)
        shown = list(signals) if signals else _worth_drawing(events)
        levels = {}
        for signal in shown:
            before = witness.last(signal, since_us)
            levels[signal] = 0 if before is None else before.value
        record.waveforms.append(
            Waveform(
                title,
                request.node.nodeid,
                since_us,
                end,
                levels,
                [event for event in events if event.signal in levels],
                list(marks),
            )
        )

    return keep


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[bytes, Served, str], None]:
    """Compare a picture with the camera's copy and keep it for the report."""
    run = request.config.stash[RUN]

    def keep(jpeg: bytes, served: Served, caption: str) -> None:
        folder = run.plan.folder / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(run.record.pictures) + 1:02d}.jpg"
        (folder / name).write_bytes(jpeg)
        kept = Picture(
            name,
            caption,
            records.sha256_hex(jpeg),
            served.sha256,
            served.canary.hex(),
            len(jpeg),
            request.node.nodeid,
        )
        run.record.pictures.append(kept)
        assert kept.identical, f"{caption}: {len(jpeg)} bytes that the camera did not deliver"

    return keep


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


def _after(witness: Witness, since_us: int) -> int:
    """Let a thirtieth of the stretch pass, so that its last edge is seen to stay; return now."""
    now = witness.now_us()
    end = now + (now - since_us) // 30
    Deadline(_STRETCH_S).wait_for(lambda: witness.now_us() >= end, "time did not pass")
    return end


def _worth_drawing(events: Sequence[Event]) -> list[str]:
    """The default lanes and whatever sensor line or jumper moved."""
    moved = {event.signal for event in events}
    causes = ("TRIP_", "TAMPER", "SERVICE", "POWER", "ARM_")
    extra = sorted(signal for signal in moved if signal.startswith(causes))
    return [*extra, *DEFAULT_SIGNALS]
