"""Tests of the console: verbs, answers, what it refuses."""

import unittest

from fake_flash import AFTER, BEFORE, HALF, MOST, FakeFlash, PowerCut
from fake_peer import FakeController
from journal_helpers import check

from detector import codes, crypto, flash_map, states
from detector.console import Console
from detector.identity import Identity
from detector.journal import Journal
from detector.raw_flash import FlashError, raw_blocks
from detector.version import VERSION


class FakeHal:
    """A console's two directions; hands out what was typed in pieces as asked."""

    board = "VIRTUAL"

    def __init__(self):
        self.typed = b""
        self.printed = b""
        self.takes = 10000

    def console_read(self, buf):
        piece = self.typed[: len(buf)]
        self.typed = self.typed[len(piece) :]
        buf[: len(piece)] = piece
        return len(piece)

    def console_write(self, data):
        taken = data[: self.takes]
        self.printed += taken
        return len(taken)

    def random(self, count):
        return bytes(range(count))


END = "6 " + b"the end".hex()


class FakeRecords:
    """A journal of records 3 to 6; number 5 cannot be read."""

    first_seq = 3
    seq = 6
    broken = False

    def end_proof(self):
        return b"the end"

    def read(self, seq, buf):
        if self.broken:
            raise FlashError
        if seq == 5:
            return False
        buf[:] = bytes([seq]) * 92
        return True


class FakeSlot:
    """An app that was gone back to."""

    name = "b"
    trial = False
    rolled_back = True


class FakeAttestation:
    """Needs three steps."""

    def __init__(self, nonce):
        self.nonce = nonce
        self.steps = 0

    def step(self):
        self.steps += 1
        return self.nonce + b"\xff" if self.steps == 3 else None


