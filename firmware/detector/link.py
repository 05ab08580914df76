"""The link: frames in order, acknowledged, sent again after a gap. Both sides use this file.

Window of eight, go-back-N, cumulative acknowledgement. A message is held until it is acknowledged;
of an image only a reader and a chunk's number are, so that a repeat reads the chunk again and no
image is ever in RAM. `_write` is the only place that gives bytes to the UART.

A handler gets what arrives: `on_hello(payload)`, `on_message(payload, order)`,
`on_chunk(payload)`, `on_acked(tag)`. Payloads are memoryviews, valid during the call. A chunk that
its sender could not read is empty.
"""

from detector import ticks
from detector.compat import const
from detector.frames import (
    ACK,
    CHUNK,
    CHUNK_BYTES,
    FLAG_NAK,
    HELLO,
    MSG,
    FrameReader,
    FrameWriter,
)
from detector.window import Window

MESSAGE_BYTES = const(1024)
RESEND_MS = const(250)
# How a message stands in the sequence: a device obeys some that are out of it (see channel.py).
IN_ORDER = const(0)
BEHIND = const(1)  # a number already taken: a repeat, or its number was used by an intruder
AHEAD = const(2)  # something before it is missing, or there is no session

_U16 = const(0xFFFF)
_HALF = const(0x8000)
_FRAMES_A_POLL = const(2)
# The shortest frames at 115200 baud, as fast as a loop of 5 ms must take them: a disarm may stand
# behind them.
_RECEIVED_A_POLL = const(6)


