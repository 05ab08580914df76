"""`sluss bench`: run the conformance suite on a target and write its report."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import pytest
import typer
from rich.console import Console

from host_tools import ROOT
from host_tools.bench import kinds
from host_tools.bench.joint import targets_file
from host_tools.bench.joint.crew import Limits, Selection, sane_jobs
from host_tools.bench.joint.run import run_joint
from host_tools.bench.kinds import Spec, SpecError, Value
from host_tools.bench.progress import Teller, Telling
from host_tools.bench.record import SABOTAGES

SUITE = ROOT / "tests" / "bench"
_PLUGIN = "host_tools.bench.plugin"


def bench(
    target: Annotated[
        str, typer.Option(help=f"What to test: {', '.join(kinds.KINDS)}.")
    ] = kinds.VIRTUAL,
    keyword: Annotated[
        str, typer.Option("-k", help="Only tests whose names match, as pytest's -k.")
    ] = "",
    marker: Annotated[
        str, typer.Option("-m", help="Only tests with these markers, as pytest's -m.")
    ] = "",
    sabotage: Annotated[
        str, typer.Option(help=f"Break it on purpose; must fail: {', '.join(SABOTAGES)}.")
    ] = "",
    folder: Annotated[
        Path | None, typer.Option(help="Where record and report go (build/bench/<target>).")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of JPEGs for the virtual camera.")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("-x", help="Stop at the first failure.")] = False,
    quiet: Annotated[bool, typer.Option("-q", help="Print nothing but errors.")] = False,
    coordinator: Annotated[
        str | None, typer.Option(help="labgrid's HOST:PORT, else LG_COORDINATOR.")
    ] = None,
    wait_s: Annotated[
        int | None, typer.Option("--wait", help="Seconds to wait for a place somebody has.")
    ] = None,
    targets: Annotated[
        Path | None,
        typer.Option(help="TOML file: many targets, one table each, in one joint run."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="With --targets: boards at a time; more falsify each other's times."),
    ] = None,
    deadline_s: Annotated[
        float, typer.Option("--deadline", help="With --targets: seconds that a board may take.")
    ] = Limits.board_s,
    silence_s: Annotated[
        float, typer.Option("--silence", help="With --targets: seconds without a word of it.")
    ] = Limits.silence_s,
    port: Annotated[str | None, typer.Option(help="A real board's console.")] = None,
    hub: Annotated[str | None, typer.Option(help="A real board's hub link.")] = None,
    uplink: Annotated[str | None, typer.Option(help="A real board's uplink.")] = None,
    jig: Annotated[
        str | None, typer.Option(help="The jig: drives its lines, watches its gate.")
    ] = None,
    board: Annotated[
        str | None, typer.Option(help="Which board is in the jig: a folder of boards/.")
    ] = None,
) -> None:
    """Try to make the promises false on one detector; the exit code says pass (0) or fail."""
    if targets is not None:
        if target != kinds.VIRTUAL or sabotage or images or fail_fast:
            _refuse("--targets goes with -k, -m, --jobs, --deadline, --silence and --folder only.")
        raise typer.Exit(
            _joint(
                targets,
                folder,
                jobs,
                Selection(keyword, marker),
                Limits(deadline_s, silence_s),
                quiet,
            )
        )
    options: dict[str, Value | None] = {
        "images": str(images.resolve()) if images else None,
        "coordinator": coordinator,
        "wait_s": wait_s,
        "console": port,
        "hub": hub,
        "uplink": uplink,
        "jig": jig,
        "board": board,
    }
    spec = _spec(target, options)
    if sabotage and sabotage not in SABOTAGES:
        _refuse(f"There is no sabotage {sabotage!r}; there are: {', '.join(SABOTAGES)}.")
    name = f"{spec.folder}-{sabotage}" if sabotage else spec.folder
    raise typer.Exit(
        run(
            target=spec,
            folder=(folder or ROOT / "build" / "bench" / name).resolve(),
            keyword=keyword,
            marker=marker,
            sabotage=sabotage,
            fail_fast=fail_fast,
            teller=Teller(quiet),
        )
    )


def _joint(
    path: Path,
    folder: Path | None,
    jobs: int | None,
    selection: Selection,
    limits: Limits,
    quiet: bool,
) -> int:
    try:
        specs = targets_file.read(path)
    except targets_file.TargetsFileError as error:
        _refuse(str(error))
    if jobs is not None and jobs < 1:
        _refuse("--jobs is a number of boards, from 1 on.")
    return run_joint(
        specs,
        folder=(folder or ROOT / "build" / "bench").resolve(),
        jobs=min(jobs or sane_jobs(specs), len(specs)),
        selection=selection,
        limits=limits,
        quiet=quiet,
    )


def run(
    *,
    target: Spec,
    folder: Path,
    keyword: str = "",
    marker: str = "",
    sabotage: str = "",
    fail_fast: bool = False,
    teller: Telling,
) -> int:
    """Run the suite in this process and return the exit code; the teller is closed after it."""
    arguments = [
        str(SUITE),
        f"--rootdir={ROOT}",
        f"--confcutdir={ROOT}",
        f"--sluss-target={target.as_json()}",
        f"--sluss-folder={folder}",
        f"--sluss-sabotage={sabotage}",
        f"--junitxml={folder / 'junit.xml'}",
        "--override-ini=junit_family=xunit2",
        # A stray warning of the host's own is no verdict on a detector.
        "--override-ini=filterwarnings=default",
        f"--override-ini=junit_suite_name=sluss bench {target.name}",
        "-p",
        _PLUGIN,
    ]
    if keyword:
        arguments += ["-k", keyword]
    if marker:
        arguments += ["-m", marker]
    if fail_fast:
        arguments.append("-x")
    with _alone_in(folder):
        try:
            return int(pytest.main(arguments, plugins=[teller]))
        finally:
            teller.close()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep a second run out of the same folder: it would throw this one's keys and flash away."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(f"Another bench is running in {folder}; name a --folder of its own.")
        yield


def _spec(target: str, options: Mapping[str, Value | None]) -> Spec:
    try:
        given = {key: value for key, value in options.items() if value is not None}
        return kinds.from_words(target, given)
    except SpecError as error:
        _refuse(str(error))


def _refuse(sentence: str) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"sluss bench: {sentence}", markup=False)
    raise typer.Exit(2)
