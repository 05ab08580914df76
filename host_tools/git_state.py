"""Which source this is: its commit, whether anything differs from that, the firmware's digest."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_tools import ROOT

_GIT_S = 10.0


@dataclass(frozen=True)
class GitState:
    """The source at one moment; `firmware` is its SHA-256, whatever git says."""

    commit: str = ""  # "" outside a repository
    dirty: bool = False  # something is changed, or not added, anywhere
    firmware: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as records hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> GitState:
        """Read it back; raises KeyError, TypeError or ValueError for anything else."""
        state = cls(data["commit"], data["dirty"], data["firmware"])
        kinds = (type(state.commit), type(state.dirty), type(state.firmware))
        if kinds != (str, bool, str) or len(data) != len(kinds):
            raise ValueError("no state of a source")
        return state


def git_state(root: Path = ROOT) -> GitState:
    """Look at the clone in `root`."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=True,
        )
        return done.stdout.strip()

    try:
        commit, dirty = git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.SubprocessError):
        commit, dirty = "", False
    return GitState(commit, dirty, _firmware_digest(root / "firmware"))


def _firmware_digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = hashlib.sha256(path.read_bytes()).digest()
        whole.update(path.relative_to(folder).as_posix().encode() + b"\x00" + content)
    return whole.hexdigest()
