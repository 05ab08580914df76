"""What `sluss journal verify` reads: dumps, transcripts, images of a flash, the key file."""

from __future__ import annotations

import binascii
import json
from pathlib import Path

import pytest
from fake_flash import BEFORE, BLOCK_BYTES, BLOCK_COUNT, HALF, MOST, FakeFlash, PowerCut
from journal_helpers import FIRST_BLOCK, KEY, NAME, PER_BLOCK, key_of, opened, write
from typer.testing import CliRunner, Result

from detector import codes
from detector.journal import Journal
from detector.journal_slots import RECORD_BYTES, SLOT_BYTES
from host_tools.journal import command
from host_tools.journal.chain import CheckedJournal, verify
from host_tools.journal.dump import DumpError, read_dump, read_head, read_key_file
from tests.host.journal_samples import dump


def journal_of(count: int, flash: FakeFlash | None = None) -> Journal:
    """Return a journal of `count` records, with its quiet times."""
    journal = opened(flash or FakeFlash())
    for _ in range(count):
        journal.append(codes.JR_TRIP)
        journal.settle()
        journal.housekeep()
    return journal


def flash_of(count: int) -> FakeFlash:
    """Return the flash of such a journal."""
    flash = FakeFlash()
    journal_of(count, flash)
    return flash


def image(flash: FakeFlash) -> bytes:
    """Return the whole storage region."""
    blank = b"\xff" * BLOCK_BYTES
    return b"".join(bytes(flash.blocks.get(block, blank)) for block in range(BLOCK_COUNT))


