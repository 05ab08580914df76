"""What came out of each test, and the verdicts on the promises that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from host_tools.bench.promises import (
    BROKEN,
    KEPT,
    NO_RADIO,
    NOT_BUILT,
    NOT_PROVIDED,
    NOT_TESTED,
    PARTLY_TESTED,
    PROMISES,
    Part,
)

# Outcomes of a test
PASSED = "passed"
FAILED = "failed"
ERROR = "error"  # the board could not be brought to rest before the test or after it
SKIPPED = "skipped"
LOST = "lost"  # the board was lost before or in the test: it says nothing, the run is void
NOT_RUN = "not run"  # left out by a selection, or the run ended before it
BAD = frozenset({FAILED, ERROR})
WITHOUT_WORD = frozenset({SKIPPED, LOST, NOT_RUN})


@dataclass
class TestRecord:
    """One test: its sentence, the promises it speaks for and what came out."""

    __test__ = False  # not a test class, whatever its name begins with

    id: str
    sentence: str
    promises: list[str]
    outcome: str
    seconds: float
    message: str = ""  # why it failed, was skipped or not run, for a person


@dataclass
class Recovery:
    """A power-cycle that was needed to bring the board to rest after a test."""

    test: str
    why: str


@dataclass
class PartVerdict:
    """The verdict on one row of PROMISES."""

    promise: str
    part: str
    verdict: str
    passed: int
    failed: int
    tests: int  # all that speak for it, run or not

    def words(self) -> str:
        """Say the verdict, and of how many tests where some have not spoken."""
        if self.verdict == PARTLY_TESTED:
            return f"{self.verdict} ({self.passed} of {self.tests})"
        return self.verdict


def judge_all(tests: Iterable[TestRecord], radio: bool = False) -> list[PartVerdict]:
    """Judge every row of PROMISES by the tests of the suite, those that did not run too.

    `radio` says that the board's chip has one.
    """
    known = list(tests)
    verdicts = [_judge(part, known) for part in PROMISES]
    for verdict in verdicts:
        if radio and verdict.promise in NO_RADIO and verdict.verdict != BROKEN:
            verdict.verdict = NOT_PROVIDED
    return verdicts


def _judge(part: Part, tests: list[TestRecord]) -> PartVerdict:
    outcomes = [test.outcome for test in tests if part.promise in test.promises]
    passed = outcomes.count(PASSED)
    failed = sum(outcome in BAD for outcome in outcomes)
    if not part.built:
        # What is not there keeps nothing; a failed test still says that something is wrong.
        broken = failed and not part.part
        return PartVerdict(part.promise, part.part, BROKEN if broken else NOT_BUILT, 0, 0, 0)
    if failed:
        verdict = BROKEN
    elif not passed:
        verdict = NOT_TESTED
    elif passed < len(outcomes):
        verdict = PARTLY_TESTED
    else:
        verdict = KEPT
    return PartVerdict(part.promise, part.part, verdict, passed, failed, len(outcomes))
