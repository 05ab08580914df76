"""The wall clock, as records write it."""

from __future__ import annotations

import time


def utc_now() -> str:
    """Return this moment as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
