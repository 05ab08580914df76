"""What must hold of the frame reader, whatever comes down the line.

It ends, in bounded steps; what it delivers was on the line undamaged and in one piece; and a good
frame is delivered at once, whatever came before it.
"""

import struct
from binascii import crc32

from fuzz_input import Input, check

from detector import frames
from detector.frames import FrameReader

LIMIT = 512  # payload bytes, as in channel.py
_ROOM = 1024 + 32  # the UART's buffer, hal.py
_READS_A_POLL = 4
_FRAMES_A_TICK = 6  # link.py
OBEYED_MS = 50


class ListenUart:
    """A receiver; counts its reads."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self.received = b""
        self.reads = 0

    def any(self) -> int:
        """Return how many bytes wait."""
        return len(self.received)

    def readinto(self, buf: bytearray, count: int | None = None) -> int | None:
        """Hand out bytes as a UART does."""
        self.reads += 1
        count = min(len(buf) if count is None else count, len(self.received))
        buf[:count] = self.received[:count]
        self.received = self.received[count:]
        return count or None


def packed(kind: int, flags: int, seq: int, ack: int, length: int, payload: bytes) -> bytes:
    """Return a frame by the format alone (frames.py's head); `length` may lie."""
    head = struct.pack("<2sBBHHH", frames.SYNC, kind, flags, seq, ack, length)
    head += struct.pack("<H", crc32(head) & 0xFFFF)
    return head + payload + struct.pack("<I", crc32(payload)) if length else head


class Listener:
    """A reader on a line of 115200 baud, polled every `tick_ms`; all that it delivers is checked.

    So is when: a good frame that was sent with `hear_good` must be there in time.
    """

    def __init__(self, tick_ms: int) -> None:
        """Start with a quiet line."""
        self.uart = ListenUart()
        self.reader = FrameReader(self.uart, LIMIT)
        self._buffer_bytes = len(self.reader._buf)
        self._tick_ms = tick_ms
        self._now_ms = 0
        self._heard = b""
        self._goods = 0
        self._due: list = []  # (payload, ms by which it must have been delivered)
        self._last = b""  # the payload delivered last

    def hear(self, data: bytes) -> None:
        """Receive bytes at the line's pace."""
        while data:
            count = 11 + self._now_ms % 2  # 11.5 bytes a millisecond
            self._heard += data[:count]
            self.uart.received += data[:count]
            data = data[count:]
            self.wait(1)
            check(len(self.uart.received) <= _ROOM, "the reader is slower than the line")

    def hear_good(self) -> None:
        """Receive a good frame, another each time."""
        self._goods += 1
        payload = b"a good frame, the %dth" % self._goods
        self.hear(packed(frames.MSG, 0, self._goods, 0, len(payload), payload))
        if self._last != payload:
            self._due.append((payload, self._now_ms + OBEYED_MS))

    def wait(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms):
            self._now_ms += 1
            if self._now_ms % self._tick_ms == 0:
                for _frame in range(_FRAMES_A_TICK):
                    if not self._poll():
                        break
            late = self._due and self._due[0][1] < self._now_ms
            check(not late, "a good frame is not delivered in time")

    def _poll(self) -> bool:
        reader = self.reader
        self.uart.reads = 0
        found = reader.poll(self._now_ms)
        if found:
            payload = bytes(reader.payload())
            what = (reader.kind, reader.flags, reader.seq, reader.ack, reader.length)
            check(packed(*what, payload) in self._heard, "a frame that was never on the line")
            self._last = payload
            self._due = [due for due in self._due if due[0] != payload]
        check(self.uart.reads <= _READS_A_POLL, "a poll reads without end")
        check(len(reader._buf) == self._buffer_bytes, "the buffer has another size")
        return found


def check_frames(data: bytes) -> None:
    """Run a program of garbage, frames, halves of frames, and good ones; the last is good."""
    program = Input(data)
    listener = Listener(1 + program.number(5))
    while program:
        _do(program, listener)
    listener.hear_good()
    listener.wait(OBEYED_MS + 1)


def _do(program: Input, listener: Listener) -> None:
    word = program.number(7)
    if word == 0:
        listener.hear(program.piece())
    elif word == 1:
        listener.wait(program.byte())
    elif word == 2:
        times = program.byte()
        listener.hear(program.take(program.number(8)) * times)
    elif word == 3:
        listener.hear_good()
    else:
        frame = _frame(program, program.number(LIMIT + 20) if word == 6 else program.byte())
        if word == 4:
            frame = frame[: program.number(len(frame) + 1)]
        elif word == 5:
            at = program.number(len(frame))
            frame = frame[:at] + bytes([frame[at] ^ 1 << program.number(8)]) + frame[at + 1 :]
        listener.hear(frame)


def _frame(program: Input, length: int) -> bytes:
    """Return a frame of `length` bytes of payload, or, where told so, one that lies about it."""
    numbers = (program.number(6), program.byte(), program.byte() * 257, program.byte() * 257)
    told = program.number(LIMIT + 20) if program.number(4) == 0 else length
    return packed(*numbers, told, program.take(4) + b"p" * (length - 4))
