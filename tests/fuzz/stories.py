"""Stories on damaged lines, seed after seed: `python -m tests.fuzz.stories SECONDS`."""

from __future__ import annotations

import sys
import time
from itertools import count

from line_story import SCENARIOS, Story

from tests.fuzz.real_peer import RealPeer

ALARMS = 2


def tell(row: tuple[str, dict[str, object], dict[str, object]], seed: int) -> Story:
    """Run one row of the table with one seed; AssertionError or SealError where it goes wrong."""
    story = Story(row, seed, RealPeer)
    story.run(ALARMS)
    return story


def main(seconds: float) -> int:
    """Run all rows, seed after seed, until the time is over; return the exit code."""
    end = time.monotonic() + seconds
    runs = disarms = simulated_ms = 0
    slowest: dict[str, int] = {}
    bad = 0
    for seed in count(1):
        for row in SCENARIOS:
            try:
                story = tell(row, seed)
            except Exception as error:
                bad += 1
                print(f"{row[0]}, seed {seed}: {type(error).__name__}: {error}", flush=True)
                continue
            runs += 1
            disarms += story.disarms_seen
            simulated_ms += story.world.now_ms
            slowest[row[0]] = max(slowest.get(row[0], 0), story.slowest_ms)
        if time.monotonic() > end:
            break
    worst = max(slowest, key=lambda name: slowest[name]) if slowest else "none"
    print(
        f"{runs} stories of {len(SCENARIOS)} lines, {simulated_ms / 3_600_000:.1f} h of them, "
        f"{bad} bad; {disarms} disarms, the slowest {slowest.get(worst, 0)} ms ({worst})"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
