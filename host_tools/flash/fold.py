"""Puts numbers in place of shared constants' names, which mpy-cross does within one module only.

A public `NAME = const(1)` costs a board RAM three times: the name itself, its place in the
module's dictionary, and two look-ups wherever another module says `codes.NAME`. Here every use
becomes the number and the definition goes. Lines stay where they are, so a traceback's line is
the source's.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from host_tools.flash.errors import BuildError

Constants = Mapping[str, Mapping[str, int]]
"""The public constants of each module, by its full name."""


class _Edit(NamedTuple):
    """A piece of the source and what stands there instead."""

    node: ast.expr | ast.stmt
    text: str


def fold(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the sources, by their path, with all shared constants folded; raise BuildError."""
    nodes = {path: list(ast.walk(_parse(path, text))) for path, text in texts.items()}
    constants = _all_constants({_module(path): found for path, found in nodes.items()})
    return {
        path: _apply(texts[path], _edits(found, constants, constants[_module(path)]))
        for path, found in nodes.items()
    }


def _parse(path: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise BuildError(f"firmware/{path}, line {error.lineno}: {error.msg}.") from error


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _all_constants(modules: Mapping[str, list[ast.AST]]) -> Constants:
    constants: dict[str, dict[str, int]] = {module: {} for module in modules}
    for module, nodes in modules.items():
        for node in nodes:
            constants[module] |= _defined(node)
    imports = [
        (module, node)
        for module, nodes in modules.items()
        for node in nodes
        if isinstance(node, ast.ImportFrom)
    ]
    found = -1
    while found != (found := sum(map(len, constants.values()))):  # imported from where imported
        for module, node in imports:
            constants[module] |= _imported(node, constants)
    return constants


def _defined(node: ast.AST) -> dict[str, int]:
    """Return the name and value that a public `NAME = const(number)` defines."""
    match node:
        case ast.Assign(
            targets=[ast.Name(name)], value=ast.Call(func=ast.Name("const"), args=[value])
        ) if not name.startswith("_"):
            return {name: ast.literal_eval(value)}
    return {}


def _imported(node: ast.ImportFrom, constants: Constants) -> dict[str, int]:
    """Return the constants that an import takes by name from another module."""
    known = constants.get(node.module or "", {})
    return {a.asname or a.name: known[a.name] for a in node.names if a.name in known}


def _edits(nodes: list[ast.AST], constants: Constants, own: Mapping[str, int]) -> Iterator[_Edit]:
    modules: dict[str, Mapping[str, int]] = {}  # by the name that this module has for each
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                full_name = f"{node.module}.{alias.name}"
                modules[alias.asname or alias.name] = constants.get(full_name, {})
    for node in nodes:
        match node:
            case ast.Assign() if _defined(node):
                yield _Edit(node, "pass")
            case ast.ImportFrom(names=names) if gone := _imported(node, constants):
                kept = [a for a in names if (a.asname or a.name) not in gone]
                rest = ast.ImportFrom(node.module, kept, node.level)
                yield _Edit(node, ast.unparse(rest) if kept else "pass")
            case ast.Name(name, ast.Load()) if name in own:
                yield _Edit(node, str(own[name]))
            case ast.Attribute(ast.Name(name), constant) if constant in modules.get(name, {}):
                yield _Edit(node, str(modules[name][constant]))


def _apply(text: str, edits: Iterator[_Edit]) -> str:
    """Make the edits, last first; a text of several lines leaves as many behind."""
    lines = text.encode().splitlines(keepends=True)
    starts = list(itertools.accumulate(map(len, lines), initial=0))
    data = text.encode()
    for node, new in sorted(edits, key=lambda edit: _start(edit.node), reverse=True):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        padding = "\n" * (node.end_lineno - node.lineno)
        data = data[:start] + (new + padding).encode() + data[end:]
    return data.decode()


def _start(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.lineno, node.col_offset
