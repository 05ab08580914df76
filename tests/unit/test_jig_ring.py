"""Tests of the jig's rings: records in order, time across its wrap, and what was overwritten."""

import unittest
from array import array

from jig.ring import Ring

LENGTH = 8
FIRST = 3
START = 1000
TICK_US = 993


class Hardware:
    """Writes records as the DMA channels do."""

    def __init__(self):
        self.words = array("I", [0] * (FIRST + 6 * LENGTH))
        self.at = 0

    def store(self, levels, t_us, counts=(0, 0, 0, 0)):
        rests = [START - count for count in counts]
        for ring, word in enumerate([levels, t_us & 0xFFFFFFFF] + rests):
            self.words[FIRST + ring * LENGTH + self.at] = word
        self.at = (self.at + 1) % LENGTH


class RingTest(unittest.TestCase):
    def setUp(self):
        self.hardware = Hardware()
        self.ring = Ring(self.hardware.words, FIRST, LENGTH, START)

    def read(self):
        """Return (t_us, levels) of all records that are there."""
        found = []
        while self.ring.read(self.hardware.at):
            found.append((self.ring.t_us, self.ring.levels))
        return found

    def test_nothing_there_is_nothing_read(self):
        self.assertEqual(self.read(), [])
        self.assertEqual(self.ring.records, 0)

    def test_records_come_in_order_and_time_begins_with_the_first(self):
        self.hardware.store(5, 70000)
        self.hardware.store(4, 70003)
        self.hardware.store(4, 70003 + TICK_US)
        self.assertEqual(self.read(), [(0, 5), (3, 4), (3 + TICK_US, 4)])
        self.assertEqual(self.read(), [])
        self.assertFalse(self.ring.lost)

    def test_counts_are_what_a_channel_has_done(self):
        self.hardware.store(0, 10, (1, 2, 3, 4))
        self.read()
        self.assertEqual(self.ring.counts, [1, 2, 3, 4])

    def test_the_ring_goes_round(self):
        for number in range(3 * LENGTH):
            self.hardware.store(number, number * TICK_US)
            self.assertEqual(self.read(), [(number * TICK_US, number)])
        self.assertFalse(self.ring.lost)

    def test_time_goes_on_across_the_wrap_of_the_timer(self):
        self.hardware.store(1, 0xFFFFFFF0)
        self.hardware.store(2, 0x100000010)
        self.assertEqual(self.read(), [(0, 1), (0x20, 2)])
        self.assertFalse(self.ring.lost)

    def test_a_whole_round_that_nobody_read_is_told_by_the_gap(self):
        self.hardware.store(1, 0)
        self.read()
        for number in range(1, LENGTH + 2):
            self.hardware.store(number, number * TICK_US)
        self.read()
        self.assertTrue(self.ring.lost)

    def test_a_round_that_ends_where_the_reader_stands_is_told_with_the_next_record(self):
        self.hardware.store(1, 0)
        self.read()
        for number in range(1, LENGTH + 1):
            self.hardware.store(number, number * TICK_US)
        self.assertEqual(self.read(), [])
        self.hardware.store(0, (LENGTH + 1) * TICK_US)
        self.read()
        self.assertTrue(self.ring.lost)

    def test_the_longest_gap_that_the_sampler_leaves_is_no_loss(self):
        self.hardware.store(1, 0)
        self.hardware.store(1, 1200)
        self.read()
        self.assertFalse(self.ring.lost)
        self.hardware.store(1, 2401)
        self.read()
        self.assertTrue(self.ring.lost)

    def test_a_record_that_is_overwritten_while_it_is_read_is_a_loss(self):
        hardware = self.hardware

        class Racing:
            """Words whose stamp changes once it has been read."""

            def __init__(self):
                self.reads = 0

            def __getitem__(self, at):
                word = hardware.words[at]
                if at == FIRST + LENGTH:
                    self.reads += 1
                    word += 5 * (self.reads > 1)
                return word

        self.hardware.store(1, 100)
        ring = Ring(Racing(), FIRST, LENGTH, START)
        self.assertTrue(ring.read(self.hardware.at))
        self.assertTrue(ring.lost)


if __name__ == "__main__":
    unittest.main()
