"""A megabyte of noise into hub link, shut uplink and console at once: nothing comes of it."""

import gc
import hashlib
import sys
import unittest

from fake_world import World
from fuzz_frames import packed
from small_peer import SmallPeer

from detector import codes, frames, states

_MICROPYTHON = sys.implementation.name == "micropython"
_NOISE_BYTES = 1 << 20
_PIECE_BYTES = 32  # what the console takes in a step
_WARM_BYTES = 1 << 16  # the first of it, until every buffer has been made
_KINDS = 6
_WORDS = (b"status\n", b"journal 1 2\n", b"repl\n", b"provision\r", b"attest 00\n", b"\x03\x04")


def _random(number: int) -> bytes:
    return hashlib.sha256(b"noise %d" % number).digest()


def _line_noise(number: int) -> bytes:
    """Return a piece of noise as it comes down a link: mostly random, the rest nearly frames."""
    random = _random(number)
    kind = random[0] % _KINDS
    if number % 100 == 0:  # somebody says HELLO, as anybody can
        hello = b'{"proto":1,"dev":"x","nonce":"%s","re":""}' % random[:16].hex().encode()
        return packed(frames.HELLO, 0, 0, 0, len(hello), hello)
    if kind == 0:
        return frames.SYNC * 16
    if kind == 1:
        return (frames.SYNC + b"\x03") * 10
    if kind == 2:
        return packed(1 + random[1] % 4, 0, random[2], random[3], 15, random[:15])
    if kind == 3:
        return packed(frames.MSG, 0, random[2], 0, 500, random)[:_PIECE_BYTES]
    return random


def _typed_noise(number: int) -> bytes:
    random = _random(number)
    return _WORDS[random[1] % len(_WORDS)] if random[0] % 8 == 0 else random


class NoiseTest(unittest.TestCase):
    def setUp(self):
        self.world = World(5)
        self.hub = SmallPeer(self.world, self.world.hub_line, "customer")
        self.world.peers = [self.hub]
        self.number = 0
        self.assertTrue(self.world.run_until(lambda: self.hub.connected, 1000))

    def pour(self, count, uplink=True, hub=True):
        """Pour so many bytes into each; a step takes what there is room for."""
        world = self.world
        poured = 0
        while poured < count:
            self.number += 1
            noise = _line_noise(self.number)
            if hub:
                world.hub_line.a.hear(noise)
            if uplink:
                world.uplink_line.a.is_off = False  # the gate's buffer is bypassed
                world.uplink_line.a.hear(noise)
            world.typed += _typed_noise(self.number)
            world.step()
            if len(world.typed) > 100:
                world.step()
            poured += len(noise)

    def test_a_megabyte_into_each_leaves_a_detector_that_obeys_and_a_silent_uplink(self):
        world = self.world
        self.pour(_WARM_BYTES)
        gc.collect()
        before = gc.mem_alloc() if _MICROPYTHON else 0
        self.pour(_NOISE_BYTES)
        gc.collect()
        grown = gc.mem_alloc() - before if _MICROPYTHON else 0
        self.assertLessEqual(grown, 0)
        self.assertEqual(world.uplink_line.a.written, 0)
        self.assertEqual(world.app.controller.state, states.IDLE)
        self.obeys()

    def obeys(self):
        """A panic opens, a disarm shuts in time, and the console answers."""
        world = self.world
        self.assertTrue(world.run_until(lambda: self.hub.connected, 4000))
        world.line("TRIP_PANIC", 1)
        self.assertTrue(world.run_until(lambda: world.board.gate() == 1, 100))
        world.line("TRIP_PANIC", 0)
        self.disarm()
        world.typed = b"\n"
        world.run(50)
        world.printed = b""
        world.typed = b"help\n"
        world.run(10)
        self.assertTrue(world.printed.startswith(b"OK help"))

    def disarm(self):
        world = self.world
        world.hub_watch.arrived.clear()
        self.assertTrue(world.run_until(lambda: self.hub.say("disarm"), 4000))
        self.hub.unsay()
        self.assertTrue(world.run_until(lambda: world.app.controller.state == states.IDLE, 2000))
        self.assertLessEqual(world.gate_changes[-1][0] - world.hub_watch.arrived[0][1], 50)
        self.assertEqual(world.board.gate(), 0)

    def test_noise_into_the_open_uplink_holds_up_no_disarm(self):
        world = self.world
        world.line("TRIP_PANIC", 1)
        self.assertTrue(world.run_until(lambda: world.board.gate() == 1, 100))
        self.pour(_WARM_BYTES, hub=False)
        self.assertEqual(world.app.controller.state, states.ALARM)
        self.disarm()
        written = world.uplink_line.a.written
        self.pour(_WARM_BYTES)
        self.assertEqual(world.uplink_line.a.written, written)
        self.assertEqual(world.written_while_shut, 0)

    def test_forged_messages_are_counted_and_journaled_not_each_of_them(self):
        world = self.world
        self.pour(_WARM_BYTES)
        journal = world.app.parts.journal
        self.assertLess(journal.seq, 12)
        self.assertEqual(codes.journal_name(codes.JR_AUTH), "auth-failures")


if __name__ == "__main__":
    unittest.main()
