"""Every rule of retention: for each kind of image, before and at the end of its time."""

import unittest

from detector import codes, ticks
from detector.ages import Ages
from detector.clock import DAY_UNKNOWN, Clock

OLD = codes.DELETE_BY_AGE
UNKNOWN = codes.DELETE_AGE_UNKNOWN
EARLIER = 5  # an image of an earlier boot
OURS = 10  # the first of this one
DAY_MS = 86400 * 1000


class AgesTest(unittest.TestCase):
    """A boot on day 2500, as the journal's last record says."""

    def boot(self, day=2500, unclocked_min=0, days=60):
        """Start; image 10 is the first that can be taken."""
        self.now_ms = 0
        self.clock = Clock(0, day, 43200, unclocked_min)
        self.ages = Ages(self.clock, days)
        self.ages.begin(OURS)
        self.next_id = OURS

    def setUp(self):
        self.boot()

    def pass_days(self, days):
        """Let whole days pass."""
        for _ in range(days):
            self.now_ms = ticks.add_ms(self.now_ms, DAY_MS)
            self.clock.tick(self.now_ms)
            self.ages.begin_day(self.clock.up_days, self.next_id)

    def pass_minutes(self, minutes):
        """Let less than a day pass."""
        self.now_ms = ticks.add_ms(self.now_ms, minutes * 60000)
        self.clock.tick(self.now_ms)

    def tell(self, day, second=43200):
        """Be told the time."""
        return self.clock.set(self.now_ms, day, second)


class TestEarlierBoot(AgesTest):
    def test_it_goes_on_its_sixtieth_day_and_is_served_until_then(self):
        self.tell(2501)
        self.assertEqual(self.ages.why_over(EARLIER, 2442), 0)
        self.assertTrue(self.ages.is_served(EARLIER, 2442))
        self.assertEqual(self.ages.why_over(EARLIER, 2441), OLD)
        self.assertFalse(self.ages.is_served(EARLIER, 2441))

    def test_it_goes_as_the_days_pass(self):
        self.tell(2500)
        self.pass_days(59)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)
        self.pass_days(1)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), OLD)

    def test_the_journals_time_suffices_to_delete_it_and_not_to_serve_it(self):
        self.assertEqual(self.ages.why_over(EARLIER, 2440), OLD)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)
        self.assertFalse(self.ages.is_served(EARLIER, 2500))
        self.tell(2500, 43300)
        self.assertTrue(self.ages.is_served(EARLIER, 2500))

    def test_without_a_clock_it_goes_after_24_hours_of_power(self):
        self.pass_minutes(1439)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)
        self.pass_minutes(1)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), UNKNOWN)
        self.tell(2501, 50000)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)

    def test_the_24_hours_are_those_of_all_boots(self):
        self.boot(unclocked_min=1430)
        self.pass_minutes(9)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)
        self.pass_minutes(1)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), UNKNOWN)

    def test_a_date_that_was_never_known_is_never_known(self):
        self.assertEqual(self.ages.why_over(EARLIER, DAY_UNKNOWN), UNKNOWN)
        self.tell(2501)
        self.assertEqual(self.ages.why_over(EARLIER, DAY_UNKNOWN), UNKNOWN)
        self.assertFalse(self.ages.is_served(EARLIER, DAY_UNKNOWN))

    def test_a_journal_that_lost_its_time_leaves_it_its_24_hours(self):
        self.boot(day=DAY_UNKNOWN)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)
        self.assertFalse(self.ages.is_served(EARLIER, 2500))
        self.pass_minutes(1440)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), UNKNOWN)

    def test_a_hub_far_ahead_by_mistake_deletes_it_and_cannot_take_that_back(self):
        self.tell(2500)
        self.tell(6000)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), OLD)
        self.assertFalse(self.tell(2500))
        self.assertEqual(self.ages.why_over(EARLIER, 2500), OLD)

    def test_a_hub_that_goes_back_does_not_make_it_younger(self):
        self.tell(2500)
        self.assertFalse(self.tell(2450))
        self.assertEqual(self.ages.why_over(EARLIER, 2440), OLD)

    def test_the_configuration_may_ask_for_less(self):
        self.boot(days=1)
        self.tell(2500)
        self.assertEqual(self.ages.why_over(EARLIER, 2500), 0)
        self.assertEqual(self.ages.why_over(EARLIER, 2499), OLD)


class TestThisBoot(AgesTest):
    def test_it_is_served_with_and_without_a_clock(self):
        for day in (2500, DAY_UNKNOWN):
            self.assertTrue(self.ages.is_served(OURS, day))
        self.pass_minutes(1440)
        for day in (2500, DAY_UNKNOWN):
            self.assertEqual(self.ages.why_over(OURS, day), 0)

    def test_it_goes_sixty_days_after_it_was_taken_with_and_without_a_date(self):
        for day in (2500, DAY_UNKNOWN):
            for days in (60, 2, 1):
                self.boot(day=day, days=days)
                taken = []
                for up_day in range(days + 70):
                    self.next_id += up_day % 3  # none, one or two a day
                    taken += [(each, up_day) for each in range(len(taken) + OURS, self.next_id)]
                    over = [up_day - when >= days for _id, when in taken]
                    judged = [self.ages.why_over(each, DAY_UNKNOWN) == OLD for each, _up in taken]
                    self.assertEqual(judged, over)
                    self.pass_days(1)

    def test_a_power_cut_of_years_does_not_make_it_old(self):
        """Taken before the hub told how long the power was off."""
        self.tell(4000)
        self.assertEqual(self.ages.why_over(OURS, 2500), 0)
        self.assertTrue(self.ages.is_served(OURS, 2500))

    def test_a_hub_far_ahead_by_mistake_does_not_make_it_old(self):
        self.tell(2500)
        self.tell(6000)
        self.assertEqual(self.ages.why_over(OURS, 2500), 0)
        self.next_id = OURS + 1
        self.pass_days(60)
        self.assertEqual(self.ages.why_over(OURS, 2500), OLD)
        self.assertEqual(self.ages.why_over(OURS + 1, 6059), 0)

    def test_before_the_keys_were_read_nothing_is_of_this_boot(self):
        self.assertFalse(Ages(self.clock, 60).is_served(OURS, 2500))


if __name__ == "__main__":
    unittest.main()
