"""Tests of a new app's trial: when it settles, what is on record, what a failing flash does."""

import unittest

from detector import codes, states
from detector.trial import Trial

SETTLE_MS = 2000


class FakeSlot:
    """Notes when it is settled; or cannot be."""

    def __init__(self, name, undone, story):
        self.name = name
        self.undone = undone
        self.fails = False
        self._story = story

    def settle(self):
        if self.fails:
            raise OSError(5)
        self._story.append("settled")


class FakeController:
    """Event, zones and record of one that is at rest."""

    def __init__(self, story):
        self.state = states.IDLE
        self.running = False
        self.rising = False
        self.event = self.zones = self.record = self
        self._story = story

    def any_rising(self):
        return self.rising

    def write(self, now_ms, kind, event_id, a, b):
        self._story.append((now_ms, kind, event_id, a, b))
        return True

    def latch(self, bits):
        self._story.append(bits)


class TrialTest(unittest.TestCase):
    def setUp(self):
        self.story = []
        self.controller = FakeController(self.story)

    def trial(self, name="b", undone=""):
        self.slot = FakeSlot(name, undone, self.story)
        return Trial(self.slot, self.controller, 100)

    def test_it_settles_when_it_has_worked_for_two_seconds(self):
        trial = self.trial()
        self.assertFalse(trial.poll(100))
        self.assertFalse(trial.poll(100 + SETTLE_MS - 1))
        self.assertEqual(self.story, [])
        self.assertTrue(trial.poll(100 + SETTLE_MS))
        self.assertEqual(self.story, [(100 + SETTLE_MS, codes.JR_APP, 0, 1, 0), "settled"])

    def test_a_roll_back_is_on_record_before_it_is_done(self):
        self.assertTrue(self.trial("a", "b").poll(100 + SETTLE_MS))
        self.assertEqual(self.story, [(100 + SETTLE_MS, codes.JR_APP, 0, 0, 1), "settled"])

    def test_it_waits_for_a_quiet_moment(self):
        trial = self.trial()
        late_ms = 100 + 2 * SETTLE_MS
        self.controller.running = True
        self.assertFalse(trial.poll(late_ms))
        self.controller.running = False
        self.controller.rising = True
        self.assertFalse(trial.poll(late_ms))
        self.controller.rising = False
        for state in (states.ALARM, states.CUSTOMER_CAPTURE):
            self.controller.state = state
            self.assertFalse(trial.poll(late_ms))
        self.assertEqual(self.story, [])
        self.controller.state = states.ARMED
        self.assertTrue(trial.poll(late_ms))

    def test_a_flash_that_fails_is_a_fault_and_no_crash(self):
        trial = self.trial()
        self.slot.fails = True
        self.assertTrue(trial.poll(100 + SETTLE_MS))
        self.assertEqual(self.story[1:], [codes.FAULT_STORE])


if __name__ == "__main__":
    unittest.main()
