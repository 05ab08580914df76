"""What the witness holds the detector to, read from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from host_tools.prove.firmware import Firmware


class Terms(NamedTuple):
    """What the configuration promises, in us, and which faults are the circuit's."""

    window_us: int
    exit_us: int
    entry_us: int
    capture_us: int
    debounce_us: int
    entry_kinds: tuple[int, ...]
    entry_names: tuple[str, ...]
    circuit_faults: int


def terms_of(firmware: Firmware, values: Mapping[str, Any]) -> Terms:
    """Read the terms from a configuration."""
    config = firmware.config.Config(values)
    codes = firmware.codes
    kinds = tuple(kind for kind, delayed in enumerate(config.entry_zone) if delayed)
    return Terms(
        config.window_ms * 1000,
        config.exit_delay_ms * 1000,
        config.entry_delay_ms * 1000,
        config.capture_timeout_ms * 1000,
        config.debounce_ms * 1000,
        kinds,
        tuple(codes.TRIP_NAMES[kind] for kind in kinds),
        codes.FAULTS_BLOCKING & ~codes.FAULT_JOURNAL,
    )
