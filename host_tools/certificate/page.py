"""Draws a certificate's parts as one self-contained page: no script, no request to anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from host_tools import ROOT, evidence, pages
from host_tools.certificate.document import Parts

_TEMPLATES = Path(__file__).parent / "templates"
_BENCH_TEMPLATES = ROOT / "host_tools" / "bench" / "templates"  # colours.css


def render(parts: Parts, made: str, fingerprint: str) -> bytes:
    """Return the page's bytes."""
    environment = pages.environment(_TEMPLATES, _BENCH_TEMPLATES)
    environment.filters["figure"] = _figure
    environment.filters["moment"] = _moment
    page = environment.get_template("certificate.html.j2").render(
        **parts,
        made=made,
        fingerprint=fingerprint,
        kinds=[(kind, parts["evidence"][kind.name]) for kind in evidence.KINDS],
    )
    return page.encode()


def _figure(value: Any) -> str:
    """Print a figure for reading: thousands apart, no more digits than were measured."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def _moment(utc: str) -> str:
    return utc.replace("T", " ").replace("Z", " UTC")
