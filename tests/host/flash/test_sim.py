"""A flashed board by hand: what `sluss sim` prints while its lines are tripped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from host_tools import ROOT

_LIMIT_S = 30.0


def test_a_panic_by_hand_prints_state_latch_camera_and_gate_in_their_order(
    tmp_path: Path, flashed_image: tuple[bytes, Path]
) -> None:
    (tmp_path / "flash.bin").write_bytes(flashed_image[0])
    code = "import sys; from host_tools.cli import main; sys.argv[0] = 'sluss'; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "sim", "--state", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'firmware'}"},
    ) as sim:
        assert sim.stdin is not None
        assert sim.stdout is not None
        limit = threading.Timer(_LIMIT_S, sim.kill)
        limit.start()
        seen = []
        for line in sim.stdout:
            said = line.partition(" s  ")[2].strip()
            seen.append(said)
            if said.startswith("state IDLE"):
                print("trip panic", file=sim.stdin, flush=True)
            elif said == "camera ON":
                print("quit", file=sim.stdin, flush=True)
        limit.cancel()
    expected = [
        "state IDLE (firmware: boot)",
        "TRIP_PANIC high",
        "latch SET",
        "state ALARM (firmware: alarm)",
        "GATE OPEN",
        "camera ON",
    ]
    assert [said for said in seen if said in expected] == expected
