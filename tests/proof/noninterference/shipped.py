"""The shipped detector, importable without a chip: `App` is detector.app's own.

Only what a chip's port has and CPython has not stands beside it: detector.hal (every part of the
app takes it as an argument), the `vfs` of the service program, which does not run here, and the
file system that `attest` reads, on which no picture ever is.
"""

import hashlib
import sys

_CHIP_ONLY = ("detector.hal", "vfs")


class _Absent:
    """Stands for a module of the chip; nothing of it is used."""

    Hal = None


def _import_app() -> object:
    added = [name for name in _CHIP_ONLY if name not in sys.modules]
    for name in added:
        sys.modules[name] = _Absent
    try:
        from detector import app
    finally:
        for name in added:
            del sys.modules[name]
    return app.App


App = _import_app()


class Attestation:
    """In the place of attest.Attestation: a digest after a few steps, of no file."""

    def __init__(self, nonce: bytes) -> None:
        """Begin."""
        self._digest = hashlib.sha256(nonce).digest()
        self._steps = 5

    def step(self) -> bytes | None:
        """Return the digest in the last step, None before."""
        self._steps -= 1
        return None if self._steps else self._digest