class Link:
    """One end of a link over `uart` (any, readinto, write(buf, start, count), txdone)."""

    def __init__(self, uart: "machine.UART", rx_payload_bytes: int) -> None:
        """Allocate all buffers; `handler` is set by the owner before the first poll."""
        self._uart = uart
        self._reader = FrameReader(uart, rx_payload_bytes)
        self._writer = FrameWriter()
        self.handler: "Channel" = None
        self.enabled = True  # False: not a byte is written, and none is read
        self.running = False  # a session is open: numbered frames count
        self.sent_bytes = 0  # bytes given to the UART, for measurements
        self.resent = 0  # frames sent more than once
        # Of the frame in the writer: the bytes from _at to _end are not with the UART yet. Numbers
        # and no slice: sending a chunk allocates nothing.
        self._at = 0
        self._end = 0
        self._hello: bytes | None = None
        self._window = Window()
        self._clear(0)

    def _clear(self, now_ms: int) -> None:
        self._hello = None
        self._window.forget()
        self._expected = 0
        self._ack_due = False
        self._nak = False
        self._back_base = -1  # the number for which a NAK was followed last
        self._back_ms = now_ms
        self._resend_ms = now_ms
        self._progress_ms = now_ms
        self.source_failed = False
        self._reader.damaged = False

    def start(self, now_ms: int) -> None:
        """Begin a session: numbers from 0, everything not acknowledged forgotten."""
        self._clear(now_ms)
        self.running = True

    def stop(self) -> None:
        """End the session and forget everything queued; what arrives is still looked at."""
        self._clear(0)
        self.running = False

    def silence(self) -> None:
        """Stop, and write and read nothing more until `enable`."""
        self.enabled = False
        self.stop()
        self._end = self._at

    def enable(self) -> None:
        """Write and read again; what the UART received meanwhile is thrown away."""
        self._reader.reset()
        self.enabled = True

    # --- what the owner asks for ----------------------------------------------------------------

    def send_hello(self, payload: bytes) -> None:
        """Send a HELLO next; one that still waits is replaced."""
        self._hello = payload

    def room(self) -> int:
        """Say how many messages can be queued."""
        return self._window.room()

    def send_message(self, payload: bytes, tag: int = 0) -> bool:
        """Queue a message; `on_acked(tag)` follows if tag is not 0. False: no room, no session."""
        if not self.running or self.room() <= 0 or len(payload) > MESSAGE_BYTES:
            return False
        self._window.push(payload, tag)
        return True

    def send_chunks(self, source: object, first: int, end: int) -> None:
        """Send chunks first .. end - 1 of `source` (read_chunk(index, buf)) between messages."""
        self._window.set_source(source, first, end)
        self.source_failed = False

    def chunks_left(self) -> int:
        """Say how many chunks have no number yet; 0 when a next image may be announced."""
        return self._window.chunks_left()

    def idle(self) -> bool:
        """Say whether nothing is queued, unsent or unacknowledged."""
        waits = self._at != self._end or self._hello is not None or self._ack_due
        return not waits and self._window.is_empty()

    def is_receiving(self) -> bool:
        """Say whether something is arriving."""
        return self._reader.is_receiving()

    def drained(self) -> bool:
        """Say whether the last bit that the UART was given has left it, enabled or not."""
        return self._uart.txdone()

    def between_frames(self) -> bool:
        """Say whether no frame is partly with the UART."""
        return self._at == self._end

    def stalled(self, now_ms: int, limit_ms: int) -> bool:
        """Say whether something sent has waited for its acknowledgement longer than `limit_ms`."""
        window = self._window
        if window.base == window.next:
            return False
        return ticks.diff_ms(now_ms, self._progress_ms) > limit_ms

    def poll(self, now_ms: int) -> bool:
        """Receive a few frames and send what fits; True when something moved."""
        moved = False
        for _ in range(_RECEIVED_A_POLL):
            if not self.enabled or not self._reader.poll(now_ms):
                break
            moved = True
            self._receive(now_ms)
        if not self.enabled:
            return moved
        if self._reader.damaged:
            self._reader.damaged = False
            self._ack_due = self.running
            self._nak = self.running
        return self._transmit(now_ms) or moved

    # --- receiving -------------------------------------------------------------------------------

    def _receive(self, now_ms: int) -> None:
        reader = self._reader
        kind = reader.kind
        if kind == HELLO:
            self.handler.on_hello(reader.payload())
            return
        if not self.running:
            if kind == MSG:
                self.handler.on_message(reader.payload(), AHEAD)
            return
        self._take_ack(reader.ack, reader.flags & FLAG_NAK, now_ms)
        if kind == ACK or not self.running:
            return
        ahead = (reader.seq - self._expected) & _U16
        self._ack_due = True
        order = IN_ORDER
        if ahead == 0:
            self._expected = (self._expected + 1) & _U16
            self._nak = False
        elif ahead < _HALF:
            self._nak = True
            order = AHEAD
        else:
            order = BEHIND
        # Last: the handler may end the session.
        if kind == MSG:
            self.handler.on_message(reader.payload(), order)
        elif order == IN_ORDER:
            self.handler.on_chunk(reader.payload())

    def _take_ack(self, ack: int, nak: int, now_ms: int) -> None:
        window = self._window
        if not window.accepts(ack):
            return  # of another session
        if ack != window.base:
            self._resend_ms = now_ms
            self._progress_ms = now_ms
            window.skip_to(ack)
        while window.base != ack:
            tag = window.take_oldest()
            if tag:
                self.handler.on_acked(tag)
                if not self.running:
                    return
        if nak and window.base != window.next:
            # The frames behind the gap bring a NAK each; one of them is followed.
            if self._back_base != ack or ticks.diff_ms(now_ms, self._back_ms) >= RESEND_MS:
                self._back_base = ack
                self._back_ms = now_ms
                self._go_back(now_ms)

    def _go_back(self, now_ms: int) -> None:
        self._window.send = self._window.base
        self._resend_ms = now_ms

    # --- sending ---------------------------------------------------------------------------------

    def _transmit(self, now_ms: int) -> bool:
        moved = False
        window = self._window
        if window.base != window.next and ticks.diff_ms(now_ms, self._resend_ms) >= RESEND_MS:
            self._go_back(now_ms)
        for _ in range(_FRAMES_A_POLL):
            if self._at == self._end and not self._prepare(now_ms):
                break
            if not self._write():
                break
            moved = True
        return moved

    def _prepare(self, now_ms: int) -> bool:
        """Put the next frame into the writer; False when there is none to send."""
        if self._hello is not None:
            payload = self._hello
            self._hello = None
            self._fill(payload)
            self._frame(HELLO, 0, len(payload))
            return True
        window = self._window
        if window.send != window.next:
            self.resent += 1
            self._send_numbered()
            return True
        was_idle = window.base == window.next
        if window.advance():
            if was_idle:
                self._resend_ms = now_ms
                self._progress_ms = now_ms
            self._send_numbered()
            return True
        if self._ack_due:
            self._frame(ACK, 0, 0)
            return True
        return False

    def _send_numbered(self) -> None:
        window = self._window
        seq = window.send
        slot = window.slot()
        window.send = (seq + 1) & _U16
        index = window.index[slot]
        if index < 0:
            payload = window.what[slot]
            self._fill(payload)
            self._frame(MSG, seq, len(payload))
            return
        source = window.what[slot]
        length = CHUNK_BYTES
        try:
            source.read_chunk(index, self._writer.payload)
        except Exception:  # the image is gone or the flash fails: its number must still be sent
            length = 0
            if window.drop_chunks(source):
                self.source_failed = True
        self._frame(CHUNK, seq, length)

    def _fill(self, payload: bytes) -> None:
        self._writer.payload[: len(payload)] = payload

    def _frame(self, kind: int, seq: int, length: int) -> None:
        flags = FLAG_NAK if self._nak else 0
        self._at = 0
        self._end = self._writer.finish(kind, flags, seq, self._expected, length)
        self._ack_due = False
        self._nak = False

    def _write(self) -> bool:
        """Give the UART what it takes; True when the whole frame is with it."""
        if not self.enabled or self._at == self._end:
            return False
        count = self._uart.write(self._writer.frame, self._at, self._end - self._at)
        if not count:
            return False
        self.sent_bytes += count
        self._at += count
        return self._at == self._end
