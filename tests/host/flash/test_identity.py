"""`sluss flash` against a virtual board: its identity and its key files."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_tools import cli
from host_tools.console.client import Answer, ConsoleClient
from host_tools.deadline import Deadline
from host_tools.flash import KeysError, KeysLostError, ProvisionError
from host_tools.flash import keys as keyfiles
from host_tools.keyfile import KeyFile
from host_tools.virtual_board.client import VirtualBoard
from tests.host.flash.flashing import CONFIG, flash


@pytest.fixture
def lost_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board does as it is told, but its answer to `provision` does not arrive."""
    command = ConsoleClient.command

    def deafened(console: ConsoleClient, line: str, deadline: Deadline | None = None) -> Answer:
        answer = command(console, line, deadline)
        if line.startswith("provision "):
            raise TimeoutError("provision: not within 5 s")
        return answer

    monkeypatch.setattr(ConsoleClient, "command", deafened)


def test_the_two_key_files_are_private_and_share_no_key(
    flashed_image: tuple[bytes, Path],
) -> None:
    arc = flashed_image[1] / "dut.arc.json"
    customer = flashed_image[1] / "dut.customer.json"
    assert stat.S_IMODE(arc.stat().st_mode) == 0o600
    assert stat.S_IMODE(customer.stat().st_mode) == 0o600
    arc_keys = set(KeyFile.read(arc, "arc").keys.values())
    customer_keys = set(KeyFile.read(customer, "customer").keys.values())
    assert (len(arc_keys), len(customer_keys)) == (3, 4)
    assert not arc_keys & customer_keys


def test_a_provisioned_board_keeps_its_configuration_and_keys(
    provisioned: VirtualBoard, keys: Path
) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    result = flash(provisioned, keys, device_id=None, config=CONFIG)
    assert (result.provisioned, result.device_id) == (False, "dut")
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before


def test_key_files_are_never_overwritten(board: VirtualBoard, keys: Path) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    with pytest.raises(KeysError, match="never overwritten"):
        flash(board, keys)
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before


def test_a_key_file_that_could_not_be_made_leaves_the_board_without_identity(
    board: VirtualBoard, keys: Path, tmp_path: Path
) -> None:
    (keys / "dut.arc.json").unlink()  # only the customer's is in the way
    with pytest.raises(KeysError):
        flash(board, keys)
    assert not (keys / "dut.arc.json").exists()
    assert flash(board, tmp_path / "elsewhere").provisioned


def test_rekey_renames_the_old_keys_and_keeps_the_configuration(
    provisioned: VirtualBoard, keys: Path
) -> None:
    old = KeyFile.read(keys / "dut.arc.json").keys
    result = flash(provisioned, keys, device_id=None, rekey=True)
    assert set(old.values()).isdisjoint(KeyFile.read(keys / "dut.arc.json").keys.values())
    assert [KeyFile.read(path).keys for path in result.set_aside if ".arc." in path.name] == [old]
    assert flash(provisioned, keys, config=CONFIG).provisioned is False


def test_a_rekey_that_is_refused_gives_the_key_files_their_names_back(
    provisioned: VirtualBoard, keys: Path
) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    with pytest.raises(ProvisionError, match="out of range"):
        flash(provisioned, keys, rekey=True, config={"entry_delay_ms": 45001})
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before


def test_a_board_whose_keys_got_lost_on_the_way_says_so_until_it_has_new_ones(
    board: VirtualBoard, tmp_path: Path, lost_answer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(KeysLostError, match=r"nobody knows. Run this again with --rekey\.$"):
        flash(board, keys)
    assert list(keys.iterdir()) == []
    monkeypatch.undo()
    result = flash(board, keys)
    assert (result.provisioned, result.keys) == (False, None)
    assert [path.name for path in result.missing] == ["dut.arc.json", "dut.customer.json"]
    assert flash(board, keys, rekey=True).provisioned
    assert flash(board, keys).missing == ()


def test_a_rekey_without_answer_leaves_the_old_keys_under_their_new_names(
    provisioned: VirtualBoard, keys: Path, lost_answer: None
) -> None:
    old = sorted(path.read_bytes() for path in keys.iterdir())
    with pytest.raises(KeysLostError, match=r"The old key files are now: .*until-") as caught:
        flash(provisioned, keys, rekey=True)
    assert sorted(path.read_bytes() for path in keys.iterdir()) == old
    assert all(str(path) in str(caught.value) for path in keys.iterdir())


def test_a_full_disk_costs_no_old_key(
    provisioned: VirtualBoard, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = sorted(path.read_bytes() for path in keys.iterdir())
    write_all = keyfiles._write_all

    def full(file: io.FileIO, text: str) -> None:
        write_all(file, text[:50])
        if "customer" in text:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(keyfiles, "_write_all", full)
    with pytest.raises(KeysLostError, match=r"No space left on device\. Run this again"):
        flash(provisioned, keys, rekey=True)
    assert sorted(path.read_bytes() for path in keys.iterdir()) == old


def test_two_rekeys_within_a_second_keep_all_keys(tmp_path: Path) -> None:
    files = keyfiles.KeyFiles.of(tmp_path, "dut")
    for content in ("first", "second", "third"):
        files.arc.write_text(content)
        with files.set_aside():
            pass
    kept = sorted(path.read_text() for path in tmp_path.iterdir())
    assert kept == ["first", "second", "third"]


def test_the_command_says_that_key_files_are_missing(
    provisioned: VirtualBoard, keys: Path
) -> None:
    (keys / "dut.customer.json").unlink()
    arguments = ["flash", "--port", provisioned.ports.console, "--keys", str(keys), "--no-start"]
    result = CliRunner().invoke(cli.build(), arguments)
    assert result.exit_code == 0, result.stderr
    assert f"{keys}/ has no dut.customer.json. Where its keys are lost" in result.stdout


def test_another_configuration_needs_new_keys(provisioned: VirtualBoard, keys: Path) -> None:
    with pytest.raises(ProvisionError, match="--rekey"):
        flash(provisioned, keys, config={"exit_delay_ms": 5})


def test_a_configuration_out_of_range_is_refused_and_leaves_no_key_file(
    board: VirtualBoard, tmp_path: Path
) -> None:
    with pytest.raises(ProvisionError, match="out of range"):
        flash(board, tmp_path / "keys", config={"entry_delay_ms": 45001})
    assert list((tmp_path / "keys").iterdir()) == []
