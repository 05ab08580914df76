"""A signed certificate of the made-up bench record, for the tests of the certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_tools.certificate import document, keys, page, statement
from host_tools.certificate.document import PARTS
from tests.host.bench_sample import sample_record

MADE = "2026-01-02T03:05:00Z"


def record_file(folder: Path) -> Path:
    """Write the made-up record and return its path."""
    record = sample_record(folder)
    record.write(folder / "record.json")
    return folder / "record.json"


def sample_parts(folder: Path) -> dict[str, Any]:
    """Return the parts of its certificate; nothing but the bench was run."""
    return statement.gather(record_file(folder), evidence_folder=folder / "evidence")


def signed(parts: dict[str, Any], key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """Return document and page."""
    assert set(parts) == set(PARTS)
    fingerprint = keys.fingerprint(keys.raw(key.public_key()))
    drawn = page.render(parts, MADE, fingerprint)
    return document.sign(parts, drawn, MADE, key), drawn
