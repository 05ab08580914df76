"""Set-up of the interpreter: where it is looked for, and how it is brought."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from host_tools import ROOT, interpreter
from host_tools.interpreter import InterpreterError, micropython_path, micropython_version

_REAL = micropython_path()


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


setup = _load("setup_micropython")


@pytest.fixture
def nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No interpreter anywhere; returns the folder that set-up would unpack into."""
    private = tmp_path / ".tools" / "micropython" / "micropython"
    monkeypatch.setattr(interpreter, "PRIVATE", private)
    monkeypatch.setattr(setup, "PRIVATE", private)
    monkeypatch.delenv("SLUSS_MICROPYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    micropython_path.cache_clear()
    yield private
    micropython_path.cache_clear()


def fake(path: Path, version: str) -> Path:
    """Make a program that says it is a MicroPython of that version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho micropython {version}\n")
    path.chmod(0o755)
    return path


# --- which interpreter ------------------------------------------------------------------------


def test_the_interpreter_that_set_up_found_is_new_enough() -> None:
    assert (micropython_version(_REAL) or (0,)) >= interpreter.OLDEST


def test_an_override_wins(nothing_found: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = fake(nothing_found.parent / "mine", "1 30 0")
    monkeypatch.setenv("SLUSS_MICROPYTHON", str(mine))
    assert micropython_path() == mine


def test_an_override_that_is_too_old_is_named(
    nothing_found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fake(nothing_found.parent / "old", "1 22 1")
    monkeypatch.setenv("SLUSS_MICROPYTHON", str(old))
    with pytest.raises(InterpreterError, match=r"older than 1\.25"):
        micropython_path()


def test_an_override_that_is_no_interpreter_is_named(
    nothing_found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUSS_MICROPYTHON", "/bin/true")
    with pytest.raises(InterpreterError, match="no MicroPython"):
        micropython_path()


def test_one_on_path_is_taken_when_it_is_new_enough(nothing_found: Path, tmp_path: Path) -> None:
    there = fake(tmp_path / "bin" / "micropython", "1 25 0")
    assert setup.ensure() == (there, "found")


def test_one_on_path_that_is_too_old_is_not_taken(nothing_found: Path, tmp_path: Path) -> None:
    fake(tmp_path / "bin" / "micropython", "1 19 1")
    with pytest.raises(InterpreterError, match="make setup"):
        micropython_path()


# --- which package ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (("debian", "12", "bookworm"), ("debian", ["trixie"])),
        (("debian", "13", "trixie"), ("debian", ["trixie"])),
        (("debian", "14", "forky"), ("debian", ["forky", "trixie"])),
        (("debian", "", ""), ("debian", ["trixie"])),
        (("ubuntu", "24.04", "noble"), ("ubuntu", ["resolute", "questing"])),
        (("ubuntu", "25.10", "questing"), ("ubuntu", ["questing", "resolute"])),
        (("ubuntu", "26.04", "resolute"), ("ubuntu", ["resolute", "questing"])),
        (("ubuntu", "27.04", "next"), ("ubuntu", ["next", "resolute", "questing"])),
    ],
)
def test_each_distribution_has_its_suites(
    release: tuple[str, str, str], expected: tuple[str, list[str]]
) -> None:
    variables = dict(zip(("ID", "VERSION_ID", "VERSION_CODENAME"), release, strict=True))
    assert setup.distribution(variables) == expected


def test_a_derivative_uses_its_parents_package() -> None:
    mint = {"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "VERSION_CODENAME": "wilma"}
    assert setup.distribution(mint) == ("ubuntu", ["resolute", "questing"])


def test_an_unknown_system_is_told_what_else_it_can_do() -> None:
    with pytest.raises(setup.SetupError, match=r"Arch.*SLUSS_MICROPYTHON"):
        setup.distribution({"ID": "arch", "PRETTY_NAME": "Arch Linux"})


def test_os_release_is_read_unquoted(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text("ID=debian\nVERSION_ID=\"12\"\n\n# words\nNAME='Debian'\n")
    assert setup.read_os_release(path) == {"ID": "debian", "VERSION_ID": "12", "NAME": "Debian"}


def test_the_distributions_own_archive_comes_first_and_its_extras_never() -> None:
    lines = (
        "http://a.example/some-product stable\n"
        "http://b.example/debian bookworm\n"
        "http://b.example/debian bookworm-updates\n"
        "http://b.example/debian-security bookworm-security\n"
        "http://b.example/debian bookworm\n"
    )
    assert setup.archive_sites(lines) == [
        "http://b.example/debian",
        "http://a.example/some-product",
    ]


# --- bringing it ------------------------------------------------------------------------------


def test_an_interrupted_set_up_leaves_nothing_and_is_repeated(
    nothing_found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = nothing_found.parent.parent
    (tools / "micropython-left-over" / "apt").mkdir(parents=True)

    def install(folder: Path) -> None:
        assert not list(folder.glob("micropython-*"))
        fake(nothing_found, "1 25 0")

    monkeypatch.setattr(setup, "_install", install)
    assert setup.ensure()[0] == nothing_found


def test_a_failed_download_leaves_nothing_and_says_why(
    nothing_found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = tmp_path / "os-release"
    release.write_text("ID=debian\nVERSION_ID=12\n")
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    apt = '#!/bin/sh\ncase "$1" in indextargets) echo http://b.example/debian bookworm;; '
    apt += "*) echo 'E: Could not resolve the archive'; exit 100;; esac\n"
    for name in ("apt-get", "dpkg-deb"):
        program = fake(tmp_path / "bin" / name, "")
        program.write_text(apt)
    monkeypatch.setattr(setup, "_OS_RELEASE", release)
    monkeypatch.setattr(setup, "_KEYRINGS", {"debian": keyring})
    with pytest.raises(setup.SetupError, match=r"(?s)Could not resolve.*SLUSS_MICROPYTHON"):
        setup.ensure()
    assert not list(nothing_found.parent.parent.glob("micropython*"))


def test_a_system_without_apt_is_told_so(nothing_found: Path) -> None:
    with pytest.raises(setup.SetupError, match=r"no apt-get.*SLUSS_MICROPYTHON"):
        setup.ensure()


def test_set_up_changes_nothing_of_apts_own() -> None:
    """Every folder that apt would write to is one of set-up's own."""
    conf = setup._APT_CONF.format(folder="/private", user="root")
    for name in ("Dir::State", "Dir::State::status", "Dir::Cache", "Dir::Etc::sourcelist"):
        assert f'{name} "/private/' in conf


# --- the virtual environment ------------------------------------------------------------------


def run_venv_setup(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/setup_venv.sh where every python3 is the shell script `python`."""
    tools = folder / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to("/usr/bin/dirname")
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11"):
        (tools / name).write_text(python)
        (tools / name).chmod(0o755)
    (folder / "scripts").mkdir()
    copy = folder / "scripts" / "setup_venv.sh"
    script = (ROOT / "scripts" / "setup_venv.sh").read_text()
    copy.write_text(script.replace("/usr/bin/python3", "no-such-python"))
    command = ["/bin/sh", copy, "stamp"]
    environment = {"PATH": str(tools)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_python_without_venv_is_named(tmp_path: Path) -> None:
    done = run_venv_setup(tmp_path, '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    assert done.returncode == 1
    assert done.stderr.startswith("setup: python3 has no venv module.")
    assert not (tmp_path / ".venv").exists()


def test_a_python_that_is_too_old_is_not_taken(tmp_path: Path) -> None:
    done = run_venv_setup(tmp_path, "#!/bin/sh\nexit 1\n")
    assert done.returncode == 1
    assert done.stderr.startswith("setup: Python 3.11 or newer is needed")
    assert not (tmp_path / ".venv").exists()
