"""Begins what takes long before its test comes, and lets other tests pass its time."""

from __future__ import annotations

import contextlib

import pytest


def begin(request: pytest.FixtureRequest, *names: str) -> None:
    """Set up fixtures for tests that come later in this run, if any does.

    What goes wrong is kept by the fixture, and told to the tests that ask for it.
    """
    for name in names:
        if any(name in item.fixturenames for item in request.session.items):  # type: ignore[attr-defined]
            with contextlib.suppress(Exception):
                request.getfixturevalue(name)
