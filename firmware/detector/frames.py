"""Frames on a serial line: a sync mark, a checked header, a payload with its CRC-32.

No Python code touches single bytes: `find`, `crc32`, `readinto` and slices do. Layout,
little-endian: mark A5 5A | type u8 | flags u8 | seq u16 | ack u16 | length u16 | low half of the
CRC-32 over these ten bytes | payload | its CRC-32 (only where there is a payload). Host and device
use this file.
"""

import struct
from binascii import crc32

from detector import ticks
from detector.compat import const

HEADER_BYTES = const(12)
CHECK_BYTES = const(4)
CHUNK_BYTES = const(1024)
FRAME_BYTES = const(1040)  # the longest frame: a whole chunk
SYNC = b"\xa5\x5a"

HELLO = const(1)  # unnumbered, JSON: opens a session
ACK = const(2)  # empty
MSG = const(3)  # numbered and repeated until acknowledged
CHUNK = const(4)  # the same, CHUNK_BYTES of an image; empty where they could not be read
FLAG_NAK = const(1)  # a gap or a damaged frame was seen: send again from `ack`

# A frame whose header has arrived must be whole within this time.
HALF_FRAME_MS = const(200)
_HEADER = "<2sBBHHH"
_CHECKED_BYTES = const(10)
# So often a frame that is not whole yet is looked through for a whole one: its length may be
# wrong, or its rest lost, and what stands inside may be a disarm.
_LOOK_MS = const(10)
# A long frame is read in pieces of at least this many bytes: the UART's buffer need not hold it.
_PIECE_BYTES = const(256)
_STEPS = const(4)  # of parsing, each call
_CANDIDATES = const(16)  # sync marks looked at in one step
_LOW_HALF = const(0xFFFF)


class FrameWriter:
    """Builds one frame at a time in `frame`; `payload` is where its payload goes."""

    def __init__(self) -> None:
        """Allocate the buffer, about 1 KiB; nothing later does for a whole chunk."""
        self.frame = bytearray(FRAME_BYTES)
        view = memoryview(self.frame)
        self.payload = view[HEADER_BYTES : HEADER_BYTES + CHUNK_BYTES]
        self._checked = view[:_CHECKED_BYTES]

    def finish(self, kind: int, flags: int, seq: int, ack: int, length: int) -> int:
        """Write header and CRC around `length` bytes of payload; return the frame's length."""
        frame = self.frame
        struct.pack_into(_HEADER, frame, 0, SYNC, kind, flags, seq, ack, length)
        struct.pack_into("<H", frame, _CHECKED_BYTES, crc32(self._checked) & _LOW_HALF)
        if length == 0:
            return HEADER_BYTES
        payload = self.payload if length == CHUNK_BYTES else self.payload[:length]
        struct.pack_into("<I", frame, HEADER_BYTES + length, crc32(payload))
        return HEADER_BYTES + length + CHECK_BYTES


