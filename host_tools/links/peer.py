"""The other end of a detector's channel: the firmware's Link and Session, kept going by a thread.

A session is begun anew by itself whenever the detector has begun one or has fallen silent. What
goes wrong in the thread is raised in whoever waits.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from detector import json_pairs
from detector.link import IN_ORDER, RESEND_MS, Link
from detector.session import FRESH, OVERHEAD_BYTES, Session, peer_nonce
from detector.ticks import TICKS_PERIOD, add_ms, reached
from host_tools.deadline import Deadline
from host_tools.keyfile import KeyFile
from host_tools.links.images import BodyError, Collector, Image, whole_number
from host_tools.links.port import LinkError, Port, Tap

HELLO_MS = 300
# A detector answers within one resend; after this many nothing of the session is worth keeping.
_SILENT_MS = 8 * RESEND_MS
_RX_PAYLOAD_BYTES = 1024
_LAST_COUNTER = 0xFFFFFFFF
_WAIT_S = 0.02  # the finest timer of a link is 250 ms

Received = Callable[[dict[str, Any]], None]


def ticks_ms() -> int:
    """Return milliseconds that wrap as the firmware's do."""
    return int(time.monotonic() * 1000) % int(TICKS_PERIOD)


class WrongDeviceError(LinkError):
    """The port leads to another detector than the key file is for."""


