"""The transition table beside the design's, written out by hand: who may leave which state."""

import unittest

from detector import codes, states

_ARMED = 1
_DISARMED = 0

# The design's table (its section 4) in its words: a state's name leads there, "back" is ARMED if
# the armed flag is set, else IDLE, "joins" stays and takes the trip into the event's story. Behind
# a comma: what becomes of the armed flag. A word in brackets is the refusal.
_TABLE = (
    (
        "IDLE",
        (
            ("intrusion", "(not-allowed)"),
            ("contact", "(not-allowed)"),
            ("fire", "ALARM"),
            ("panic", "ALARM"),
            ("tamper", "(not-allowed)"),
            ("arm", "ARMED, armed"),
            ("disarm", "(already)"),
            ("cancel", "(no-alarm)"),
            ("handled", "(no-alarm)"),
            ("window-end", "(no-alarm)"),
            ("capture", "CUSTOMER_CAPTURE, disarmed"),
            ("live", "(not-built)"),
            ("capture-done", "(not-allowed)"),
            ("capture-stop", "(not-allowed)"),
            ("capture-timeout", "(not-allowed)"),
            ("camera-fault", "(not-allowed)"),
        ),
    ),
    (
        "ARMED",
        (
            ("intrusion", "ALARM"),
            ("contact", "ALARM"),
            ("fire", "ALARM"),
            ("panic", "ALARM"),
            ("tamper", "ALARM"),
            ("arm", "(already)"),
            ("disarm", "IDLE, disarmed"),
            ("cancel", "(no-alarm)"),
            ("handled", "(no-alarm)"),
            ("window-end", "(no-alarm)"),
            ("capture", "CUSTOMER_CAPTURE, armed"),
            ("live", "(not-built)"),
            ("capture-done", "(not-allowed)"),
            ("capture-stop", "(not-allowed)"),
            ("capture-timeout", "(not-allowed)"),
            ("camera-fault", "(not-allowed)"),
        ),
    ),
    (
        "ALARM",
        (
            ("intrusion", "joins"),
            ("contact", "joins"),
            ("fire", "joins"),
            ("panic", "joins"),
            ("tamper", "joins"),
            ("arm", "(in-alarm)"),
            ("disarm", "IDLE, disarmed"),
            ("cancel", "IDLE, disarmed"),
            ("handled", "back"),
            ("window-end", "back"),
            ("capture", "(in-alarm)"),
            ("live", "(in-alarm)"),
            ("capture-done", "(not-allowed)"),
            ("capture-stop", "(not-allowed)"),
            ("capture-timeout", "(not-allowed)"),
            ("camera-fault", "(not-allowed)"),
        ),
    ),
    (
        "CUSTOMER_CAPTURE",
        (
            ("intrusion", "ALARM if armed"),
            ("contact", "ALARM if armed"),
            ("fire", "ALARM"),
            ("panic", "ALARM"),
            ("tamper", "ALARM if armed"),
            ("arm", "CUSTOMER_CAPTURE, armed"),
            ("disarm", "CUSTOMER_CAPTURE, disarmed"),
            ("cancel", "(no-alarm)"),
            ("handled", "(no-alarm)"),
            ("window-end", "(no-alarm)"),
            ("capture", "(busy)"),
            ("live", "(busy)"),
            ("capture-done", "back"),
            ("capture-stop", "back"),
            ("capture-timeout", "back"),
            ("camera-fault", "back"),
        ),
    ),
)


def in_words(cell: tuple) -> str:
    """Return a cell of the firmware's table as the table above writes it."""
    guard, target, armed = cell
    if guard == states.REFUSED:
        # A refusal keeps the flag; the controller never looks.
        return "(%s)" % codes.error_word(target) if armed == states.KEEP else "flag?"
    if guard == states.JOINS:
        return "joins" if (target, armed) == (states.ALARM, states.KEEP) else "leaves?"
    word = "back" if target == states.BY_ARMED else states.STATE_NAMES[target]
    if guard == states.IF_ARMED:
        word += " if armed"
    elif guard != states.ALWAYS:
        return "guard?"
    if armed == states.KEEP:
        return word
    return word + {_ARMED: ", armed", _DISARMED: ", disarmed"}[armed]


class TestTable(unittest.TestCase):
    def test_every_cell_is_the_designs(self) -> None:
        self.assertEqual(len(states.TABLE), len(_TABLE))
        for state, (name, row) in enumerate(_TABLE):
            self.assertEqual(states.STATE_NAMES[state], name)
            self.assertEqual(len(states.TABLE[state]), len(row))
            for event, (word, cell) in enumerate(row):
                self.assertEqual(states.EVENT_NAMES[event], word)
                self.assertEqual(in_words(states.TABLE[state][event]), cell, (name, word))

    def test_the_gate_may_be_open_in_alarm_alone(self) -> None:
        may = [states.STATE_NAMES[state] for state in range(4) if states.GATE_OPEN[state]]
        self.assertEqual(may, ["ALARM"])
        self.assertEqual(len(states.GATE_OPEN), 4)


class TestNumbers(unittest.TestCase):
    """The journals that lie in the field hold these numbers: none may ever change."""

    def test_states_keep_their_numbers(self) -> None:
        numbers = (states.IDLE, states.ARMED, states.ALARM, states.CUSTOMER_CAPTURE)
        self.assertEqual(numbers, (0, 1, 2, 3))

    def test_events_keep_their_numbers(self) -> None:
        trips = (
            (states.EV_INTRUSION, codes.TRIP_INTRUSION),
            (states.EV_CONTACT, codes.TRIP_CONTACT),
            (states.EV_FIRE, codes.TRIP_FIRE),
            (states.EV_PANIC, codes.TRIP_PANIC),
            (states.EV_TAMPER, codes.TRIP_TAMPER),
        )
        for number, (event, kind) in enumerate(trips):
            self.assertEqual((event, kind), (number, number))
        later = (
            (states.EV_ARM, 5),
            (states.EV_DISARM, 6),
            (states.EV_CANCEL, 7),
            (states.EV_HANDLED, 8),
            (states.EV_WINDOW_END, 9),
            (states.EV_CAPTURE, 10),
            (states.EV_LIVE, 11),
            (states.EV_CAPTURE_DONE, 12),
            (states.EV_CAPTURE_STOP, 13),
            (states.EV_CAPTURE_TIMEOUT, 14),
            (states.EV_CAMERA_FAULT, 15),
            (states.EV_RESET, 16),
            (states.EV_FAULT, 17),
            (states.EV_JUMPER, 18),
            (states.EV_MAX, 19),
            (states.EV_HANG, 20),
            (states.EV_JOURNAL_FULL, 21),
        )
        for event, number in later:
            self.assertEqual(event, number)

    def test_guards_and_marks_cannot_be_mistaken_for_one_another(self) -> None:
        guards = (states.ALWAYS, states.IF_ARMED, states.REFUSED, states.JOINS)
        self.assertEqual(len(set(guards)), 4)
        self.assertFalse(states.BY_ARMED in range(4))
        self.assertFalse(states.KEEP in (_ARMED, _DISARMED))


if __name__ == "__main__":
    unittest.main()