class FrameReader:
    """Finds whole and undamaged frames in what a UART receives, whatever comes between them.

    After `poll` said True, `kind`, `flags`, `seq`, `ack`, `length` and `payload()` are the
    frame's, until the next `poll`.
    """

    def __init__(self, uart: "machine.UART", payload_bytes: int) -> None:
        """Read from `uart` (any, readinto); longer payloads than `payload_bytes` are skipped."""
        self._uart = uart
        self._limit = payload_bytes
        self._buf = bytearray(HEADER_BYTES + payload_bytes + CHECK_BYTES)
        self._view = memoryview(self._buf)
        self._checked = self._view[:_CHECKED_BYTES]
        self._have = 0  # bytes in _buf
        self._need = HEADER_BYTES  # bytes of the frame at its start, as far as known
        self._in_frame = False  # the header at its start is good
        self._hunting = False  # garbage was seen: read all there is
        self._delivered = False  # the frame at its start was handed out
        self._started_ms: int = None  # when its header came
        self._looked_ms: int = None  # when it was last looked through
        self.kind = 0
        self.flags = 0
        self.seq = 0
        self.ack = 0
        self.length = 0
        self.damaged = False  # set where a numbered frame was lost; the link takes it back
        self.errors = 0  # headers and payloads that were not good

    def reset(self) -> None:
        """Forget what was received and not handed out."""
        for _ in range(_STEPS):
            if self._uart.any():
                self._uart.readinto(self._buf)
        self._drop(self._have)
        self._delivered = False

    def is_receiving(self) -> bool:
        """Say whether a part of a frame, or of garbage, is here or with the UART."""
        return (self._have > 0 and not self._delivered) or self._uart.any() > 0

    def payload(self) -> memoryview:
        """Return the payload of the frame that `poll` found; valid until the next poll."""
        return self._view[HEADER_BYTES : HEADER_BYTES + self.length]

    def poll(self, now_ms: int) -> bool:
        """Parse a bounded amount; True when a frame is there. Allocates only for a payload."""
        if self._delivered:
            self._delivered = False
            self._drop(self._need)
        for _ in range(_STEPS):
            if self._have < self._need and not self._fill(now_ms):
                return False
            if not self._in_frame:
                self._parse_header(now_ms)
            if self._in_frame and self._have >= self._need and self._check_payload():
                return True
        return False

    def _fill(self, now_ms: int) -> bool:
        waiting = self._uart.any()
        wanted = self._need - self._have
        if waiting < wanted and waiting < _PIECE_BYTES:
            return self._in_frame and self._look(now_ms, waiting)
        if self._hunting:
            wanted = len(self._buf)  # _read takes what there is room for
        return self._read(min(waiting, wanted))

    def _read(self, count: int) -> bool:
        if self._have == 0:
            got = self._uart.readinto(self._buf, count)
        else:
            got = self._uart.readinto(self._view[self._have : self._have + count])
        if not got:
            return False
        self._have += got
        return True

    def _look(self, now_ms: int, waiting: int) -> bool:
        """Look now and then for a whole frame in what is there of one that is not whole."""
        if ticks.diff_ms(now_ms, self._started_ms) >= HALF_FRAME_MS:
            # Half a frame, or a header by chance.
            self._lose(HEADER_BYTES)
            return True
        if ticks.diff_ms(now_ms, self._looked_ms) < _LOOK_MS:
            return False
        self._looked_ms = now_ms
        if waiting:
            self._read(waiting)
        buf = self._buf
        have = self._have
        at = buf.find(SYNC, HEADER_BYTES, have)
        while at != -1 and not (self._is_header(at, have) and self._is_whole(at, have)):
            at = buf.find(SYNC, at + len(SYNC), have)
        if at != -1:
            self._lose(at)
        return at != -1

    def _is_header(self, at: int, have: int) -> bool:
        """Say whether a good header begins at `at`."""
        if have - at < HEADER_BYTES:
            return False
        # By hand, for the acknowledgements of an upload: struct would allocate a tuple for each.
        buf = self._buf
        if buf[at] != SYNC[0] or buf[at + 1] != SYNC[1] or not HELLO <= buf[at + 2] <= CHUNK:
            return False
        if buf[at + 8] | buf[at + 9] << 8 > self._limit:
            return False
        checked = self._view[at : at + _CHECKED_BYTES] if at else self._checked
        return crc32(checked) & _LOW_HALF == buf[at + 10] | buf[at + 11] << 8

    def _is_whole(self, at: int, have: int) -> bool:
        """Say whether the frame whose header is at `at` is there, and its payload is good."""
        length = self._buf[at + 8] | self._buf[at + 9] << 8
        start = at + HEADER_BYTES
        if length == 0:
            return True
        if have - start < length + CHECK_BYTES:
            return False
        (check,) = struct.unpack_from("<I", self._buf, start + length)
        return crc32(self._view[start : start + length]) == check

    def _parse_header(self, now_ms: int) -> None:
        if self._have < HEADER_BYTES:
            return
        if not self._is_header(0, self._have):
            self.errors += 1
            self._resync(1)
            return
        buf = self._buf
        self.kind = buf[2]
        self.flags = buf[3]
        self.seq = buf[4] | buf[5] << 8
        self.ack = buf[6] | buf[7] << 8
        self.length = length = buf[8] | buf[9] << 8
        self._in_frame = True
        self._hunting = False
        self._started_ms = self._looked_ms = now_ms
        self._need = HEADER_BYTES + (length + CHECK_BYTES if length else 0)

    def _check_payload(self) -> bool:
        if not self._is_whole(0, self._have):
            self._lose(HEADER_BYTES)
            return False
        self._delivered = True
        return True

    def _lose(self, skip: int) -> None:
        """Give up the frame at the start: the next can have begun inside it, `skip` bytes on."""
        self.errors += 1
        self.damaged = self.damaged or self.kind >= MSG
        self._resync(skip)

    def _resync(self, skip: int) -> None:
        """Drop `skip` bytes and what follows, up to the next good header, or what may be one."""
        buf = self._buf
        have = self._have
        self._hunting = True
        at = buf.find(SYNC, skip, have)
        left = _CANDIDATES
        while left and at != -1 and have - at >= HEADER_BYTES and not self._is_header(at, have):
            at = buf.find(SYNC, at + len(SYNC), have)
            left -= 1
        if at == -1:
            at = have - 1 if have > skip and buf[have - 1] == SYNC[0] else have
        self._drop(at)

    def _drop(self, count: int) -> None:
        """Drop the first bytes, at most those there are; what follows may begin a frame."""
        rest = self._have - count
        if rest:
            # A copy between: slices of one buffer must not overlap on every interpreter.
            self._buf[:rest] = bytes(self._view[count : self._have])
        self._have = rest
        self._need = HEADER_BYTES
        self._in_frame = False
