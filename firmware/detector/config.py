"""Provisioned configuration: every key with its range and default, checked once at start.

All times but one are in ms. The entry delay's limit is EN 50131-1's 45 s; the alarm window stays
below the circuit's MAX (20 min), which would end it anyway; no image lives longer than 60 days.
"""

from detector.codes import TRIP_FIRE, TRIP_NAMES, TRIP_PANIC

# name, lowest, highest, default
RANGES = (
    ("exit_delay_ms", 0, 300000, 30000),
    ("entry_delay_ms", 0, 45000, 30000),
    ("window_ms", 1000, 1140000, 900000),
    ("capture_timeout_ms", 500, 30000, 30000),
    ("debounce_ms", 1, 1000, 5),
    ("burst_intrusion", 1, 20, 10),
    ("burst_contact", 1, 20, 10),
    ("burst_fire", 1, 20, 10),
    ("burst_panic", 1, 20, 6),
    ("burst_tamper", 1, 20, 6),
    ("shot_interval_ms", 0, 60000, 500),
    ("camera_settle_ms", 0, 5000, 1000),
    ("retention_days", 1, 60, 60),
    # The RP2040's watchdog counts to 8388 ms at most (RP2040 datasheet 4.7, machine.WDT).
    ("watchdog_ms", 1000, 8000, 5000),
)
# One comes in through a door and past a motion sensor: both are delayed unless told otherwise.
_ENTRY_ZONES = ["intrusion", "contact"]
# Fire and panic are never late.
_NEVER_DELAYED = (TRIP_FIRE, TRIP_PANIC)


class ConfigError(Exception):
    """A configuration value is unknown, of the wrong type or out of its range; args: key, why."""


class Config:
    """Checked values as attributes; `entry_zone[kind]` says whether a trip kind is delayed."""

    def __init__(self, values: dict) -> None:
        """Take a dict as JSON gives it; missing keys have their default. Raises ConfigError."""
        known = [name for name, _low, _high, _default in RANGES]
        for key in values:
            if key not in known and key != "entry_zones":
                raise ConfigError(key, "unknown key")
        for name, low, high, default in RANGES:
            value = values.get(name, default)
            if not isinstance(value, int) or isinstance(value, bool):
                raise ConfigError(name, "not a whole number")
            if not low <= value <= high:
                raise ConfigError(name, "not within %d..%d" % (low, high))
            setattr(self, name, value)
        self.entry_zone = _entry_zones(values.get("entry_zones", _ENTRY_ZONES))
        self.burst = tuple([getattr(self, "burst_" + name) for name in TRIP_NAMES])


def _entry_zones(names: list) -> tuple:
    """Turn zone names into a flag per trip kind. Raises ConfigError."""
    if not isinstance(names, list):
        raise ConfigError("entry_zones", "not a list of names")
    for name in names:
        if name not in TRIP_NAMES:
            raise ConfigError("entry_zones", "no such zone: %s" % name)
        if TRIP_NAMES.index(name) in _NEVER_DELAYED:
            raise ConfigError("entry_zones", "%s is never delayed" % name)
    return tuple([name in names for name in TRIP_NAMES])
