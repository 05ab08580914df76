"""What the tests of non-interference have compared so far, for the end of the run."""

from __future__ import annotations

from tests.proof.noninterference.compare import Verdict


class Tally:
    """Sums of verdicts on the shipped firmware, and how long each control stayed unfound."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.traces = 0
        self.bytes = 0
        self.excepted_bytes = 0
        self.images = 0
        self.openings = 0
        self.found: list[str] = []

    def add(self, verdict: Verdict) -> None:
        """Count one trace."""
        self.traces += 1
        self.bytes += verdict.bytes
        self.excepted_bytes += verdict.excepted_bytes
        self.images += verdict.images
        self.openings += verdict.openings

    def lines(self) -> list[str]:
        """Return the figures in words, none where nothing ran."""
        if not self.traces:
            return self.found
        return [
            f"{self.traces} traces, each run twice: {self.bytes:,} bytes on all wires compared, "
            f"{self.excepted_bytes:,} of them sealed; {self.images} pictures, "
            f"{self.openings} openings of the gate",
            *self.found,
        ]


TALLY = Tally()
