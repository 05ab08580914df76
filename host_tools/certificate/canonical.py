"""Canonical JSON: one byte sequence for each value, so that every changed byte is a change.

Sorted keys, no spaces, UTF-8 without escapes that are not needed, one line feed at the end.
"""

from __future__ import annotations

import json
from typing import Any


class CanonicalError(ValueError):
    """Bytes that are not the canonical form of anything; the text says why."""


def encode(value: Any) -> bytes:
    """Return the canonical bytes of plain data; raise ValueError for NaN and infinities."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode() + b"\n"


def decode(data: bytes) -> Any:
    """Return the value whose canonical bytes these are; raise CanonicalError for any other."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse)
        again = encode(value)
    except RecursionError as error:
        raise CanonicalError("it is nested too deeply") from error
    except ValueError as error:
        raise CanonicalError(f"it is no JSON: {error}") from error
    if again != data:
        pairs = zip(again, data, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(again), len(data)))
        raise CanonicalError(f"it is not in canonical form from byte {same} on")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
