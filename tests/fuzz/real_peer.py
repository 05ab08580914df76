"""The host's own clients on a line in memory, stepped in injected time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_line import Line, LineEnd
from fake_world import DEVICE, World

from detector import json_pairs
from host_tools.client import ArcClient, HubClient
from host_tools.keyfile import ARC, NAMES, KeyFile
from host_tools.links.images import Image
from host_tools.sealed_image import unseal


class MemoryPort:
    """A Port over a line's end: what a UART has, and nobody to be woken."""

    def __init__(self, end: LineEnd) -> None:
        """Hand all on to `end`."""
        self.any = end.any
        self.readinto = end.readinto
        self.write = end.write
        self.txdone = end.txdone

    def wake(self) -> None:
        """Wake nobody: the test calls `step`."""


class _NoThread:
    def start(self) -> None:
        """Start no thread: the test attaches a port and steps."""


class _Hub(_NoThread, HubClient):
    pass


class _Arc(_NoThread, ArcClient):
    pass


def memory_client(key_file: KeyFile, end: LineEnd, now: Callable[[], int]) -> _Hub | _Arc:
    """Return the client for a key file, on a line's end; its peer is stepped by the test."""
    client = (_Arc if key_file.role == ARC else _Hub)("memory", key_file)
    client.peer._now = now
    client.peer.attach(MemoryPort(end))
    return client


class RealPeer:
    """A customer's hub or an alarm centre of a Story."""

    def __init__(self, world: World, line: Line, role: str) -> None:
        """Speak on `line`'s far end with the keys of `role`."""
        keys = {name: world.key(role, name) for name in NAMES[role]}
        key_file = KeyFile(role, DEVICE, keys)
        self.client = memory_client(key_file, line.b, lambda: world.now_ms)
        self.peer = self.client.peer
        self._image_key = keys["image"]
        self._said: tuple[int, bytes] | None = None
        sign = self.peer._session.sign

        def watched(body: bytes) -> bytes:
            message: bytes = sign(body)
            if b'"disarm"' in body:
                world.hub_watch.wanted.append(message)
            return message

        self.peer._session.sign = watched

    @property
    def connected(self) -> bool:
        return self.peer.connected

    def step(self) -> None:
        """Keep the link going."""
        for _ in range(4):
            if not self.peer.step():
                break

    def say(self, name: str, *arguments: tuple[str, Any]) -> bool:
        """Give a command once a session, until `unsay`; say whether it is said."""
        wanted = (self.peer.sessions, json_pairs.dumps((("cmd", name), *arguments)))
        if self._said != wanted and self.peer.send((("cmd", name), *arguments)):
            self._said = wanted
        return self._said == wanted

    def chat(self) -> None:
        """Ask for a few things whose answers nobody waits for."""
        for name in ("status", "list", "status"):
            self.peer.send((("cmd", name),))

    def unsay(self) -> None:
        """Forget what was said: the next is a new command."""
        self._said = None

    def image(self, image_id: int) -> bytes | None:
        """Return the picture of a whole image, None without one. Raises SealError."""
        for image in self.client.images:
            if image.id == image_id and image.complete:
                return self._open(image)
        return None

    def whole_images(self) -> list[bytes]:
        """Return the pictures of all images that are said to be whole. Raises SealError."""
        return [self._open(image) for image in self.client.images if image.complete]

    def _open(self, image: Image) -> bytes:
        return unseal(image.header, image.wrapped, bytes(image.body), image.mac, self._image_key)
