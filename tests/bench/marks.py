"""Marks that tests of several files carry."""

from __future__ import annotations

import pytest

latches = pytest.mark.disturbs("a fault stays latched until a power-cycle")
