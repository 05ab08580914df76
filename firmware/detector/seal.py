"""Seals one image to itself: AES-256-CBC, then HMAC-SHA-256, under a random key of its own.

Sealed is: u32 JPEG length (little end first), the JPEG, zeros up to a multiple of CLASS_BYTES. The
MAC covers the header and the ciphertext. The image's key is wrapped for one reader at a time;
`host_tools/sealed_image.py` is the independent reader of all this.
"""

import struct

from detector import crypto
from detector.compat import const

VERSION = const(1)
HEADER_BYTES = const(64)
WRAPPED_BYTES = const(80)
CLASS_BYTES = const(8192)
CHUNK_BYTES = const(1024)
LENGTH_BYTES = const(4)
_MAGIC = b"SLSI"
# magic, version, kind, flags, image id, event id, day, reserved, second, chunks, iv
_HEADER = "<4sBBHIIHHIH16s22x"


def chunks_for(jpeg_bytes: int) -> int:
    """Return how many chunks a JPEG of so many bytes takes once sealed."""
    classes = (LENGTH_BYTES + jpeg_bytes + CLASS_BYTES - 1) // CLASS_BYTES
    return classes * (CLASS_BYTES // CHUNK_BYTES)


def pack_header(
    kind: int, image_id: int, event_id: int, day: int, second: int, chunks: int, iv: bytes
) -> bytes:
    """Return the 64 bytes that stand before a sealed body and that its MAC covers."""
    return struct.pack(
        _HEADER, _MAGIC, VERSION, kind, 0, image_id, event_id, day, 0, second, chunks, iv
    )


class Sealer:
    """Seals one image's plaintext, piece by piece, in the caller's buffer."""

    def __init__(self, image_key: bytes, header: bytes, iv: bytes) -> None:
        """Begin an image; `iv` is the one in the header."""
        self._cipher = crypto.cbc_encryptor(crypto.hmac_sha256(image_key, b"enc"), iv)
        self._mac = crypto.HmacSha256(crypto.HmacKey(crypto.hmac_sha256(image_key, b"mac")))
        self._mac.update(header)

    def seal(self, buf: bytearray) -> None:
        """Turn a multiple of 16 bytes of plaintext into ciphertext, in place."""
        self._cipher.encrypt(buf, buf)
        self._mac.update(buf)

    def mac(self) -> bytes:
        """Return the MAC over header and ciphertext; ends the image."""
        return self._mac.digest()


def wrap(reader_key: bytes, image_key: bytes, header: bytes, iv: bytes) -> bytes:
    """Return the 80 bytes that give the image's key to whoever has `reader_key`.

    `iv` is 16 fresh random bytes.
    """
    wrapped = bytearray(image_key)
    crypto.cbc_encryptor(crypto.hmac_sha256(reader_key, b"wrap enc"), iv).encrypt(wrapped, wrapped)
    mac = crypto.hmac_sha256(crypto.hmac_sha256(reader_key, b"wrap mac"), header, iv, wrapped)
    return bytes(iv) + bytes(wrapped) + mac
