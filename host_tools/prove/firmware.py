"""One copy of the shipped modules, imported from their source text in a namespace of its own.

A changed text can be loaded beside the shipped one: that is how seeded faults are made. Nothing of
it stays in `sys.modules`, so host code that imports `detector` gets the shipped modules as ever.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

from host_tools.boards import load_pins
from host_tools.flash.image import FIRMWARE_DIR, Sabotage, render_roles

BOARD = "VIRTUAL"
_PACKAGE = "detector"

# This process's own collector is not the firmware's to command.
_GC = SimpleNamespace(collect=lambda: None, threshold=lambda _bytes: None)

# main.py waits in one place, with the gate shut since boot.py, before it resets the chip.
_TIME = SimpleNamespace(sleep_ms=lambda _ms: None)

# Nothing of the loader is explored: it has no pin, and what it chooses is chosen before the start.
SLOT = SimpleNamespace(name="a", trial=False, undone="", unsettled=False, rolled_back=False)
_LOADER = SimpleNamespace(start=lambda _jumper: SLOT)


class Firmware:
    """The modules of firmware/detector by name (`firmware.gate.Gate`), and the two programs."""

    def __init__(self, chip: Mapping[str, ModuleType], change: Sabotage | None = None) -> None:
        """Import all modules; `chip` are those that a chip has in ROM, `change` edits a text."""
        self._chip = dict(chip)
        self._chip["pins"] = load_pins(BOARD)
        self.sources = {
            path.stem: _text(f"{_PACKAGE}/{path.name}", change)
            for path in sorted((FIRMWARE_DIR / _PACKAGE).glob("*.py"))
        }
        self._programs = {path: self._compile(path, change) for path in ("boot.py", "main.py")}
        self.last_error: BaseException | None = None
        with _own_modules(self._chip, _Finder(self.sources)):
            for name in self.sources:
                setattr(self, name, importlib.import_module(f"{_PACKAGE}.{name}"))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no module {name} in firmware/{_PACKAGE}")

    def run(self, path: str) -> None:
        """Execute boot.py or main.py as flashing renders it for the board."""
        chip = {**self._chip, "gc": _GC, "time": _TIME, "loader": _LOADER, _PACKAGE: self}
        chip["sys"] = SimpleNamespace(modules=dict(chip), print_exception=self.note_error)

        def imported(name: str, *_rest: object) -> Any:
            return chip[name]

        names = {**vars(builtins), "__import__": imported}
        exec(self._programs[path], {"__builtins__": names, "__name__": "__main__"})

    def note_error(self, error: BaseException) -> None:
        """Take what the firmware prints of an error before it resets."""
        self.last_error = error

    def _compile(self, path: str, change: Sabotage | None) -> CodeType:
        return compile(render_roles(_text(path, change), self._chip["pins"]), path, "exec")


def _text(path: str, change: Sabotage | None) -> str:
    text = (FIRMWARE_DIR / path).read_text(encoding="utf-8")
    return text if change is None else change(path, text)


class _Loader(importlib.abc.SourceLoader):
    """Gives a module's text instead of reading it from its file."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str | bytes) -> bytes:
        return self._text.encode()


class _Finder(importlib.abc.MetaPathFinder):
    """Finds `detector` and its modules in a dict of texts."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == _PACKAGE:
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        package, _, name = fullname.partition(".")
        if package != _PACKAGE or name not in self._sources:
            return None
        loader = _Loader(self._sources[name], str(FIRMWARE_DIR / package / f"{name}.py"))
        return importlib.util.spec_from_loader(fullname, loader)


@contextmanager
def _own_modules(chip: Mapping[str, ModuleType], finder: _Finder) -> Iterator[None]:
    """Import from `finder` and `chip` inside, and leave `sys.modules` as it was."""
    kept = {name: module for name, module in sys.modules.items() if _is_ours(name, chip)}
    for name in kept:
        del sys.modules[name]
    sys.modules.update(chip)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_ours(name, chip)]:
            del sys.modules[name]
        sys.modules.update(kept)


def _is_ours(name: str, chip: Mapping[str, ModuleType]) -> bool:
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.") or name in chip
