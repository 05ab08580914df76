"""Makes sure that there is a MicroPython unix port >= 1.25, without touching the system.

Taken in this order: $SLUSS_MICROPYTHON, the one unpacked earlier under .tools/, PATH's. Else the
distribution's package and the libraries it needs are downloaded by apt with folders of its own,
unpacked, tried, and moved to .tools/micropython/ last: an interrupted run leaves nothing half
done. No root, no change of the system's packages or apt configuration. Needs only python3 >= 3.11.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from host_tools.interpreter import (  # noqa: E402
    OLDEST,
    PRIVATE,
    InterpreterError,
    micropython_path,
    micropython_version,
)

_OS_RELEASE = Path("/etc/os-release")
_KEYRINGS = {
    "debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    "ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}
_COMPONENTS = {"debian": "main", "ubuntu": "main universe"}
_WHAT_ELSE = (
    "Put a MicroPython unix port >= 1.25 on PATH, or name one with "
    "SLUSS_MICROPYTHON=/path/to/micropython, and run `make setup` again."
)
# The package's own libraries come along, so its own loader must start it: the system's C library
# may be older. `$0` is this file as the kernel passes it, so the folder may be moved.
_STARTER = """#!/bin/sh
here=${{0%/*}}
exec "$here/root/{loader}" --argv0 micropython --library-path "$here/root/{libraries}" \\
    "$here/root/usr/bin/micropython" "$@"
"""
_APT_TIMEOUT_S = 600
_APT_CONF = """\
Dir::State "{folder}/state";
Dir::State::status "{folder}/state/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Debug::NoLocking "1";
Acquire::Retries "3";
Acquire::Languages "none";
APT::Sandbox::User "{user}";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Invoke;
"""


class SetupError(Exception):
    """Set-up cannot go on; the text is what the user reads."""


def main() -> int:
    """Run the set-up; print one line; return the exit code."""
    try:
        path, how = ensure()
    except (SetupError, InterpreterError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; nothing is half done, run it again", file=sys.stderr)
        return 130
    version = ".".join(str(number) for number in micropython_version(path) or ())
    print(f"MicroPython {version} ({how}): {path}")
    return 0


def ensure() -> tuple[Path, str]:
    """Return the interpreter and where it came from; install the private one where needed."""
    try:
        return micropython_path(), "found"
    except InterpreterError:
        if os.environ.get("SLUSS_MICROPYTHON"):
            raise
    micropython_path.cache_clear()
    tools = PRIVATE.parent.parent
    tools.mkdir(exist_ok=True)
    with (tools / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two set-ups at once: the second finds it done
        for left_over in tools.glob("micropython-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        if (micropython_version(PRIVATE) or (0,)) < OLDEST:
            _install(tools)
    return micropython_path(), "the distribution's package, unpacked"


def _install(tools: Path) -> None:
    """Download, unpack, try, and move into place."""
    if sys.platform == "darwin":
        raise SetupError(
            "On macOS `brew install micropython` does for the unit tests; the virtual board needs "
            "Linux, e.g. a container with Debian."
        )
    for command in ("apt-get", "dpkg-deb"):
        if shutil.which(command) is None:
            raise SetupError(f"This system has no {command}. {_WHAT_ELSE}")
    family, suites = distribution(read_os_release(_OS_RELEASE))
    keyring = _KEYRINGS[family]
    if not keyring.exists():
        raise SetupError(f"The distribution's keyring {keyring} is missing. {_WHAT_ELSE}")
    sites = archive_sites(_indextargets())
    if not sites:
        raise SetupError(f"apt knows no archive of this distribution. {_WHAT_ELSE}")
    print(f"setup: getting MicroPython >= 1.25 from the distribution's {suites[0]}", flush=True)
    whys = []
    for suite in suites:
        for site in sites:
            folder = Path(tempfile.mkdtemp(prefix="micropython-", dir=tools))
            try:
                source = f"deb [signed-by={keyring}] {site} {suite} {_COMPONENTS[family]}\n"
                _download(folder / "apt", source)
                _unpack(folder)
                _move_into_place(folder)
                return
            except SetupError as error:
                whys.append(f"{suite}: {error}")
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    raise SetupError("MicroPython could not be had.\n  " + "\n  ".join(whys) + f"\n{_WHAT_ELSE}")


def read_os_release(path: Path) -> dict[str, str]:
    """Return the variables of /etc/os-release, unquoted; empty when there is none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=")[::2] for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def distribution(release: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the family and the suites worth asking, best first. Raises SetupError for others."""
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    own = release.get("VERSION_CODENAME", "")
    version = release.get("VERSION_ID", "")
    # Ubuntu first: it is also like Debian.
    if "ubuntu" in names:
        # 25.10 is the first with >= 1.25; an older one can still run a newer one's package, with
        # that one's own libraries. Its archive has all releases that are looked after.
        newer = ["resolute", "questing"]
        if names[0] == "ubuntu" and _as_numbers(version) >= (25, 10):
            return "ubuntu", [own, *[name for name in newer if name != own]]
        return "ubuntu", newer
    if "debian" in names:
        if names[0] == "debian" and own and _as_numbers(version) >= (13,):
            return "debian", [own] if own == "trixie" else [own, "trixie"]
        return "debian", ["trixie"]
    what = release.get("PRETTY_NAME", "this system")
    raise SetupError(f"No package is known for {what}. {_WHAT_ELSE}")


def archive_sites(indextargets: str) -> list[str]:
    """Return the archive addresses in apt's `site release origin-file` lines, the main one first.

    Other people's archives and the security archive have no MicroPython.
    """
    sites: list[str] = []
    for line in indextargets.splitlines():
        site, _, release = line.partition(" ")
        is_extra = release.endswith(("-security", "-updates", "-backports", "-proposed"))
        if site.startswith(("http", "file:", "mirror", "cdrom", "tor")) and not is_extra:
            sites.append(site)
    # A distribution's own archive ends in its name everywhere; strangers come after it.
    unique = list(dict.fromkeys(sites))
    return sorted(
        unique, key=lambda site: not re.search(r"/(debian|ubuntu|ubuntu-ports)/?$", site)
    )


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _indextargets() -> str:
    command = ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _download(folder: Path, source: str) -> None:
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    # An empty status file: apt then resolves every dependency itself.
    (folder / "state" / "status").touch()
    (folder / "sources.list").write_text(source)
    user = "root" if os.geteuid() == 0 else ""
    conf = folder / "apt.conf"
    conf.write_text(_APT_CONF.format(folder=folder, user=user))
    _apt(conf, "update")
    install = ["install", "--yes", "--no-install-recommends", "--download-only"]
    _apt(conf, *install, "micropython")


def _apt(conf: Path, *arguments: str) -> None:
    command = ["apt-get", "--quiet", "--quiet", "--config-file", str(conf), *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_APT_TIMEOUT_S,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"apt-get {arguments[0]} took more than {_APT_TIMEOUT_S} s") from error
    # apt-get update returns 0 when a list could not be had: its W: and E: lines tell.
    said = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W: Failed"))]
    if done.returncode != 0 or (arguments[0] == "update" and said):
        last = said or done.stdout.splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise SetupError(f"apt-get {arguments[0]} failed: {' '.join(last[-2:])}")


def _unpack(folder: Path) -> None:
    root = folder / "root"
    packages = sorted((folder / "apt" / "cache" / "archives").glob("*.deb"))
    for package in packages:
        done = subprocess.run(
            ["dpkg-deb", "--extract", package, root], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SetupError(f"dpkg-deb could not unpack {package.name}: {done.stderr.strip()}")
    # Documentation and character sets, 8 of 15 MB, are not needed to run it.
    for part in (root / "usr/share", root / "etc", *root.glob("usr/lib/*/gconv")):
        shutil.rmtree(part, ignore_errors=True)
    loaders = sorted(root.glob("usr/lib/*/ld-linux*.so.*")) or sorted(
        root.glob("lib/*/ld-linux*.so.*")
    )
    if not loaders or not (root / "usr/bin/micropython").exists():
        raise SetupError(f"the packages are not as expected: {[p.name for p in packages]}")
    loader = loaders[0].relative_to(root)
    starter = folder / "micropython"
    starter.write_text(_STARTER.format(loader=loader, libraries=loader.parent))
    starter.chmod(0o755)
    version = micropython_version(starter)
    if version is None:
        raise SetupError("the unpacked interpreter does not start")
    if version < OLDEST:
        raise SetupError(f"its MicroPython is {'.'.join(map(str, version))}, older than 1.25")


def _move_into_place(folder: Path) -> None:
    shutil.rmtree(folder / "apt")
    folder.chmod(0o755)  # mkdtemp's 0700 would shut out other users of the clone
    home = PRIVATE.parent
    if home.exists():
        home.rename(folder.with_name(folder.name + "-old"))
    folder.rename(home)
    shutil.rmtree(folder.with_name(folder.name + "-old"), ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
