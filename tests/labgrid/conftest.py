"""One laboratory for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.labgrid.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start coordinator, exporter and a served board. `make labgrid` installs what it needs."""
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab
