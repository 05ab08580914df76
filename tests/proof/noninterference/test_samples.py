"""The sampled traces of samples.json, on CPython and on MicroPython alike: no Hypothesis here."""

import gc
import json
import sys
import unittest

from detector import codes
from tests.proof.noninterference.compare import judge
from tests.proof.noninterference.controls import CONTROLS, length_on_the_heap
from tests.proof.noninterference.wires import EXCEPTED
from tests.proof.noninterference.world import World

_MICROPYTHON = sys.implementation.name == "micropython"
# What a detector writes into its journal; "provisioned" is the service program's.
RECORDS = (
    "boot arm disarm cancel trip alarm gate-intent gate-shut alarm-end handled capture upload "
    "fetch delete fault fault-cleared latch-cleared auth-failures clock jumper customer-capture "
    "capture-end time"
).split()
DELETIONS = (
    codes.DELETE_BY_CUSTOMER,
    codes.DELETE_FOR_ROOM,
    codes.DELETE_BY_AGE,
    codes.DELETE_AGE_UNKNOWN,
)


def samples() -> dict:
    """Return what samples.py wrote."""
    with open(__file__.rsplit("/", 1)[0] + "/samples.json") as file:
        return json.load(file)


class TestSamples(unittest.TestCase):
    """Every trace with both of its albums."""

    def setUp(self) -> None:
        """Read the file."""
        self.samples = samples()

    def test_no_sample_tells_two_albums_apart_and_together_they_reach_everything(self) -> None:
        generated = [one["trace"] for one in self.samples["generated"]]
        reached = set()
        for trace in self.samples["stories"] + generated:
            verdict = judge(trace)
            self.assertEqual(verdict.leak, "", json.dumps(trace))
            reached |= verdict.reached
        wanted = set(RECORDS) | {name for name, _reason in EXCEPTED}
        wanted |= {"deleted for reason %d" % why for why in DELETIONS}
        self.assertEqual(wanted - reached, set())

    def test_every_control_is_found_by_its_shortest_trace_and_the_shipped_firmware_is_not(self):
        passed = []
        for control in CONTROLS:
            trace = self.samples["shrunk"][control.__name__]
            self.assertNotEqual(judge(trace, control).leak, "", control.__name__)
            if trace not in passed:
                self.assertEqual(judge(trace).leak, "", control.__name__)
                passed.append(trace)

    @unittest.skipUnless(_MICROPYTHON, "CPython tells no heap")
    def test_the_heap_that_status_tells_is_the_same(self) -> None:
        for trace in self.samples["stories"]:
            first, second = _heaps(trace, None)
            self.assertGreater(first[0], 0)
            self.assertEqual(first, second)

    @unittest.skipUnless(_MICROPYTHON, "CPython tells no heap")
    def test_firmware_that_keeps_something_as_long_as_a_picture_is_found_by_its_heap(self) -> None:
        first, second = _heaps(self.samples["shrunk"]["padded_to_a_kib"], length_on_the_heap)
        self.assertNotEqual(first, second)


def _heaps(trace: dict, firmware: object) -> list:
    """Return what `status` knew of the heap in a run with each album, and nothing else of it."""
    told = [[0] * 8, [0] * 8, [0] * 8]  # here already, so that no run leaves anything to the next
    for row, second in enumerate((False, False, True)):  # the first warms up
        gc.collect()
        for index, figure in enumerate(World(trace, second, firmware).run().meter.heaps):
            told[row][index] = figure
    return told[1:]


if __name__ == "__main__":
    unittest.main()
