"""The repository's files, and what their syntax trees say."""

from __future__ import annotations

import ast
import subprocess
from functools import cache, lru_cache
from pathlib import Path

from host_tools import ROOT

FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"


@lru_cache(maxsize=1)
def repo_files() -> tuple[Path, ...]:
    """Return every file that git has, or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below these folders of the repository."""
    roots = [ROOT / folder for folder in folders]
    return [
        path
        for path in repo_files()
        if path.suffix == ".py" and any(root in path.parents for root in roots)
    ]


def shipped_files() -> list[Path]:
    """Return the firmware as it goes onto a detector (the manifest only lists it)."""
    jig = set(jig_files())
    return [
        path for path in python_files("firmware") if path.name != "manifest.py" and path not in jig
    ]


def jig_files() -> list[Path]:
    """Return the jig's script, which runs on a second board beside the detector."""
    return python_files("firmware/jig")


def device_files() -> list[Path]:
    """Return all Python that MicroPython runs: firmware, jig, boards, flashing helpers."""
    return shipped_files() + jig_files() + python_files("boards", "host_tools/flash/on_device")


def name_of(path: Path) -> str:
    """Return a path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """Return the file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> set[str]:
    """Return the full names of all imported modules (and of what is taken from packages)."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def words(path: Path) -> set[str]:
    """Return all strings, names and attributes of the code; comments and docstrings are not."""
    found: set[str] = set()
    docstrings = {id(node) for node in _docstrings(tree(path))}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                found.add(node.value)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


def _docstrings(module: ast.Module) -> list[ast.Constant]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in ast.walk(module) if isinstance(node, kinds) and node.body]
    firsts = [body[0] for body in bodies]
    return [
        first.value
        for first in firsts
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    ]
