"""`sluss certificate`: keys, issuing, verifying, and asking a board that runs."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner, Result

from host_tools.bench import record as records
from host_tools.certificate import keys
from host_tools.cli import build
from host_tools.deadline import Deadline
from host_tools.flash import check_app
from host_tools.virtual_board.client import VirtualBoard
from tests.host.bench_sample import sample_record
from tests.host.certificate_sample import record_file

_START_S = 10.0


def sluss(*words: object) -> Result:
    return CliRunner().invoke(build(), ["certificate", *(str(word) for word in words)])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    assert sluss("new-key", tmp_path / "signer.pem").exit_code == 0
    return tmp_path / "signer.pem"


@pytest.fixture
def certificate(tmp_path: Path, key: Path) -> Path:
    """A certificate of the made-up record."""
    done = sluss("--key", key, "--record", record_file(tmp_path), "--evidence", tmp_path)
    assert done.exit_code == 0, done.output
    return tmp_path / "certificate.json"


# --- keys ---------------------------------------------------------------------------------------


def test_a_new_key_is_its_owners_alone_and_its_public_half_is_not(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = keys.read_public(key.with_name("signer.pem.pub"))
    assert keys.read_private(key).public_key() == public


def test_a_new_key_overwrites_nothing(key: Path) -> None:
    before = key.read_bytes()
    done = sluss("new-key", key)
    assert (done.exit_code, key.read_bytes()) == (2, before)


def test_half_a_key_is_not_overwritten_either(key: Path) -> None:
    private, public = key.read_bytes(), key.with_name("signer.pem.pub")
    text = public.read_bytes()
    key.unlink()
    assert sluss("new-key", key).exit_code == 2
    assert (public.read_bytes(), key.exists()) == (text, False)
    public.unlink()
    key.write_bytes(private)
    assert sluss("new-key", key).exit_code == 2
    assert (key.read_bytes(), public.exists()) == (private, False)


def test_two_keys_differ(key: Path, tmp_path: Path) -> None:
    sluss("new-key", tmp_path / "other.pem")
    assert (tmp_path / "other.pem").read_bytes() != key.read_bytes()


def test_a_new_key_in_no_folder_is_said_so(tmp_path: Path) -> None:
    done = sluss("new-key", tmp_path / "none" / "signer.pem")
    assert done.exit_code == 2
    assert "cannot be made" in done.output


def _no_pem(path: Path) -> None:
    path.write_text("no key")


def _wrong_kind(path: Path) -> None:
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _with_passphrase(path: Path) -> None:
    private = keys.read_private(path)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [_no_pem, _wrong_kind, _with_passphrase, _gone])
def test_what_is_no_key_signs_nothing(damage: object, key: Path, tmp_path: Path) -> None:
    assert callable(damage)
    damage(key)
    done = sluss("--key", key, "--record", record_file(tmp_path))
    assert done.exit_code == 2
    assert str(key) in done.output
    assert not (tmp_path / "certificate.json").exists()


def test_without_a_key_nothing_is_signed() -> None:
    done = sluss()
    assert done.exit_code == 2
    assert "--key" in done.output


# --- issuing and verifying ----------------------------------------------------------------------


def test_a_certificate_is_verified_with_the_signers_public_key(
    certificate: Path, key: Path
) -> None:
    done = sluss("verify", certificate, "--public", f"{key}.pub")
    assert done.exit_code == 0
    assert done.output.startswith("OK SLUSS-BENCH-1: Every promise that is built was kept.")
    assert "only as trusted" not in done.output


def test_either_of_the_two_files_names_the_certificate(certificate: Path) -> None:
    assert sluss("verify", certificate.with_suffix(".html")).exit_code == 0


def test_without_a_key_the_fingerprint_is_shown_and_what_it_is_worth(
    certificate: Path, key: Path
) -> None:
    done = sluss("verify", certificate)
    assert done.exit_code == 0
    public = keys.raw(keys.read_public(Path(f"{key}.pub")))
    assert f"signed by {keys.fingerprint(public)}" in done.output
    assert "only as trusted as that fingerprint" in done.output


def test_another_key_does_not_verify(certificate: Path, tmp_path: Path) -> None:
    sluss("new-key", tmp_path / "other.pem")
    done = sluss("verify", certificate, "--public", tmp_path / "other.pem.pub")
    assert done.exit_code == 1
    assert "BAD public_key: another key signed this" in done.output


@pytest.mark.parametrize(("suffix", "part"), [(".json", "document"), (".html", "page")])
def test_a_missing_file_is_named(suffix: str, part: str, certificate: Path) -> None:
    certificate.with_suffix(suffix).unlink()
    done = sluss("verify", certificate)
    assert done.exit_code == 1
    assert f"BAD {part}: {certificate.with_suffix(suffix)} is missing" in done.output


def test_a_changed_page_is_named(certificate: Path) -> None:
    path = certificate.with_suffix(".html")
    path.write_text(path.read_text().replace("NOT BUILT", "KEPT", 1))
    done = sluss("verify", certificate)
    assert done.exit_code == 1
    assert "BAD page: " in done.output


def test_a_private_key_is_not_taken_for_a_public_one(certificate: Path, key: Path) -> None:
    done = sluss("verify", certificate, "--public", key)
    assert done.exit_code == 2
    assert "no public key" in done.output


def test_a_refusal_leaves_no_certificate(tmp_path: Path, key: Path) -> None:
    record = sample_record(tmp_path)
    record.sabotage = "gate-bridged"
    record.write(tmp_path / "record.json")
    done = sluss("--key", key, "--record", tmp_path / "record.json")
    assert done.exit_code == 1
    assert "not certified. This run was sabotaged on purpose" in done.output
    assert not (tmp_path / "certificate.json").exists()


def test_a_part_of_the_bench_is_not_certified(
    small_bench: Path, tmp_path: Path, key: Path
) -> None:
    done = sluss("--key", key, "--record", small_bench / "record.json", "--folder", tmp_path)
    assert done.exit_code == 1
    assert "Only a part of the bench was run" in done.output


# --- a board that runs --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def console(small_bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The console of a board with the flash of a bench run."""
    state = tmp_path_factory.mktemp("board") / "state"
    shutil.copytree(small_bench / "board" / "main", state)
    with VirtualBoard(state) as board:
        check_app(board.ports.console, Deadline(_START_S))
        yield board.ports.console


