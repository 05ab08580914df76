"""What `sluss flash` says of a port that is missing, busy or silent; building the image."""

from __future__ import annotations

import errno
import os
import pty
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from typer.testing import CliRunner

from host_tools import cli
from host_tools.deadline import Deadline
from host_tools.flash import NoPortError, NoReplError, PortBusyError, build_image, compiler
from host_tools.flash.compiler import compile_all
from host_tools.flash.errors import BuildError, NoPermissionError
from host_tools.flash.image import BUILD_DIR, render_roles
from host_tools.flash.transport import ReplTransport, open_port


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A port with nobody at its other end."""
    ours, theirs = pty.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_a_missing_port_is_named() -> None:
    with pytest.raises(NoPortError, match="There is no port /dev/nowhere"):
        ReplTransport("/dev/nowhere", Deadline(1.0))


def test_a_busy_port_is_named(silent_port: str) -> None:
    holder = open_port(silent_port)
    try:
        with pytest.raises(PortBusyError, match=f"Another program has {silent_port} open"):
            ReplTransport(silent_port, Deadline(1.0))
    finally:
        holder.close()


def test_a_port_that_this_user_may_not_open_is_named_with_the_udev_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def denied(*_arguments: object, **_options: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", denied)
    with pytest.raises(NoPermissionError, match="This user may not open /dev/ttyACM0") as caught:
        ReplTransport("/dev/ttyACM0", Deadline(1.0))
    rule = 'SUBSYSTEM=="tty", ATTRS{idVendor}=="2e8a", TAG+="uaccess"'
    assert rule in str(caught.value).splitlines()[1]


def test_a_silent_port_is_named(silent_port: str) -> None:
    transport = ReplTransport(silent_port, Deadline(1.0))
    try:
        with pytest.raises(NoReplError, match=f"No MicroPython prompt answers on {silent_port}"):
            transport.start_repl()
    finally:
        transport.close()


def test_the_command_says_it_in_one_sentence_and_fails(tmp_path: Path) -> None:
    arguments = ["flash", "--port", "/dev/nowhere", "--keys", str(tmp_path)]
    result = CliRunner().invoke(cli.build(), arguments)
    assert result.exit_code == 1
    assert "sluss flash: There is no port /dev/nowhere." in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_roles_become_numbers() -> None:
    pins = SimpleNamespace(UPLINK_EN=14)
    assert render_roles('Pin("UPLINK_EN", OUT)', pins) == "Pin(14, OUT)"  # type: ignore[arg-type]


def test_a_role_that_the_board_lacks_is_named() -> None:
    with pytest.raises(BuildError, match="UPLINK_EN"):
        render_roles('Pin("UPLINK_EN", OUT)', SimpleNamespace())  # type: ignore[arg-type]


def test_an_unknown_board_is_named() -> None:
    with pytest.raises(BuildError, match=r"no board NOWHERE. Known: .*VIRTUAL"):
        build_image("NOWHERE")


def test_firmware_that_does_not_compile_is_named() -> None:
    def broken(path: str, text: str) -> str:
        return "def (" if path == "detector/gate.py" else text

    with pytest.raises(BuildError, match=r"firmware/detector/gate\.py"):
        build_image("VIRTUAL", broken)


def test_the_same_source_gives_the_same_bytes() -> None:
    assert build_image("VIRTUAL").digests == build_image("VIRTUAL").digests


def test_what_was_compiled_is_kept_for_exactly_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"detector/a.py": "x = 1\n", "b.py": "y = 2\n"}
    made = compile_all(texts, tmp_path)
    assert compile_all(texts, None) == made
    compiled = []
    real = compiler._compile

    def watched(folder: Path, path: str, text: str) -> bytes:
        compiled.append(path)
        return real(folder, path, text)

    monkeypatch.setattr(compiler, "_compile", watched)
    assert compile_all(texts, tmp_path) == made
    assert compiled == []
    changed = compile_all({**texts, "b.py": "y = 3\n"}, tmp_path)
    assert compiled == ["b.py"]
    assert changed["b.mpy"] != made["b.mpy"]
    (tmp_path / "detector" / "a.mpy").write_bytes(b"torn")
    assert compile_all(texts, tmp_path) == made
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "a.mpy",
        "b.mpy",
    ]


def test_sabotaged_firmware_is_not_kept() -> None:
    kept = build_image("VIRTUAL").files
    build_image("VIRTUAL", lambda _path, text: text + "\n_SABOTAGED = 1\n")
    assert build_image("VIRTUAL").files == kept
    folder = BUILD_DIR / "VIRTUAL"
    assert {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    } == kept
