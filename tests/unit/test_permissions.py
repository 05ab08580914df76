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


def check(link: int, word: object, state: int, lacks: tuple = ()) -> int:
    """Ask, for a model that has everything unless told otherwise."""
    return permissions.check(link, word, state, lacks)


class PermissionsTest(unittest.TestCase):
    def test_every_cell_is_the_designs(self):
        self.assertEqual(len(permissions.TABLE), len(WANTED))
        self.assertEqual(permissions.STATES, (0, 1, 2, 3))
        for link, word, letters in WANTED:
            found = [check(link, word, state) for state in range(4)]
            self.assertEqual(found, [LETTERS[letter] for letter in letters], (link, word))

    def test_an_unknown_command_is_refused_everywhere(self):
        for link in (HUB, UPLINK):
            for state in permissions.STATES:
                for word in ("", "open", "ARM", None, 7, ["arm"], {"a": 1}):
                    self.assertEqual(check(link, word, state), codes.ERR_UNKNOWN)

    def test_disarm_and_cancel_pass_in_every_state(self):
        for state in permissions.STATES:
            for word in permissions.ALWAYS_OBEYED:
                self.assertEqual(check(HUB, word, state), codes.OK)

    def test_the_alarm_centre_may_only_speak_in_an_alarm(self):
        for link, word, _results in permissions.TABLE:
            for state in permissions.STATES:
                if link == UPLINK and state != ALARM:
                    self.assertEqual(check(link, word, state), codes.ERR_NOT_ALLOWED)

    def test_the_alarm_centre_may_not_say_what_the_customer_may(self):
        for link, word, _results in permissions.TABLE:
            if link == HUB and word != "live":
                self.assertEqual(check(UPLINK, word, ALARM), codes.ERR_NOT_ALLOWED)

    def test_the_customer_may_not_say_handled(self):
        self.assertEqual(check(HUB, "handled", ALARM), codes.ERR_NOT_ALLOWED)

    def test_what_is_not_built_says_so(self):
        for word in ("configure", "bypass", "live"):
            self.assertEqual(check(HUB, word, 0), codes.ERR_NOT_BUILT)
        self.assertEqual(check(UPLINK, "more", ALARM), codes.ERR_NOT_BUILT)

    def test_what_the_model_lacks_is_refused_as_such_wherever_it_could_be_asked_for(self):
        for state in permissions.STATES:
            self.assertEqual(check(HUB, "capture", state, ("capture",)), codes.ERR_NOT_IN_MODEL)
            self.assertEqual(check(HUB, "live", state, ("live",)), codes.ERR_NOT_IN_MODEL)
            self.assertEqual(check(HUB, "capture", state, ("live",)), codes.OK)
            wanted = codes.ERR_NOT_IN_MODEL if state == ALARM else codes.ERR_NOT_ALLOWED
            self.assertEqual(check(UPLINK, "live", state, ("live",)), wanted)

    def test_what_the_model_lacks_changes_no_other_word(self):
        for link, word, _results in permissions.TABLE:
            for state in permissions.STATES:
                if word not in ("capture", "live"):
                    without = check(link, word, state, ("capture", "live"))
                    self.assertEqual(without, check(link, word, state))


if __name__ == "__main__":
    unittest.main()