class ConsoleTest(unittest.TestCase):
    def setUp(self):
        self.hal = FakeHal()
        self.console = Console(self.hal, FakeController(), FakeRecords(), False)

    def say(self, text, polls=400):
        """Type text and return the lines that are printed."""
        self.hal.typed += text if isinstance(text, bytes) else text.encode()
        self.hal.printed = b""
        for _ in range(polls):
            self.console.poll(0)
        return self.hal.printed.decode().split("\r\n")[:-1]

    def error(self, code):
        return ['ERROR %d "%s"' % (code, codes.error_text(code))]

    def test_help_lists_the_verbs(self):
        self.assertEqual(self.say("help\n"), ["OK help status version journal attest"])

    def test_version_names_firmware_protocol_and_board(self):
        self.assertEqual(self.say("version\r\n"), ["OK %s protocol=1 board=VIRTUAL" % VERSION])

    def test_version_and_status_say_which_app_runs_and_whether_another_failed(self):
        self.console.slot = FakeSlot()
        words = " slot=b trial=no rolled-back=yes"
        version = "OK %s protocol=1 board=VIRTUAL" % VERSION
        self.assertEqual(self.say("version\n"), [version + words])
        self.assertEqual(self.say("status\n"), ["OK state=IDLE faults=journal" + words])

    def test_status_is_the_controllers_in_one_line(self):
        self.assertEqual(self.say("status\r"), ["OK state=IDLE faults=journal"])

    def test_lines_in_one_piece_are_answered_one_by_one(self):
        self.assertEqual(len(self.say("help\nhelp\r\n\n  \nhelp\n")), 3)

    def test_half_a_line_waits_for_its_end(self):
        self.assertEqual(self.say("he"), [])
        self.assertEqual(len(self.say("lp\n")), 1)

    def test_an_unknown_verb_is_refused(self):
        for line in ("open\n", "HELP\n", "disarm\n", "\x00\x7f\x1b[A~\n"):
            self.assertEqual(self.say(line), self.error(codes.ERR_UNKNOWN))

    def test_bytes_that_are_no_text_are_refused(self):
        self.assertEqual(self.say(b"\xff\xfe\n"), self.error(codes.ERR_UNKNOWN))

    def test_a_line_too_long_is_refused_and_the_next_is_not(self):
        self.assertEqual(self.say("status " + "x" * 5000 + "\n"), self.error(codes.ERR_ARGUMENT))
        self.assertEqual(len(self.say("help\n")), 1)

    def test_the_service_verbs_are_refused_without_the_jumper(self):
        for line in ("repl\n", "provision\n", "provision 00 dev 7b7d\n"):
            self.assertEqual(self.say(line), self.error(codes.ERR_NOT_ALLOWED))
        self.assertFalse(self.console.leaving)

    def test_the_journal_comes_a_record_a_line(self):
        lines = self.say("journal\n")
        self.assertEqual(lines, ["# " + "%02x" % i * 92 for i in (3, 4, 6)] + ["OK 3 " + END])

    def test_the_journal_can_be_asked_for_a_part(self):
        self.assertEqual(self.say("journal 4 1\n"), ["# " + "04" * 92, "OK 1 " + END])
        self.assertEqual(self.say("journal 7\n"), ["OK 0 " + END])
        self.assertEqual(self.say("journal 3 0\n"), ["OK 0 " + END])

    def test_a_journal_that_cannot_be_read_is_told(self):
        records = FakeRecords()
        records.broken = True
        self.console = Console(self.hal, FakeController(), records, False)
        self.assertEqual(self.say("journal\n"), self.error(codes.ERR_STORE))
        self.assertEqual(len(self.say("help\n")), 1)

    def test_attest_ends_where_the_detector_is_needed(self):
        self.console.attest = FakeAttestation
        self.assertEqual(self.say("attest 0102\n", 2), [])
        self.console._controller.state = states.ALARM
        self.assertEqual(self.say(""), self.error(codes.ERR_NOT_ALLOWED))
        self.assertEqual(self.say("attest 0102\n"), self.error(codes.ERR_NOT_ALLOWED))

    def test_a_slow_reader_gets_every_byte(self):
        whole = self.say("journal\n")
        self.hal.takes = 7
        self.assertEqual(self.say("journal\n"), whole)

    def test_a_reader_who_takes_nothing_loses_the_answer_and_nothing_waits_for_him(self):
        self.hal.takes = 0
        self.hal.typed = b"journal\n"
        for now_ms in range(600):
            self.console.poll(now_ms)
        self.hal.takes = 10000
        self.assertEqual([line[:7] for line in self.say("help\n")], ["OK help"])

    def test_a_reader_who_stops_within_a_line_finds_the_next_answer_on_its_own(self):
        self.hal.takes = 7
        self.hal.typed = b"version\n"
        self.console.poll(0)
        self.hal.takes = 0
        for now_ms in range(600):
            self.console.poll(now_ms)
        self.assertEqual(self.hal.printed, b"OK %s" % VERSION.encode()[:4])
        self.hal.takes = 10000
        answer = "OK %s protocol=1 board=VIRTUAL" % VERSION
        self.assertEqual(self.say("version\n"), ["", answer])
        self.assertEqual(self.say("version\n"), [answer])

    def test_a_line_behind_journal_is_answered_after_it(self):
        lines = self.say("journal\nversion\n")
        self.assertEqual(lines[3], "OK 3 " + END)
        self.assertIn("protocol", lines[4])

    def test_the_journal_wants_numbers(self):
        for line in ("journal x\n", "journal -1\n", "journal 1 2 3\n", "journal \u00b2\n"):
            self.assertEqual(self.say(line), self.error(codes.ERR_ARGUMENT))

    def test_attest_wants_a_nonce(self):
        for line in ("attest\n", "attest zz\n", "attest 00 00\n", "attest " + "00" * 65 + "\n"):
            self.assertEqual(self.say(line), self.error(codes.ERR_ARGUMENT))

    def test_attest_answers_what_its_owner_says(self):
        self.assertEqual(self.say("attest 0102\n"), self.error(codes.ERR_NOT_BUILT))
        self.console.attest = FakeAttestation
        self.assertEqual(self.say("attest 0102\n"), ["OK 0102ff"])


RANDOM = "11" * 32
CONFIG = b'{"exit_delay_ms":300}'.hex()


