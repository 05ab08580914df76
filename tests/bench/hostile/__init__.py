"""Programs that run as main.py on a board and try to open its gate; see test_hostile.py.

`{ROLE}` stands for a pin number of the board.
"""

from __future__ import annotations

from pathlib import Path


def source(name: str) -> str:
    """Return a program's text, its roles not filled in yet."""
    return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
