"""What several tests of the host tools share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import ROOT

_LIMIT_S = 120
_STORIES = "panic_alarm_from_the_button or hostile_firmware_tries"


@pytest.fixture(scope="session")
def small_bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a bench run of two stories, one of them on a spare board."""
    folder = tmp_path_factory.mktemp("bench")
    command = [
        *(sys.executable, "-c", "from host_tools.cli import main; main()"),
        *("bench", "-k", _STORIES, "--folder", str(folder)),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
