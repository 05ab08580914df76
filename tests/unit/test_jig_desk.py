"""Tests of the jig's verbs: what they drive, what they wait for, and who makes all safe."""

import unittest

from jig import pins, words
from jig.desk import Desk
from jig.teller import Teller

NONE = (0, 0, 0, 0)


class FakeOutputs:
    """Outputs whose wires can be stuck; `levels` is what the sampler sees of them."""

    def __init__(self):
        self.driven = {}
        self.stuck = {}
        self.rail_follows = True

    def drive(self, role, level):
        self.driven[role] = level

    def all_low(self):
        for role in pins.OUTPUTS:
            self.driven[role] = 0

    def levels(self):
        levels = 0
        for role in pins.SIGNALS:
            level = self.stuck.get(role, self.driven.get(role, 0))
            if role == "POWER":
                level = self.driven["SUPPLY"] if self.rail_follows else 1
            levels |= level << pins.SIGNALS.index(role)
        return levels


class DeskTest(unittest.TestCase):
    def setUp(self):
        self.lines = []
        self.outputs = FakeOutputs()
        self.teller = Teller(self.lines.append)
        self.desk = Desk(self.outputs, self.teller, self.lines.append)
        self.now_ms = 0x3FFFFFFF - 100  # ticks wrap soon
        self.t_us = 0
        self.record()

    def record(self, ms=1, stale=False):
        """Let a millisecond pass and a record come, that was there before the line if stale."""
        self.now_ms = (self.now_ms + ms) & 0x3FFFFFFF
        self.t_us += ms * 1000
        if not stale:
            self.desk.drained()
        self.teller.take(self.t_us, self.outputs.levels(), NONE)
        self.desk.record()
        self.desk.tick(self.now_ms)

    def say(self, line):
        """Return what is answered to a line at once."""
        del self.lines[:]
        self.desk.line(line, self.now_ms)
        return self.lines

    def ask(self, line):
        """Return what is answered by the next record."""
        self.say(line)
        self.record()
        return self.lines

    def test_a_line_is_answered_when_the_net_has_followed_with_that_time(self):
        self.assertEqual(self.say("line TRIP_FIRE 1"), [])
        self.assertTrue(self.desk.is_busy)
        self.record()
        self.assertEqual(self.lines, ["OK %d" % self.t_us])
        self.assertEqual(self.outputs.driven["TRIP_FIRE"], 1)
        self.assertFalse(self.desk.is_busy)

    def test_a_line_that_does_not_follow_is_an_error(self):
        self.outputs.stuck["TRIP_FIRE"] = 0
        self.say("line TRIP_FIRE 1")
        for _ in range(60):
            self.record()
        text = "TRIP_FIRE does not follow; look at its wire"
        self.assertEqual(self.lines, ['ERROR %d "%s"' % (words.ERR_STUCK, text)])

    def test_only_sensor_lines_are_lines(self):
        for role in ("SERVICE", "GATE", "SUPPLY", "RUN"):
            self.assertTrue(self.say("line %s 1" % role)[0].startswith("ERROR 2"))
            self.assertTrue(self.say("pulse %s 1" % role)[0].startswith("ERROR 2"))
            self.assertEqual(self.outputs.driven.get(role, 0), 0)

    def test_a_pulse_ends_by_itself_and_a_new_level_ends_it_too(self):
        self.ask("pulse TRIP_PANIC 5")
        self.assertEqual(self.lines, ["OK %d" % self.t_us])
        self.record(3)
        self.assertEqual(self.outputs.driven["TRIP_PANIC"], 1)
        self.record(1)
        self.assertEqual(self.outputs.driven["TRIP_PANIC"], 0)
        self.ask("pulse TRIP_PANIC 5")
        self.ask("line TRIP_PANIC 1")
        self.record(10)
        self.assertEqual(self.outputs.driven["TRIP_PANIC"], 1)

    def test_low_lowers_all_lines(self):
        self.ask("line TRIP_FIRE 1")
        self.ask("line TAMPER 1")
        self.ask("low")
        self.assertEqual([self.outputs.driven[role] for role in pins.LINES], [0] * 5)
        self.assertEqual(self.lines, ["OK %d" % self.t_us])
        for role in pins.LINES:
            self.outputs.stuck = {role: 1}
            self.say("low")
            self.record(60)
            self.assertEqual(self.lines, ['ERROR 4 "a line does not follow; look at its wire"'])

    def test_the_jumper_and_the_supply_are_driven(self):
        self.ask("jumper 1")
        self.assertEqual(self.outputs.driven["SERVICE"], 1)
        self.ask("power 1")
        self.assertEqual(self.lines, ["OK %d" % self.t_us])
        self.assertEqual(self.outputs.driven["SUPPLY"], 1)

    def test_a_power_cut_counts_only_when_the_rail_has_fallen(self):
        self.ask("power 1")
        self.outputs.rail_follows = False
        self.say("power 0")
        self.record(1999)
        self.assertEqual(self.lines, [])
        self.record(1)
        self.assertTrue(self.lines[0].startswith('ERROR 5 "POWER stays high'))

    def test_a_supply_that_does_not_come_is_an_error(self):
        self.outputs.stuck["POWER"] = 0
        self.outputs.rail_follows = True
        self.outputs.levels = lambda: 0
        self.say("power 1")
        self.record(2000)
        self.assertTrue(self.lines[0].startswith('ERROR 5 "POWER stays low'))

    def test_a_reset_pulls_run_and_is_answered_when_it_is_free_again(self):
        self.ask("reset")
        pulled_us = self.t_us
        self.assertEqual((self.lines, self.outputs.driven["RUN"]), ([], 1))
        self.record(2)
        self.assertEqual(self.outputs.driven["RUN"], 0)
        self.record()
        self.assertEqual(self.lines, ["OK %d" % pulled_us])

    def test_now_is_answered_by_a_record_that_is_younger_than_the_question(self):
        self.say("now")
        self.record(stale=True)
        self.assertEqual(self.lines, [])
        self.record()
        self.assertEqual(self.lines, ["OK %d told=0" % self.t_us])

    def test_signals_has_every_level_and_count(self):
        self.ask("line TRIP_FIRE 1")
        answer = self.ask("signals")[0].split()
        self.assertEqual(answer[:3], ["OK", str(self.t_us), "told=0"])
        names = [word.split("=")[0] for word in answer[3:]]
        self.assertEqual(names, list(pins.SIGNALS + pins.WIRES))
        self.assertTrue("TRIP_FIRE=1" in answer)
        self.assertTrue("TAMPER=0" in answer)

    def test_count_has_one_wire(self):
        self.say("count UPLINK_RX")
        self.desk.drained()
        self.teller.take(5000, 0, (1, 2, 3, 4))
        self.desk.record()
        self.assertEqual(self.lines, ["OK 5000 2"])
        self.assertTrue(self.say("count GATE")[0].startswith("ERROR 2"))

    def test_watch_tells_all_and_is_answered_behind_it(self):
        self.ask("watch")
        self.assertEqual(self.lines[-1], "OK %d" % self.t_us)
        self.assertTrue("! %d GATE 0" % self.t_us in self.lines)

    def test_a_host_that_falls_silent_makes_all_safe(self):
        self.assertEqual(self.say("lease 500"), ["OK %d" % self.t_us])
        self.ask("power 1")
        self.ask("line TRIP_PANIC 1")
        self.record(498)  # one has passed since that line
        self.assertEqual(self.outputs.driven["SUPPLY"], 1)
        self.record(1)
        self.assertEqual(set(self.outputs.driven.values()), {0})

    def test_a_host_that_speaks_keeps_its_lease(self):
        self.ask("lease 500")
        self.ask("power 1")
        for _ in range(5):
            self.record(400)
            self.ask("now")
        self.assertEqual(self.outputs.driven["SUPPLY"], 1)

    def test_without_a_lease_nobody_need_speak(self):
        self.ask("power 1")
        self.record(100_000)
        self.assertEqual(self.outputs.driven["SUPPLY"], 1)

    def test_safe_is_everything_low(self):
        self.ask("power 1")
        self.ask("jumper 1")
        self.ask("pulse TRIP_FIRE 50")
        self.ask("safe")
        self.assertEqual(set(self.outputs.driven.values()), {0})
        self.assertEqual(self.lines, ["OK %d" % self.t_us])

    def test_what_is_no_verb_is_refused_and_nothing_is_driven(self):
        self.assertEqual(self.say("open"), ['ERROR 1 "there is no open; try help"'])
        self.assertEqual(self.say(" "), [])
        self.assertEqual(self.say("now 1"), ['ERROR 2 "use: now"'])

    def test_help_names_every_verb_and_version_says_who_it_is(self):
        for verb, _arguments in words.VERBS:
            self.assertTrue(verb in self.say("help")[0])
        self.assertEqual(self.say("version"), ["OK jig " + words.VERSION])

    def test_a_line_without_end_is_refused(self):
        del self.lines[:]
        self.desk.too_long()
        self.assertTrue(self.lines[0].startswith("ERROR %d " % words.ERR_LONG))


if __name__ == "__main__":
    unittest.main()