class ServiceTest(ConsoleTest):
    def setUp(self):
        self.hal = FakeHal()
        self.console = Console(self.hal, FakeController(), FakeRecords(), True)
        self.flash = FakeFlash()
        self.console.raw = raw_blocks(self.flash)

    def provision(self, *words):
        return self.say(" ".join(("provision",) + words) + "\n")

    def test_help_lists_the_verbs(self):
        self.assertIn("provision repl", self.say("help\n")[0])

    def test_the_service_verbs_are_refused_without_the_jumper(self):
        self.assertEqual(self.say("repl\n"), ["OK"])
        self.assertTrue(self.console.leaving)

    def test_provisioning_prints_seven_different_keys(self):
        lines = self.provision(RANDOM, "dev-1", CONFIG)
        self.assertEqual(lines[-1], "OK dev-1")
        names = [line.split(" ")[1] for line in lines[:-1]]
        self.assertEqual(names[0], "arc-command")
        keys = set([line.split(" ")[2] for line in lines[:-1]])
        self.assertEqual((len(names), len(keys)), (7, 7))

    def test_the_root_key_is_not_among_them(self):
        lines = self.provision(RANDOM, "dev-1", CONFIG)
        identity = Identity.load(self.console.raw)
        self.assertEqual(identity.device_id, "dev-1")
        self.assertEqual(identity.config, {"exit_delay_ms": 300})
        self.assertFalse(identity.root_key.hex() in " ".join(lines))

    def test_a_second_time_needs_the_word_rekey(self):
        self.provision(RANDOM, "dev-1", CONFIG)
        again = self.provision(RANDOM, "dev-1", CONFIG)
        self.assertEqual(again, self.error(codes.ERR_PROVISIONED))
        self.assertEqual(self.provision(RANDOM, "dev-1", CONFIG, "rekey")[-1], "OK dev-1")

    def test_the_journal_begins_with_the_provisioning_under_the_first_key(self):
        key = bytes.fromhex(self.provision(RANDOM, "dev-1", CONFIG)[-2].split(" ")[2])
        journal = Journal(self.console.raw)
        journal.recover()
        self.assertEqual(journal.seq, 1)
        self.assertTrue(journal.ready)
        check(self, journal, key, "dev-1")

    def test_nothing_that_stays_leads_to_the_journal_s_first_key(self):
        first = bytes.fromhex(self.provision(RANDOM, "dev-1", CONFIG)[-2].split(" ")[2])
        self.assertFalse(self.flash.holds(first[:8]))
        self.assertFalse(self.flash.holds(first.hex()[:16].encode()))
        root = Identity.load(self.console.raw).root_key
        for label in (b"journal", b"sluss journal", b"sluss journal key"):
            self.assertNotEqual(crypto.derive(root, label), first)
            self.assertNotEqual(crypto.hkdf_sha256(root, bytes(range(32)), label, 32), first)

    def test_a_rekey_leaves_nothing_of_the_old_journal_and_image_keys(self):
        self.provision(RANDOM, "dev-1", CONFIG)
        for block in (flash_map.KEYS_A_BLOCK, flash_map.JOURNAL_BLOCK + 3):
            self.console.raw.program(block, 0, b"old secret" + bytes(246))
        self.provision(RANDOM, "dev-1", CONFIG, "rekey")
        self.assertFalse(self.flash.holds(b"old secret"))

    def test_an_interrupted_provisioning_leaves_no_identity_or_a_journal_that_goes_on(self):
        for how in (BEFORE, HALF, MOST, AFTER):
            cut = 0
            done = False
            while not done:
                self.setUp()
                self.provision(RANDOM, "dev-1", CONFIG)
                cut += 1
                self.flash.cut(cut, how)
                try:
                    self.provision("22" * 32, "dev-2", CONFIG, "rekey")
                    done = True
                except PowerCut:
                    pass
                self.flash.power_on()
                identity = Identity.load(self.console.raw)
                if identity is not None:
                    journal = Journal(self.console.raw)
                    journal.recover()
                    self.assertTrue(journal.ready, (how, cut))
                    self.assertEqual(journal.seq, 1)
                    old = cut == 1 and how == BEFORE
                    self.assertEqual(identity.device_id, "dev-1" if old else "dev-2")
            self.assertGreater(cut, 4)

    def test_a_flash_that_fails_is_told(self):
        self.flash.failing = range(352)
        answer = self.provision(RANDOM, "dev-1", CONFIG)
        self.assertEqual(answer, self.error(codes.ERR_STORE))

    def test_bad_arguments_write_nothing(self):
        operations = self.flash.operations
        for words in (
            (),
            (RANDOM, "dev-1"),
            (RANDOM, "dev-1", CONFIG, "now"),
            (RANDOM, "dev-1", CONFIG, "rekey", "x"),
            ("11", "dev-1", CONFIG),
            ("zz" * 32, "dev-1", CONFIG),
            (RANDOM, "d" * 65, CONFIG),
            (RANDOM, "dev/1", CONFIG),
            (RANDOM, "dev-1", "7b"[:1]),
            (RANDOM, "dev-1", b"[]".hex()),
            (RANDOM, "dev-1", b"\xff".hex()),
            (RANDOM, "dev-1", b'{"exit_delay_ms":-1}'.hex()),
            (RANDOM, "dev-1", b'{"no such key":1}'.hex()),
            (RANDOM, "dev-1", (b"[" * 1900).hex()),
        ):
            self.assertEqual(self.provision(*words), self.error(codes.ERR_ARGUMENT))
        self.assertEqual(self.flash.operations, operations)

    def test_a_line_too_long_is_refused_and_the_next_is_not(self):
        self.assertEqual(self.say("status " + "x" * 5000 + "\n"), self.error(codes.ERR_ARGUMENT))
        self.assertEqual(len(self.say("help\n")), 1)


if __name__ == "__main__":
    unittest.main()
