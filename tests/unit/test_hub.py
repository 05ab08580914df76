"""Tests of the hub link: commands, events, images to the customer."""

import sys
import unittest

from fake_peer import (
    COMMAND_KEY,
    EVENT_KEY,
    KEYS,
    WRAP_KEY,
    Chance,
    FakeController,
    FakeLinkStore,
    FakePeer,
)
from fake_uart import FakeWire, frame

from detector import codes, frames, states
from detector.hub import Hub
from detector.session import Session

_MICROPYTHON = sys.implementation.name == "micropython"
if _MICROPYTHON:
    import micropython


class HubTest(unittest.TestCase):
    def setUp(self):
        self.wire = FakeWire()
        self.controller = FakeController()
        self.store = FakeLinkStore()
        self.hub = Hub(self.wire.a, "dev-1", KEYS, self.controller, self.store, Chance(1))
        self.peer = FakePeer(self.wire)
        self.now_ms = 0
        self.peer.hello()
        self.run_ms(10)

    def run_ms(self, ms):
        for _ in range(ms):
            self.hub.poll(self.now_ms)
            self.peer.link.poll(self.now_ms)
            self.now_ms += 1

    def ask(self, name, *arguments):
        """Send a command and return its reply, None without one."""
        before = len(self.peer.replies)
        self.peer.command(name, *arguments)
        self.run_ms(10)
        return self.peer.replies[-1] if len(self.peer.replies) > before else None

    # --- session --------------------------------------------------------------------------------

    def test_it_calls_once_a_second_until_somebody_answers(self):
        hub = Hub(FakeWire().a, "dev-1", KEYS, self.controller, self.store, Chance(1))
        for now_ms in range(2500):
            hub.poll(now_ms)
        hello = frame(frames.HELLO, hub.session.hello("dev-1"), 0, 0, 0)
        self.assertEqual(hub.link.sent_bytes, 3 * len(hello))

    def test_a_hello_is_answered_with_its_nonce(self):
        self.assertEqual(self.peer.hellos[-1]["re"], self.peer.session.nonce().hex())

    def test_the_same_hello_again_keeps_the_session(self):
        nonce = self.hub.session.nonce()
        self.peer.hello()
        self.run_ms(10)
        self.assertEqual(self.hub.session.nonce(), nonce)
        self.assertTrue(self.ask("status")["ok"])

    def test_its_own_hello_from_a_line_that_echoes_is_nobodys(self):
        wire = FakeWire()
        hub = Hub(wire.a, "dev-1", KEYS, self.controller, self.store, Chance(1))
        for now_ms in range(2500):
            hub.poll(now_ms)
            wire.a.received += wire.b.received
            wire.b.received = bytearray()
        hello = frame(frames.HELLO, hub.session.hello("dev-1"), 0, 0, 0)
        self.assertEqual(hub.link.sent_bytes, 3 * len(hello))
        self.assertFalse(hub.link.running)

    def test_a_new_nonce_brings_a_new_challenge(self):
        nonce = self.hub.session.nonce()
        self.peer.session.restart()
        self.peer.hello()
        self.run_ms(10)
        self.assertNotEqual(self.hub.session.nonce(), nonce)

    def test_a_peer_that_never_acknowledges_is_given_up(self):
        self.wire.b.cut = True
        self.hub.event((("e", "x"),))
        self.run_ms(5100)
        self.assertFalse(self.hub.link.running)

    # --- commands -------------------------------------------------------------------------------

    def test_a_command_reaches_the_controller(self):
        for name in ("arm", "disarm", "cancel", "capture"):
            self.assertEqual(self.ask(name)["ok"], True)
        self.assertEqual(self.controller.calls, ["arm", "disarm", "cancel", "capture"])

    def test_a_model_without_pictures_says_so_and_does_not_ask_the_controller(self):
        self.controller.lacks = ("capture",)
        reply = self.ask("capture")
        self.assertEqual((reply["err"], reply["code"]), ("not-in-model", codes.ERR_NOT_IN_MODEL))
        self.assertEqual(reply["text"], "this model of detector does not have that")
        self.assertEqual(self.controller.calls, [])

    def test_a_refusal_has_code_word_and_text(self):
        self.controller.code = codes.ERR_FAULT
        reply = self.ask("arm")
        self.assertEqual((reply["code"], reply["err"]), (codes.ERR_FAULT, "fault"))
        self.assertEqual(reply["text"], codes.error_text(codes.ERR_FAULT))

    def test_a_refusal_for_open_zones_names_them(self):
        self.controller.code = codes.ERR_OPEN_ZONES
        self.assertEqual(self.ask("arm")["open"], ["contact"])

    def test_status_is_the_controllers(self):
        self.assertEqual(self.ask("status")["faults"], ["journal"])

    def test_the_clock_wants_numbers_in_range(self):
        for arguments in (
            (),
            (("day", 5),),
            (("day", "5"), ("second", 1)),
            (("day", 5), ("second", 86400)),
            (("day", True), ("second", 1)),
            (("day", 5.5), ("second", 1)),
        ):
            self.assertEqual(self.ask("clock", *arguments)["code"], codes.ERR_ARGUMENT)
        self.assertEqual(self.controller.calls, [])
        self.assertTrue(self.ask("clock", ("day", 2500), ("second", 86399))["ok"])
        self.assertEqual(self.controller.calls, [("clock", 2500, 86399)])

    def test_what_is_not_in_the_table_is_unknown(self):
        self.assertEqual(self.ask("open")["code"], codes.ERR_UNKNOWN)

    def test_a_body_that_is_no_object_is_an_argument_error(self):
        self.peer.link.send_message(self.peer.session.sign(b"[1,2]"))
        self.run_ms(10)
        self.assertEqual(self.peer.replies[-1]["code"], codes.ERR_ARGUMENT)

    def test_the_permissions_are_asked(self):
        self.controller.state = states.ALARM
        self.store.add(1, codes.TRIP_FIRE)
        self.assertEqual(self.ask("delete", ("id", 1))["code"], codes.ERR_NOT_ALLOWED)
        self.assertEqual(self.store.deleted, [])

    # --- wrong and right ------------------------------------------------------------------------

    def test_a_wrong_key_is_counted_and_not_answered(self):
        self.peer.session = Session(EVENT_KEY, b"x" * 32, True, Chance(9))
        self.peer.session.set_peer(self.hub.session.nonce())
        self.assertIsNone(self.ask("disarm"))
        self.assertEqual(self.controller.calls, [])
        self.assertEqual(self.hub.auth_failures, 1)

    def test_a_replay_is_counted_and_not_obeyed(self):
        message = self.peer.command("arm")
        self.run_ms(10)
        self.peer.link.send_message(message)
        self.run_ms(10)
        self.assertEqual(self.controller.calls, ["arm"])
        self.assertEqual(self.hub.auth_failures, 1)

    def test_a_command_of_an_earlier_session_is_not_obeyed_in_a_later(self):
        message = self.peer.command("disarm")
        self.run_ms(10)
        self.peer.session.restart()
        self.peer.link.stop()
        self.peer.hello()
        self.run_ms(10)
        self.peer.link.send_message(message)
        self.run_ms(10)
        self.assertEqual(self.controller.calls, ["disarm"])

    def send_raw(self, data):
        self.wire.b.write(data)

    def disarm_frame(self, seq):
        message = self.peer.session.sign(b'{"cmd":"disarm"}')
        return frame(frames.MSG, message, 0, seq, 0)

    def assert_disarms(self, ms=10):
        self.controller.calls = []
        self.send_raw(self.disarm_frame(0))
        self.run_ms(ms)
        self.assertEqual(self.controller.calls, ["disarm"])

    def test_a_disarm_is_obeyed_behind_garbage(self):
        self.send_raw(bytes(range(256)) * 16 + frames.SYNC * 300)
        self.run_ms(40)
        self.assert_disarms()

    def test_a_disarm_is_obeyed_behind_half_a_frame(self):
        self.send_raw(frame(frames.MSG, bytes(400))[:60])
        self.run_ms(5)
        self.assert_disarms(210)

    def test_a_disarm_is_obeyed_behind_an_oversized_frame(self):
        self.send_raw(frame(frames.MSG, bytes(1000)))
        self.assert_disarms(50)

    def test_a_disarm_is_obeyed_behind_a_flood_of_forgeries(self):
        # Their numbers are those that the customer's own messages would have had.
        for seq in range(200):
            self.send_raw(frame(frames.MSG, bytes(40), 0, seq, 0))
        self.run_ms(210)
        self.assertEqual(self.hub.auth_failures, 200)
        self.assert_disarms()

    def test_a_disarm_is_obeyed_though_a_message_before_it_is_missing(self):
        self.send_raw(self.disarm_frame(5))
        self.run_ms(5)
        self.assertEqual(self.controller.calls, ["disarm"])

    def test_an_arm_waits_for_the_message_before_it(self):
        message = self.peer.session.sign(b'{"cmd":"arm"}')
        self.send_raw(frame(frames.MSG, message, 0, 1, 0))
        self.run_ms(5)
        self.assertEqual(self.controller.calls, [])
        self.send_raw(frame(frames.MSG, bytes(40), 0, 0, 0))
        self.send_raw(frame(frames.MSG, message, 0, 1, 0))
        self.run_ms(5)
        self.assertEqual(self.controller.calls, ["arm"])

    def test_a_disarm_that_overtook_is_not_obeyed_twice(self):
        late = self.disarm_frame(1)
        self.send_raw(late)
        self.run_ms(5)
        self.send_raw(frame(frames.MSG, bytes(40), 0, 0, 0) + late)
        self.run_ms(5)
        self.assertEqual(self.controller.calls, ["disarm"])
        self.assertEqual(self.hub.auth_failures, 1)

    def test_what_a_disarm_overtook_is_not_obeyed_and_is_no_forgery(self):
        arm = self.peer.session.sign(b'{"cmd":"arm"}')
        self.send_raw(self.disarm_frame(1))
        self.run_ms(5)
        self.send_raw(frame(frames.MSG, arm, 0, 0, 0))
        self.run_ms(5)
        self.assertEqual(self.controller.calls, ["disarm"])
        self.assertEqual(self.hub.auth_failures, 0)

    def test_a_disarm_is_obeyed_though_somebody_says_hello(self):
        self.ask("status")
        for seed in range(20, 25):
            intruder = Session(EVENT_KEY, COMMAND_KEY, True, Chance(seed))
            intruder.restart()
            self.send_raw(frame(frames.HELLO, intruder.hello("x"), 0, 0, 0))
        self.run_ms(10)
        self.assert_disarms()

    def test_an_arm_of_the_session_before_is_not_obeyed(self):
        self.ask("status")
        message = self.peer.session.sign(b'{"cmd":"arm"}')
        self.hub.session.restart()
        self.send_raw(frame(frames.MSG, message, 0, 1, 0))
        self.run_ms(10)
        self.assertEqual(self.controller.calls, [])

    def test_a_disarm_is_obeyed_after_the_session_was_given_up(self):
        self.ask("status")
        self.wire.a.cut = True
        self.hub.event((("e", "x"),))
        self.run_ms(5100)
        self.assertFalse(self.hub.link.running)
        self.assert_disarms()

    def test_hellos_that_are_none_change_nothing(self):
        for payload in (b"{}", b"[]", b"\xff", b'{"proto":1}', b'{"proto":1,"nonce":"00"}'):
            self.send_raw(frame(frames.HELLO, payload, 0, 0, 0))
        self.run_ms(20)
        self.assertTrue(self.ask("status")["ok"])

    # --- events ---------------------------------------------------------------------------------

    def test_events_arrive_in_order(self):
        for number in range(20):
            self.hub.event((("e", "n"), ("n", number)))
        self.run_ms(60)
        self.assertEqual([event["n"] for event in self.peer.events], list(range(20)))

    def test_events_wait_for_a_session(self):
        hub = Hub(self.wire.a, "dev-1", KEYS, self.controller, self.store, Chance(3))
        self.hub = hub
        hub.event((("e", "early"),))
        self.peer.link.stop()
        self.run_ms(5)
        self.peer.hello()
        self.run_ms(20)
        self.assertEqual(self.peer.words(), ["early"])

    def test_of_too_many_events_the_oldest_are_dropped_and_counted(self):
        self.hub.link.stop()
        self.hub.session.restart()
        for number in range(40):
            self.hub.event((("e", "n"), ("n", number)))
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.hello()
        self.run_ms(100)
        told = self.peer.events.pop()
        self.assertEqual([event["n"] for event in self.peer.events], list(range(8, 40)))
        self.assertEqual(told, {"e": "events-dropped", "count": 8})

    def test_an_alarm_is_not_dropped_for_what_came_after_it(self):
        self.hub.link.stop()
        self.hub.session.restart()
        self.hub.event((("e", "alarm"), ("event", 1)))
        for number in range(40):
            self.hub.event((("e", "tamper"), ("n", number)))
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.hello()
        self.run_ms(100)
        self.assertEqual(self.peer.words()[:2], ["alarm", "tamper"])
        self.assertEqual(self.peer.events[-1]["count"], 9)

    def test_events_that_are_on_their_way_are_not_the_ones_dropped(self):
        self.wire.a.cut = True
        for number in range(40):
            self.hub.event((("e", "n"), ("n", number)))
            self.hub.poll(self.now_ms)
        self.wire.a.cut = False
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.hello()
        self.run_ms(400)
        numbers = [event["n"] for event in self.peer.events if event["e"] == "n"]
        self.assertEqual(numbers, [0, 1, 2, 3] + list(range(12, 40)))

    def test_an_event_that_was_not_acknowledged_is_told_the_next_session(self):
        self.wire.a.cut = True
        self.hub.event((("e", "lost"),))
        self.run_ms(5)
        self.wire.a.cut = False
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.hello()
        self.run_ms(20)
        self.assertEqual(self.peer.words(), ["lost"])

    # --- images ---------------------------------------------------------------------------------

    def test_an_image_goes_out_whole_and_is_marked(self):
        self.store.add(3, codes.IMAGE_CUSTOMER, 16)
        self.hub.send_image(3)
        self.run_ms(60)
        announced = self.peer.events[0]
        self.assertEqual((announced["id"], announced["chunks"], announced["from"]), (3, 16, 0))
        self.assertEqual(announced["kind"], "customer")
        self.assertEqual(announced["key"], (WRAP_KEY + bytes(48)).hex())
        self.assertEqual([chunk[0] for chunk in self.peer.chunks], list(range(16)))
        self.assertEqual(self.peer.events[1], {"e": "image-end", "id": 3, "mac": "03" * 32})
        self.assertEqual(self.store.delivered, [(3, 1)])
        self.assertEqual(self.controller.calls, [("fetched", 3)])

    def test_images_go_out_one_after_the_other(self):
        for image_id in (3, 4, 5):
            self.store.add(image_id, codes.IMAGE_CUSTOMER)
            self.hub.send_image(image_id)
        self.run_ms(120)
        self.assertEqual(self.peer.words(), ["image", "image-end"] * 3)
        self.assertEqual(len(self.peer.chunks), 24)

    def test_a_fetched_image_goes_out(self):
        self.store.add(3, codes.TRIP_FIRE)
        self.assertTrue(self.ask("fetch", ("id", 3))["ok"])
        self.run_ms(60)
        self.assertEqual(self.peer.words(), ["image", "image-end"])

    def test_what_is_not_there_cannot_be_fetched_or_deleted(self):
        for name in ("fetch", "delete"):
            self.assertEqual(self.ask(name, ("id", 3))["code"], codes.ERR_NO_IMAGE)
            self.assertEqual(self.ask(name, ("id", "3"))["code"], codes.ERR_ARGUMENT)
            self.assertEqual(self.ask(name)["code"], codes.ERR_ARGUMENT)

    def test_an_image_of_unknown_age_cannot_be_fetched_and_can_be_deleted(self):
        self.store.add(3, codes.TRIP_FIRE)
        self.store.of_unknown_age.append(3)
        self.assertEqual(self.ask("fetch", ("id", 3))["code"], codes.ERR_AGE_UNKNOWN)
        self.run_ms(60)
        self.assertEqual(self.peer.words(), [])
        self.assertTrue(self.ask("delete", ("id", 3))["ok"])

    def test_a_deleted_image_is_deleted_by_the_customer(self):
        self.store.add(3, codes.TRIP_FIRE)
        self.assertTrue(self.ask("delete", ("id", 3))["ok"])
        self.assertEqual(self.store.deleted, [(3, codes.DELETE_BY_CUSTOMER)])

    def test_an_image_deleted_while_it_is_sent_does_not_hold_up_the_next(self):
        self.store.add(3, codes.TRIP_FIRE, 200)
        self.store.add(4, codes.TRIP_FIRE)
        self.hub.send_image(3)
        self.hub.send_image(4)
        self.run_ms(10)
        self.ask("delete", ("id", 3))
        self.run_ms(60)
        self.assertEqual(self.peer.events[-1], {"e": "image-end", "id": 4, "mac": "04" * 32})

    def test_chunks_of_a_deleted_image_that_are_sent_again_do_not_end_the_next(self):
        self.store.add(3, codes.TRIP_FIRE, 200)
        self.store.add(4, codes.TRIP_FIRE)
        self.hub.send_image(3)
        self.hub.send_image(4)
        self.wire.a.cut = True
        self.run_ms(5)
        self.store.images[0].fails_at = 2
        self.peer.command("delete", ("id", 3))
        self.run_ms(5)
        self.wire.a.cut = False
        self.run_ms(600)
        self.assertEqual(self.peer.events[-1], {"e": "image-end", "id": 4, "mac": "04" * 32})

    def test_an_image_asked_for_while_its_end_is_acknowledged_is_sent_again(self):
        self.store.add(3, codes.TRIP_FIRE)
        self.hub.send_image(3)
        while self.wire.b.received.find(b"image-end") < 0:
            self.peer.link.poll(self.now_ms)
            self.hub.poll(self.now_ms)
            self.now_ms += 1
        self.peer.command("fetch", ("id", 3))  # goes out with the acknowledgement
        self.run_ms(60)
        self.assertEqual(self.peer.words(), ["image", "image-end"] * 2)

    def test_an_image_whose_key_cannot_be_read_is_left_out_of_the_list(self):
        for image_id in (1, 2, 3):
            self.store.add(image_id, codes.TRIP_FIRE)
        self.store.unreadable = [2]
        listed = self.ask("list")["images"]
        self.assertEqual([image["id"] for image in listed], [1, 3])

    def test_an_image_that_cannot_be_read_is_ended_and_the_next_is_sent(self):
        self.store.add(3, codes.TRIP_FIRE, 40)
        self.store.add(4, codes.TRIP_FIRE)
        self.store.images[0].fails_at = 12
        self.hub.send_image(3)
        self.hub.send_image(4)
        self.run_ms(120)
        ends = [event for event in self.peer.events if event["e"] == "image-end"]
        self.assertEqual(ends[0], {"e": "image-end", "id": 3, "err": "no-image"})
        self.assertEqual(ends[1]["id"], 4)
        self.assertEqual(self.store.delivered, [(4, 1)])

    def test_a_list_comes_in_pages_of_eight(self):
        for image_id in range(1, 12):
            self.store.add(image_id, codes.TRIP_FIRE)
        reply = self.ask("list")
        self.assertEqual([image["id"] for image in reply["images"]], list(range(1, 9)))
        self.assertTrue(reply["more"])
        reply = self.ask("list", ("from", 9))
        self.assertEqual([image["id"] for image in reply["images"]], [9, 10, 11])
        self.assertFalse(reply["more"])

    def test_the_longest_list_fits_a_message(self):
        for number in range(8):
            self.store.add(0xFFFFFFF0 + number, codes.TRIP_INTRUSION, 400)
        for image in self.store.images:
            image.event_id = 0xFFFFFFFF
            image.day = 65535
            image.second = 86399
        self.assertEqual(len(self.ask("list")["images"]), 8)

    def test_a_new_session_goes_on_where_the_peer_says(self):
        self.store.add(3, codes.IMAGE_CUSTOMER, 16)
        self.hub.send_image(3)
        self.run_ms(4)
        self.peer.link.stop()
        self.peer.session.restart()
        self.peer.chunks = []
        self.peer.events = []
        self.peer.hello((("have", (("3", 10),)),))
        self.run_ms(60)
        self.assertEqual(self.peer.events[0]["from"], 10)
        self.assertEqual([chunk[0] for chunk in self.peer.chunks], list(range(10, 16)))

    def test_a_have_that_cannot_be_is_taken_as_none(self):
        self.store.add(3, codes.IMAGE_CUSTOMER)
        for have in ("x", [3], (("3", 9),), (("3", -1),), (("3", "2"),), (("3", True),)):
            self.peer.link.stop()
            self.peer.session.restart()
            self.peer.events = []
            self.hub.send_image(3)
            self.peer.hello((("have", have),))
            self.run_ms(60)
            self.assertEqual(self.peer.events[0]["from"], 0)

    # --- memory ---------------------------------------------------------------------------------

    @unittest.skipIf(not _MICROPYTHON, "only MicroPython can lock its heap")
    def test_polling_with_nothing_to_do_allocates_nothing(self):
        self.ask("status")
        self.run_ms(300)
        hub = self.hub
        now_ms = self.now_ms
        micropython.heap_lock()
        try:
            for i in range(100):
                hub.poll(now_ms + i)
        finally:
            micropython.heap_unlock()


if __name__ == "__main__":
    unittest.main()
