"""Retention where the flash fails, and where the power is cut at any operation of it."""

import unittest

from fake_flash import AFTER, BEFORE, HALF, MOST, PowerCut, allocated
from journal_helpers import FIRST_BLOCK, check
from retention_helpers import Detector

from detector import codes, ticks

DAY = 2500
KEY_BLOCKS = range(96 + 1, 96 + 9)
CUTS = (BEFORE, HALF, MOST, AFTER)


class TestFailing(unittest.TestCase):
    def setUp(self):
        self.detector = Detector()
        self.detector.tell(DAY)
        self.image_id = self.detector.take()
        self.detector.boot()
        self.detector.clock.set(self.detector.now_ms, DAY + 60, 0)

    def step(self, ms):
        """Let a moment pass."""
        detector = self.detector
        detector.now_ms = ticks.add_ms(detector.now_ms, ms)
        return detector.retention.step(detector.now_ms)

    def test_a_key_that_cannot_be_zeroed_is_a_fault_not_served_and_tried_again(self):
        detector = self.detector
        detector.flash.failing = KEY_BLOCKS
        self.assertFalse(self.step(1))
        self.assertTrue(detector.record.faults & codes.FAULT_STORE)
        self.assertFalse(detector.store.is_served(self.image_id))
        operations = detector.flash.reads
        self.assertFalse(self.step(9000))
        self.assertEqual(detector.flash.reads, operations)
        detector.flash.failing = ()
        self.assertTrue(self.step(1000))
        self.assertEqual(detector.store.ids(), [])

    def test_a_deletion_that_cannot_be_journaled_is_done_and_journaled_later(self):
        detector = self.detector
        detector.flash.failing = range(FIRST_BLOCK, FIRST_BLOCK + 40)
        self.assertTrue(self.step(1))
        self.assertEqual(detector.store.ids(), [])
        self.assertEqual(detector.deletions(), [])
        detector.flash.failing = ()
        detector.boot()
        detector.tidy()
        self.assertEqual(detector.deletions(), [(self.image_id, codes.DELETE_BY_AGE)])

    def test_idle_it_neither_reads_nor_allocates(self):
        detector = self.detector
        detector.settle()
        reads = detector.flash.reads
        step = detector.retention.step
        now_ms = detector.now_ms
        self.assertEqual(allocated(lambda: step(now_ms)), 0)
        self.assertEqual(detector.flash.reads, reads)


class TestPowerCuts(unittest.TestCase):
    """At every flash operation of a deletion by age, its record, and a record of the time."""

    def prepared(self):
        """Return a detector with three images of an earlier boot, two of which are over today."""
        detector = Detector()
        detector.tell(DAY)
        detector.take()
        detector.take()
        detector.tell(DAY + 10)
        detector.take()
        detector.tidy()
        detector.boot()
        return detector

    def work(self, detector):
        """Do what is due; say whether the power went."""
        try:
            detector.tell(DAY + 60)
            detector.pass_days(1)
            detector.tidy()
        except PowerCut:
            return True
        return False

    def test_nothing_past_its_date_survives_and_nothing_else_goes(self):
        points = 0
        for how in CUTS:
            cut = 0
            was_cut = True
            while was_cut:
                cut += 1
                detector = self.prepared()
                keys = [detector.key_of(image_id) for image_id in (1, 2, 3)]
                detector.flash.cut(cut, how)
                was_cut = self.work(detector)
                points += was_cut
                detector.flash.power_on()
                detector.boot()
                detector.tell(DAY + 61)
                detector.tidy()
                self.assertEqual(detector.store.ids(), [3], (how, cut))
                holds = [detector.flash.holds(key[4:24]) for key in keys]
                self.assertEqual(holds, [False, False, True])
                self.assertEqual([each[0] for each in detector.deletions()][:1], [1])
                self.assertEqual(sorted({each[0] for each in detector.deletions()}), [1, 2])
                self.assertFalse(detector.journal.failing)
                check(self, detector.journal)
            self.assertGreater(cut, 8)
        self.assertGreater(points, 35)


if __name__ == "__main__":
    unittest.main()
