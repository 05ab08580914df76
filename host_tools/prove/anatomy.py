"""Which objects a detector is made of, and which of their attributes can change at all."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any


def changing_attributes(sources: Iterable[str]) -> frozenset[str]:
    """Return the names of all attributes that something other than a constructor assigns."""
    found: set[str] = set()
    for source in sources:
        _collect(ast.parse(source), found)
    return frozenset(found)


def _collect(node: ast.AST, found: set[str]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef) and child.name == "__init__":
            continue
        if isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store):
            found.add(child.attr)
        _collect(child, found)


def reachable(root: Any, is_state: Any) -> dict[str, Any]:
    """Return every object that `root` leads to and `is_state` takes, by its path.

    Attributes and tuples are followed, in a fixed order.
    """
    found = {"controller": root}
    seen = {id(root)}
    queue = ["controller"]
    for path in queue:
        if hasattr(found[path], "STATE"):
            continue
        for attribute, value in vars(found[path]).items():
            members = value if isinstance(value, tuple) else (value,)
            for number, member in enumerate(members):
                if id(member) in seen or not hasattr(member, "__dict__") or not is_state(member):
                    continue
                seen.add(id(member))
                name = f"{path}.{attribute}"
                if isinstance(value, tuple):
                    name += f"[{number}]"
                found[name] = member
                queue.append(name)
    return found
