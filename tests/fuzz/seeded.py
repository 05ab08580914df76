"""Faults put into the shipped code, one at a time, each of which the corpus of a target finds.

A row of faults.txt names a function, a piece of its text, and what stands there instead. So every
property of the targets is seen failing, in each run of the tests.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

_STORY = "story: "
_TABLE = Path(__file__).parent / "faults.txt"


class Fault(NamedTuple):
    """A row of the table."""

    target: str
    where: str
    old: str
    new: str


def faults(of_stories: bool) -> list[Fault]:
    """Return the table's rows for the stories, or for all other targets."""
    found = []
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            target, where, change = line.split("  ", 2)
            old, _, new = change.partition(" => ")
            if target.startswith(_STORY) == of_stories:
                found.append(Fault(target.removeprefix(_STORY), where, old, new))
    return found


@contextmanager
def seeded(where: str, old: str, new: str) -> Iterator[None]:
    """Run with one function's text changed."""
    module_name, _, path = where.partition(":")
    module = importlib.import_module(module_name)
    owner: Any = module
    *classes, name = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    plain = inspect.unwrap(getattr(owner, name))
    text = textwrap.dedent(inspect.getsource(plain))
    if text.count(old) != 1:
        raise ValueError(f"{where}: {old!r} is there {text.count(old)} times; see faults.txt")
    found: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + text.replace(old, new), vars(module), found)
    before = owner.__dict__[name]
    # Also where the function was imported by its name.
    users = [
        (user, key)
        for user in list(sys.modules.values())
        for key, value in list(getattr(user, "__dict__", {}).items())
        if value is before and not isinstance(user, type)
    ]
    setattr(owner, name, found[name])
    for user, key in users:
        setattr(user, key, found[name])
    try:
        yield
    finally:
        setattr(owner, name, before)
        for user, key in users:
            setattr(user, key, before)
