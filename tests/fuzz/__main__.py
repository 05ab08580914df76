"""Runs the fuzzers for a while: `python -m tests.fuzz SECONDS [TARGET]...`, two at a time.

With atheris where it can be installed (coverage-guided); else with Hypothesis alone, and it says
so. What is found is printed as a line for the target's corpus. Without names, stories on damaged
lines and noise into a virtual board follow. `python -m tests.fuzz.keep` is for afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from host_tools import ROOT

WORK = ROOT / "build" / "fuzz"
LIBRARY = ROOT / ".tools" / "fuzz"
LOCK = ROOT / "requirements-fuzz.lock"
_PATHS = [str(LIBRARY), str(ROOT), str(ROOT / "firmware"), str(ROOT / "tests" / "unit")]
_LONGEST_BYTES = 4096
_SLACK_S = 60
_AT_ONCE = 2
_PROGRAMS = ("stories", "noise_board")


@dataclass(frozen=True)
class Outcome:
    """What became of one target."""

    target: str
    executions: int
    seconds: float
    covered: str  # edges and features, as the fuzzer counts them
    found: bytes | None = None
    error: str = ""


def main(arguments: list[str]) -> int:
    """Fuzz the targets named, or all; return the exit code."""
    seconds, *names = arguments
    targets = names or _all_targets()
    with_atheris = _install()
    if not with_atheris:
        print(
            f"atheris cannot be installed for Python {sys.version.split()[0]} on this machine: "
            f"this run is Hypothesis alone, without coverage."
        )
    run = _with_atheris if with_atheris else _with_hypothesis
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = []
        for outcome in pool.map(lambda target: run(target, float(seconds)), targets):
            outcomes.append(outcome)
            _tell(outcome)
    bad_programs = [] if names else [name for name in _PROGRAMS if not _program(name, seconds)]
    total = sum(outcome.executions for outcome in outcomes)
    bad = [outcome.target for outcome in outcomes if outcome.error] + bad_programs
    print(f"{total} executions, {len(targets)} targets, failing: {', '.join(bad) or 'none'}")
    return 1 if bad else 0


def _program(name: str, seconds: str) -> bool:
    """Run another part of the fuzzing; say whether it found nothing."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(_PATHS[1:])}
    command = [sys.executable, "-m", f"tests.fuzz.{name}", seconds]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _tell(outcome: Outcome) -> None:
    rate = outcome.executions / max(outcome.seconds, 0.001)
    print(
        f"{outcome.target:15} {outcome.executions:9} executions, {rate:7.0f} a second"
        f"{outcome.covered}",
        flush=True,
    )
    if outcome.error:
        print(outcome.error, flush=True)
        if outcome.found is not None:
            print(f"  input: {outcome.found.hex()}", flush=True)


# --- with atheris -------------------------------------------------------------------------------


def _install() -> bool:
    """Have atheris in its folder; False where there is none for this Python or machine."""
    stamp = LIBRARY / f"ready-{sys.version_info[0]}.{sys.version_info[1]}"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return True
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--no-deps", "--only-binary=:all:", "--upgrade", "--target", str(LIBRARY)]
    done = subprocess.run([*command, "--requirement", str(LOCK)], capture_output=True, check=False)
    if done.returncode == 0:
        stamp.write_text(LOCK.read_text())
    return done.returncode == 0


def _fuzzer(target: str, *options: str) -> list[str]:
    path = f"import sys; sys.path[:0] = {_PATHS!r}; sys.argv[0] = 'fuzz'; "
    start = "from tests.fuzz.one_target import main; main()"
    return [sys.executable, "-c", path + start, target, *options]


def _folder(target: str) -> Path:
    """Return the working folder of a target, with its corpus as files."""
    from tests.fuzz.targets import inputs

    folder = WORK / target
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs(target)):
        (folder / "corpus" / f"kept-{number}").write_bytes(data)
    return folder


def _with_atheris(target: str, seconds: float) -> Outcome:
    folder = _folder(target)
    for old in folder.glob("crash-*"):
        old.unlink()
    command = _fuzzer(
        target,
        str(folder / "corpus"),
        f"-max_total_time={seconds:.0f}",
        f"-max_len={_LONGEST_BYTES}",
        f"-artifact_prefix={folder}/",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    )
    began = time.monotonic()
    log = folder / "log.txt"
    with log.open("wb") as out:
        done = subprocess.run(
            command, stdout=out, stderr=out, cwd=ROOT, timeout=seconds + _SLACK_S, check=False
        )
    text = log.read_text(errors="replace")
    stats = re.findall(r"number_of_executed_units:\s*(\d+)", text)
    covered = re.findall(r"cov: (\d+) ft: (\d+)", text)
    found = next((path.read_bytes() for path in folder.glob("*-*") if path.is_file()), None)
    return Outcome(
        target,
        int(stats[-1]) if stats else 0,
        time.monotonic() - began,
        f", {covered[-1][0]} edges, {covered[-1][1]} features" if covered else "",
        found if done.returncode else None,
        f"  exit code {done.returncode}\n{_reason(text)}" if done.returncode else "",
    )


def _reason(text: str) -> str:
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if "Uncaught Python exception" in line]
    shown = lines[starts[0] : starts[0] + 40] if starts else lines[-12:]
    return "\n".join("  " + line for line in shown)


# --- without ------------------------------------------------------------------------------------


def _with_hypothesis(target: str, seconds: float) -> Outcome:
    from tests.fuzz.strategies import hammer

    began = time.monotonic()
    executions, failure = hammer(target, seconds)
    spent = time.monotonic() - began
    found, error = failure if failure else (None, "")
    return Outcome(target, executions, spent, "", found, error)


def _all_targets() -> list[str]:
    from tests.fuzz.targets import TARGETS

    return list(TARGETS)


if __name__ == "__main__":
    sys.path[:0] = _PATHS[1:]
    sys.exit(main(sys.argv[1:]))
