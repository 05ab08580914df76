"""A trial: a forked process imports the mutant in the module's place and runs its tests.

The tree is never changed. The parent has pytest imported already, so that a trial costs some
tenths of a second.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import io
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

import pytest

from host_tools import ROOT
from scripts.mutation.targets import FOLDER, Target

KILLED = "killed"
SURVIVED = "survived"
TIMEOUT = "timeout"  # counted as killed: a detector that hangs is noticed, by its watchdog too
# At least; and so many times what the tests take on the unchanged module, at this moment's load.
TIMEOUT_S = 8.0
_TIMES_BASELINE = 5
_MEMORY_BYTES = 2 << 30
_OPTIONS = ("-x", "-q", "-o", "cache_dir=build/mutation/pytest_cache", "--assert=plain")
# pytest's exit codes: all passed; a test failed; the module cannot even be imported.
_OUTCOMES = {0: SURVIVED, 1: KILLED, 2: KILLED}


class TrialError(Exception):
    """The tests could not be run; the text says why."""


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds one module, the mutant."""

    def __init__(self, target: Target, source: str) -> None:
        self._target = target
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._target.imported_as:
            return None
        loader = _Loader(fullname, str(self._target.path), self._source)
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


def try_mutant(target: Target, source: str, timeout_s: float = 60.0) -> str:
    """Run the target's tests with `source` in its place; return KILLED, SURVIVED or TIMEOUT."""
    child = os.fork()
    if child == 0:
        _be_the_child(target, source)
    watch = os.pidfd_open(child)
    try:
        if not select.select([watch], [], [], timeout_s)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return TIMEOUT
    finally:
        os.close(watch)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:  # out of memory, or of the interpreter's stack
        return KILLED
    if code not in _OUTCOMES:
        raise TrialError(f"pytest ended with {code} on {target.name}")
    return _OUTCOMES[code]


def _be_the_child(target: Target, source: str) -> None:
    code = 3
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        sys.meta_path.insert(0, _Finder(target, source))
        code = int(pytest.main([*_OPTIONS, *(str(path) for path in target.tests)]))
    finally:
        os._exit(code)


def prepare() -> None:
    """Make this process one whose children start quickly; no detector module is in it."""
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(ROOT / "build" / "mutation" / "pycache")
    known = [name for name in sys.modules if name.split(".")[0] == "detector"]
    if known:
        raise TrialError(f"imported before the mutants: {known}")
    # A session without tests imports all of pytest, once for all children.
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["-q", "-o", "cache_dir=build/mutation/pytest_cache", str(FOLDER)])
    gc.freeze()


def time_baseline(target: Target) -> float:
    """Run the tests on the unchanged module; return a mutant's time-out in seconds.

    Raises TrialError if the tests fail.
    """
    start = time.monotonic()
    outcome = try_mutant(target, target.path.read_text(encoding="utf-8"))
    if outcome != SURVIVED:
        raise TrialError(f"the tests of {target.name} fail without a mutant")
    return max(TIMEOUT_S, _TIMES_BASELINE * (time.monotonic() - start))
