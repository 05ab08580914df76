"""The journal's verifier, against journals that the firmware wrote and somebody altered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_flash import BLOCK_BYTES, BLOCK_COUNT, HALF, FakeFlash, PowerCut
from typer.testing import CliRunner

from detector import codes
from detector.journal import RECORD_BYTES, Journal
from detector.raw_flash import raw_blocks
from host_tools.journal import command
from host_tools.journal.chain import JournalVerifyError, VerifiedJournal, parse, verify
from host_tools.journal.dump import DumpError, read_key_file, read_records

KEY = b"j" * 32
NAME = "SL-0001"


def opened(flash: FakeFlash) -> Journal:
    """Return the journal as a boot finds it."""
    journal = Journal(raw_blocks(flash), KEY, NAME)
    journal.recover()
    return journal


def dump(journal: Journal) -> list[bytes]:
    """Return all records, as the console prints them."""
    records = []
    buf = bytearray(RECORD_BYTES)
    for number in range(journal.first_seq, journal.seq + 1):
        if journal.read(number, buf):
            records.append(bytes(buf))
    return records


def written(count: int) -> list[bytes]:
    """Return a journal of `count` records."""
    journal = opened(FakeFlash())
    for number in range(count):
        journal.append(codes.JR_TRIP, 7, number)
    return dump(journal)


def checked(records: list[bytes]) -> VerifiedJournal:
    """Verify with the right key."""
    return verify(records, KEY, NAME)


def test_journal_of_the_firmware_verifies() -> None:
    """Complete, from its first record on."""
    result = checked(written(40))
    assert (result.first, result.last, result.is_complete, result.torn) == (1, 40, True, 0)


def test_fields_come_out_as_they_went_in() -> None:
    """One definition of the format on each side."""
    journal = opened(FakeFlash())
    journal.armed = True
    journal.faults = codes.FAULT_CAMERA | codes.FAULT_ENABLE_FLOATING
    journal.day, journal.second, journal.time_known = 2500, 86399, True
    journal.ticks_ms = 12345
    journal.append(codes.JR_ALARM, 9, codes.TRIP_FIRE, 0xFFFFFFFF, b"kitchen")
    record = parse(dump(journal)[0])
    assert (record.name, record.event_id, record.a, record.b) == ("alarm", 9, 2, 0xFFFFFFFF)
    assert (record.day, record.second, record.time_known) == (2500, 86399, True)
    assert (record.armed, record.in_alarm, record.after_torn) == (True, True, False)
    assert (record.faults, record.text, record.ticks_ms) == (journal.faults, b"kitchen", 12345)


def test_overwritten_beginning_is_told_and_is_no_error() -> None:
    """The ring forgets its oldest records."""
    result = checked(written(40)[10:])
    assert (result.first, result.is_complete) == (11, False)


@pytest.mark.parametrize("at", [3, 4, 20, 30, 45, 80, 95, 100])
def test_altered_byte_is_found(at: int) -> None:
    """In any field, and in the MAC."""
    records = written(20)
    altered = bytearray(records[6])
    altered[at] ^= 1
    records[6] = bytes(altered)
    with pytest.raises(JournalVerifyError, match="MAC is wrong"):
        checked(records)


def test_first_bad_record_is_named() -> None:
    """Not the last, and not the one after."""
    records = written(20)
    for index in (6, 11):
        records[index] = records[index][:40] + b"forged" + records[index][46:]
    with pytest.raises(JournalVerifyError) as caught:
        checked(records)
    assert caught.value.number == 7


def test_missing_record_is_named() -> None:
    """Whoever takes one out breaks the chain."""
    records = written(20)
    del records[6]
    with pytest.raises(JournalVerifyError, match="missing") as caught:
        checked(records)
    assert caught.value.number == 7


def test_swapped_records_are_found() -> None:
    """Order is part of the chain."""
    records = written(20)
    records[6], records[7] = records[7], records[6]
    with pytest.raises(JournalVerifyError):
        checked(records)


def test_record_of_another_device_is_found() -> None:
    """The chain begins with the device's name."""
    with pytest.raises(JournalVerifyError, match="does not begin"):
        verify(written(3), KEY, "SL-0002")


def test_wrong_key_is_found() -> None:
    """No record verifies."""
    with pytest.raises(JournalVerifyError, match="another key"):
        verify(written(3), b"k" * 32, NAME)


