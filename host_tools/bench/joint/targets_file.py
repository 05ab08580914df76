"""The file of targets: TOML, one table a target.

[front]                 # its name: of its folder, and in the report
kind = "virtual"        # one of kinds.KINDS; every other key is an option of that kind

[shelf]
kind = "virtual"
count = 50              # as many of them: shelf-01 ... shelf-50
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from host_tools.bench import kinds
from host_tools.bench.kinds import Spec, SpecError

KIND = "kind"
COUNT = "count"
JOINT = "joint"  # the folder of the joint report
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MOST = 1000


class TargetsFileError(Exception):
    """The file describes no targets; the text names file, table and key, and says what to do."""


def read(path: Path) -> list[Spec]:
    """Return the targets of a file, in its order. Raises TargetsFileError."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetsFileError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise TargetsFileError(f"{path} is no TOML: {error}.") from error
    if not tables:
        raise TargetsFileError(
            f'{path} names no target. One is a table: [front], and below it kind = "virtual".'
        )
    specs: list[Spec] = []
    for name, table in tables.items():
        try:
            specs += _table(name, table)
            _check_own(specs)
        except SpecError as error:
            raise TargetsFileError(f"{path}, [{name}], {error.key}: {error}") from error
    return specs


def _table(name: str, table: Any) -> list[Spec]:
    if not isinstance(table, dict):
        raise SpecError(name, f"It stands outside a table. Write [{name}] and its keys below.")
    if not _NAME.fullmatch(name) or name == JOINT:
        raise SpecError(
            "name",
            f"It names a folder: letters, digits, '-', '_' and '.' only, and not {JOINT!r}.",
        )
    options = dict(table)
    if KIND not in options:
        raise SpecError(KIND, f"It is missing. Write one of: {', '.join(kinds.KINDS)}.")
    kind = str(options.pop(KIND))
    count = options.pop(COUNT, 1)
    if type(count) is not int or not 1 <= count <= _MOST:
        raise SpecError(COUNT, f"It is {count!r}, and must be a whole number within 1..{_MOST}.")
    names = (
        [name] if count == 1 else [f"{name}-{n:0{len(str(count))}d}" for n in range(1, count + 1)]
    )
    return [kinds.checked(Spec(one, kind, options)) for one in names]


def _check_own(specs: Sequence[Spec]) -> None:
    """See to it that no two targets are the same board. Raises SpecError for the last one."""
    new = specs[-1]
    for other in specs[:-1]:
        if other.name == new.name:
            raise SpecError("name", f"There are two targets {new.name}.")
        shared = _own(other).items() & _own(new).items()
        for key, value in shared:
            raise SpecError(key, f"{value} belongs to {other.name} already.")


def _own(spec: Spec) -> Mapping[str, object]:
    options = kinds.KINDS[spec.kind].options
    return {key: value for key, value in spec.options.items() if options[key].is_own}
