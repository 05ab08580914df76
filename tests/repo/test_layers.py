"""Who may import what, on the host and in the firmware, and who may write the state."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from host_tools import ROOT
from tests.repo.sources import imports, name_of, python_files, shipped_files, tree

# Each part of host_tools, and which others it may import: packages, or modules of them.
_MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "attestation": ("console", "deadline", "links", "utc"),
    "boards": (),
    "deadline": (),
    "evidence": ("git_state", "utc"),
    "git_state": (),
    "interpreter": (),
    "keyfile": (),
    "pages": (),
    "pin_facts": ("boards", "wires"),
    "wires": ("boards",),
    "sealed_image": (),
    "utc": (),
    "links": ("deadline", "keyfile"),
    "console": ("deadline", "links"),
    "client": ("console", "deadline", "keyfile", "links"),
    "journal": (),
    "flash": ("boards", "console", "deadline", "keyfile", "links"),
    "virtual_board": ("boards", "interpreter", "journal.records"),
    "jig": ("deadline", "flash.errors", "flash.transport", "links"),
    "bench": (
        *("attestation", "boards", "client", "deadline", "flash", "git_state", "interpreter"),
        *("jig.client", "keyfile", "links.port", "pages", "utc"),
        *("virtual_board.circuit", "virtual_board.client", "virtual_board.pictures"),
        "virtual_board.remote",
    ),
    "cut": ("deadline", "evidence", "interpreter"),
    "certificate": (
        *("attestation", "bench", "console", "evidence", "git_state", "links", "pages", "utc"),
    ),
    "prove": (
        *("bench.virtual", "boards", "client", "deadline", "evidence", "flash"),
        *("virtual_board.circuit", "virtual_board.gpio"),
    ),
    "__init__": (),
    "cli": (),  # it finds the commands by name
}
# What sees a board from outside must not share a mistake with the firmware: these import neither
# it nor what does, but for the files that serve a person who watches a board by hand.
_OUTSIDE = ("virtual_board/", "bench/witness.py", "sealed_image.py", "deadline.py")
_BY_HAND = ("virtual_board/command.py", "virtual_board/sim.py", "virtual_board/hearsay.py")
_INSIDE = (
    "detector",
    "host_tools.journal",
    "host_tools.virtual_board.hearsay",
    "host_tools.virtual_board.sim",
)
# A test of the bench knows a detector by its interface, its links and readers of its own.
_OF_THE_BENCH = (
    *("bench.session", "bench.target", "bench.witness", "bench.measurement", "bench.silence"),
    *("attestation", "client", "deadline", "flash.transport", "journal", "sealed_image"),
)

host_files = pytest.mark.parametrize("path", python_files("host_tools"), ids=name_of)
bench_tests = pytest.mark.parametrize("path", python_files("tests/bench"), ids=name_of)
shipped = pytest.mark.parametrize("path", shipped_files(), ids=name_of)


@host_files
def test_a_part_of_the_host_imports_only_what_it_may(path: Path) -> None:
    part = _part(path)
    assert _foreign(path, (part, *_MAY_IMPORT[part])) == set()


@host_files
def test_what_sees_a_board_from_outside_imports_nothing_of_the_firmware(path: Path) -> None:
    name = path.relative_to(ROOT / "host_tools").as_posix()
    if name.startswith(_OUTSIDE) and name not in _BY_HAND:
        assert not {
            module for module in imports(path) if any(_is_within(module, own) for own in _INSIDE)
        }


def test_the_independent_reader_is_built_on_cryptography_alone() -> None:
    packages = {name.split(".")[0] for name in imports(ROOT / "host_tools" / "sealed_image.py")}
    assert packages - sys.stdlib_module_names == {"cryptography"}


@bench_tests
def test_a_test_of_the_bench_knows_a_target_only_by_its_interface(path: Path) -> None:
    assert _foreign(path, _OF_THE_BENCH) == set()


@pytest.mark.parametrize("path", python_files("host_tools/bench"), ids=name_of)
def test_only_the_virtual_target_knows_the_virtual_board(path: Path) -> None:
    if path.name != "virtual.py":
        assert not {name for name in imports(path) if name.startswith("host_tools.virtual_board")}


@shipped
def test_the_firmware_imports_nothing_of_the_host(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & {"host_tools", "tests", "scripts"}


@shipped
def test_only_the_controller_writes_the_state(path: Path) -> None:
    writers = {
        function.name
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and node.attr == "state"
        and isinstance(node.ctx, ast.Store | ast.Del)
    }
    is_controller = name_of(path) == "firmware/detector/controller.py"
    assert writers == ({"__init__", "_enter"} if is_controller else set())


def _part(path: Path) -> str:
    """Return the part of host_tools that a file belongs to."""
    part = path.relative_to(ROOT / "host_tools").parts[0]
    return part.removesuffix(".py")


def _foreign(path: Path, allowed: tuple[str, ...]) -> set[str]:
    """Return the modules of host_tools that a file imports and that are not in `allowed`."""
    found = {name.removeprefix("host_tools.") for name in imports(path) if "host_tools." in name}
    return {
        name
        for name in found - {"ROOT"}
        if not any(_is_within(name, module) or _is_within(module, name) for module in allowed)
    }


def _is_within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")
