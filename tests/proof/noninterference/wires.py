"""What two runs may differ in on a wire, and nothing else: the exceptions of P5, as data.

A wire is read frame by frame. Bytes that the table excepts get a name instead, the same in both
runs, and only where a sealer of this file's own, given the image's key as it went wrapped to the
reader of this wire, makes exactly these bytes of the picture that the camera showed. So a body
that is not sealed, or sealed otherwise, is no exception and is compared as it stands. Everything
else is compared byte for byte; so are the lengths and the places of what is excepted.
"""

import struct
from binascii import crc32

from detector import crypto, json_pairs
from detector.frames import CHECK_BYTES, CHUNK, HELLO, MSG
from detector.session import MAC_BYTES, OVERHEAD_BYTES, TO_HOST

CHUNK_NAME = "a sealed chunk"
PART_NAME = "the first part of a sealed chunk"
MAC_NAME = "a sealed image's MAC"
SIGNATURE_NAME = "the signature of a message that holds such a MAC"
CHECK_NAME = "the CRC of a frame that holds one of these"
EXCEPTED = (
    (CHUNK_NAME, "ciphertext under the image's own key, which only its readers have"),
    (PART_NAME, "the same, cut off in the middle by a reset or by the gate"),
    (MAC_NAME, "HMAC over ciphertext, under the image's own key"),
    (SIGNATURE_NAME, "follows from the message and a key that is no picture's; recomputed here"),
    (CHECK_NAME, "follows from the frame's bytes; recomputed here"),
)
# The wrapped key is none: it depends on chance and not on the picture, so it must be the same.

_HEADER_BYTES = 12
_CHUNK_BYTES = 1024


class Reader:
    """One reader's view of the wire that is his: what he can open has a name."""

    def __init__(self, event_key: bytes, image_key: bytes, pictures: dict) -> None:
        """Take the keys that sign his events and wrap his images, and id -> Picture."""
        self._event_key = event_key
        self._image_key = image_key
        self._pictures = pictures
        self._sealed = {}  # chunk -> its name
        self._macs = {}  # hex -> name
        self._nonce = b""  # of the session that runs
        self.excepted_bytes = 0
        self.names = set()  # of what was excepted
        self.kinds = []  # of all images that were announced

    def read(self, data: bytes) -> list:
        """Return what is on a wire from its beginning on, as bytes and names."""
        items = []
        at = 0
        while at < len(data):
            end = _frame_end(data, at)
            if end == 0:
                items.append(data[at:])
                break
            items += self._frame(data[at:end])
            at = end
        return items

    def _frame(self, frame: bytes) -> list:
        payload = frame[_HEADER_BYTES : max(len(frame) - CHECK_BYTES, _HEADER_BYTES)]
        kind = frame[2]
        whole = len(frame) == _whole(frame)
        if kind == CHUNK:
            return self._chunk(frame, payload, whole)
        if not whole or not _has_crc(frame, payload):
            return [frame]
        if kind == HELLO:
            self._nonce = bytes.fromhex(json_pairs.loads(payload)["re"])
        if kind == MSG:
            return self._message(frame, payload)
        return [frame]

    def _chunk(self, frame: bytes, payload: bytes, whole: bool) -> list:
        if not whole:
            return [frame[:_HEADER_BYTES], self._part(frame[_HEADER_BYTES:])]
        name = self._sealed.get(payload)
        if name is None or not _has_crc(frame, payload):
            return [frame]
        self._except(len(payload) + CHECK_BYTES, CHUNK_NAME, CHECK_NAME)
        return [frame[:_HEADER_BYTES], name, CHECK_NAME]

    def _part(self, part: bytes) -> object:
        for chunk in self._sealed:
            if part and chunk.startswith(part[:_CHUNK_BYTES]):
                self._except(len(part), PART_NAME)
                return (PART_NAME, len(part))
        return part

    def _except(self, count: int, *names: str) -> None:
        self.excepted_bytes += count
        self.names |= set(names)

    def _message(self, frame: bytes, payload: bytes) -> list:
        body = json_pairs.loads(payload[OVERHEAD_BYTES:])
        word = body.get("e") if body is not None else None
        if word == "image":
            self._announced(body)
        name = self._macs.get(body.get("mac")) if word == "image-end" else None
        if name is None:
            return [frame]
        key = crypto.HmacKey(self._event_key)
        signature = key.mac(self._nonce, TO_HOST, payload[MAC_BYTES:])[:MAC_BYTES]
        if signature != payload[:MAC_BYTES]:
            return [frame]
        mac = body["mac"].encode()
        before, after = payload[MAC_BYTES:].split(mac)
        self._except(len(mac) + MAC_BYTES + CHECK_BYTES, MAC_NAME, SIGNATURE_NAME, CHECK_NAME)
        return [frame[:_HEADER_BYTES], SIGNATURE_NAME, before, name, after, CHECK_NAME]

    # --- sealing, once more ----------------------------------------------------------------------

    def _announced(self, body: dict) -> None:
        """Give a name to every chunk and to the MAC of an image that this reader can open."""
        self.kinds.append(body["kind"])
        header = bytes.fromhex(body["header"])
        key = self._unwrapped(bytes.fromhex(body["key"]), header)
        picture = self._pictures.get(body["id"])
        if key is None or picture is None:
            return
        plain = struct.pack("<I", picture.length) + picture.read(0, picture.length)
        plain += bytes(body["chunks"] * _CHUNK_BYTES - len(plain))
        sealed = bytearray(plain)
        iv = header[26:42]
        crypto.cbc_encryptor(crypto.hmac_sha256(key, b"enc"), iv).encrypt(sealed, sealed)
        for index in range(body["chunks"]):
            chunk = bytes(sealed[index * _CHUNK_BYTES : (index + 1) * _CHUNK_BYTES])
            self._sealed[chunk] = (CHUNK_NAME, body["id"], index)
        mac = crypto.hmac_sha256(crypto.hmac_sha256(key, b"mac"), header, sealed)
        self._macs[mac.hex()] = (MAC_NAME, body["id"])

    def _unwrapped(self, wrapped: bytes, header: bytes) -> bytes | None:
        mac_key = crypto.hmac_sha256(self._image_key, b"wrap mac")
        if crypto.hmac_sha256(mac_key, header, wrapped[:48]) != wrapped[48:]:
            return None
        key = bytearray(wrapped[16:48])
        wrap_key = crypto.hmac_sha256(self._image_key, b"wrap enc")
        crypto.cbc_decryptor(wrap_key, wrapped[:16]).decrypt(key, key)
        return bytes(key)


def _whole(frame: bytes) -> int:
    """Return how long the frame that begins so is."""
    length = struct.unpack_from("<H", frame, 8)[0]
    return _HEADER_BYTES + (length + CHECK_BYTES if length else 0)


def _frame_end(data: bytes, at: int) -> int:
    """Return where the frame at `at` ends, or the data do; 0 where there is no frame."""
    header = data[at : at + _HEADER_BYTES]
    if len(header) < _HEADER_BYTES:
        return 0
    (check,) = struct.unpack_from("<H", header, 10)
    if header[:2] != b"\xa5\x5a" or crc32(header[:10]) & 0xFFFF != check:
        return 0
    return min(at + _whole(header), len(data))


def _has_crc(frame: bytes, payload: bytes) -> bool:
    return frame[-CHECK_BYTES:] == struct.pack("<I", crc32(payload)) or not payload
