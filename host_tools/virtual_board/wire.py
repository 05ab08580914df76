"""The message numbers and formats of `boards/VIRTUAL/rom/wire.py`, for the board process.

The file belongs to the ROM's folder, which is no package on the host: it is loaded by its path,
here and nowhere else.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType

from host_tools import ROOT

WIRE_FILE = ROOT / "boards" / "VIRTUAL" / "rom" / "wire.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sluss_wire", WIRE_FILE)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {WIRE_FILE}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


wire = _load()
