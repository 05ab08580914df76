"""Fuzzes one target with atheris until libFuzzer's options end it: `one_target NAME [OPTION]...`.

A process of its own, because the fuzzer ends it. Only the product's own code is instrumented.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["detector", "host_tools"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run one target; a property that does not hold ends it with the input in a file."""
    check = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
