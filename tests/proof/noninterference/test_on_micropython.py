"""The sampled traces on the interpreter that a detector has, and that they are not stale."""

from __future__ import annotations

import subprocess
from pathlib import Path

from host_tools.interpreter import micropython_path
from tests.proof.noninterference.samples import stale

_REPLAY = Path(__file__).with_name("replay_on_micropython.py")
_HEAP = "heapsize=32m"  # of a test that keeps what both runs wrote; a detector's is 240 kB
_LIMIT_S = 300


def test_the_samples_under_micropython() -> None:
    command = [str(micropython_path()), "-X", _HEAP, str(_REPLAY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_samples_are_what_the_script_writes() -> None:
    assert stale() == []
