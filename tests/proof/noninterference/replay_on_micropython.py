"""Runs test_samples.py under MicroPython; exits with 1 unless every test passed."""

import sys

_root = __file__.rsplit("/", 4)[0]
_unit = _root + "/tests/unit"
sys.path[:] = [_root, _root + "/firmware", _unit, _unit + "/mp_unittest", ".frozen"]

import unittest  # noqa: E402

from tests.proof.noninterference import test_samples  # noqa: E402

result = unittest.Result()
unittest.run_module(test_samples, "test_samples.py", result)
print("%d passed, %d failed, %d skipped" % (result.passed, result.failed, result.skipped))
sys.exit(1 if result.failed or not result.passed else 0)
