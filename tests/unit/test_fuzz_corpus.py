"""What the fuzzers kept: every input of the device's corpora, on this interpreter."""

import unittest

from fuzz_device import CHECKS, inputs


class CorpusTest(unittest.TestCase):
    def test_every_input_is_borne(self):
        for name, check in CHECKS:
            found = inputs(name)
            self.assertGreater(len(found), 3)
            for data in found:
                try:
                    check(data)
                except Exception as error:
                    self.fail("%s %s: %r" % (name, data.hex(), error))


if __name__ == "__main__":
    unittest.main()
