"""What chips and modules do to their pins before any code runs.

Another chip comes with its first board: a row here, with its source.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reset:
    """Pins by GPIO number; `not_low` says why a pin is driven, or floats, high in reset."""

    source: str
    pins: range
    not_low: dict[int, str] = field(default_factory=dict)


CHIPS = {
    "rp2040": Reset(
        source="pico-sdk 2.2.0, hardware/regs/pads_bank0.h and io_bank0.h: each pad resets to "
        "0x56, an input with its pull-down on, and FUNCSEL to 0x1f, no peripheral",
        pins=range(30),
    ),
}

# Pins that a module has already wired to something; no board may use them.
MODULES = {
    "pico": {
        23: "mode of the module's power supply",
        24: "high while USB has power",
        25: "the module's LED",
        29: "a third of VSYS",
    },
}
