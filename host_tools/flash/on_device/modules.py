"""Runs on the board. Loads the firmware's own modules before the board has them as files."""

import sys


class _Module:
    pass


def load_module(name: str, source: str) -> None:
    """Make `source` importable as module `name` until the next reset."""
    # An interpreter cannot make module objects; anything with attributes will do.
    parts = name.split(".")
    for end in range(1, len(parts)):
        sys.modules.setdefault(".".join(parts[:end]), _Module())
    names = {"__name__": name}
    exec(source, names)
    module = _Module()
    for key in names:
        setattr(module, key, names[key])
    sys.modules[name] = module
