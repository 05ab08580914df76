"""Tests of the jig's protocol: verbs, arguments, what is refused and how."""

import unittest

from jig import words


def refused(line):
    """Return the code and the text that a line is refused with."""
    try:
        words.parse(line)
    except words.WordError as error:
        return error.args
    return None


class WordsTest(unittest.TestCase):
    def test_a_line_is_a_verb_and_its_arguments(self):
        self.assertEqual(words.parse("line TRIP_FIRE 1"), ("line", ["TRIP_FIRE", "1"]))
        self.assertEqual(words.parse("  now "), ("now", []))

    def test_an_unknown_verb_is_refused(self):
        self.assertEqual(refused("open 1"), (words.ERR_VERB, "there is no open; try help"))

    def test_a_verb_with_too_few_or_too_many_arguments_says_how_it_is_used(self):
        wanted = (words.ERR_ARGUMENT, "use: pulse ROLE MS")
        self.assertEqual(refused("pulse TRIP_FIRE"), wanted)
        self.assertEqual(refused("pulse TRIP_FIRE 1 2"), wanted)
        self.assertEqual(refused("now 1"), (words.ERR_ARGUMENT, "use: now"))

    def test_a_bit_is_0_or_1(self):
        self.assertEqual((words.bit("0"), words.bit("1")), (0, 1))
        for word in ("2", "-1", "on", "01"):
            with self.assertRaises(words.WordError):
                words.bit(word)

    def test_a_number_has_a_highest_value(self):
        self.assertEqual(words.number("0", 10), 0)
        self.assertEqual(words.number("10", 10), 10)
        for word in ("11", "-1", "x", "1.5", "0000001", "99999999999"):
            with self.assertRaises(words.WordError):
                words.number(word, 10)

    def test_one_of_names_what_there_is(self):
        self.assertEqual(words.one_of("b", ("a", "b")), "b")
        try:
            words.one_of("c", ("a", "b"))
        except words.WordError as error:
            self.assertEqual(error.args, (words.ERR_ARGUMENT, "one of: a b"))


if __name__ == "__main__":
    unittest.main()