@pytest.fixture
def benched(small_bench: Path, tmp_path: Path) -> records.Record:
    """The made-up record, but of the firmware that this board has; it has not attested it yet."""
    record = sample_record(tmp_path)
    record.firmware = records.load(small_bench / "record.json").firmware
    record.attestation = None
    return record


def test_a_board_attests_to_the_certificate_itself(
    console: str, benched: records.Record, tmp_path: Path, key: Path
) -> None:
    benched.write(tmp_path / "record.json")
    words = ("--key", key, "--record", tmp_path / "record.json", "--evidence", tmp_path)
    assert sluss(*words).exit_code == 1
    done = sluss(*words, "--port", console)
    assert done.exit_code == 0, done.output
    assert sluss("verify", tmp_path / "certificate.json").exit_code == 0
    assert "on the board&#39;s console" in (tmp_path / "certificate.html").read_text()


def test_a_record_of_other_firmware_than_the_board_attests_is_stale(
    console: str, benched: records.Record, tmp_path: Path, key: Path
) -> None:
    benched.firmware["detector/gate.mpy"] = "00" * 32
    benched.write(tmp_path / "record.json")
    done = sluss("--key", key, "--record", tmp_path / "record.json", "--port", console)
    assert done.exit_code == 1
    assert "the record is stale" in done.output


def test_a_port_that_is_none_is_said_so(tmp_path: Path, key: Path) -> None:
    record = record_file(tmp_path)
    done = sluss("--key", key, "--record", record, "--port", tmp_path / "none")
    assert done.exit_code == 2
    assert str(tmp_path / "none") in done.output
