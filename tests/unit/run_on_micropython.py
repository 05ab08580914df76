"""Runs tests/unit under MicroPython: run_on_micropython.py [part of a file's name]...

Each file is run in an interpreter of its own module table: what one imports or patches, the next
does not see.
"""

import gc
import os
import sys

_here = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
_root = _here + "/../.."
sys.path[:] = [_here, _here + "/mp_unittest", _root + "/firmware", ".frozen"]

import unittest  # noqa: E402

_wanted = sys.argv[1:]
_kept = list(sys.modules)


def _files():
    names = [entry[0] for entry in os.ilistdir(_here)]
    return sorted(name for name in names if name.startswith("test_") and name.endswith(".py"))


def main():
    """Run the files; return the exit code."""
    result = unittest.Result()
    for file_name in _files():
        name = file_name[:-3]
        if _wanted and not any(part in name for part in _wanted):
            continue
        for module in list(sys.modules):
            if module not in _kept:
                del sys.modules[module]
        gc.collect()
        # Where garbage fills the heap before it goes, what stays lies scattered, and the large
        # buffer of a later file finds no room. A file that calls hal.collect takes this back.
        gc.threshold(128 * 1024)
        try:
            module = __import__(name)
        except Exception as error:
            result.failed += 1
            print("FAILED %s: it cannot be imported" % file_name)
            sys.print_exception(error)
            continue
        unittest.run_module(module, file_name, result)
    version = "%d.%d.%d" % sys.implementation[1][:3]
    print("under MicroPython %s:" % version)
    print("%d passed, %d failed, %d skipped" % (result.passed, result.failed, result.skipped))
    # A run without a test is no success.
    return 1 if result.failed or not result.passed else 0


sys.exit(main())