class Peer:
    """Speaks with one detector over one port with one key file's keys."""

    def __init__(
        self,
        url: str,
        key_file: KeyFile,
        baudrate: int,
        complete_too: bool,
        tap: Tap | None,
        now: Callable[[], int] = ticks_ms,
    ) -> None:
        """Prepare; the port is opened by `start`. `now` tells milliseconds that wrap."""
        self._url = url
        self._baudrate = baudrate
        self._tap = tap
        self._now = now
        self._key_file = key_file
        self._complete_too = complete_too
        self.collector = Collector()
        self.on_body: Received = lambda _body: None
        self.on_image: Callable[[Image], None] = lambda _image: None
        self.on_lost: Callable[[], None] = lambda: None
        self.on_step: Callable[[], None] = lambda: None
        self.changed = threading.Condition()  # also the lock of everything here
        self.forged = 0  # messages from the detector's side that were not authentic
        self.malformed = 0  # authentic ones that made no sense
        self.sessions = 0
        self._session = Session(key_file.keys["event"], key_file.keys["command"], True, os.urandom)
        self._link: Link | None = None
        self._port: Port | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._error: Exception | None = None
        self._raw = bytearray()
        self._hello_ms = 0
        self._now_ms = now()

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the port and keep the link going from now on. Raises LinkError."""
        if self._thread is not None and self._thread.is_alive():
            return
        self.close()
        self._error = None
        self._stopping = False
        self.attach(Port(self._url, self._baudrate, self._tap))
        self._thread = threading.Thread(target=self._run, name=f"link {self._url}", daemon=True)
        self._thread.start()

    def attach(self, port: Port) -> None:
        """Take an open port and ask for a session; from now on `step` keeps the link going."""
        self._port = port
        self._link = Link(port, _RX_PAYLOAD_BYTES)
        self._link.handler = self
        self._begin()

    def close(self) -> None:
        """Stop the thread and close the port; may be called again."""
        self._stopping = True
        if self._port is not None:
            self._port.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._port is not None:
            self._port.close()
            self._port = None

    def restart(self) -> None:
        """Begin a new session, whatever became of the running one."""
        with self.changed:
            self._begin()
        self._wake()

    @property
    def connected(self) -> bool:
        """True while a session is open, as far as this side can know."""
        return self._link is not None and bool(self._link.running)

    @property
    def nonce(self) -> bytes:
        """Our nonce of the running session, or of the one that is being opened."""
        return bytes(self._session.nonce())

    def check(self) -> None:
        """Raise what stopped the thread, if it was stopped."""
        if self._error is not None:
            raise LinkError(f"The link on {self._url} has ended: {self._error}") from self._error
        if self._thread is None:
            raise LinkError(f"The link on {self._url} was not started.")

    def wait_for(self, condition: Callable[[], Any], deadline: Deadline, what: str) -> Any:
        """Wait until `condition` (asked under the lock) is truthy and return what it says."""
        with self.changed:
            while True:
                found = condition()
                if found:
                    return found
                self.check()
                deadline.check(what)
                self.changed.wait(deadline.remaining)

    # --- sending --------------------------------------------------------------------------------

    def send(self, pairs: tuple[tuple[str, Any], ...]) -> int:
        """Sign and queue a message; return its counter, 0 where there is no room or no session."""
        with self.changed:
            if not self.connected or self._link is None or self._link.room() <= 0:
                return 0
            message = self._session.sign(json_pairs.dumps(pairs))
            self._link.send_message(message)
            counter = int.from_bytes(message[16:OVERHEAD_BYTES], "little")
        self._wake()
        return counter

    def send_raw(self, data: bytes) -> None:
        """Put bytes on the line between two frames, as somebody else on it could."""
        with self.changed:
            self._raw += data
        self._wake()

    def raw_sent(self) -> bool:
        """Say whether all bytes of `send_raw` are with the port."""
        return not self._raw

    def sign(self, body: bytes) -> bytes:
        """Return a signed message of this session without sending it; its counter is used."""
        with self.changed:
            return bytes(self._session.sign(body))

    # --- called by the link, in the thread ------------------------------------------------------

    def on_hello(self, payload: memoryview) -> None:
        """Open the session when the HELLO answers ours; begin anew when it answers another."""
        hello = json_pairs.loads(payload)
        nonce = peer_nonce(hello) if hello is not None else None
        if hello is None or nonce is None or self._link is None:
            return
        if nonce == self._session.nonce():
            return  # our own, from a line that echoes
        device = str(hello.get("dev"))
        if device != self._key_file.device:
            mine = self._key_file.device
            raise WrongDeviceError(f"detector {device!r} answers, the key file is for {mine!r}")
        # It may have restarted while a HELLO of ours was on the line, and answered that one anew.
        is_another = self._link.running and nonce != self._session.peer
        if hello.get("re") != self.nonce.hex() or is_another:
            if self._link.running:
                self._begin()
            self._say_hello()
        elif not self._link.running:
            self._session.set_peer(nonce)
            self._link.start(self._now_ms)
            self.sessions += 1

    def on_message(self, payload: memoryview, order: int) -> None:
        """Hand on an authentic message in its turn."""
        if order != IN_ORDER:
            return
        found = self._session.check(payload)
        if found != FRESH:
            self.forged += 1
            return
        self._session.accept(payload, found)
        body = json_pairs.loads(payload[OVERHEAD_BYTES:])
        try:
            self._take(body)
        except BodyError:
            self.malformed += 1

    def _take(self, body: dict[str, Any] | None) -> None:
        if body is None:
            raise BodyError("no JSON object")
        if "re" in body:
            whole_number(body, "re", 0, _LAST_COUNTER)
        word = body.get("e")
        if word == "image":
            self.collector.announce(body)
        elif word == "image-end":
            image = self.collector.end(body)
            if image is not None:
                self.on_image(image)
        self.on_body(body)

    def on_chunk(self, payload: memoryview) -> None:
        """Take a chunk of an image."""
        self.collector.chunk(bytes(payload))

    def on_acked(self, tag: int) -> None:
        """Need no tags."""

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        port = self._port
        if port is None:
            return
        try:
            while not self._stopping:
                with self.changed:
                    moved = self.step()
                    if moved:
                        self.changed.notify_all()
                if not moved:
                    port.wait(_WAIT_S)
        except Exception as error:  # raised again in whoever waits, by check
            with self.changed:
                self._error = error
                if self._link is not None:
                    self._link.running = False
                self.changed.notify_all()

    def step(self) -> bool:
        """Do a bounded step; True when something moved. Raises LinkError."""
        link, port = self._link, self._port
        if link is None or port is None:
            return False
        now_ms = self._now_ms = self._now()
        running = link.running
        moved = bool(link.poll(now_ms))
        if not link.running and reached(now_ms, self._hello_ms):
            self._say_hello()
            moved = True
        elif link.running and link.stalled(now_ms, _SILENT_MS):
            self._begin()
            moved = True
        if self._raw and link.between_frames():
            count = port.write(self._raw)
            if count:
                del self._raw[:count]
                moved = True
        self.on_step()
        return moved or running != link.running

    def _begin(self) -> None:
        """Forget the session and ask for a new one."""
        if self._link is None:
            return
        self._link.stop()
        self._session.restart()
        self.collector.cut()
        self._hello_ms = self._now()
        self.on_lost()

    def _say_hello(self) -> None:
        if self._link is None:
            return
        self._hello_ms = add_ms(self._now_ms, HELLO_MS)
        have = self.collector.have(self._complete_too)
        extra = (("have", have),) if have else ()
        self._link.send_hello(self._session.hello(self._key_file.device, extra))

    def _wake(self) -> None:
        if self._port is not None:
            self._port.wake()
