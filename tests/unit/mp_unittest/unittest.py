"""The part of CPython's unittest that the unit tests use, for MicroPython, which has none."""

import sys


class SkipTest(Exception):  # noqa: N818 - CPython's name
    """Raised by a skipped test; args: the reason."""


def skip(reason):
    """Decorate a test that shall not run."""

    def decorate(_test):
        def skipped(_self):
            raise SkipTest(reason)

        return skipped

    return decorate


def skipIf(condition, reason):  # noqa: N802
    """Decorate a test that shall not run where `condition` holds."""
    if condition:
        return skip(reason)
    return lambda test: test


def skipUnless(condition, reason):  # noqa: N802
    """Decorate a test that shall only run where `condition` holds."""
    return skipIf(not condition, reason)


class _Raises:
    def __init__(self, expected):
        self.expected = expected
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        if kind is None:
            raise AssertionError("%r not raised" % (self.expected,))
        self.exception = error
        return issubclass(kind, self.expected)


class TestCase:
    """One class of tests; setUp and tearDown run around each."""

    def setUp(self):  # noqa: N802
        """Run before each test."""

    def tearDown(self):  # noqa: N802
        """Run after each test."""

    def fail(self, msg=None):
        """Fail with `msg`."""
        raise AssertionError(msg or "failed")

    def skipTest(self, reason):  # noqa: N802
        """Skip from within a test."""
        raise SkipTest(reason)

    def _check(self, holds, what, msg):
        if not holds:
            raise AssertionError(what if msg is None else "%s: %s" % (what, msg))

    def assertEqual(self, first, second, msg=None):  # noqa: N802
        """Fail unless first == second."""
        self._check(first == second, "%r != %r" % (first, second), msg)

    def assertNotEqual(self, first, second, msg=None):  # noqa: N802
        """Fail if first == second."""
        self._check(first != second, "%r == %r" % (first, second), msg)

    def assertTrue(self, value, msg=None):  # noqa: N802
        """Fail unless `value` counts as true."""
        self._check(value, "%r is not true" % (value,), msg)

    def assertFalse(self, value, msg=None):  # noqa: N802
        """Fail if `value` counts as true."""
        self._check(not value, "%r is not false" % (value,), msg)

    def assertIs(self, first, second, msg=None):  # noqa: N802
        """Fail unless both are one object."""
        self._check(first is second, "%r is not %r" % (first, second), msg)

    def assertIsNot(self, first, second, msg=None):  # noqa: N802
        """Fail if both are one object."""
        self._check(first is not second, "both are %r" % (first,), msg)

    def assertIsNone(self, value, msg=None):  # noqa: N802
        """Fail unless `value` is None."""
        self._check(value is None, "%r is not None" % (value,), msg)

    def assertIsNotNone(self, value, msg=None):  # noqa: N802
        """Fail if `value` is None."""
        self._check(value is not None, "it is None", msg)

    def assertIn(self, member, container, msg=None):  # noqa: N802
        """Fail unless `member` is in `container`."""
        self._check(member in container, "%r not in %r" % (member, container), msg)

    def assertNotIn(self, member, container, msg=None):  # noqa: N802
        """Fail if `member` is in `container`."""
        self._check(member not in container, "%r in %r" % (member, container), msg)

    def assertGreater(self, first, second, msg=None):  # noqa: N802
        """Fail unless first > second."""
        self._check(first > second, "%r is not > %r" % (first, second), msg)

    def assertGreaterEqual(self, first, second, msg=None):  # noqa: N802
        """Fail unless first >= second."""
        self._check(first >= second, "%r is not >= %r" % (first, second), msg)

    def assertLess(self, first, second, msg=None):  # noqa: N802
        """Fail unless first < second."""
        self._check(first < second, "%r is not < %r" % (first, second), msg)

    def assertLessEqual(self, first, second, msg=None):  # noqa: N802
        """Fail unless first <= second."""
        self._check(first <= second, "%r is not <= %r" % (first, second), msg)

    def assertIsInstance(self, value, kind, msg=None):  # noqa: N802
        """Fail unless `value` is of `kind`."""
        self._check(isinstance(value, kind), "%r is no %r" % (value, kind), msg)

    def assertRaises(self, expected):  # noqa: N802
        """Return a context manager that fails unless `expected` is raised in it."""
        return _Raises(expected)


class Result:
    """Counts of a run."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0


def run_module(module, name, result):
    """Run every test of every TestCase in `module`; print what fails or is skipped."""
    for class_name in dir(module):
        case_class = getattr(module, class_name)
        if not (isinstance(case_class, type) and issubclass(case_class, TestCase)):
            continue
        if case_class is TestCase:
            continue
        for test_name in dir(case_class):
            if test_name.startswith("test"):
                _run(case_class(), test_name, "%s::%s::%s" % (name, class_name, test_name), result)


def _run(case, test_name, title, result):
    try:
        case.setUp()
        try:
            getattr(case, test_name)()
        finally:
            case.tearDown()
        result.passed += 1
    except SkipTest as reason:
        result.skipped += 1
        print("SKIPPED %s: %s" % (title, reason))
    except Exception as error:
        result.failed += 1
        print("FAILED %s" % title)
        sys.print_exception(error)
