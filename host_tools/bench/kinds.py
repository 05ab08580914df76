"""The kinds of target: one table, from a small description to a Target.

A new kind is one entry of KINDS. Its options are named there once: the command line, a file of
targets and the error messages go by that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from host_tools.bench import target as targets
from host_tools.bench.jig import AT_MOST, JigTarget
from host_tools.bench.place import Place
from host_tools.bench.target import Ports, Target, TargetError
from host_tools.bench.virtual import VirtualTarget, served_board

VIRTUAL = "virtual"
SERVED = "served"
JIG = "jig"
Value = str | int


class SpecError(Exception):
    """A description that names no target; `key` is what is wrong, the text what to do."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


@dataclass(frozen=True)
class Spec:
    """Which target: a name for folders and tables, a kind of KINDS, and that kind's options."""

    name: str
    kind: str
    options: Mapping[str, Value] = field(default_factory=dict)

    def text(self, option: str) -> str:
        """Return an option's value as text, "" where it is not given."""
        return str(self.options.get(option, ""))

    @property
    def folder(self) -> str:
        """The name as a folder's."""
        return re.sub(r"[^\w.-]+", "-", self.name)

    def as_json(self) -> str:
        """Return it as one line, for another process."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Workplace:
    """What a target is made with, and what is done after it was closed."""

    folder: Path  # for what it keeps: flash, logs
    broken: tuple[str, ...] = ()  # faults of the circuit (target.FAULTS) that it has for good
    leaving: ExitStack = field(default_factory=ExitStack)


@dataclass(frozen=True)
class Option:
    """One option of a kind."""

    meaning: str
    type: type[str] | type[int] = str
    is_needed: bool = False
    is_own: bool = False  # no two targets may have the same value


@dataclass(frozen=True)
class Kind:
    """How targets of one kind are described and made."""

    meaning: str
    options: Mapping[str, Option]
    make: Callable[[Spec, Workplace], Target]
    is_here: bool = False  # its board is computed by this machine
    capabilities: frozenset[str] = targets.ALL_CAPABILITIES  # at most
    argument: str = ""  # the option that `--target KIND:VALUE` gives


def _virtual(spec: Spec, workplace: Workplace) -> Target:
    images = spec.text("images")
    return VirtualTarget(
        workplace.folder,
        images=Path(images).resolve() if images else None,
        broken=workplace.broken,
    )


def _served(spec: Spec, workplace: Workplace) -> Target:
    images = spec.text("images")
    given = [spec.text(port) for port in PORTS]
    return VirtualTarget(
        workplace.folder,
        images=Path(images).resolve() if images else None,
        broken=workplace.broken,
        make=partial(served_board, spec.text("control")),
        ports=Ports(*given) if all(given) else None,
    )


def _labgrid(spec: Spec, workplace: Workplace) -> Target:
    """Take the place, and with its resources whatever kind of target they make up."""
    wait_s = spec.options.get("wait_s", 0)
    place = Place(spec.text("place"), spec.text("coordinator"))
    place.acquire(float(wait_s))
    workplace.leaving.callback(place.release)
    found = place.resources((*PORTS, *_BY_RESOURCE))
    handed_on = {key: value for key, value in spec.options.items() if key not in _OF_THE_PLACE}
    kind = kind_of(spec.text("place"), found)
    try:
        return open_target(Spec(spec.name, kind, {**handed_on, **found}), workplace)
    except SpecError as error:
        raise TargetError(f"The place {spec.text('place')}, {error.key}: {error}") from error


def kind_of(place: str, resources: Mapping[str, str]) -> str:
    """Return the kind of target that a place's resources make up, by their names."""
    missing = [name for name in PORTS if name not in resources]
    if not missing:
        for resource, kind in _BY_RESOURCE.items():
            if resource in resources:
                return kind
    wanted = f"{', '.join(PORTS)} and one of {', '.join(_BY_RESOURCE)}"
    raise TargetError(
        f"The place {place} has the resources {', '.join(resources) or 'none'}; the bench needs"
        f" {wanted}, by these names (labgrid-client add-named-match gives a resource its name)."
    )


