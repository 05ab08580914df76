"""Tests of who may say what in which state."""

import unittest

from detector import codes, permissions
from detector.permissions import HUB, UPLINK
from detector.states import ALARM

# The design's section 5: o is passed on to the controller, - is not allowed, n is not built. In
# IDLE, ARMED, ALARM and CUSTOMER_CAPTURE.
WANTED = (
    (HUB, "arm", "oooo"),
    (HUB, "disarm", "oooo"),
    (HUB, "cancel", "oooo"),
    (HUB, "capture", "oooo"),
    (HUB, "list", "oooo"),
    (HUB, "fetch", "oooo"),
    (HUB, "delete", "oo-o"),
    (HUB, "status", "oooo"),
    (HUB, "clock", "oooo"),
    (HUB, "configure", "nnnn"),
    (HUB, "bypass", "nnnn"),
    (HUB, "live", "nnnn"),
    (UPLINK, "received", "--o-"),
    (UPLINK, "handled", "--o-"),
    (UPLINK, "more", "--n-"),
    (UPLINK, "live", "--n-"),
)
LETTERS = {"o": codes.OK, "-": codes.ERR_NOT_ALLOWED, "n": codes.ERR_NOT_BUILT}


class PermissionsTest(unittest.TestCase):
    def test_every_cell_is_the_designs(self):
        self.assertEqual(len(permissions.TABLE), len(WANTED))
        self.assertEqual(permissions.STATES, (0, 1, 2, 3))
        for link, word, letters in WANTED:
            found = [permissions.check(link, word, state) for state in range(4)]
            self.assertEqual(found, [LETTERS[letter] for letter in letters], (link, word))

    def test_an_unknown_command_is_refused_everywhere(self):
        for link in (HUB, UPLINK):
            for state in permissions.STATES:
                for word in ("", "open", "ARM", None, 7, ["arm"], {"a": 1}):
                    self.assertEqual(permissions.check(link, word, state), codes.ERR_UNKNOWN)

    def test_disarm_and_cancel_pass_in_every_state(self):
        for state in permissions.STATES:
            for word in permissions.ALWAYS_OBEYED:
                self.assertEqual(permissions.check(HUB, word, state), codes.OK)

    def test_the_alarm_centre_may_only_speak_in_an_alarm(self):
        for link, word, _results in permissions.TABLE:
            for state in permissions.STATES:
                if link == UPLINK and state != ALARM:
                    self.assertEqual(permissions.check(link, word, state), codes.ERR_NOT_ALLOWED)

    def test_the_alarm_centre_may_not_say_what_the_customer_may(self):
        for link, word, _results in permissions.TABLE:
            if link == HUB and word != "live":
                self.assertEqual(permissions.check(UPLINK, word, ALARM), codes.ERR_NOT_ALLOWED)

    def test_the_customer_may_not_say_handled(self):
        self.assertEqual(permissions.check(HUB, "handled", ALARM), codes.ERR_NOT_ALLOWED)

    def test_what_is_not_built_says_so(self):
        for word in ("configure", "bypass", "live"):
            self.assertEqual(permissions.check(HUB, word, 0), codes.ERR_NOT_BUILT)
        self.assertEqual(permissions.check(UPLINK, "more", ALARM), codes.ERR_NOT_BUILT)


if __name__ == "__main__":
    unittest.main()
