"""The list of images to be sent by itself: whose turn it is, and what goes over the link."""

import unittest

from fake_peer import FakeLinkStore

from detector import codes
from detector.keystore import READER_CUSTOMER
from detector.transfer import Transfer, kind_name

WRAP_KEY = b"w" * 32


class FakeLink:
    """Has as much room as the test says."""

    def __init__(self) -> None:
        self.free = 8
        self.left = 0
        self.source_failed = False
        self.sources = []

    def room(self) -> int:
        return self.free

    def chunks_left(self) -> int:
        return self.left

    def send_chunks(self, source: object, first: int, end: int) -> None:
        self.sources.append((None if source is None else source.image_id, first, end))
        self.left = end - first


class FakeChannel:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.link = FakeLink()
        self.sent = []

    def send(self, pairs: tuple, tag: int = 0) -> bool:
        self.sent.append((dict(pairs), tag))
        return True


class TestTransfer(unittest.TestCase):
    def setUp(self) -> None:
        self.channel = FakeChannel()
        self.link = self.channel.link
        self.store = FakeLinkStore()
        for image_id in range(1, 40):
            self.store.add(image_id, codes.TRIP_FIRE)
        self.transfer = Transfer(self.channel, self.store, WRAP_KEY, READER_CUSTOMER)

    def words(self) -> list:
        """Return (word, id) of everything sent."""
        return [(pairs["e"], pairs["id"]) for pairs, _tag in self.channel.sent]

    def send_one(self) -> None:
        """Announce an image, take its chunks and end it."""
        self.transfer.poll()
        self.link.left = 0
        self.transfer.poll()

    def test_an_image_is_announced_and_ended(self) -> None:
        self.transfer.add(3)
        self.transfer.poll()
        announced, tag = self.channel.sent[0]
        self.assertEqual(
            announced,
            {
                "e": "image",
                "id": 3,
                "event": 5,
                "kind": "fire",
                "chunks": 8,
                "from": 0,
                "header": "03" * 64,
                "key": (WRAP_KEY + bytes(48)).hex(),
            },
        )
        self.assertEqual((tag, self.link.sources), (0, [(3, 0, 8)]))
        self.transfer.poll()
        self.assertEqual(len(self.channel.sent), 1)
        self.link.left = 0
        self.transfer.poll()
        self.assertEqual(
            self.channel.sent[1:], [({"e": "image-end", "id": 3, "mac": "03" * 32}, 3)]
        )
        self.transfer.poll()
        self.assertEqual(len(self.channel.sent), 2)

    def test_32_images_are_listed_and_each_once(self) -> None:
        for image_id in range(1, 33):
            self.assertEqual(self.transfer.add(image_id), True)
        self.assertEqual((self.transfer.add(33), self.transfer.listed(33)), (False, False))
        self.assertEqual((self.transfer.add(7), self.transfer.listed(7)), (True, True))
        self.transfer.remove(7)
        self.assertEqual((self.transfer.add(33), self.transfer.listed(7)), (True, False))

    def test_four_messages_stay_free_for_others(self) -> None:
        self.transfer.add(1)
        self.link.free = 4
        self.transfer.poll()
        self.assertEqual(self.channel.sent, [])
        self.link.free = 5
        self.transfer.poll()
        self.link.left = 0
        self.link.free = 4
        self.transfer.poll()
        self.assertEqual(self.words(), [("image", 1)])
        self.link.free = 5
        self.transfer.poll()
        self.assertEqual(self.words(), [("image", 1), ("image-end", 1)])

    def test_an_image_behind_the_one_that_is_sent_goes_without_a_trace(self) -> None:
        for image_id in (1, 2, 3):
            self.transfer.add(image_id)
        self.transfer.poll()
        self.transfer.remove(2)
        self.transfer.remove(9)
        self.assertEqual(self.link.sources, [(1, 0, 8)])
        self.link.left = 0
        self.transfer.poll()
        self.send_one()
        wanted = [("image", 1), ("image-end", 1), ("image", 3), ("image-end", 3)]
        self.assertEqual(self.words(), wanted)

    def test_the_image_that_is_sent_goes_with_its_chunks(self) -> None:
        self.transfer.add(1)
        self.transfer.add(2)
        self.transfer.poll()
        self.transfer.remove(1)
        self.assertEqual(self.link.sources, [(1, 0, 8), (None, 0, 0)])
        self.transfer.poll()
        self.assertEqual(self.words(), [("image", 1), ("image", 2)])

    def test_one_that_was_sent_goes_and_the_next_keeps_its_turn(self) -> None:
        for image_id in (1, 2, 3):
            self.transfer.add(image_id)
        self.send_one()
        self.transfer.poll()
        self.transfer.remove(1)
        self.assertEqual(self.link.sources, [(1, 0, 8), (2, 0, 8)])
        self.link.left = 0
        self.transfer.poll()
        self.assertEqual(self.words()[-1], ("image-end", 2))
        self.transfer.poll()
        self.assertEqual(self.words()[-1], ("image", 3))

    def test_a_new_session_begins_with_the_first_and_where_the_peer_says(self) -> None:
        self.transfer.add(1)
        self.transfer.add(2)
        self.send_one()
        self.transfer.poll()
        self.transfer.restart({"1": 8, "2": 5})
        self.assertEqual(self.link.sources[-1], (None, 0, 0))
        self.send_one()
        self.send_one()
        self.assertEqual(self.link.sources[-2:], [(1, 8, 8), (2, 5, 8)])
        for have in ({"1": 9}, {"1": -1}, {"1": "3"}, {"1": True}, [1], None, 7):
            self.transfer.restart(have)
            self.transfer.poll()
            self.assertEqual(self.link.sources[-1], (1, 0, 8), have)

    def test_what_the_peer_has_counts_once(self) -> None:
        self.transfer.add(1)
        self.transfer.restart({"1": 5})
        self.send_one()
        self.transfer.remove(1)
        self.transfer.add(1)
        self.transfer.poll()
        self.assertEqual(self.link.sources[-1], (1, 0, 8))

    def test_clearing_forgets_everything(self) -> None:
        self.transfer.add(1)
        self.transfer.add(2)
        self.transfer.restart({"3": 4})
        self.send_one()
        self.transfer.poll()
        self.transfer.clear()
        self.assertEqual(self.link.sources[-1], (None, 0, 0))
        self.assertEqual((self.transfer.listed(1), self.transfer.listed(2)), (False, False))
        self.transfer.add(3)
        self.transfer.poll()
        self.assertEqual((self.words()[-1], self.link.sources[-1]), (("image", 3), (3, 0, 8)))
        self.link.left = 0
        self.transfer.poll()
        self.transfer.poll()
        self.assertEqual(self.words()[-1], ("image-end", 3))

    def test_one_that_cannot_be_opened_or_read_is_given_up(self) -> None:
        self.transfer.add(99)
        self.transfer.add(1)
        self.transfer.poll()
        wanted = {"e": "image-end", "id": 99, "err": "no-image"}
        self.assertEqual(self.channel.sent, [(wanted, 0)])
        self.transfer.poll()
        self.link.left = 0
        self.link.source_failed = True
        self.transfer.poll()
        self.assertEqual(
            self.channel.sent[-1], ({"e": "image-end", "id": 1, "err": "no-image"}, 0)
        )
        self.assertEqual((self.transfer.listed(1), self.link.sources[-1]), (False, (None, 0, 0)))

    def test_all_attributes_are_there_from_the_start(self) -> None:
        names = set(self.transfer.__dict__)
        self.transfer.add(1)
        self.transfer.restart({})
        self.send_one()
        self.transfer.clear()
        self.assertEqual(set(self.transfer.__dict__), names)

    def test_kinds_have_names(self) -> None:
        kinds = [kind_name(kind) for kind in (0, 4, codes.IMAGE_CUSTOMER)]
        self.assertEqual(kinds, ["intrusion", "tamper", "customer"])


if __name__ == "__main__":
    unittest.main()
