"""Journals that the firmware wrote, and the verifier's word on what was made of them."""

from __future__ import annotations

from collections.abc import Sequence

from fake_flash import FakeFlash
from journal_helpers import KEY, NAME, key_of, opened
from journal_helpers import records as read_back

from detector import codes
from detector.journal import Journal
from host_tools.journal.chain import CheckedJournal, Dump, End, end_proof, verify


def dump(journal: Journal) -> list[bytes]:
    """Return all records, as the console prints them."""
    return [data for _number, data in read_back(journal)]


def written(count: int, key: bytes = KEY) -> list[bytes]:
    """Return a journal of `count` records."""
    journal = opened(FakeFlash(), key)
    for number in range(count):
        journal.append(codes.JR_TRIP, 7, number)
    return dump(journal)


def end_of(count: int) -> End:
    """Return what the console says behind `count` records."""
    return End(count, frozenset({end_proof(key_of(count + 1))}))


def checked(records: Sequence[bytes], end: End | None = None) -> CheckedJournal:
    """Verify with the right key."""
    return verify(Dump(records, end), KEY, NAME)


def problems(records: Sequence[bytes], end: End | None = None) -> list[str]:
    """Return everything that is wrong, in words."""
    return [str(problem) for problem in checked(records, end).problems]
