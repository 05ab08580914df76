"""Folding shared constants: what becomes a number, what stays, and that nothing is missed."""

from __future__ import annotations

import ast

import pytest

from host_tools.flash.fold import fold
from host_tools.flash.image import FIRMWARE_DIR, shipped_modules

_CODES = """\
from lib.compat import const

OK = const(0)
BUSY = const(13)  # a capture is running
NEVER = const(-1)
_HIDDEN = const(7)
WORDS = ((OK, "ok"), (BUSY, "busy"), (_HIDDEN, "hidden"))
"""


def folded(user: str, **more: str) -> str:
    """Return a module that uses _CODES, folded."""
    modules = {f"lib/{name}.py": text for name, text in more.items()}
    return fold({"lib/codes.py": _CODES, "lib/user.py": user, **modules})["lib/user.py"]


def test_a_definition_goes_and_its_own_uses_become_numbers() -> None:
    assert fold({"lib/codes.py": _CODES})["lib/codes.py"] == (
        "from lib.compat import const\n\n"
        "pass\n"
        "pass  # a capture is running\n"
        "pass\n"
        "_HIDDEN = const(7)\n"
        'WORDS = ((0, "ok"), (13, "busy"), (_HIDDEN, "hidden"))\n'
    )


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("from lib import codes\nx = codes.BUSY", "from lib import codes\nx = 13"),
        ("from lib import codes as c\nx = c.NEVER", "from lib import codes as c\nx = -1"),
        ("from lib.codes import BUSY\nx = BUSY", "pass\nx = 13"),
        ("from lib.codes import BUSY as B\nx = B", "pass\nx = 13"),
        ("from lib.codes import BUSY, WORDS\nx = BUSY", "from lib.codes import WORDS\nx = 13"),
        (
            "def f():\n    from lib import codes\n    return codes.OK",
            "def f():\n    from lib import codes\n    return 0",
        ),
        (
            "def f():\n    from lib.codes import OK\n    return OK",
            "def f():\n    pass\n    return 0",
        ),
        ("from lib import codes\nx = codes.WORDS", "from lib import codes\nx = codes.WORDS"),
        ("class A:\n    OK = 5\nx = A.OK", "class A:\n    OK = 5\nx = A.OK"),
        ('x = "codes.BUSY"  # codes.BUSY', 'x = "codes.BUSY"  # codes.BUSY'),
    ],
)
def test_every_use_becomes_a_number_and_nothing_else_does(user: str, expected: str) -> None:
    assert folded(user) == expected


def test_a_constant_is_followed_through_the_module_that_hands_it_on() -> None:
    middle = "from lib.codes import BUSY\n"
    assert folded("from lib.middle import BUSY\nx = BUSY", middle=middle) == "pass\nx = 13"
    assert folded("from lib import middle\nx = middle.BUSY", middle=middle).endswith("x = 13")


def test_lines_stay_where_they_are_also_behind_letters_of_two_bytes() -> None:
    user = '# å\nfrom lib.codes import (\n    BUSY,\n    WORDS,\n)\n\nx = ("å", BUSY)\nhere = 1\n'
    text = folded(user)
    assert text.splitlines()[6:] == ['x = ("å", 13)', "here = 1"]


def test_no_name_that_the_folded_firmware_asks_for_is_missing() -> None:
    """A static linker's check: what is taken from a module is still defined there."""
    texts = {path: (FIRMWARE_DIR / path).read_text("utf-8") for path in shipped_modules()}
    trees = {
        path.removesuffix(".py").replace("/", "."): ast.parse(text)
        for path, text in fold(texts).items()
    }
    defined = {module: set(_bound(tree)) for module, tree in trees.items()}
    missing = {
        f"{module}: {owner}.{name}"
        for module, tree in trees.items()
        for owner, name in _asked(tree)
        if owner in defined and name not in defined[owner] and f"{owner}.{name}" not in defined
    }
    assert missing == set()


def test_no_constant_of_the_firmware_is_assigned_again() -> None:
    """Folding knows a name, not its scope: a second meaning would be replaced as well."""
    for path in shipped_modules():
        names = _bound(ast.parse((FIRMWARE_DIR / path).read_text("utf-8")))
        constants = [name for name in names if name.isupper() and not name.startswith("_")]
        assert sorted(constants) == sorted(set(constants)), path


def _bound(tree: ast.Module) -> list[str]:
    """Return the names that a module's code binds anywhere, which is at least its own."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names += [alias.asname or alias.name for alias in node.names]
    return names


def _asked(tree: ast.Module) -> list[tuple[str, str]]:
    """Return (module, name) of all that is taken from other modules."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    asked = [(str(node.module), alias.name) for node in imports for alias in node.names]
    known = {name: f"{module}.{name}" for module, name in asked}
    asked += [
        (known[node.value.id], node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in known
    ]
    return asked
