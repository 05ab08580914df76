"""The configuration: defaults, ranges and the sentences about what is wrong."""

import unittest

from detector import codes
from detector.config import RANGES, Config, ConfigError


class TestConfig(unittest.TestCase):
    def test_the_defaults_are_those_of_the_table(self) -> None:
        config = Config({})
        for name, _low, _high, default in RANGES:
            self.assertEqual(getattr(config, name), default)

    def test_each_value_is_taken_at_its_bounds_and_refused_beyond(self) -> None:
        for name, low, high, _default in RANGES:
            for value in (low, high):
                self.assertEqual(getattr(Config({name: value}), name), value)
            for value in (low - 1, high + 1, str(low), True, None):
                with self.assertRaises(ConfigError):
                    Config({name: value})

    def test_the_window_ends_before_the_circuits_max(self) -> None:
        highest = [high for name, _low, high, _default in RANGES if name == "window_ms"]
        self.assertLess(highest[0], 20 * 60 * 1000)

    def test_an_unknown_key_is_refused(self) -> None:
        with self.assertRaises(ConfigError):
            Config({"exit_delay": 5})

    def test_fire_and_panic_are_never_delayed(self) -> None:
        for name in ("fire", "panic", "no-such-zone"):
            with self.assertRaises(ConfigError):
                Config({"entry_zones": [name]})

    def test_bursts_and_entry_zones_are_indexed_by_trip_kind(self) -> None:
        config = Config({"burst_panic": 2, "entry_zones": ["contact"]})
        self.assertEqual(config.burst[codes.TRIP_PANIC], 2)
        self.assertEqual(config.entry_zone, (False, True, False, False, False))


if __name__ == "__main__":
    unittest.main()
