"""House rules over all of the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from host_tools import ROOT
from scripts.state_table import rewritten
from tests.repo.sources import FIRMWARE, name_of, python_files, repo_files, tree

_MAX_BYTES = 1_000_000
_README_LINES = 150
# Written in pieces, so that this file does not name them either.
_REGISTRIES = [
    "pypi" + ".org", "python" + "hosted.org", "deb.debian" + ".org", "ubuntu" + ".com",
    "registry" + ".npmjs", "micropython" + ".org/mip", "github" + "usercontent",
]  # fmt: skip
# Run as they are, with nothing before their first statement: a comment says what they are.
_PROGRAMS = {"firmware/boot.py", "boards/VIRTUAL/rom/start.py"}
_SOURCES = python_files("firmware", "boards", "host_tools", "tests", "scripts")

each_source = pytest.mark.parametrize("path", _SOURCES, ids=name_of)


@each_source
def test_every_module_has_a_docstring(path: Path) -> None:
    is_program = name_of(path) in _PROGRAMS or path.parent.name == "hostile"
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(tree(path)) or (is_program and "\n# " in f"\n{text}")


def test_no_file_is_large() -> None:
    large = [name_of(path) for path in repo_files() if path.stat().st_size > _MAX_BYTES]
    assert large == []


def test_no_registry_is_named() -> None:
    named = [
        f"{name_of(path)}: {host}"
        for path in repo_files()
        if path.suffix not in (".jpg", ".png")
        for host in _REGISTRIES
        if host in path.read_text(encoding="utf-8")
    ]
    assert named == []


def test_the_lock_file_pins_everything_exactly() -> None:
    for name in sorted(path.name for path in ROOT.glob("requirements*.lock")):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        loose = [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line)]
        assert loose == []


def test_the_readme_shows_the_state_table_of_the_code() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == rewritten(text), "run `make table`"


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= _README_LINES


def test_codes_and_states_are_defined_once() -> None:
    """The host imports the firmware's numbers; a second definition would drift."""
    once = {
        target.id
        for name in ("codes.py", "states.py")
        for statement in tree(FIRMWARE / "detector" / name).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and re.match(r"(ERR|FAULT|JR|EV|DELETE|TRIP)_", target.id)
    }
    copies = [
        f"{name_of(path)}: {target.id}"
        for path in python_files("host_tools", "tests")
        for statement in tree(path).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and target.id in once
    ]
    assert copies == []


def test_every_skipped_test_has_a_reason() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in ("skip", "skipif", "xfail")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
        and not any(
            isinstance(call, ast.Call) and call.func is node and (call.args or call.keywords)
            for call in ast.walk(tree(path))
        )
    ]
    assert silent == []


def test_host_tools_never_sleep() -> None:
    """Conditions are awaited with a deadline; a sleep is a guess, by whatever name."""
    sleepers = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("host_tools", "tests/host", "tests/bench")
        if "on_device" not in name_of(path) and "hostile" not in name_of(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and _sleeps(node)
    ]
    assert sleepers == []


def _sleeps(node: ast.Attribute) -> bool:
    """Say whether this is `time.sleep`, or the `wait` of an event that nobody else can set."""
    if node.attr == "sleep":
        return isinstance(node.value, ast.Name) and node.value.id == "time"
    return (
        node.attr == "wait"
        and isinstance(node.value, ast.Call)
        and "Event" in ast.unparse(node.value.func)
    )