def _jig(spec: Spec, workplace: Workplace) -> Target:
    ports = Ports(*(spec.text(port) for port in PORTS))
    return JigTarget(spec.text("jig"), ports, spec.text("board") or "VIRTUAL")


PORTS = ("console", "hub", "uplink")
# The resource that says how a place's board is driven and watched, and the kind of target.
_BY_RESOURCE = {"control": SERVED, "jig": JIG}
_OF_THE_PLACE = ("place", "coordinator", "wait_s")  # labgrid's options; others are its board's

KINDS: Mapping[str, Kind] = {
    VIRTUAL: Kind(
        "a virtual board of its own, on this machine",
        {"images": Option("folder of JPEGs that its camera sees")},
        _virtual,
        is_here=True,
    ),
    SERVED: Kind(
        "a virtual board that `sluss sim --serve` serves, on this machine or another",
        {
            "control": Option("HOST:PORT of its control connection", str, True, is_own=True),
            "console": Option("URL of its console, where it is not as the control tells"),
            "hub": Option("URL of its hub link, likewise"),
            "uplink": Option("URL of its uplink, likewise"),
            "images": Option("folder of JPEGs that its camera sees"),
        },
        _served,
        argument="control",
    ),
    JIG: Kind(
        "a board in a jig, which drives its pins and watches its gate",
        {
            "jig": Option("the jig's own port (--jig)", str, True, is_own=True),
            "console": Option("the board's console (--port)", str, True, is_own=True),
            "hub": Option("the board's hub link", str, True, is_own=True),
            "uplink": Option("the board's uplink", str, True, is_own=True),
            "board": Option("which board it is: a folder of boards/ (VIRTUAL)"),
        },
        _jig,
        capabilities=AT_MOST,
    ),
    "labgrid": Kind(
        "a place of labgrid: a board on another machine",
        {
            "place": Option("the place's name", str, True, is_own=True),
            "coordinator": Option("HOST:PORT of the coordinator; without it LG_COORDINATOR"),
            "wait_s": Option("how long a place may be waited for that somebody has", int),
            "images": Option("folder of JPEGs, where the place's board is a virtual one"),
            "board": Option("which board it is, where the place has a jig"),
        },
        _labgrid,
        argument="place",
    ),
}


def open_target(spec: Spec, workplace: Workplace) -> Target:
    """Make the target. Raises SpecError, and TargetError where it is not to be had."""
    checked(spec)
    target = KINDS[spec.kind].make(spec, workplace)
    if workplace.broken and targets.FAULTS not in target.capabilities:
        target.close()
        raise TargetError(f"{spec.name}: the circuit of this kind of target cannot be broken")
    return target


def checked(spec: Spec) -> Spec:
    """Return a description that its kind understands. Raises SpecError."""
    kind = KINDS.get(spec.kind)
    if kind is None:
        raise SpecError("kind", f"There is no kind {spec.kind!r}; there are: {', '.join(KINDS)}.")
    for key, value in spec.options.items():
        option = kind.options.get(key)
        if option is None:
            known = ", ".join(kind.options) or "none"
            raise SpecError(key, f"A {spec.kind} target has no option {key!r}; it has: {known}.")
        if type(value) is not option.type:
            word = "a whole number" if option.type is int else "text in quotes"
            raise SpecError(key, f"{key} must be {word} ({option.meaning}), and is {value!r}.")
    for key, option in kind.options.items():
        if option.is_needed and not spec.options.get(key):
            raise SpecError(key, f"A {spec.kind} target needs {key}: {option.meaning}.")
    return spec


def from_words(words: str, options: Mapping[str, Value]) -> Spec:
    """Return what `--target KIND` or `--target KIND:VALUE` and further options describe."""
    kind, colon, value = words.partition(":")
    given = dict(options)
    if colon:
        argument = KINDS[kind].argument if kind in KINDS else ""
        if kind in KINDS and not argument:
            raise SpecError("target", f"{kind} takes nothing behind a colon; write {kind}.")
        given[argument] = value
    return checked(Spec(words, kind, given))


def from_json(line: str) -> Spec:
    """Return what as_json() wrote; a line that is none is the name of a kind."""
    if not line.startswith("{"):
        return from_words(line, {})
    return checked(Spec(**json.loads(line)))
