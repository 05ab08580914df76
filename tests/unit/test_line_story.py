"""Links under fire: what a damaged line makes of uploads, fetches and disarms.

All of the table in tests/fuzz with the host's own end, and with many seeds; here one run each of
those that differ most, which MicroPython does too.
"""

import unittest

from line_story import SCENARIOS, Story
from small_peer import SmallPeer

SAMPLE = (
    "ticks that wrap",
    "bit errors 1e-4",
    "bit errors 1e-3",
    "runs of lost bytes",
    "10 s gap",
    "flash deafens, slow loop",
    "everything",
)


class LineStoryTest(unittest.TestCase):
    def test_images_arrive_whole_or_are_incomplete_and_a_disarm_is_obeyed_in_time(self):
        seen = 0
        for row in SCENARIOS:
            if row[0] in SAMPLE:
                story = Story(row, 3, SmallPeer)
                try:
                    story.run(2)
                except AssertionError as error:
                    self.fail("%s: %s" % (row[0], error))
                seen += story.disarms_seen
        self.assertEqual(seen, 2 * len(SAMPLE))


if __name__ == "__main__":
    unittest.main()
