"""Refuses a role on a pin that its chip or module makes unfit for it, and says why.

A pin that is high for a moment in reset, or that floats, would be a key to the gate without any
code. The facts are boards/chips.toml's, with their sources.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from host_tools.boards import BOARDS_DIR, Board, load_board, load_pins
from host_tools.wires import Wire, pull_down_ohm, wires

CHIPS_FILE = BOARDS_DIR / "chips.toml"

_ALL = ("key", "out", "in", "both")
REFUSES = {
    "strapping": _ALL,  # read in reset: what hangs on it decides how the chip boots
    "glitch": ("key",),  # high for a moment in reset
    "high": ("key",),  # idles high
    "pull-up": ("key",),  # its own pull-up is on in reset
    "input-only": ("key", "out", "both"),
    "memory": _ALL,  # flash or PSRAM
    "octal": _ALL,  # the same, of some modules
    "taken": _ALL,  # the module has wired it to something
}
"""Kind of fact -> the uses of a wire that it makes a pin unfit for."""


@dataclass(frozen=True)
class Fact:
    """What is true of some pins before any code runs."""

    kind: str
    pins: frozenset[int]
    why: str
    source: str
    allows: tuple[str, ...] = ()

    def refuses(self, wire: Wire) -> bool:
        """Say whether it makes the wire's pin unfit for its role."""
        return (
            wire.gpio in self.pins
            and wire.use in REFUSES[self.kind]
            and wire.use not in self.allows
        )


@dataclass(frozen=True)
class Module:
    """A chip on its module."""

    chip: str
    name: str
    pins: frozenset[int]
    facts: tuple[Fact, ...]
    max_pull_down_ohm: int
    why_pull_down: str
    prefix: str  # of a pin's name as printed on it
    header: dict[int, int]  # GPIO -> pin of the header; empty where only names are printed
    power: dict[str, str]  # what a pin gives -> its name or number

    def label(self, gpio: int) -> str:
        """Return a pin's name as printed on the module."""
        return f"{self.prefix}{gpio}"


def problems(board: str) -> list[str]:
    """Return a sentence for each pin of the board that is unfit for its role."""
    about = load_board(board)
    return unfit(module_of(about), wires(load_pins(board)))


def module_of(about: Board) -> Module:
    """Return the board's module; raise ValueError where that does not carry the board's chip."""
    module = load_module(about.module)
    if module.chip != about.chip:
        raise ValueError(f"a {about.module} carries a {module.chip}, not a {about.chip}")
    return module


def unfit(module: Module, found: Sequence[Wire], down_ohm: int | None = None) -> list[str]:
    """Return a sentence for each wire that cannot be; `down_ohm` is the circuit's if not given."""
    ohm = pull_down_ohm() if down_ohm is None else down_ohm
    return [*_refused(module, found), *_doubled(module, found), *_not_held(module, found, ohm)]


def _refused(module: Module, found: Sequence[Wire]) -> Iterator[str]:
    for wire in found:
        name = module.label(wire.gpio)
        if wire.gpio not in module.pins:
            yield f"{wire.role} on {name}: a {module.chip} has no such pin."
        for fact in module.facts:
            if fact.refuses(wire):
                yield f"{wire.role} on {name} ({fact.kind}): {fact.why} [{fact.source}]."


def _doubled(module: Module, found: Sequence[Wire]) -> Iterator[str]:
    seen: dict[int, str] = {}
    for wire in found:
        if wire.gpio in seen:
            name = module.label(wire.gpio)
            yield f"{wire.role} on {name}: {seen[wire.gpio]} is there already."
        seen.setdefault(wire.gpio, wire.role)


def _not_held(module: Module, found: Sequence[Wire], ohm: int) -> Iterator[str]:
    if ohm <= module.max_pull_down_ohm:
        return
    for wire in found:
        if wire.pull == "down":
            yield (
                f"{wire.role} on {module.label(wire.gpio)}: {ohm} Ohm to ground do not hold it"
                f" low, {module.max_pull_down_ohm} Ohm would: {module.why_pull_down}."
            )


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(CHIPS_FILE.read_text(encoding="utf-8"))


def module_names() -> list[str]:
    """Return every module of chips.toml."""
    return list(_table()["module"])


def load_module(name: str) -> Module:
    """Return a module with all facts of its chip and its own; raise KeyError without one."""
    row = _table()["module"][name]
    base = {**_table()["module"][row["like"]], **row} if "like" in row else row
    chip = _table()["chip"][row["chip"]]
    rows = [fact for fact in chip.get("facts", ()) if fact["kind"] not in row.get("frees", ())]
    rows += base.get("facts", ())
    return Module(
        chip=row["chip"],
        name=row["name"],
        pins=_numbers(chip["pins"]),
        facts=tuple(_fact(fact) for fact in rows),
        max_pull_down_ohm=chip["max_pull_down_ohm"],
        why_pull_down=chip["why_pull_down"],
        prefix=base["prefix"],
        header={int(gpio): pin for gpio, pin in base.get("header", {}).items()},
        power={what: str(pin) for what, pin in base["power"].items()},
    )


def _fact(row: dict[str, Any]) -> Fact:
    return Fact(
        kind=row["kind"],
        pins=_numbers(row["pins"]),
        why=row["why"],
        source=row["source"],
        allows=tuple(row.get("allows", ())),
    )


def _numbers(text: str) -> frozenset[int]:
    """Return the numbers of a list such as "0, 3, 26-32"."""
    found: set[int] = set()
    for piece in text.split(","):
        first, _dash, last = piece.strip().partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)
