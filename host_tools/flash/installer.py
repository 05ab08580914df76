"""Brings a board to what an image says, over its raw REPL, without ever leaving it half done.

The app goes into the slot that does not run, as one file; only when that is verified on the board
the slots' state is written anew, which is one rename. The files of the root are replaced by a
rename each: every loader starts every app, so any mixture of old and new ones does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import slot as slots
from host_tools.flash.errors import VerifyError
from host_tools.flash.image import Image
from host_tools.flash.packed import Part
from host_tools.flash.sender import Progress, Sender
from host_tools.flash.transport import ReplTransport

_ON_DEVICE = Path(__file__).parent / "on_device"
# Nothing may start what is not there yet: the file that begins it all comes last.
ROOT_ORDER = ("flash_guard.mpy", "slot.mpy", "loader.mpy", "main.py", "boot.py")


@dataclass(frozen=True)
class BoardFacts:
    """What a board says of itself."""

    unique_id: str
    interpreter: str
    build: str


@dataclass(frozen=True)
class Installed:
    """What installing an image did, by the paths of files; and the slot that starts next."""

    sent: tuple[str, ...]
    copied: tuple[str, ...]  # from the app in the other slot
    deleted: tuple[str, ...]
    kept: tuple[str, ...]
    slot: str
    is_trial: bool  # the app there has to prove itself first


@dataclass(frozen=True)
class _Found:
    """What is on the board: the slots' state, the root's files and the apps, by their marks."""

    active: str
    candidate: str
    root: dict[str, str]
    apps: dict[str, str]  # by slot; only whole ones

    @property
    def proven(self) -> str:
        """The slot that the board would go back to, NONE without one."""
        order = (self.active, *(name for name in slots.NAMES if name != self.candidate))
        return next((name for name in order if name in self.apps), slots.NONE)


def ask_facts(transport: ReplTransport) -> BoardFacts:
    """Ask a board in a fresh raw REPL who it is; raise ValueError."""
    transport.exec((_ON_DEVICE / "facts.py").read_bytes())
    said: bytes = transport.exec("describe()")
    unique_id, interpreter, build = said.decode().split()
    return BoardFacts(unique_id, interpreter, build)


class Installer:
    """A board in its raw REPL, with the helpers of on_device/ loaded."""

    def __init__(self, transport: ReplTransport, pins: ModuleType, image: Image) -> None:
        """Load the helpers; the transport has just been asked for its facts."""
        self._transport = transport
        self._image = image
        self._present: frozenset[str] = frozenset()
        self._state = (slots.NONE, slots.NONE, 0, slots.NONE)
        transport.exec((_ON_DEVICE / "modules.py").read_bytes())
        for name, source in image.loader_sources.items():
            self._call("load_module", name, source)
        transport.exec((_ON_DEVICE / "files.py").read_bytes())
        self._sender = Sender(transport)
        self.service = self._call("level", pins.SERVICE) == "1"  # the service jumper is in

    def install(self, progress: Progress) -> Installed:
        """Send what differs, verify it, switch over, delete strays; raise FlashError."""
        image = self._image
        found = self._survey()
        digests = image.digests
        wrong = [path for path in ROOT_ORDER if found.root.get(path) != digests[path]]
        strays = [path for path in found.root if path not in image.root]
        for path in strays:
            self._call("delete", path)
        for path in wrong:
            self._replace(path, image.root[path], progress)
        slot, sent, copied = self._install_app(found, progress)
        done = {*wrong, *sent, *copied}
        kept = [path for path in digests if path not in done]
        is_trial = slot != found.proven and found.proven != slots.NONE
        return Installed(
            (*wrong, *sent), tuple(copied), tuple(strays), tuple(kept), slot, is_trial
        )

    def identity(self) -> tuple[str | None, dict[str, object]]:
        """Return the device id (None: not provisioned) and configuration; needs the firmware.

        Raises ValueError.
        """
        device_id, _, config = self._call("identity").partition(" ")
        if not device_id:
            return None, {}
        found = json.loads(config)
        if not isinstance(found, dict):
            raise ValueError(f"{config[:40]!r} is no configuration")
        return device_id, found

    # --- the app -----------------------------------------------------------------------------

    def _install_app(self, found: _Found, progress: Progress) -> tuple[str, list[str], list[str]]:
        """Have the app in a slot, to be started next; return that, and what was sent, copied."""
        mark = self._image.packed.mark
        proven = found.proven
        sent: list[str] = []
        copied: list[str] = []
        if found.apps.get(proven) == mark:
            self._switch(proven, slots.NONE)
            return proven, sent, copied
        slot = slots.NAMES[1] if proven == slots.NAMES[0] else slots.NAMES[0]
        if found.apps.get(slot) != mark:
            if found.candidate == slot:  # what is there is about to go
                self._switch(proven, slots.NONE)
            path = slot + slots.SUFFIX
            if path in self._present:
                self._call("delete", path)
            there = self._same_as_in(proven)
            self._send(path, list(self._image.packed.parts(self._image.app, there)), progress)
            self._verify(path, "app_mark", mark)
            copied = list(there)
            sent = [name for name in self._image.app if name not in there]
        if proven == slots.NONE:
            self._switch(slot, slots.NONE)
        else:
            self._switch(proven, slot)
        return slot, sent, copied

    def _same_as_in(self, slot: str) -> dict[str, int]:
        """Return which of the app's files are in a slot already, and where in its file."""
        if slot == slots.NONE:
            return {}
        digests = self._image.digests
        lines = self._call("contents", slot + slots.SUFFIX).splitlines()
        there = {}
        for mark, offset, path in (line.split(" ", 2) for line in lines):
            if path in self._image.app and mark == digests[path]:
                there[path] = int(offset)
        return there

    def _switch(self, active: str, candidate: str) -> None:
        """Say which app is proven and which is to be tried; what failed before is forgotten."""
        state = (active, candidate, 0, slots.NONE)
        if self._state != state:
            self._call("write_slots", active, candidate)
            self._state = state

    # --- files -------------------------------------------------------------------------------

    def _replace(self, path: str, data: bytes, progress: Progress) -> None:
        """Replace a file of the root, at once or not at all."""
        new = path + slots.NEW
        self._send(new, [Part(data)], progress)
        self._verify(new, "digest", self._image.digests[path])
        self._call("rename", new, path)

    def _send(self, path: str, parts: list[Part], progress: Progress) -> None:
        self._sender.send(path, parts, self._other(path), progress)

    def _verify(self, path: str, how: str, mark: str) -> None:
        found = self._call(f"print({how}({path!r}))", is_whole=True)
        if found != mark:
            raise VerifyError(
                f"After writing, {path} on the board is not what was sent. Nothing was switched "
                f"over. Run this again; if it stays, the flash is worn out."
            )

    @staticmethod
    def _other(path: str) -> str:
        """Return the other app's file."""
        return next(name + slots.SUFFIX for name in slots.NAMES if name + slots.SUFFIX != path)

    # --- asking ------------------------------------------------------------------------------

    def _survey(self) -> _Found:
        state, *lines = self._call("survey").splitlines()
        active, candidate, tries, failed = state.split()
        marks = {path: mark for mark, _, path in (line.partition(" ") for line in lines)}
        self._present = frozenset(marks)
        apps = {
            name: marks[name + slots.SUFFIX]
            for name in slots.NAMES
            if marks.get(name + slots.SUFFIX, slots.NONE) != slots.NONE
        }
        kept = {*(name + slots.SUFFIX for name in slots.NAMES), slots.STATE}
        root = {path: mark for path, mark in marks.items() if path not in kept}
        self._state = (active, candidate, int(tries), failed)  # as the board's file has it
        return _Found(active, candidate, root, apps)

    def _call(self, function: str, *arguments: object, is_whole: bool = False) -> str:
        """Call a helper on the board and return what it printed."""
        values = ", ".join(repr(argument) for argument in arguments)
        program = function if is_whole else f"{function}({values})"
        said: bytes = self._transport.exec(program)
        return said.decode().replace("\r\n", "\n").strip()
