"""Tests of the session: challenge, counters, authentication."""

import unittest

from fake_peer import COMMAND_KEY, EVENT_KEY, Chance

from detector import json_pairs
from detector.session import (
    FORGED,
    FRESH,
    FRESH_BEFORE,
    REPEATED,
    Session,
    counter_of,
    peer_nonce,
)


class SessionTest(unittest.TestCase):
    def setUp(self):
        self.device = Session(COMMAND_KEY, EVENT_KEY, False, Chance(1))
        self.host = Session(EVENT_KEY, COMMAND_KEY, True, Chance(2))
        self.device.restart()
        self.host.restart()
        self.meet()

    def meet(self):
        self.device.set_peer(self.host.nonce())
        self.host.set_peer(self.device.nonce())

    def check(self, message):
        """Check and take down, as a channel does."""
        found = self.device.check(memoryview(message))
        if found in (FRESH, FRESH_BEFORE):
            self.device.accept(memoryview(message), found)
        return found

    def test_a_signed_message_is_good_once(self):
        message = self.host.sign(b"{}")
        self.assertEqual(self.check(message), FRESH)
        self.assertEqual(self.check(message), REPEATED)

    def test_counters_grow_from_one(self):
        messages = [self.host.sign(b"{}") for _ in range(3)]
        self.assertEqual([counter_of(message) for message in messages], [1, 2, 3])

    def test_a_nonce_has_sixteen_bytes_and_another_length_is_none(self):
        self.assertEqual(len(self.device.nonce()), 16)
        for count in (15, 16, 17):
            nonce = peer_nonce({"proto": 1, "nonce": "ab" * count})
            self.assertEqual(nonce, b"\xab" * 16 if count == 16 else None)

    def test_every_session_and_every_peer_counts_from_one(self):
        session = Session(COMMAND_KEY, EVENT_KEY, False, Chance(1))
        counters = [counter_of(session.sign(b"{}")) for _ in range(2)]
        session.restart()
        counters += [counter_of(session.sign(b"{}")) for _ in range(2)]
        session.set_peer(self.host.nonce())
        counters += [counter_of(session.sign(b"{}")) for _ in range(2)]
        self.assertEqual(counters, [1, 2] * 3)

    def test_no_session_has_a_peer_before_its_hello(self):
        session = Session(COMMAND_KEY, EVENT_KEY, False, Chance(1))
        peers = [session.peer]
        session.restart()
        session.set_peer(self.host.nonce())
        session.restart()
        peers.append(session.peer)
        session.set_peer(self.host.nonce())
        session.forget()
        peers.append(session.peer)
        self.assertEqual(peers, [b""] * 3)

    def test_a_session_that_was_proven_before_is_forgotten_too(self):
        self.check(self.host.sign(b"{}"))
        held_back = self.host.sign(b"{}")
        self.device.restart()
        self.device.forget()
        self.assertEqual(self.check(held_back), FORGED)

    def test_an_older_message_is_a_repeat_after_a_newer_one(self):
        older = self.host.sign(b"{}")
        self.check(self.host.sign(b"{}"))
        self.assertEqual(self.check(older), REPEATED)

    def test_any_changed_byte_is_forged(self):
        message = self.host.sign(b'{"cmd":"arm"}')
        for i in range(len(message)):
            changed = bytearray(message)
            changed[i] ^= 1
            self.assertEqual(self.check(bytes(changed)), FORGED)

    def test_a_message_without_a_body_is_forged(self):
        self.assertEqual(self.check(self.host.sign(b"")), FORGED)

    def test_another_key_is_forged(self):
        thief = Session(EVENT_KEY, b"x" * 32, True, Chance(3))
        thief.set_peer(self.device.nonce())
        self.assertEqual(self.check(thief.sign(b"{}")), FORGED)

    def test_a_message_sent_back_to_its_sender_is_forged(self):
        mirror = Session(COMMAND_KEY, COMMAND_KEY, False, Chance(3))
        mirror.set_peer(self.device.nonce())
        self.assertEqual(self.check(mirror.sign(b"{}")), FORGED)

    def test_a_message_of_another_session_is_forged(self):
        message = self.host.sign(b"{}")
        self.device.restart()
        self.meet()
        self.assertEqual(self.check(message), FORGED)

    def test_the_last_proven_session_is_remembered_over_new_ones(self):
        self.check(self.host.sign(b"{}"))
        message = self.host.sign(b"{}")
        for _ in range(5):
            self.device.restart()
        self.assertEqual(self.check(message), FRESH_BEFORE)
        self.assertEqual(self.check(message), REPEATED)

    def test_once_the_new_session_is_proven_what_was_held_back_of_the_last_is_worth_nothing(self):
        self.check(self.host.sign(b"{}"))
        held_back = self.host.sign(b"{}")
        self.device.restart()
        self.meet()
        self.check(self.host.sign(b"{}"))
        self.assertEqual(self.check(held_back), FORGED)

    def test_a_forgotten_session_is_not(self):
        self.check(self.host.sign(b"{}"))
        message = self.host.sign(b"{}")
        self.device.forget()
        self.device.restart()
        self.assertEqual(self.check(message), FORGED)

    def test_without_a_nonce_everything_is_forged(self):
        bare = Session(COMMAND_KEY, EVENT_KEY, False, Chance(1))
        self.host.set_peer(b"")
        self.assertEqual(bare.check(memoryview(self.host.sign(b"{}"))), FORGED)

    def test_a_hello_names_both_nonces(self):
        hello = json_pairs.loads(self.device.hello("dev-1"))
        self.assertEqual(hello["dev"], "dev-1")
        self.assertEqual(peer_nonce(hello), self.device.nonce())
        self.assertEqual(hello["re"], self.host.nonce().hex())

    def test_a_hello_that_is_not_one_has_no_nonce(self):
        good = self.device.nonce().hex()
        for hello in (
            {},
            {"proto": 1},
            {"proto": 2, "nonce": good},
            {"proto": 1, "nonce": good[2:]},
            {"proto": 1, "nonce": "zz" * 16},
            {"proto": 1, "nonce": " " * 32},  # fromhex skips blanks
            {"proto": 1, "nonce": 7},
        ):
            self.assertIsNone(peer_nonce(hello))


class JsonPairsTest(unittest.TestCase):
    def test_pairs_keep_their_order(self):
        pairs = (("z", 1), ("a", [True, None, "x"]), ("n", (("k", "v"),)))
        self.assertEqual(json_pairs.dumps(pairs), b'{"z":1,"a":[true,null,"x"],"n":{"k":"v"}}')

    def test_what_is_no_object_is_none(self):
        for data in (b"", b"[1]", b"7", b"nul", b"\xff\xfe", b'{"a":1} x'):
            self.assertIsNone(json_pairs.loads(memoryview(data)))

    def test_an_integer_is_whole_and_in_range(self):
        values = {"n": 7, "text": "7", "yes": True, "part": 7.5}
        self.assertEqual(json_pairs.integer(values, "n", 0, 7), 7)
        for name in ("text", "yes", "part", "none"):
            self.assertIsNone(json_pairs.integer(values, name, 0, 100))
        self.assertIsNone(json_pairs.integer(values, "n", 8, 100))


if __name__ == "__main__":
    unittest.main()