def test_garbage_is_no_record() -> None:
    """Named by its place."""
    records = written(3)
    records.insert(2, bytes(RECORD_BYTES))
    with pytest.raises(JournalVerifyError, match="place 3"):
        checked(records)


def test_record_torn_by_a_power_cut_is_counted_and_is_no_error() -> None:
    """The next record says that it was torn."""
    flash = FakeFlash()
    journal = opened(flash)
    journal.append(codes.JR_BOOT)
    flash.cut(1, HALF)
    with pytest.raises(PowerCut):
        journal.append(codes.JR_ARM)
    flash.power_on()
    journal = opened(flash)
    journal.append(codes.JR_BOOT)
    result = checked(dump(journal))
    assert (result.last, result.torn) == (3, 1)


def flash_image(flash: FakeFlash) -> bytes:
    """Return the whole storage region."""
    blank = b"\xff" * BLOCK_BYTES
    return b"".join(bytes(flash.blocks.get(block, blank)) for block in range(BLOCK_COUNT))


def ring_of_two_turns() -> FakeFlash:
    """Return a flash whose journal was overwritten once and more."""
    flash = FakeFlash()
    journal = opened(flash)
    for _ in range(2000):
        journal.append(codes.JR_TRIP)
        journal.housekeep()
    return flash


def test_flash_image_is_read_in_the_ring_s_order(tmp_path: Path) -> None:
    """Also where the ring's end lies before its beginning."""
    path = tmp_path / "flash.bin"
    path.write_bytes(flash_image(ring_of_two_turns()))
    result = checked(read_records(path, KEY))
    assert result.last == 2000
    assert len(result.records) > 1000


def test_record_spoiled_in_the_flash_image_is_found(tmp_path: Path) -> None:
    """As a missing one: nothing says that a power cut tore it."""
    flash = ring_of_two_turns()
    flash.blocks[96 + 9 + 3][256] ^= 1
    path = tmp_path / "flash.bin"
    path.write_bytes(flash_image(flash))
    with pytest.raises(JournalVerifyError, match="missing"):
        checked(read_records(path, KEY))


def test_console_transcript_is_read(tmp_path: Path) -> None:
    """What was typed and answered, with a carriage return on each line."""
    lines = ["journal", *("# " + record.hex() for record in written(5)), "OK 5"]
    path = tmp_path / "console.log"
    path.write_bytes("\r\n".join(lines).encode())
    assert checked(read_records(path, KEY)).last == 5


@pytest.mark.parametrize("content", [b"", b"hello\n", b"# 53zz\n"])
def test_file_without_records_is_refused(tmp_path: Path, content: bytes) -> None:
    """With a sentence."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DumpError):
        read_records(path, KEY)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A customer's key file."""
    path = tmp_path / "customer.json"
    keys = {"command": "00", "event": "00", "image": "00", "journal": KEY.hex()}
    path.write_text(
        json.dumps({"sluss_key_file": 1, "role": "customer", "device": NAME, "keys": keys})
    )
    return path


def test_arc_s_key_file_is_refused(tmp_path: Path) -> None:
    """It holds no journal key."""
    path = tmp_path / "arc.json"
    path.write_text(json.dumps({"sluss_key_file": 1, "device": NAME, "keys": {"image": "00"}}))
    with pytest.raises(DumpError, match="no journal key"):
        read_key_file(path)


def test_command_says_ok_and_shows_the_records(tmp_path: Path, key_file: Path) -> None:
    """Exit code 0."""
    path = tmp_path / "dump"
    path.write_bytes(b"".join(written(3)))
    result = CliRunner().invoke(
        command.journal, ["verify", str(path), "--key", str(key_file), "--show"]
    )
    assert result.exit_code == 0
    assert "OK records 1 to 3 of SL-0001" in result.output
    assert "trip" in result.output


def test_command_names_the_bad_record(tmp_path: Path, key_file: Path) -> None:
    """Exit code 1."""
    records = written(3)
    del records[1]
    path = tmp_path / "dump"
    path.write_bytes(b"".join(records))
    result = CliRunner().invoke(command.journal, ["verify", str(path), "--key", str(key_file)])
    assert result.exit_code == 1
    assert "BAD record 2: it is missing" in result.output


def test_command_says_what_it_cannot_read(tmp_path: Path, key_file: Path) -> None:
    """Exit code 2."""
    missing = str(tmp_path / "nothing")
    result = CliRunner().invoke(command.journal, ["verify", missing, "--key", str(key_file)])
    assert result.exit_code == 2
