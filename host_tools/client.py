"""Clients of a detector's three ports: the customer's hub, the alarm centre, the console.

with HubClient("/dev/ttyUSB0", "keys/dev-1.customer.json") as hub:
    hub.connect(Deadline(5))
    hub.command("arm")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from detector import codes
from host_tools.console.client import Answer, ConsoleClient
from host_tools.deadline import Deadline
from host_tools.keyfile import ARC, CUSTOMER, KeyFile, KeyFileError
from host_tools.links.images import Image
from host_tools.links.peer import Peer, WrongDeviceError
from host_tools.links.port import LinkError, Tap
from host_tools.links.refused import CommandRefused

HUB_BAUD = 115200
UPLINK_BAUD = 921600
COMMAND_S = 8.0
# How long the answer to `handled` is listened for: a refusal comes at once, an acceptance never.
_SILENCE_S = 0.3
_REPLIES_KEPT = 64
# What may be said again in a new session when the old one ended before the reply.
_REPEATABLE = frozenset(
    {"disarm", "cancel", "status", "list", "clock", "fetch", "received", "handled"}
)
# Said twice because the first reply was lost, these refusals mean that it is done.
_DONE = frozenset({codes.ERR_ALREADY, codes.ERR_NO_ALARM})

KeySource = KeyFile | Path | str


class SessionLostError(LinkError):
    """The session ended between a command and its reply; it may have been obeyed or not."""


class _Client:
    """Commands, events and images over one channel."""

    _role = ""
    _baudrate = HUB_BAUD

    def __init__(
        self,
        port: str,
        key_file: KeySource,
        *,
        baudrate: int | None = None,
        tap: Tap | None = None,
    ) -> None:
        """Prepare for a port (any pyserial URL) with a key file. Raises KeyFileError."""
        if not isinstance(key_file, KeyFile):
            key_file = KeyFile.read(key_file, self._role)
        if key_file.role != self._role:
            raise KeyFileError(f"These are the keys of {key_file.role!r}, not {self._role!r}.")
        self.port = port
        self.key_file = key_file
        self.events: list[dict[str, Any]] = []
        self.on_body: Callable[[dict[str, Any]], None] = lambda _body: None  # in the link's thread
        self._replies: dict[int, dict[str, Any]] = {}
        self._whole: list[Image] = []  # complete, in the order of their completion
        self._whole_given = 0
        self.peer = Peer(port, key_file, baudrate or self._baudrate, self._role == ARC, tap)
        self.peer.on_body = self._on_body
        self.peer.on_image = self._on_image
        self.peer.on_lost = self._replies.clear

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen from now on; a session opens by itself when the detector answers."""
        self.peer.start()

    def connect(self, deadline: Deadline) -> None:
        """Begin a new session and wait until it is open. Raises TimeoutError, LinkError."""
        self.peer.start()
        self.peer.restart()
        self.wait_connected(deadline)

    def wait_connected(self, deadline: Deadline) -> None:
        """Wait until a session is open. Raises TimeoutError, LinkError."""
        peer = self.peer
        peer.wait_for(lambda: peer.connected, deadline, f"no detector answers on {self.port}")

    @property
    def connected(self) -> bool:
        """True while a session is open, as far as this side can know."""
        return self.peer.connected

    def close(self) -> None:
        """Stop and close the port; may be called again."""
        self.peer.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- commands -------------------------------------------------------------------------------

    def command(
        self, name: str, *, deadline: Deadline | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """Give a command and return its reply.

        Raises CommandRefused, TimeoutError, SessionLostError and LinkError. A command that may be
        said twice is said again when the session ended before the reply.
        """
        deadline = deadline or Deadline(COMMAND_S)
        said_before = False
        while True:
            counter = self._send(name, arguments, deadline)
            reply = self._reply(name, counter, deadline)
            if reply is None and name not in _REPEATABLE:
                raise SessionLostError(f"the session ended before the reply to {name!r}")
            if reply is None:
                said_before = True
                continue
            if reply.get("ok"):
                return reply
            code = _code(reply)
            if said_before and name in ("disarm", "cancel") and code in _DONE:
                return {"re": counter, "ok": True, "repeated": True}
            raise CommandRefused(name, code, str(reply.get("err")), str(reply.get("text")), reply)

    def send(self, name: str, *, deadline: Deadline | None = None, **arguments: Any) -> int:
        """Give a command and do not wait for its reply; return its counter."""
        return self._send(name, arguments, deadline or Deadline(COMMAND_S))[1]

    def _send(
        self, name: str, arguments: Mapping[str, Any], deadline: Deadline
    ) -> tuple[int, int]:
        """Return the session's number and the message's counter in it."""
        pairs = (("cmd", name), *arguments.items())
        peer = self.peer

        def sent() -> tuple[int, int] | None:
            counter = peer.send(pairs)
            return (peer.sessions, counter) if counter else None

        found: tuple[int, int] = peer.wait_for(
            sent, deadline, f"{name}: no detector answers on {self.port}"
        )
        return found

    def _reply(
        self, name: str, sent: tuple[int, int], deadline: Deadline
    ) -> dict[str, Any] | None:
        """Return the reply, None where the session ended before it."""
        peer = self.peer
        session, counter = sent

        def answered() -> bool:
            return counter in self._replies or peer.sessions != session or not peer.connected

        peer.wait_for(answered, deadline, f"{name}: the detector on {self.port} did not reply")
        with peer.changed:
            return self._replies.pop(counter, None) if peer.sessions == session else None

    # --- events and images ----------------------------------------------------------------------

    def wait_event(
        self, word: str, deadline: Deadline, start: int = 0, **fields: Any
    ) -> dict[str, Any]:
        """Return the first event from number `start` of `events` on with this word and fields."""
        wanted = {"e": word, **fields}

        def found() -> dict[str, Any] | None:
            for event in self.events[start:]:
                if wanted.items() <= event.items():
                    return event
            return None

        event: dict[str, Any] = self.peer.wait_for(found, deadline, f"no event {wanted}")
        return event

    @property
    def images(self) -> list[Image]:
        """All images that were announced, whole or not, in their order."""
        return self.peer.collector.images

    def next_image(self, deadline: Deadline) -> Image:
        """Return the next image that is whole and was not returned before."""
        self.peer.wait_for(
            lambda: len(self._whole) > self._whole_given, deadline, "no image arrived whole"
        )
        self._whole_given += 1
        return self._whole[self._whole_given - 1]

    def send_raw(self, data: bytes, deadline: Deadline | None = None) -> None:
        """Put bytes on the line between two frames, as an intruder would; wait until sent."""
        self.peer.send_raw(data)
        self.peer.wait_for(self.peer.raw_sent, deadline or Deadline(COMMAND_S), "the line is full")

    def _on_body(self, body: dict[str, Any]) -> None:
        self.on_body(body)
        if "re" in body:
            if len(self._replies) >= _REPLIES_KEPT:  # of commands that nobody waits for
                self._replies.pop(next(iter(self._replies)))
            self._replies[body["re"]] = body
        else:
            self.events.append(body)

    def _on_image(self, image: Image) -> None:
        self._whole.append(image)


def _code(reply: dict[str, Any]) -> int:
    """Return a refusal's number, 0 where the reply has none."""
    code = reply.get("code")
    return code if isinstance(code, int) else 0


class HubClient(_Client):
    """The customer's hub: commands, all events, his images."""

    _role = CUSTOMER
    _baudrate = HUB_BAUD


class ArcClient(_Client):
    """The alarm centre on the uplink; acknowledges each image that has arrived whole.

    The uplink is there during an alarm only: it listens from the beginning, and the session opens
    by itself.
    """

    _role = ARC
    _baudrate = UPLINK_BAUD

    def __init__(
        self,
        port: str,
        key_file: KeySource,
        *,
        baudrate: int | None = None,
        tap: Tap | None = None,
    ) -> None:
        """Listen on a port from now on; with `acknowledge` False no image is acknowledged.

        Raises KeyFileError, LinkError.
        """
        super().__init__(port, key_file, baudrate=baudrate, tap=tap)
        self.acknowledge = True
        self._unsaid: list[int] = []
        self.peer.on_step = self._say_received
        self.start()

    def command(
        self, name: str, *, deadline: Deadline | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """Give a command and return its reply.

        `handled` shuts the gate, so that only a refusal can be heard: silence is taken as done.
        The proof is on the hub link (event `alarm-end`), never here.
        """
        if name != "handled":
            return super().command(name, deadline=deadline, **arguments)
        limit = deadline or Deadline(COMMAND_S)
        self.wait_connected(limit)
        try:
            return super().command(name, deadline=limit.within(_SILENCE_S), **arguments)
        except TimeoutError:
            self.peer.restart()  # nothing of the old session is worth repeating
            return {"ok": True}

    def _on_body(self, body: dict[str, Any]) -> None:
        super()._on_body(body)
        # Also where it was whole before: what was said then may not have arrived.
        if body.get("e") == "image-end" and "mac" in body:
            ended = [image for image in self.images if image.id == body.get("id")]
            if ended and ended[-1].complete and ended[-1].id not in self._unsaid:
                self._unsaid.append(ended[-1].id)

    def _say_received(self) -> None:
        # In the link's thread, under its lock.
        if not self.acknowledge:
            return
        while self._unsaid and self.peer.send((("cmd", "received"), ("id", self._unsaid[0]))):
            self._unsaid.pop(0)


__all__ = [
    "COMMAND_S",
    "Answer",
    "ArcClient",
    "CommandRefused",
    "ConsoleClient",
    "HubClient",
    "Image",
    "KeyFile",
    "KeyFileError",
    "LinkError",
    "SessionLostError",
    "WrongDeviceError",
]
