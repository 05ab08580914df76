"""One measured quantity of a bench run: its values, its limits and the verdict on them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

# Far more than any series has: a bound on the record's size, not a sample.
_KEPT_VALUES = 5000


@dataclass
class Measurement:
    """One measured quantity: all its values, and the limits that were set before."""

    name: str
    unit: str
    values: list[float]
    low: float | None = None
    high: float | None = None
    judged: str = "max"  # which figure the limits are for: "max", "p99" or "median"
    test: str = ""

    def __post_init__(self) -> None:
        """Drop the digits that nothing here can measure."""
        self.values = [round(value, 4) for value in self.values[:_KEPT_VALUES]]

    @property
    def n(self) -> int:
        """How many values."""
        return len(self.values)

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """The 99th percentile (nearest rank: a value that was really measured)."""
        ordered = sorted(self.values)
        return ordered[max(0, -(-99 * len(ordered) // 100) - 1)]

    @property
    def max(self) -> float:
        """The largest value."""
        return max(self.values)

    @property
    def min(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def total(self) -> float:
        """All values together."""
        return sum(self.values)

    @property
    def figure(self) -> float:
        """The figure that the limits are for."""
        return {"max": self.max, "p99": self.p99, "median": self.median}[self.judged]

    @property
    def within(self) -> bool:
        """True when the limits hold; the lower one is for the smallest value."""
        return (self.low is None or self.min >= self.low) and (
            self.high is None or self.figure <= self.high
        )

    def sentence(self) -> str:
        """Say what was measured against what, for a failing test."""
        low = "" if self.low is None else f" (at least {self.low:g} {self.unit})"
        high = "" if self.high is None else f" (at most {self.high:g} {self.unit})"
        return (
            f"{self.name}: smallest {self.min:.3f} {self.unit}{low},"
            f" {self.judged} {self.figure:.3f} {self.unit}{high}, n = {self.n}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the measurement as record.json holds it."""
        return {
            "name": self.name,
            "unit": self.unit,
            "n": self.n,
            "min": self.min,
            "median": self.median,
            "p99": self.p99,
            "max": self.max,
            "low": self.low,
            "high": self.high,
            "judged": self.judged,
            "verdict": "pass" if self.within else "fail",
            "test": self.test,
            "values": self.values,
        }
