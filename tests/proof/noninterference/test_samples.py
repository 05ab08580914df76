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


# The collector takes any word for a pointer: one that is left over may keep a few blocks.
_HEAP_NOISE_BYTES = 256


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
            self.assertLess(_heap_difference(trace, None), _HEAP_NOISE_BYTES)

    @unittest.skipUnless(_MICROPYTHON, "CPython tells no heap")
    def test_firmware_that_keeps_something_as_long_as_a_picture_is_found_by_its_heap(self) -> None:
        trace = self.samples["shrunk"]["padded_to_a_kib"]
        self.assertGreater(_heap_difference(trace, length_on_the_heap), _HEAP_NOISE_BYTES)


def _heap_difference(trace: dict, firmware: object) -> int:
    """Return by how many bytes what `status` knows of the heap differs between the albums."""
    told = [[0] * 8 for _ in range(4)]  # here already, so that no run leaves anything to the next
    for row, second in enumerate((False, True, False, True)):  # the first two warm up
        gc.collect()
        for index, figure in enumerate(World(trace, second, firmware).run().meter.heaps):
            told[row][index] = figure
    if not told[2][0]:
        raise ValueError("status was not asked")
    return max([abs(one - other) for one, other in zip(told[2], told[3])])


if __name__ == "__main__":
    unittest.main()
