"""Key files are read strictly, and what is wrong with one is said in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host_tools.flash.errors import KeysLostError
from host_tools.flash.keys import KeyFiles
from host_tools.keyfile import ARC, CUSTOMER, NAMES, KeyFile, KeyFileError


def write(path: Path, **changed: Any) -> Path:
    keys = dict.fromkeys(("command", "event", "image", "journal"), "11" * 32)
    content = {"sluss_key_file": 1, "role": "customer", "device": "dev-1", "keys": keys}
    path.write_text(json.dumps(content | changed))
    return path


def test_a_key_file_gives_its_keys(tmp_path: Path) -> None:
    key_file = KeyFile.read(write(tmp_path / "k"), "customer")
    assert (key_file.role, key_file.device) == ("customer", "dev-1")
    assert key_file.keys["journal"] == b"\x11" * 32


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sluss_key_file": 2}, "of a kind"),
        ({"role": "arc"}, "'arc', not of 'customer'"),
        ({"keys": {}}, "incomplete"),
        ({"keys": []}, "incomplete"),
        ({"keys": dict.fromkeys(("command", "event", "image", "journal"), "11")}, "32 bytes"),
        ({"keys": dict.fromkeys(("command", "event", "image", "journal"), "zz")}, "damaged"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(KeyFileError, match=sentence):
        KeyFile.read(write(tmp_path / "k", **changed), "customer")


def test_a_missing_file_and_one_that_is_no_json_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        KeyFile.read(tmp_path / "none")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(KeyFileError, match="no key file"):
        KeyFile.read(tmp_path / "text")
    (tmp_path / "deep").write_text("[" * 100_000)
    with pytest.raises(KeyFileError, match="no key file"):
        KeyFile.read(tmp_path / "deep")


def told() -> dict[str, str]:
    return {f"{role}-{name}": "11" * 32 for role in (ARC, CUSTOMER) for name in NAMES[role]}


@pytest.mark.parametrize(
    "changed",
    [{"arc-event": "11"}, {"customer-journal": "zz" * 32}, {"customer-image": None}],
)
def test_keys_that_came_damaged_leave_no_file(
    tmp_path: Path, changed: dict[str, str | None]
) -> None:
    """They are told once: a file that looks whole would be found out when it is needed."""
    files = KeyFiles.of(tmp_path, "dev-1")
    keys = {name: key for name, key in (told() | changed).items() if key is not None}
    with pytest.raises(KeysLostError), files.reserved() as writer:
        writer.write("dev-1", keys)
    assert files.existing == []
    with files.reserved() as writer:
        writer.write("dev-1", told())
    assert KeyFile.read(files.customer, CUSTOMER).device == "dev-1"
