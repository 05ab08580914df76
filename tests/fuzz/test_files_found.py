"""What was found in whoever reads a detector's files, each as its own test."""

from __future__ import annotations

from tests.fuzz.host_files import sample_journal, verify


def test_an_endless_number_behind_the_records_is_no_end_of_an_answer() -> None:
    transcript, _image, key_file, _lines = sample_journal()
    cut = transcript[: transcript.rindex(b"OK ")]
    code, lines = verify(cut + b"OK 1 " + b"9" * 5000 + b" -\r\n", key_file)
    assert code == 0
    assert "cannot be told" in lines[-1]
