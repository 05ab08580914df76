"""Brings a board's file system to what an image says, over its raw REPL."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mpremote.transport import TransportExecError

from host_tools.flash.errors import LostError, VerifyError
from host_tools.flash.image import FIRMWARE_DIR, Image
from host_tools.flash.transport import ReplTransport

_ON_DEVICE = Path(__file__).parent / "on_device"
# What flash_guard needs, before the board has any of it as a file.
_GUARD = ("detector/compat.py", "detector/flash_map.py", "detector/flash_guard.py")
_BLOCK_BYTES = 3072  # 4096 as base64, the receiver's buffer
_ACKNOWLEDGED = b"+"
_END = b"\x04"  # of a program's output, and of its traceback, in the raw REPL
_TRACEBACK_S = 2.0

# Called with what is going on, bytes done and bytes in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BoardFacts:
    """What a board says of itself."""

    service: bool  # the service jumper is in
    unique_id: str
    interpreter: str
    build: str


@dataclass(frozen=True)
class Installed:
    """What installing an image did."""

    sent: tuple[str, ...]
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


class Installer:
    """A board in its raw REPL, with the helpers of on_device/ loaded."""

    def __init__(self, transport: ReplTransport, pins: ModuleType) -> None:
        """Load the helpers; the transport is in a fresh raw REPL."""
        self._transport = transport
        transport.exec((_ON_DEVICE / "modules.py").read_bytes())
        transport.exec((_ON_DEVICE / "files.py").read_bytes())
        self.facts = self._describe(pins.SERVICE)
        self._flash: str = pins.FLASH

    def install(self, image: Image, progress: Progress) -> Installed:
        """Send what differs, delete strays, verify everything; raise VerifyError."""
        self._mount_guarded()
        wanted = image.digests
        present = self._digests()
        sent = [path for path in wanted if present.get(path) != wanted[path]]
        strays = [path for path in present if path not in wanted]
        for path in strays:
            self._call("delete", path)
        if sent:
            self._send({path: image.files[path] for path in sent}, progress)
        if sent or strays:
            present = self._digests()
        wrong = sorted(
            path
            for path in wanted.keys() | present.keys()
            if wanted.get(path) != present.get(path)
        )
        if wrong:
            raise VerifyError(
                f"After writing, these files on the board are not what was sent: "
                f"{', '.join(wrong)}. Run this again; if it stays, the flash is worn out."
            )
        kept = [path for path in wanted if path not in sent]
        return Installed(tuple(sent), tuple(strays), tuple(kept))

    def identity(self) -> tuple[str | None, dict[str, object]]:
        """Return the device id (None: not provisioned) and configuration; needs the firmware.

        Raises ValueError.
        """
        device_id, _, config = self._call("identity", self._flash).partition(" ")
        if not device_id:
            return None, {}
        found = json.loads(config)
        if not isinstance(found, dict):
            raise ValueError(f"{config[:40]!r} is no configuration")
        return device_id, found

    def _describe(self, service_pin: int) -> BoardFacts:
        service, unique_id, interpreter, build = self._call("describe", service_pin).split()
        return BoardFacts(service == "1", unique_id, interpreter, build)

    def _mount_guarded(self) -> None:
        for path in _GUARD:
            name = path.removesuffix(".py").replace("/", ".")
            self._call("load_module", name, (FIRMWARE_DIR / path).read_text(encoding="utf-8"))
        self._call("mount_guarded", self._flash)

    def _digests(self) -> dict[str, str]:
        pairs = (line.partition(" ") for line in self._call("digests").splitlines())
        return {path: digest for digest, _, path in pairs}

    def _send(self, files: dict[str, bytes], progress: Progress) -> None:
        transport = self._transport
        total = sum(len(data) for data in files.values())
        done = 0
        transport.exec_raw_no_follow("receive()")
        for path, data in files.items():
            self._await_acknowledgement(path)
            transport.serial.write(f"{path} {len(data)}\n".encode())
            for index, block in enumerate(_blocks(data)):
                if index:
                    self._await_acknowledgement(path)
                transport.serial.write(base64.b64encode(block))
                done += len(block)
                progress(path, done, total)
        self._await_acknowledgement("the last file")
        transport.serial.write(b"\n")
        _output, error = transport.follow(10)
        if error:
            raise TransportExecError(1, error.decode(errors="replace"))

    def _await_acknowledgement(self, path: str) -> None:
        byte = self._transport.read_byte(f"writing {path}")
        if byte == _ACKNOWLEDGED:
            return
        # Anything else is the end of the helper's output: its traceback follows.
        said = byte + self._transport.read_until(1, _END, timeout=_TRACEBACK_S)
        lines = said.strip(_END).decode(errors="replace").strip().splitlines()
        why = lines[-1] if lines else "it did not say why"
        raise LostError(f"The board could not write {path}: {why}.")

    def _call(self, function: str, *arguments: object) -> str:
        """Call a helper on the board and return what it printed."""
        values = ", ".join(repr(argument) for argument in arguments)
        said: bytes = self._transport.exec(f"{function}({values})")
        return said.decode().replace("\r\n", "\n").strip()


def _blocks(data: bytes) -> Iterator[bytes]:
    # An empty file has no block.
    for start in range(0, len(data), _BLOCK_BYTES):
        yield data[start : start + _BLOCK_BYTES]
