"""Tests of what the jig tells: edges in the order of causes, counts and heartbeat seldom."""

import unittest

from jig import pins
from jig.teller import RESET_BY_ITSELF, RESET_POWER_ON, RESET_RUN_PIN, Teller

NONE = (0, 0, 0, 0)


def bits(*signals):
    """Return levels with these signals high."""
    levels = 0
    for signal in signals:
        levels |= 1 << pins.SIGNALS.index(signal)
    return levels


class TellerTest(unittest.TestCase):
    def setUp(self):
        self.lines = []
        self.teller = Teller(self.lines.append)
        self.teller.take(0, 0, NONE)

    def watch(self):
        self.teller.begin()
        del self.lines[:]

    def test_unwatched_it_keeps_levels_and_says_nothing(self):
        self.teller.take(10, bits("GATE"), (1, 2, 3, 4))
        self.assertEqual(self.lines, [])
        self.assertEqual((self.teller.level("GATE"), self.teller.level("LATCH")), (1, 0))
        self.assertEqual(self.teller.counts, [1, 2, 3, 4])

    def test_a_watcher_hears_every_level_and_count_first(self):
        self.teller.take(10, bits("POWER"), (7, 0, 0, 0))
        self.teller.begin()
        self.assertEqual(len(self.lines), len(pins.SIGNALS) - 2 + len(pins.WIRES))
        self.assertTrue("! 10 POWER 1" in self.lines)
        self.assertTrue("! 10 HUB_RX 7" in self.lines)
        self.assertFalse(any(" RUN " in line for line in self.lines))

    def test_an_edge_is_told_once(self):
        self.watch()
        self.teller.take(10, bits("GATE"), NONE)
        self.teller.take(1003, bits("GATE"), NONE)
        self.teller.take(1010, 0, NONE)
        self.assertEqual(self.lines, ["! 10 GATE 1", "! 1010 GATE 0"])

    def test_in_one_record_the_bytes_come_before_the_edge_and_causes_before_the_gate(self):
        self.watch()
        self.teller.take(10, bits("TRIP_PANIC", "LATCH", "GATE"), (0, 0, 5, 4))
        self.assertEqual(
            self.lines,
            [
                "! 10 UPLINK_TX_WRITTEN 5",
                "! 10 UPLINK_TX_PASSED 4",
                "! 10 TRIP_PANIC 1",
                "! 10 LATCH 1",
                "! 10 GATE 1",
            ],
        )

    def test_run_and_power_are_told_as_resets_before_what_follows_from_them(self):
        self.watch()
        self.teller.take(10, bits("POWER"), NONE)
        self.teller.take(20, bits("POWER", "GATE"), NONE)
        self.teller.take(30, bits("POWER", "RUN"), NONE)
        self.teller.take(40, bits("POWER"), NONE)
        self.assertEqual(
            self.lines,
            [
                "! 10 RESET %d" % RESET_POWER_ON,
                "! 10 POWER 1",
                "! 20 GATE 1",
                "! 30 RESET %d" % RESET_RUN_PIN,
                "! 30 GATE 0",
            ],
        )

    def test_a_uart_that_lets_go_is_a_reset_that_nobody_else_made(self):
        self.watch()
        self.teller.take(10, bits("POWER"), NONE)
        del self.lines[:]
        self.teller.take(2000, bits("POWER", "TX_SILENT"), NONE)
        self.teller.take(3000, bits("POWER", "TX_SILENT"), NONE)
        self.assertEqual(self.lines, ["! 2000 RESET %d" % RESET_BY_ITSELF])

    def test_silence_without_power_or_with_run_low_is_none(self):
        self.watch()
        self.teller.take(10, bits("TX_SILENT"), NONE)
        self.teller.take(1010, bits("POWER"), NONE)
        del self.lines[:]
        self.teller.take(2010, bits("POWER", "RUN"), NONE)
        self.teller.take(2140, bits("POWER", "RUN", "TX_SILENT"), NONE)
        self.teller.take(4010, bits("POWER", "TX_SILENT"), NONE)
        self.assertEqual(self.lines, ["! 2010 RESET %d" % RESET_RUN_PIN])

    def test_the_heartbeat_is_told_once_a_millisecond_and_before_an_edge(self):
        self.watch()
        for number in range(10):
            self.teller.take(1000 + number * 100, bits("HEARTBEAT") * (number % 2 == 0), NONE)
        self.assertEqual(self.lines, ["! 1000 HEARTBEAT 1"])
        self.teller.take(1950, bits("GATE"), NONE)
        self.assertEqual(self.lines[1:], ["! 1950 HEARTBEAT 0", "! 1950 GATE 1"])

    def test_counts_are_told_once_a_millisecond(self):
        self.watch()
        self.teller.take(1000, 0, (1, 0, 0, 0))
        self.teller.take(1500, 0, (2, 0, 0, 0))
        self.teller.take(2000, 0, (3, 0, 0, 0))
        self.assertEqual(self.lines, ["! 1000 HUB_RX 1", "! 2000 HUB_RX 3"])

    def test_an_overrun_is_told_also_unwatched_and_counted(self):
        self.teller.lost(55)
        self.assertEqual(self.lines, ["! 55 OVERRUN 1"])
        self.assertEqual(self.teller.told, 1)

    def test_every_line_is_counted(self):
        self.teller.begin()
        self.teller.take(10, bits("GATE"), NONE)
        self.assertEqual(self.teller.told, len(self.lines))


if __name__ == "__main__":
    unittest.main()
