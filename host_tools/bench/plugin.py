"""pytest plugin of the bench: one target a session, an established state a test, one record a run.

Loaded by `sluss bench` (`-p host_tools.bench.plugin`). Tests in tests/bench know a detector only
by the fixtures of `fixtures.py`.

Markers
-------
promise("P1", ...)   the promises that the test speaks for.
needs("faults", ...) capabilities of the target; skipped with that reason where missing.
statistics           a long series of measurements; left out of sabotage runs.
raw_board            no `idle`: the test says itself from where it starts.
whole_run            comes last, and in every selection: a look back at all of the run.
disturbs("why")      afterwards only a power-cycle brings the board to rest; else that is an error.

A test's sentence in the report is the first line of its docstring, else its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from host_tools import ROOT
from host_tools.bench import kinds, promises, report
from host_tools.bench import outcome as outcomes
from host_tools.bench.outcome import TestRecord
from host_tools.bench.progress import Telling
from host_tools.bench.rig import Plan
from host_tools.bench.run import RUN, Run
from host_tools.bench.session import NoRestError
from host_tools.bench.target import TargetLostError
from host_tools.bench.witness import WitnessLostError

pytest_plugins = ["host_tools.bench.fixtures", "host_tools.bench.evidence"]

_MESSAGE_LINES = 12
_LOST = (TargetLostError, WitnessLostError)
# Ends of a pytest session that are neither passed nor failed tests.
_ENDS = {
    pytest.ExitCode.INTERRUPTED: "It was interrupted.",
    pytest.ExitCode.INTERNAL_ERROR: "The bench itself failed; see its output.",
    pytest.ExitCode.USAGE_ERROR: "The bench was called wrongly; see its output.",
    pytest.ExitCode.NO_TESTS_COLLECTED: "No test was selected.",
}
# Who asks for one of these has to do with the board, and begins at rest.
_CLIENTS = frozenset({"target", "witness", "hub", "arc", "console"})


# --- pytest's hooks -----------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `sluss bench` fills in."""
    group = parser.getgroup("sluss", "the bench of a detector")
    group.addoption("--sluss-target", default=kinds.VIRTUAL, help="a kind, or a description")
    group.addoption("--sluss-folder", type=Path, help="where record and report go")
    group.addoption("--sluss-sabotage", default="", help="break this on purpose")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and begin the record."""
    for line in (
        "promise(*names): the promises (P1 ... P10) that the test speaks for",
        "needs(*capabilities): what the target must be able to do",
        "statistics: a long series of measurements; left out of sabotage runs",
        "raw_board: the test says itself from where it starts",
        "whole_run: comes last, and in every selection",
        "disturbs(why): afterwards only a power-cycle brings the board to rest",
    ):
        config.addinivalue_line("markers", line)
    plan = Plan(
        target=_target(config),
        folder=config.getoption("--sluss-folder") or ROOT / "build" / "bench" / "virtual",
        sabotage=config.getoption("--sluss-sabotage"),
        selection=" and ".join(
            words
            for name in ("keyword", "markexpr")
            if (words := config.getoption(name, "") or "")
        ),
    )
    tellers = [one for one in config.pluginmanager.get_plugins() if isinstance(one, Telling)]
    config.stash[RUN] = Run(plan, tellers[0] if tellers else None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Prepare every test, and put those of the whole run behind any selection of the others."""
    whole_run = [item for item in items if item.get_closest_marker("whole_run") is not None]
    _prepare(items)
    items[:] = [item for item in items if item not in whole_run]
    yield
    if items:
        items += whole_run
    elif whole_run:
        pytest_deselected(whole_run)