def slot_at(number: int) -> int:
    """Return where a record's slot begins in an image."""
    return FIRST_BLOCK * BLOCK_BYTES + (number - 1) % (40 * PER_BLOCK) * SLOT_BYTES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file goes."""
    return tmp_path / "file"


def checked(path: Path, data: bytes) -> CheckedJournal:
    """Verify a file of these bytes."""
    path.write_bytes(data)
    return verify(read_dump(path), KEY, NAME)


def problems(path: Path, data: bytes) -> list[str]:
    """Return what is wrong with it, in words."""
    return [str(problem) for problem in checked(path, data).problems]


# --- images of a flash --------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 1279, 1280, 1281, 2000, 2592])
def test_flash_image_is_read_in_the_ring_s_order(path: Path, count: int) -> None:
    """To its end, which the key behind it proves."""
    result = checked(path, image(flash_of(count)))
    assert result.problems == []
    assert (result.last, result.end_proved) == (count, True)


def test_record_spoiled_in_the_flash_image_is_named(path: Path) -> None:
    """No power cut tore it: the later ones would count it."""
    data = bytearray(image(flash_of(2000)))
    data[slot_at(1500) + 20] ^= 1
    data[slot_at(1700) + 60] ^= 1
    assert problems(path, data) == [
        "record 1500: spoiled: its place in the flash holds no record",
        "record 1700: spoiled: its place in the flash holds no record",
    ]


def test_record_erased_in_the_flash_image_is_named(path: Path) -> None:
    """Its place is blank."""
    data = bytearray(image(flash_of(2000)))
    data[slot_at(1500) : slot_at(1501)] = b"\xff" * SLOT_BYTES
    assert problems(path, data) == ["record 1500: missing"]


@pytest.mark.parametrize("fill", [0x00, 0xFF])
def test_end_that_was_cut_off_is_found_in_the_flash_image(path: Path, fill: int) -> None:
    """The key that would be there then is nowhere any more."""
    data = bytearray(image(flash_of(40)))
    for number in (40, 39):
        data[slot_at(number) : slot_at(number + 1)] = bytes([fill]) * SLOT_BYTES
        (problem,) = problems(path, data)
        assert f"record {number - 1} (trip): it is not proved to be the last" in problem
    # Nor does the key help that was there.
    data[slot_at(38) + RECORD_BYTES : slot_at(39)] = image(flash_of(40))[
        slot_at(40) + RECORD_BYTES : slot_at(41)
    ]
    assert len(problems(path, data)) == 1


def test_older_image_of_the_same_flash_is_found_by_the_head_alone(path: Path) -> None:
    """It is genuine: what was true then."""
    flash = FakeFlash()
    journal = journal_of(40, flash)
    older = image(flash)
    journal.append(codes.JR_ARM)
    assert problems(path, older) == []
    (problem,) = verify(read_dump(path), KEY, NAME, read_head(_head(journal))).problems
    assert str(problem) == "record 41: missing: the detector told of 41"


@pytest.mark.parametrize(("operation", "how"), [(1, HALF), (1, MOST), (2, BEFORE), (2, HALF)])
def test_image_of_a_flash_whose_power_was_cut_verifies(
    path: Path, operation: int, how: int
) -> None:
    """In the middle of a record, of its key, and of the zeroing of the key before."""
    flash = FakeFlash()
    journal = journal_of(PER_BLOCK + 5, flash)
    flash.cut(operation, how)
    with pytest.raises(PowerCut):
        write(journal, codes.JR_ARM)
    result = checked(path, image(flash))
    assert result.problems == []
    whole = 0 if (operation, how) == (1, HALF) else 1
    assert (result.last, result.end_proved) == (PER_BLOCK + 5 + whole, True)


def test_record_put_into_another_place_of_the_flash_image_is_none(path: Path) -> None:
    """Nor is one of another version: what the detector does not take, nobody does."""
    data = bytearray(image(flash_of(40)))
    data[slot_at(20) : slot_at(20) + RECORD_BYTES] = data[slot_at(10) : slot_at(10) + RECORD_BYTES]
    other = bytearray(data[slot_at(30) : slot_at(30) + RECORD_BYTES])
    other[1] = 1
    other[-4:] = binascii.crc32(other[:-4]).to_bytes(4, "little")
    data[slot_at(30) : slot_at(30) + RECORD_BYTES] = other
    assert [problem.split(":")[0] for problem in problems(path, data)] == [
        "record 20",
        "record 30",
    ]


# --- transcripts and plain dumps ----------------------------------------------------------------


def transcript(journal: Journal, records: list[bytes]) -> list[str]:
    """Return what the console shows of a journal."""
    end = f"OK {len(records)} {journal.seq} {journal.end_proof().hex()}"
    return ["journal", *("# " + record.hex() for record in records), end]


def test_console_transcript_is_read(path: Path) -> None:
    """What was typed and answered, with a carriage return on each line; the last answer counts."""
    journal = journal_of(5)
    lines = transcript(journal, dump(journal))
    journal.append(codes.JR_ARM)
    lines += ["version", "OK 0.1.0 protocol=1 board=X", *transcript(journal, dump(journal))]
    result = checked(path, "\r\n".join(lines).encode())
    assert (result.last, result.problems, result.end_proved) == (6, [], True)


def test_transcript_that_was_cut_off_is_found(path: Path) -> None:
    """By the line behind it; without that line nothing is said of the end."""
    journal = journal_of(5)
    lines = transcript(journal, dump(journal))
    assert problems(path, "\n".join(lines[:4] + lines[-1:]).encode()) == [
        "records 4 to 5: missing: the end is cut off"
    ]
    result = checked(path, "\n".join([*lines[:4], "version", "OK 0.1.0 protocol=1 x"]).encode())
    assert (result.last, result.problems, result.end_proved) == (3, [], False)


def test_transcript_of_a_journal_that_lost_its_key_is_not_proved(path: Path) -> None:
    """A dash stands for the proof."""
    journal = journal_of(5)
    lines = [*transcript(journal, dump(journal))[:-1], "OK 5 5 -"]
    (problem,) = problems(path, "\n".join(lines).encode())
    assert "not proved" in problem


def test_plain_dump_is_read(path: Path) -> None:
    """One record behind the other."""
    result = checked(path, b"".join(dump(journal_of(5))))
    assert (result.last, result.problems, result.end_proved) == (5, [], False)


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"# 5302zz\n", b"\xff" * BLOCK_BYTES * BLOCK_COUNT]
)
def test_file_without_records_is_refused(path: Path, content: bytes) -> None:
    """With a sentence."""
    path.write_bytes(content)
    with pytest.raises(DumpError):
        read_dump(path)


# --- key file, head, command --------------------------------------------------------------------


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


def _head(journal: Journal) -> str:
    return f"{journal.seq}:{journal.head.hex()}"


def run(*arguments: str | Path) -> Result:
    """Run `sluss journal verify`."""
    return CliRunner().invoke(command.journal, ["verify", *map(str, arguments)])


def test_command_says_ok_and_shows_the_records(path: Path, key_file: Path) -> None:
    """Exit code 0, and what the file cannot show."""
    journal = journal_of(3)
    path.write_bytes(b"".join(dump(journal)))
    result = run(path, "--key", key_file, "--show")
    assert result.exit_code == 0
    assert "OK records 1 to 3 of SL-0001" in result.output
    assert "trip" in result.output
    assert "whether later ones were cut off cannot be told" in result.output
    result = run(path, "--key", key_file, "--head", _head(journal))
    assert "they agree with record 3 as the detector told it" in result.output
    path.write_text("\n".join(transcript(journal, dump(journal))))
    assert "nothing was cut off" in run(path, "--key", key_file).output


def test_command_names_each_bad_record(path: Path, key_file: Path) -> None:
    """Exit code 1."""
    records = dump(journal_of(5))
    records[3] = records[3][:30] + b"forged" + records[3][36:]
    del records[1]
    path.write_bytes(b"".join(records))
    result = run(path, "--key", key_file)
    assert result.exit_code == 1
    assert "BAD record 2: missing" in result.output
    assert "BAD record 4 (trip): its checksum is wrong" in result.output


@pytest.mark.parametrize("head", ["3", "x:00", "0:" + "00" * 12, "3:00", "3:" + "00" * 13])
def test_command_says_what_it_cannot_read(path: Path, key_file: Path, head: str) -> None:
    """Exit code 2: a missing file, a head that is none."""
    assert run(path, "--key", key_file).exit_code == 2
    path.write_bytes(b"".join(dump(journal_of(3))))
    result = run(path, "--key", key_file, "--head", head)
    assert result.exit_code == 2
    assert "error: " in result.output


def test_first_key_is_not_in_the_image() -> None:
    """The verifier's key opens what the flash's does not."""
    data = image(flash_of(40))
    assert KEY[:8] not in data
    assert key_of(41) in data
