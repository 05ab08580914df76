"""Which modules are mutated, and which tests must notice: tests/mutation/targets.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from host_tools import ROOT

FOLDER = ROOT / "tests" / "mutation"


@dataclass(frozen=True)
class Target:
    """One module, its tests from the most to the least specific, and its limit."""

    name: str
    group: str
    path: Path
    imported_as: str
    tests: tuple[Path, ...]
    limit: float  # killed / (all - equivalent), at least
    explained: bool  # every survivor is listed; until then its figures pass for nothing

    @cached_property
    def suite(self) -> str:
        """The hash of everything that decides whether a mutant of this module is noticed."""
        helpers = [path for path in self._test_folder.glob("*.py") if path.name[:5] != "test_"]
        files = {*helpers, *self.path.parent.glob("*.py"), *self.tests}
        digest = sha256()
        for path in sorted(files):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:20]

    @property
    def _test_folder(self) -> Path:
        return self.tests[0].parent


def targets() -> list[Target]:
    """Read the table."""
    with (FOLDER / "targets.toml").open("rb") as file:
        table = tomllib.load(file)
    found = []
    for group in table["group"]:
        for module, tests in group["modules"].items():
            path = ROOT / group["folder"] / f"{module}.py"
            found.append(
                Target(
                    name=module,
                    group=group["name"],
                    path=path,
                    imported_as=f"{group['package']}.{module}",
                    tests=tuple(ROOT / group["tests"] / f"test_{name}.py" for name in tests),
                    limit=group["limit"],
                    explained=group.get("explained", True),
                )
            )
    return found