def _prepare(items: Sequence[pytest.Item]) -> None:
    """Let every bench test begin at rest, and put promise and sentence into junit.xml."""
    known = set(promises.promise_ids())
    for item in items:
        shown = _promises(item)
        unknown = set(shown) - known
        if unknown:
            raise pytest.UsageError(f"{item.nodeid}: there is no promise {unknown.pop()!r}")
        item.user_properties.append(("sentence", _sentence(item)))
        if shown:
            item.user_properties.append(("promises", " ".join(shown)))
        names = getattr(item, "fixturenames", [])
        if _CLIENTS.intersection(names):
            first = "idle" if item.get_closest_marker("raw_board") is None else "roused"
            item.fixturenames = [first, *names]  # type: ignore[attr-defined]


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Keep what a selection leaves out: a promise is not kept by the tests that are left."""
    for item in items:
        item.config.stash[RUN].left_out.append(_not_run(item, "left out of this run"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Mark the test's beginning in transcripts and waves; skip it where the target lacks a need.

    Here, before any fixture of a whole file or run: those may need the same.
    """
    run = item.config.stash[RUN]
    run.begin_test(item.nodeid)
    needs = {name for marker in item.iter_markers("needs") for name in marker.args}
    lacking = sorted(needs - run.capabilities)
    if lacking:
        pytest.skip(f"the {run.plan.target.kind} target has no {', '.join(lacking)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Gather each test's outcome; end the session when the detector is lost."""
    result: pytest.TestReport = yield  # type: ignore[assignment]
    run = item.config.stash[RUN]
    test = run.reports.setdefault(item.nodeid, _record(item, outcomes.PASSED))
    test.seconds = round(test.seconds + result.duration, 4)
    lost = _why_lost(run, call)
    if lost and not run.record.stopped:
        run.record.stopped = f"{lost[:1].upper()}{lost[1:]}"
        item.session.shouldstop = run.record.stopped
    if result.skipped:
        test.outcome = outcomes.SKIPPED
        test.message = str(result.longrepr[2] if isinstance(result.longrepr, tuple) else "")
    elif result.failed and test.outcome == outcomes.PASSED:
        judged = outcomes.FAILED if call.when == "call" else outcomes.ERROR
        test.outcome = outcomes.LOST if lost else judged
        test.message = _message(call, result)
    if call.when == "teardown":
        run.record.tests.append(test)
        if run.teller is not None:
            run.teller.tested(test)
    return result  # type: ignore[return-value]


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Write record and report, whatever happened."""
    try:
        # The fixtures of an interrupted test come to their end while there is a board.
        return (yield)
    finally:
        _finish(session, exitstatus)


def _finish(session: pytest.Session, exitstatus: int) -> None:
    run = session.config.stash[RUN]
    if session.config.option.collectonly:
        return
    if not run.record.stopped:
        run.record.stopped = _ENDS.get(pytest.ExitCode(exitstatus), "")
    told = {test.id for test in run.record.tests}
    over = "the run ended before it was over"
    run.record.tests += [_not_run(item, over) for item in session.items if item.nodeid not in told]
    run.record.tests += run.left_out
    path = run.finish()
    if exitstatus == pytest.ExitCode.OK and not run.record.passed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if run.teller is not None:
        run.teller.summary(run.record, report.headline(run.record), path)


# --- inside -------------------------------------------------------------------------------------


def _target(config: pytest.Config) -> kinds.Spec:
    try:
        return kinds.from_json(config.getoption("--sluss-target"))
    except kinds.SpecError as error:
        raise pytest.UsageError(str(error)) from error


def _record(item: pytest.Item, outcome: str) -> TestRecord:
    return TestRecord(item.nodeid, _sentence(item), list(_promises(item)), outcome, seconds=0.0)


def _not_run(item: pytest.Item, why: str) -> TestRecord:
    test = _record(item, outcomes.NOT_RUN)
    test.message = why
    return test


def _why_lost(run: Run, call: pytest.CallInfo[None]) -> str:
    """Say why the board is gone, "" where it is not or where nothing went wrong."""
    if call.excinfo is None:
        return ""
    if call.excinfo.errisinstance(_LOST):
        return str(call.excinfo.value)
    return "" if run.rig is None else run.rig.lost


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
    if call.excinfo.errisinstance((NoRestError, *_LOST)):
        return str(call.excinfo.value)
    crash = getattr(result.longrepr, "reprcrash", None)
    lines = call.excinfo.exconly().splitlines()[:_MESSAGE_LINES]
    for entry in reversed(call.excinfo.traceback):
        if Path(entry.path).is_relative_to(ROOT / "tests"):
            where = f"{Path(entry.path).relative_to(ROOT)}:{entry.lineno + 1}"
            return "\n".join([*lines, f"at {where}: {str(entry.statement).strip()}"])
    return "\n".join(lines if crash is None else [*lines, f"at {crash.path}:{crash.lineno}"])
