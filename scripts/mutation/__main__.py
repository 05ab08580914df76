"""Puts small errors into firmware and circuit, one at a time, and asks the tests.

    python -m scripts.mutation long [MODULE...]    every mutant; goes on where it was interrupted
    python -m scripts.mutation sample              a fixed handful, for CI

`long` without modules writes build/evidence/mutation.json.
"""

from __future__ import annotations

import argparse
import sys

from scripts.mutation.long_run import run_long
from scripts.mutation.sample import run_sample
from scripts.mutation.targets import targets
from scripts.mutation.trial import TrialError


def main() -> int:
    """Return the exit code: 0 where the limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mutation")
    parser.add_argument("run", choices=["long", "sample"])
    parser.add_argument("modules", nargs="*", help="only these")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at the same time")
    parser.add_argument(
        "--survivors",
        action="store_true",
        help="ask only about those that survived before; nothing of that is evidence",
    )
    options = parser.parse_args()
    known = targets()
    unknown = set(options.modules) - {target.name for target in known}
    if unknown:
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    try:
        if options.run == "sample":
            return run_sample(known, options.jobs)
        return run_long(known, options.modules, options.jobs, options.survivors)
    except TrialError as error:
        print(f"mutation: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
