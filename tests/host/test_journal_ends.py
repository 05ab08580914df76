"""The verifier on a journal's beginning and end, and what the key in a seized flash can do."""

from __future__ import annotations

import binascii
import struct
from dataclasses import replace

from fake_flash import FakeFlash
from journal_helpers import KEY, NAME, key_of, opened

from detector import codes, crypto
from detector import journal_slots as slots
from detector.journal_ring import KEPT_RECORDS
from host_tools.journal.chain import Dump, End, Head, verify
from host_tools.journal.records import parse
from tests.host.journal_samples import checked, dump, end_of, problems, written

# --- the beginning and the end ------------------------------------------------------------------


def ring(count: int) -> FakeFlash:
    """Return a flash whose journal has had `count` records."""
    flash = FakeFlash()
    journal = opened(flash)
    for _ in range(count):
        journal.append(codes.JR_TRIP)
        journal.housekeep()
    return flash


def test_overwritten_beginning_is_told_and_is_no_error() -> None:
    """The keys are made up to the first record that is left."""
    journal = opened(ring(2000))
    result = checked(dump(journal), End(2000, frozenset({journal.end_proof()})))
    assert result.problems == []
    assert not result.is_complete
    assert len(result.records) >= KEPT_RECORDS


def test_beginning_that_was_cut_off_is_named() -> None:
    """The detector would have kept it."""
    assert problems(written(40)[10:]) == [
        "records 1 to 10: missing: the detector keeps its last 1120 at least"
    ]
    journal = opened(ring(2000))
    kept = dump(journal)
    (problem,) = checked(kept[-KEPT_RECORDS + 1 :]).problems
    assert problem.number == 1
    assert checked(kept[-KEPT_RECORDS:]).problems == []


def test_cut_off_end_is_named_by_what_the_console_said_behind_it() -> None:
    """Its number, and where somebody changed that too, its proof."""
    records = written(20)
    assert problems(records[:17], end_of(20)) == ["records 18 to 20: missing: the end is cut off"]
    (problem,) = checked(records[:17], replace(end_of(20), number=17)).problems
    assert (problem.number, problem.kind) == (17, "trip")
    assert "not proved to be the last" in problem.reason
    assert not checked(records[:17]).end_proved


def test_cut_off_end_is_named_by_what_the_detector_told_of_itself() -> None:
    """At any time after it was written."""
    records = written(20)
    head = Head(20, parse(records[19]).head)
    assert verify(Dump(records), KEY, NAME, head).problems == []
    (problem,) = verify(Dump(records[:17]), KEY, NAME, head).problems
    assert str(problem) == "records 18 to 20: missing: the detector told of 20"


def test_another_history_is_named_by_what_the_detector_told_of_itself() -> None:
    """The flash was put back to record 10 and the detector ran on: all keys are right."""
    records, other = written(20), written(10)
    head = Head(15, parse(records[14]).head)
    journal = opened(FakeFlash())
    for number in range(10):
        journal.append(codes.JR_TRIP, 7, number)
    for _ in range(10):
        journal.append(codes.JR_BOOT)
    other = dump(journal)
    assert checked(other).problems == []
    (problem,) = verify(Dump(other), KEY, NAME, head).problems
    assert (problem.number, problem.kind) == (15, "boot")
    assert "not the one that the detector told of" in problem.reason
    # The two histories do not fit together either.
    (problem,) = checked(records[:12] + other[12:]).problems
    assert str(problem) == "record 13 (boot): it does not follow this record 12, but another one"


def test_head_of_an_overwritten_record_says_nothing() -> None:
    """And that is said."""
    journal = opened(ring(2000))
    (problem,) = verify(Dump(dump(journal)), KEY, NAME, Head(1, bytes(12))).problems
    assert str(problem) == "record 1: the detector told of it, and it is not here"


# --- what the key in a seized flash is good for -------------------------------------------------


def forged(number: int, key: bytes, previous: bytes, torn: int = 0) -> bytes:
    """Return a record as whoever has a key can make it."""
    body = struct.pack(
        slots.BODY, slots.MAGIC, slots.VERSION, codes.JR_BOOT, 0, number, 1, 0, 0xFFFF, 0, 0,
        0, 0, 0, 0, torn, 0, previous,
    )  # fmt: skip
    record = body + crypto.hmac_sha256(key, body)
    return record + binascii.crc32(record).to_bytes(4, "little")


def test_key_of_a_seized_flash_rewrites_nothing_that_was_written() -> None:
    """With the key behind record 20 each record before it is out of reach; the next is not."""
    records = written(20)
    seized = key_of(21)
    for place in range(20):
        changed = list(records)
        changed[place] = forged(place + 1, seized, parse(records[place]).previous)
        assert [problem.number for problem in checked(changed).problems] == [place + 1]
    follows = forged(21, seized, parse(records[19]).head)
    assert problems([*records, follows]) == []
    # Cut off and gone on: neither with the right numbers nor with those of torn ones.
    assert problems([*records[:17], forged(21, seized, parse(records[16]).head)]) == [
        "records 18 to 20: missing"
    ]
    for number, torn in ((18, 0), (21, 3)):
        last = forged(number, seized, parse(records[16]).head, torn)
        (problem,) = checked([*records[:17], last]).problems
        assert "its MAC is wrong" in problem.reason
