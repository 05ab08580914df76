"""`sluss flash` against a virtual board: what is on its flash is read back by littlefs-python."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from littlefs import LittleFS, UserContext

from detector import flash_map
from detector.version import VERSION
from host_tools.deadline import Deadline
from host_tools.flash import (
    FlashResult,
    JumperError,
    KeysError,
    LostError,
    NoReplError,
    ProvisionError,
    VerifyError,
    build_image,
    check_app,
    flash_board,
)
from host_tools.flash.installer import Installer
from host_tools.flash.transport import ReplTransport
from host_tools.keyfile import KeyFile
from host_tools.virtual_board.client import VirtualBoard

_CONFIG = {"exit_delay_ms": 100, "entry_delay_ms": 200}
_RAW_BYTES = flash_map.RAW_BLOCKS * flash_map.BLOCK_BYTES
_SECONDS = 60.0


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualBoard]:
    """A board with blank flash and its jumper in."""
    with VirtualBoard(tmp_path / "board") as board:
        board.jumper(True)
        yield board


@pytest.fixture(scope="module")
def flashed_image(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """The flash of a provisioned board, and the folder of its keys."""
    folder = tmp_path_factory.mktemp("flashed")
    with VirtualBoard(folder / "board") as board:
        board.jumper(True)
        flash(board, folder / "keys", config=_CONFIG)
        return board.flash_image(), folder / "keys"


@pytest.fixture
def provisioned(tmp_path: Path, flashed_image: tuple[bytes, Path]) -> Iterator[VirtualBoard]:
    """A provisioned board, its jumper in, in the service program."""
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "flash.bin").write_bytes(flashed_image[0])
    with VirtualBoard(tmp_path / "board", powered=False) as board:
        board.jumper(True)
        board.power(True)
        yield board


@pytest.fixture
def keys(tmp_path: Path, flashed_image: tuple[bytes, Path]) -> Path:
    """A copy of the provisioned board's keys."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for path in flashed_image[1].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def flash(
    board: VirtualBoard, keys_dir: Path | None, **options: object
) -> FlashResult:  # one id for all, because the chips' numbers differ
    options.setdefault("device_id", "dut")
    options.setdefault("deadline", Deadline(_SECONDS))
    return flash_board(board.ports.console, keys_dir=keys_dir, **options)  # type: ignore[arg-type]


def starter(board: VirtualBoard) -> Callable[[], None]:
    """What pulls the jumper and resets."""

    def start() -> None:
        board.jumper(False)
        board.reset()

    return start


def files_on(flash_image: bytes) -> dict[str, bytes]:
    """Read the file system as the host's littlefs sees it."""
    context = UserContext(len(flash_image))
    context.buffer[:] = flash_image
    size = flash_map.BLOCK_BYTES
    system = LittleFS(
        context, block_size=size, block_count=len(flash_image) // size, prog_size=256
    )
    found = {}
    for folder, _folders, names in system.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with system.open(path, "rb") as file:
                found[path.lstrip("/")] = file.read()
    return found


def on_board(board: VirtualBoard, program: str) -> None:
    """Run a program in the board's raw REPL, around the raw blocks."""
    transport = ReplTransport(board.ports.console, Deadline(_SECONDS))
    try:
        transport.start_repl()
        transport.exec(
            "import vfs, rp2\nfrom detector.flash_guard import GuardedFlash\n"
            "vfs.umount('/')\n"
            "vfs.mount(vfs.VfsLfs2(GuardedFlash(rp2.Flash()), progsize=256), '/')\n" + program
        )
        transport.exit_raw_repl()
    finally:
        transport.close()


# --- files ------------------------------------------------------------------------------------


def test_a_blank_board_gets_every_file_and_nothing_else(
    flashed_image: tuple[bytes, Path],
) -> None:
    assert files_on(flashed_image[0]) == build_image("VIRTUAL").files


def test_a_second_run_writes_nothing(provisioned: VirtualBoard, keys: Path) -> None:
    operations = provisioned.flash_operations()
    result = flash(provisioned, keys)
    assert result.installed.sent == ()
    assert provisioned.flash_operations() == operations


def test_only_what_differs_is_sent_and_strays_are_deleted(
    provisioned: VirtualBoard, keys: Path
) -> None:
    on_board(
        provisioned,
        "import os\nos.mkdir('/old')\n"
        "with open('/detector/gate.mpy', 'w') as file: file.write('x')\n"
        "with open('/old/stray.py', 'w') as file: file.write('y')",
    )
    result = flash(provisioned, keys)
    assert result.installed.sent == ("detector/gate.mpy",)
    assert result.installed.deleted == ("old/stray.py",)
    assert files_on(provisioned.flash_image()) == build_image("VIRTUAL").files


