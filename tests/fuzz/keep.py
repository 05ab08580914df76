"""Adds to the corpora what the long run found new: `python -m tests.fuzz.keep [TARGET]...`.

An input is kept where it goes a way through the product's code that none kept before it goes. The
shortest come first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from host_tools import ROOT
from tests.fuzz.targets import CORPUS, TARGETS, inputs

_MOST_KEPT = 40  # inputs a corpus has at most
_LONGEST_BYTES = 400
_TRIED = 400  # of what a run found, the shortest
_PRODUCT = (str(ROOT / "firmware" / "detector"), str(ROOT / "host_tools"))

Way = tuple[CodeType, int, int]  # from one line of a function to another


class Ways:
    """Every way between two lines of the product's code that is gone while it watches."""

    def __init__(self) -> None:
        self.gone: set[Way] = set()
        self._line: dict[FrameType, int] = {}

    def __enter__(self) -> Ways:
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(_PRODUCT):
            return None
        self._line[frame] = 0
        return self._moved

    def _moved(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "return":
            self._line.pop(frame, None)
        elif event == "line":
            self.gone.add((frame.f_code, self._line.get(frame, 0), frame.f_lineno))
            self._line[frame] = frame.f_lineno
        return self._moved


def ways(target: str, data: bytes) -> set[Way]:
    """Return the ways that an input goes."""
    with Ways() as watched:
        TARGETS[target](data)
    return watched.gone


def found(target: str) -> Iterator[bytes]:
    """Yield what the last long run found, the shortest first."""
    folder = ROOT / "build" / "fuzz" / target / "corpus"
    files = sorted(folder.glob("*"), key=lambda path: (path.stat().st_size, path.name))
    for path in files[:_TRIED]:
        if path.stat().st_size <= _LONGEST_BYTES:
            yield path.read_bytes()


def keep(target: str) -> int:
    """Add to one corpus; return how many."""
    kept = inputs(target)
    gone: set[Way] = set()
    for data in kept:
        gone |= ways(target, data)
    new = []
    for data in found(target):
        if len(kept) + len(new) >= _MOST_KEPT:
            break
        more = ways(target, data) - gone
        if more:
            gone |= more
            new.append(data)
    with (CORPUS / f"{target}.txt").open("a", encoding="ascii") as file:
        file.writelines(f"{data.hex()}\n" for data in new)
    return len(new)


def main(names: list[str]) -> None:
    """Add to the corpora named, or to all."""
    for target in names or TARGETS:
        print(f"{target}: {keep(target)} inputs kept", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
