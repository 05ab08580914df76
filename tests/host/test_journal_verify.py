"""The journal's verifier, against journals that the firmware wrote and somebody tampered with."""

from __future__ import annotations

import binascii
import struct

import pytest
from fake_flash import HALF, FakeFlash, PowerCut
from journal_helpers import KEY, NAME, key_of, opened

from detector import codes
from detector.journal import Journal
from host_tools.journal.chain import Dump, End, end_proof, verify
from host_tools.journal.records import parse
from tests.host.journal_samples import checked, dump, end_of, problems, written

# Where each field of a record begins, with its name.
FIELDS = {
    "magic": 0,
    "version": 1,
    "kind": 2,
    "flags": 3,
    "number": 4,
    "boot": 8,
    "ticks": 12,
    "day": 16,
    "faults": 18,
    "more faults": 19,
    "second": 20,
    "event": 24,
    "a": 28,
    "b": 32,
    "last event": 36,
    "torn": 40,
    "minutes without a clock": 42,
    "chain": 44,
    "mac": 56,
    "checksum": 88,
}


def test_journal_of_the_firmware_verifies() -> None:
    """Complete, from its first record to its end."""
    result = checked(written(40), end_of(40))
    assert result.problems == []
    assert (result.first, result.last, result.is_complete, result.torn) == (1, 40, True, 0)
    assert result.end_proved


def test_fields_come_out_as_they_went_in() -> None:
    """One definition of the format on each side."""
    journal = opened(FakeFlash())
    journal.armed = True
    journal.faults = codes.FAULT_CAMERA | codes.FAULT_ENABLE_FLOATING
    journal.day, journal.second, journal.time_known = 2500, 86399, True
    journal.ticks_ms, journal.unclocked_min = 12345, 77
    journal.append(codes.JR_ALARM, 9, codes.TRIP_FIRE, 0xFFFFFFFF)
    record = parse(dump(journal)[0])
    assert (record.name, record.event_id, record.a, record.b) == ("alarm", 9, 2, 0xFFFFFFFF)
    assert (record.day, record.second, record.time_known) == (2500, 86399, True)
    assert (record.armed, record.in_alarm, record.torn, record.link) == (True, True, 0, 1)
    assert (record.faults, record.ticks_ms) == (journal.faults, 12345)
    assert record.unclocked_min == 77


# --- changed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 6, 19])
@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("magic", "version")])
def test_changed_field_is_named_with_its_record(field: str, place: int) -> None:
    """Wherever it stands, by number and kind; and no other record is blamed."""
    records = written(20)
    changed = bytearray(records[place])
    changed[FIELDS[field]] ^= 1
    records[place] = bytes(changed)
    kind = codes.journal_name(changed[FIELDS["kind"]])
    (problem,) = checked(records).problems
    assert (problem.number, problem.kind) == (place + 1, kind)
    assert "is wrong: changed, or put in from elsewhere" in problem.reason


@pytest.mark.parametrize("field", ["magic", "version"])
def test_what_is_no_record_is_named_by_its_place(field: str) -> None:
    """Nothing in it can be believed."""
    records = written(20)
    changed = bytearray(records[6])
    changed[FIELDS[field]] ^= 1
    records[6] = bytes(changed)
    assert problems(records) == ["record 7: this is no journal record of version 2"]


def test_every_changed_record_is_named() -> None:
    """Not only the first."""
    records = written(20)
    for index in (6, 11):
        records[index] = records[index][:30] + b"forged" + records[index][36:]
    assert [problem.number for problem in checked(records).problems] == [7, 12]


def test_record_made_whole_again_is_named_by_its_mac() -> None:
    """Whoever changes a record can make its checksum right; it is for accidents."""
    records = written(20)
    changed = records[6][:30] + b"forged" + records[6][36:-4]
    records[6] = changed + binascii.crc32(changed).to_bytes(4, "little")
    (problem,) = checked(records).problems
    assert (problem.number, problem.kind) == (7, "trip")
    assert "its MAC is wrong" in problem.reason


# --- taken out, moved, put in -------------------------------------------------------------------


def test_missing_record_is_named() -> None:
    """And it alone."""
    records = written(20)
    del records[6]
    assert problems(records) == ["record 7: missing"]


def test_missing_records_are_named() -> None:
    """From the first to the last of them."""
    records = written(20)
    del records[6:9]
    del records[14]
    assert problems(records) == ["records 7 to 9: missing", "record 18: missing"]


def test_swapped_records_are_named() -> None:
    """None is missing: one stands behind its successor."""
    records = written(20)
    records[6], records[7] = records[7], records[6]
    assert problems(records) == ["record 7 (trip): out of order: it stands behind record 8"]


def test_repeated_record_is_named() -> None:
    """Put in once more."""
    records = written(20)
    records.insert(9, records[6])
    assert problems(records) == ["record 7 (trip): it is there twice"]


def test_record_of_another_detector_is_named() -> None:
    """In the place of one, or between two."""
    records = written(20)
    records[6] = written(7, b"k" * 32)[6]
    assert [problem.number for problem in checked(records).problems] == [7]
    records = written(20)
    records.insert(6, written(7, b"k" * 32)[6])
    assert [problem.number for problem in checked(records).problems] == [7]


def test_journal_of_another_detector_is_told() -> None:
    """Another name, or another key."""
    assert [str(each) for each in verify(Dump(written(3)), KEY, "SL-0002").problems] == [
        "record 1 (trip): it does not begin the chain of this device's name"
    ]
    (problem,) = verify(Dump(written(3)), b"k" * 32, NAME).problems
    assert "another detector's journal" in str(problem)


def test_number_far_from_the_others_costs_no_time() -> None:
    """The keys up to 4 thousand million are not made for it."""
    records = written(20)
    records[6] = records[6][:4] + struct.pack("<I", 0xFFFFFFF0) + records[6][8:]
    (problem,) = checked(records).problems
    assert problem.number == 7
    assert "says that it is number 4294967280" in problem.reason


# --- torn ---------------------------------------------------------------------------------------


def torn_journal() -> Journal:
    """Return records 1 and 2, torn numbers 3 and 4, records 5 and 6."""
    flash = FakeFlash()
    journal = opened(flash)
    for _ in range(2):
        journal.append(codes.JR_BOOT)
    for _ in range(2):
        flash.cut(1, HALF)
        with pytest.raises(PowerCut):
            journal.append(codes.JR_ARM)
        flash.power_on()
        journal = opened(flash)
    for _ in range(2):
        journal.append(codes.JR_BOOT)
    return journal


def test_numbers_torn_by_power_cuts_are_counted_and_are_no_error() -> None:
    """The next record says how many."""
    result = checked(dump(torn_journal()), End(6, frozenset({end_proof(key_of(5))})))
    assert result.problems == []
    assert (result.last, result.torn, result.end_proved) == (6, 2, True)


def test_record_taken_out_beside_torn_ones_is_not_passed_off_as_torn() -> None:
    """The later records count two torn numbers, not three."""
    records = dump(torn_journal())
    del records[1]
    assert problems(records) == ["records 2 to 4: 1 of them missing"]