def test_flashing_leaves_the_raw_blocks_as_they_are(
    provisioned: VirtualBoard, keys: Path, flashed_image: tuple[bytes, Path]
) -> None:
    flash(provisioned, keys, sabotage=lambda path, text: f"{text}\n_PATCHED = {path!r}\n")
    assert provisioned.flash_image()[-_RAW_BYTES:] == flashed_image[0][-_RAW_BYTES:]


def test_a_file_that_did_not_arrive_is_found_out(
    board: VirtualBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Installer._send

    def forgetful(self: Installer, files: dict[str, bytes], progress: object) -> None:
        send(self, files | {"detector/gate.mpy": b"nonsense"}, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(Installer, "_send", forgetful)
    with pytest.raises(VerifyError, match=r"detector/gate\.mpy"):
        flash(board, None)


def test_a_board_that_loses_power_on_the_way_is_flashed_by_the_next_run(
    board: VirtualBoard, tmp_path: Path
) -> None:
    def cut(what: str, done: int, total: int) -> None:
        if total and done > total // 2:
            board.power(False)

    with pytest.raises(LostError, match="run this again"):
        flash(board, tmp_path / "keys", progress=cut, deadline=Deadline(5.0))
    board.power(True)
    result = flash(board, tmp_path / "keys")
    assert result.installed.kept
    assert files_on(board.flash_image()) == build_image("VIRTUAL").files


def test_a_board_that_cannot_write_is_quoted(board: VirtualBoard, tmp_path: Path) -> None:
    def spoil(what: str, done: int, total: int) -> None:
        if done > total // 2:
            board.fault("flash-fails")

    with pytest.raises(LostError, match=r"could not write \S+: OSError: \S.*\.$"):
        flash(board, tmp_path / "keys", progress=spoil, deadline=Deadline(8.0))


# --- identity ---------------------------------------------------------------------------------


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
    result = flash(provisioned, keys, device_id=None, config=_CONFIG)
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
    assert flash(provisioned, keys, config=_CONFIG).provisioned is False


def test_another_configuration_needs_new_keys(provisioned: VirtualBoard, keys: Path) -> None:
    with pytest.raises(ProvisionError, match="--rekey"):
        flash(provisioned, keys, config={"exit_delay_ms": 5})


def test_a_configuration_out_of_range_is_refused_and_leaves_no_key_file(
    board: VirtualBoard, tmp_path: Path
) -> None:
    with pytest.raises(ProvisionError, match="out of range"):
        flash(board, tmp_path / "keys", config={"entry_delay_ms": 45001})
    assert list((tmp_path / "keys").iterdir()) == []


# --- start ------------------------------------------------------------------------------------


def test_the_detector_is_started_and_says_its_version(
    provisioned: VirtualBoard, keys: Path
) -> None:
    assert flash(provisioned, keys, start=starter(provisioned)).version == VERSION


def test_a_detector_of_another_version_is_found_out(provisioned: VirtualBoard, keys: Path) -> None:
    def older(path: str, text: str) -> str:
        return text.replace(VERSION, "0.0.9") if path == "detector/version.py" else text

    with pytest.raises(VerifyError, match=r"0\.0\.9"):
        flash(provisioned, keys, sabotage=older)


def test_a_detector_that_does_not_start_is_quoted(provisioned: VirtualBoard, keys: Path) -> None:
    def broken(path: str, text: str) -> str:
        return "raise ValueError('broken on purpose')\n" if path == "main.py" else text

    with pytest.raises(LostError, match="broken on purpose"):
        flash(provisioned, keys, sabotage=broken, deadline=Deadline(8.0))


def test_a_running_detector_keeps_its_prompt_shut(provisioned: VirtualBoard, keys: Path) -> None:
    starter(provisioned)()
    check_app(provisioned.ports.console, Deadline(_SECONDS))
    with pytest.raises(NoReplError, match="The detector is running"):
        flash(provisioned, keys)


def test_a_blank_board_without_the_jumper_is_refused(board: VirtualBoard, tmp_path: Path) -> None:
    board.jumper(False)
    with pytest.raises(JumperError, match="jumper is out"):
        flash(board, tmp_path / "keys")
    assert files_on(board.flash_image()) == {}
