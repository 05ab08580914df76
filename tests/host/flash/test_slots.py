"""Which of two apps a loader starts, by what the file `slots` says and what is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

import slot
from detector import codes
from host_tools.flash.packed import pack
from loader import TRIES, Slots, is_whole
from tests.host.flash.flashing import unpacked

_FILES = {"detector/app.mpy": b"app" * 900, "detector/gate.mpy": b"", "pins.mpy": b"\xff\n 0"}
_APP = pack(_FILES).data


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A board's root with two whole apps."""
    for name in slot.NAMES:
        (tmp_path / f"{name}.app").write_bytes(_APP)
    return f"{tmp_path}/"


def choice(root: str, state: str, jumper: bool = False) -> tuple[str, bool, str, bool]:
    """Return what is started: slot, on trial, which one failed before, rolled back."""
    Path(root, "slots").write_text(state)
    found = Slots(root).choose(jumper)
    return found.name, found.trial, found.undone, found.rolled_back


@pytest.mark.parametrize(
    ("state", "jumper", "expected"),
    [
        ("1 a - 0 -\n", False, ("a", False, "", False)),
        ("1 b - 0 -\n", False, ("b", False, "", False)),
        ("1 b - 0 a\n", False, ("b", False, "", True)),
        ("1 a b 0 -\n", False, ("b", True, "", False)),
        (f"1 a b {TRIES - 1} -\n", False, ("b", True, "", False)),
        (f"1 a b {TRIES} -\n", False, ("a", False, "b", True)),
        (f"1 b a {TRIES} -\n", False, ("b", False, "a", True)),
        # The service program is the proven app's, and settles nothing.
        ("1 a b 0 -\n", True, ("a", False, "", False)),
        (f"1 a b {TRIES} -\n", True, ("a", False, "", False)),
        # No state: whatever is whole.
        ("", False, ("a", False, "", False)),
        ("2 b - 0 -\n", False, ("a", False, "", False)),
        ("1 b a\n", False, ("a", False, "", False)),
        ("1 b a x -\n", False, ("a", False, "", False)),
        # Nothing to go back to: on and on.
        (f"1 - b {TRIES} -\n", False, ("a", False, "b", True)),
    ],
)
def test_two_whole_apps(
    root: str, state: str, jumper: bool, expected: tuple[str, bool, str, bool]
) -> None:
    assert choice(root, state, jumper) == expected


@pytest.mark.parametrize(
    ("state", "damaged", "expected"),
    [
        ("1 a - 0 -\n", "a", ("b", False, "a", True)),
        ("1 a - 0 -\n", "b", ("a", False, "", False)),
        ("1 a b 1 -\n", "b", ("a", False, "b", True)),
        ("1 a b 1 -\n", "a", ("b", True, "", False)),
        (f"1 a b {TRIES} -\n", "a", ("b", False, "", False)),
        ("", "a", ("b", False, "", False)),
    ],
)
def test_one_damaged_app(
    root: str, state: str, damaged: str, expected: tuple[str, bool, str, bool]
) -> None:
    Path(root, f"{damaged}.app").write_bytes(_APP[:-1])
    assert choice(root, state) == expected


@pytest.mark.parametrize("state", ["", "1 a b 0 -\n", "1 a - 0 b\n"])
def test_two_damaged_apps_are_an_error_that_says_what_to_do(root: str, state: str) -> None:
    Path(root, "a.app").write_bytes(b"")
    Path(root, "b.app").unlink()
    with pytest.raises(ValueError, match="fit the service jumper, reset, and run sluss flash"):
        choice(root, state)


def test_a_state_is_written_whole_and_read_again(root: str) -> None:
    book = Slots(root)
    book.write("a", "b", 0, "-")
    for tries in range(1, TRIES + 1):
        book.count()
        again = Slots(root)
        found = (again.active, again.candidate, again.tries, again.failed)
        assert found == ("a", "b", tries, "-")
    assert not Path(root, "slots.new").exists()


def test_any_change_of_an_app_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.app"
    path.write_bytes(_APP)
    assert is_whole(str(path))
    places = [*range(0, len(_APP), 7), len(_APP) - 1]
    for place in places:
        damaged = bytearray(_APP)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        assert not is_whole(str(path)), f"byte {place}"
    for length in (0, 5, slot.HEAD_BYTES, len(_APP) - 1):
        path.write_bytes(_APP[:length])
        assert not is_whole(str(path)), f"{length} bytes"
    path.write_bytes(_APP + b"\0")
    assert not is_whole(str(path))


def test_what_was_packed_is_unpacked() -> None:
    assert unpacked(_APP) == _FILES


@pytest.mark.parametrize("same", [(), ("detector/app.mpy",), ("pins.mpy",), tuple(_FILES)])
def test_parts_make_the_app_again(same: tuple[str, ...]) -> None:
    other = pack({name: _FILES[name] for name in same})
    new = pack(_FILES)
    data = b""
    for part in new.parts(_FILES, {name: other.offsets[name] for name in same}):
        if part.copied_from is not None:
            assert other.data[part.copied_from :].startswith(part.data)
        data += part.data
    assert data == _APP
    copied = sum(len(_FILES[name]) for name in same)
    sent = [part for part in new.parts(_FILES, other.offsets) if part.copied_from is None]
    assert sum(len(part.data) for part in sent) == len(_APP) - copied


def test_a_settled_app_has_a_word_in_the_journal() -> None:
    assert codes.journal_name(codes.JR_APP) == "app"
