"""The mutants of a module: each is the whole source with one small error."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

from scripts.mutation.operators import mutated
from scripts.mutation.targets import Target


@dataclass(frozen=True, order=True)
class Name:
    """What a mutant is called, without a line's number: it stays true when lines move."""

    module: str
    operator: str
    scope: str  # the function, "Class.function"; "" for the module itself
    before: str  # the lines that were changed, stripped
    after: str
    nth: int = 1  # which of those that are called the same


@dataclass(frozen=True)
class Mutant:
    """One error in one module."""

    name: Name
    line: int
    source: str = field(repr=False)

    @property
    def key(self) -> str:
        """The mutated source's hash."""
        return sha256(self.source.encode()).hexdigest()[:20]


def mutants(target: Target) -> list[Mutant]:
    """Return all mutants of a module, in the order of its lines."""
    source = target.path.read_text(encoding="utf-8")
    lines = source.splitlines()
    scopes = _scopes(source)
    seen = {source}
    found = []
    for operator, text, line in mutated(source):
        if text in seen:  # two operators that do the same
            continue
        seen.add(text)
        first, before, after = _changed(lines, text.splitlines())
        found.append((first, Name(target.name, operator, scopes[line], before, after), text))
    found.sort(key=lambda entry: entry[:2])
    return _numbered(found)


def _numbered(found: list[tuple[int, Name, str]]) -> list[Mutant]:
    counts: Counter[Name] = Counter()
    numbered = []
    for line, name, text in found:
        counts[name] += 1
        own = Name(*_fields(name), counts[name])
        numbered.append(Mutant(own, line, text))
    return numbered


def _fields(name: Name) -> tuple[str, str, str, str, str]:
    return name.module, name.operator, name.scope, name.before, name.after


def _changed(old: list[str], new: list[str]) -> tuple[int, str, str]:
    """Return the first changed line's number and the changed lines before and after."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before = old[head : len(old) - tail]
    after = new[head : len(new) - tail]
    return head + 1, _joined(before), _joined(after)


def _joined(lines: list[str]) -> str:
    """Return the lines' code in one line, without the comments behind it."""
    return " ".join(line.split("  #")[0].strip() for line in lines)


def _scopes(source: str) -> list[str]:
    """Return, by line number, the name of the innermost function around the line."""
    scopes = [""] * (source.count("\n") + 2)

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                inner = f"{prefix}.{child.name}".lstrip(".")
                first = min([child.lineno, *(mark.lineno for mark in child.decorator_list)])
                for line in range(first, (child.end_lineno or first) + 1):
                    scopes[line] = inner
            visit(child, inner)

    visit(ast.parse(source), "")
    return scopes
