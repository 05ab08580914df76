"""Board descriptions: `boards/<BOARD>/pins.py`, loaded by path for the host's tools."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from host_tools import ROOT

BOARDS_DIR = ROOT / "boards"


def load_pins(board: str) -> ModuleType:
    """Return the pins module of a board; raise FileNotFoundError if there is no such board."""
    path = BOARDS_DIR / board / "pins.py"
    if not path.is_file():
        raise FileNotFoundError(f"no board {board!r}: {path} does not exist")
    spec = importlib.util.spec_from_file_location(f"sluss_pins_{board}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
