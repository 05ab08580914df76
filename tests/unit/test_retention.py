"""60 days: through boots, power-offs and clock steps; real store, real journal."""

import unittest

from journal_helpers import check
from retention_helpers import DAY_MIN, Detector

from detector import codes
from detector.keystore import READER_ARC
from detector.store import StoreError

DAY = 2500


class TestRetention(unittest.TestCase):
    def setUp(self):
        self.detector = Detector()

    def test_an_image_goes_at_sixty_days_with_its_key_and_is_on_record(self):
        detector = self.detector
        detector.tell(DAY)
        image_id = detector.take()
        key = detector.key_of(image_id)
        detector.pass_days(59)
        self.assertEqual(detector.store.ids(), [image_id])
        self.assertTrue(detector.flash.holds(key))
        detector.pass_days(1)
        self.assertEqual(detector.store.ids(), [])
        self.assertFalse(detector.flash.holds(key[:8]))
        self.assertEqual(detector.deletions(), [(image_id, codes.DELETE_BY_AGE)])
        check(self, detector.journal)

    def test_a_step_is_one_image_and_erases_nothing(self):
        detector = self.detector
        detector.tell(DAY)
        for _ in range(3):
            detector.take()
        detector.boot()
        detector.clock.set(detector.now_ms, DAY + 60, 0)
        left = []
        while True:
            before = detector.flash.operations
            if not detector.retention.step(detector.now_ms):
                break
            self.assertLess(detector.flash.operations - before, 5)
            left.append(len(detector.store.ids()))
        self.assertEqual(left[:3], [2, 1, 0])
        self.assertEqual(detector.flash.erased, [])

    def test_all_kinds_of_image_go(self):
        detector = self.detector
        detector.tell(DAY)
        for kind in (codes.IMAGE_CUSTOMER, codes.TRIP_FIRE):
            detector.put(b"x" * 100, kind)
        detector.store.mark_delivered(2, READER_ARC)
        detector.pass_days(60)
        self.assertEqual(detector.store.ids(), [])

    def test_after_a_power_off_it_goes_as_soon_as_the_time_is_known(self):
        detector = self.detector
        detector.tell(DAY)
        image_id = detector.take()
        detector.boot()  # nobody knows how much later
        detector.settle()
        self.assertEqual(detector.store.ids(), [image_id])
        self.assertFalse(detector.store.is_served(image_id))
        with self.assertRaises(StoreError):
            detector.store.open(image_id)
        detector.tell(DAY + 100)
        self.assertEqual(detector.deletions(), [(image_id, codes.DELETE_BY_AGE)])

    def test_after_a_power_off_the_journals_time_may_suffice(self):
        detector = self.detector
        detector.tell(DAY)
        image_id = detector.take()
        detector.pass_days(30)
        detector.boot()
        detector.pass_minutes(5)
        self.assertEqual(detector.store.ids(), [image_id])
        # A hub that went 50 days ahead told it, and the power went before the step.
        detector.clock.set(detector.now_ms, DAY + 60, 0)
        detector.record.write(detector.now_ms, codes.JR_CLOCK)
        detector.boot()
        self.assertTrue(detector.retention.step(detector.now_ms))
        self.assertEqual(detector.deletions(), [(image_id, codes.DELETE_BY_AGE)])

    def test_an_image_of_unknown_age_goes_after_24_hours_of_power(self):
        detector = self.detector
        detector.tell(DAY)
        image_id = detector.take()
        key = detector.key_of(image_id)
        detector.boot()
        detector.pass_minutes(DAY_MIN - 1)
        self.assertEqual(detector.store.ids(), [image_id])
        self.assertFalse(detector.store.is_served(image_id))
        detector.pass_minutes(1)
        self.assertEqual(detector.deletions(), [(image_id, codes.DELETE_AGE_UNKNOWN)])
        self.assertFalse(detector.flash.holds(key[:8]))

    def test_power_cuts_cannot_stretch_the_24_hours(self):
        """However short the boots: their sum is at most twice as long, and a minute a boot."""
        for minutes in (7, 59, 61, 600):
            detector = Detector()
            detector.tell(DAY)
            detector.take()
            powered = 0
            boots = 0
            while detector.store.ids():
                detector.boot()
                boots += 1
                for _ in range(minutes):
                    detector.pass_minutes(1, tidy=True)
                    powered += detector.store.ids() != []
                self.assertLess(powered, DAY_MIN + 1)
            self.assertGreater(powered, DAY_MIN // 2 - 61)
            reasons = [why for _id, why in detector.deletions()]
            self.assertEqual(reasons, [codes.DELETE_AGE_UNKNOWN])

    def test_a_boot_of_seconds_counts_as_a_minute(self):
        detector = self.detector
        detector.tell(DAY)
        detector.take()
        detector.boot()
        detector.journal.unclocked_min = DAY_MIN - 20
        detector.journal.append(codes.JR_TIME)
        for _ in range(20):
            detector.boot()
            detector.settle()
            self.assertEqual(len(detector.store.ids()), 1)
        detector.boot()
        detector.settle()
        self.assertEqual(detector.store.ids(), [])

    def test_being_told_the_time_ends_the_24_hours(self):
        detector = self.detector
        detector.tell(DAY)
        image_id = detector.take()
        for _ in range(4):
            detector.boot()
            detector.pass_minutes(700)
            detector.tell(detector.clock.day, 86399)
        self.assertEqual(detector.store.ids(), [image_id])
        self.assertTrue(detector.store.is_served(image_id))

    def test_a_picture_before_any_time_was_known_lives_as_long_as_its_boot(self):
        detector = self.detector
        image_id = detector.take()
        detector.pass_minutes(DAY_MIN + 5)
        self.assertTrue(detector.store.is_served(image_id))
        detector.tell(DAY)
        self.assertTrue(detector.store.is_served(image_id))
        detector.boot()
        detector.settle()
        self.assertEqual(detector.deletions(), [(image_id, codes.DELETE_AGE_UNKNOWN)])

    def test_without_any_time_a_picture_lives_sixty_days_of_power(self):
        """Also one that is taken when the boot is older than that."""
        detector = self.detector
        detector.pass_minutes(30)
        detector.pass_days(100)
        image_id = detector.take()
        detector.pass_days(59)
        detector.pass_minutes(DAY_MIN - 31)
        self.assertEqual(detector.store.ids(), [image_id])
        detector.pass_minutes(1)
        self.assertEqual(detector.deletions(), [(image_id, codes.DELETE_BY_AGE)])

    def test_pictures_of_this_boot_keep_their_age_when_their_keys_move(self):
        """The key store copies them to its other side now and then."""
        detector = self.detector
        ids = []
        for _ in range(70):
            ids.append(detector.take())
            for _ in range(4):
                detector.store.delete(detector.take(), codes.DELETE_BY_CUSTOMER)
                detector.tidy()
            detector.pass_days(1)
            self.assertEqual(detector.store.ids(), ids[-59:])  # yesterday's is the newest

    def test_a_hub_that_steps_back_keeps_nothing_alive(self):
        detector = self.detector
        detector.tell(DAY)
        detector.take()
        detector.boot()
        detector.tell(DAY + 40)
        self.assertEqual(detector.tell(DAY), 0)
        detector.pass_days(20)
        self.assertEqual(detector.store.ids(), [])

    def test_a_hub_that_steps_ahead_by_years_spares_the_images_of_this_boot(self):
        detector = self.detector
        detector.tell(DAY)
        detector.take()
        detector.boot()
        detector.tell(DAY)
        ours = detector.take()
        detector.tell(DAY + 4000)
        self.assertEqual(detector.store.ids(), [ours])
        detector.boot()
        detector.settle()
        self.assertEqual(detector.store.ids(), [])

    def test_a_spoiled_key_slot_is_deleted_all_the_same(self):
        """Its key may be whole although the slot is not."""
        detector = self.detector
        detector.tell(DAY)
        image_id = detector.take()
        key = detector.key_of(image_id)
        block = [block for block in detector.flash.blocks.values() if bytes(block).find(key) > 0]
        block[0][bytes(block[0]).find(key) - 20] ^= 1  # an id of the event that is not so
        with self.assertRaises(StoreError):
            detector.store.fields(image_id)
        detector.pass_days(60)
        self.assertFalse(detector.flash.holds(key))
        self.assertEqual(len(detector.deletions()), 1)


if __name__ == "__main__":
    unittest.main()
