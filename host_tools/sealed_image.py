"""Opens sealed images: the independent reader, written from the format alone.

It imports nothing of the firmware, so that a mistake there cannot be repeated here unseen. All
numbers are little-endian.

    header (64)  "SLSI", version u8 = 1, kind u8, flags u16 = 0, image id u32, event id u32,
                 day u16 (since 2020-01-01; 0xFFFF unknown), 0 u16, second of the day u32,
                 chunks u16, iv (16), zeros (22)
    wrapped (80) iv (16), AES-256-CBC(HMAC(reader key, "wrap enc"), iv, image key) (32),
                 HMAC(HMAC(reader key, "wrap mac"), header, iv, wrapped key) (32)
    body         chunks of 1024 bytes, a multiple of 8192: AES-256-CBC(HMAC(image key, "enc"),
                 iv of the header) of: JPEG length u32, JPEG, zeros
    mac (32)     HMAC(HMAC(image key, "mac"), header, body)

HMAC is HMAC-SHA-256.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

HEADER_BYTES = 64
WRAPPED_BYTES = 80
MAC_BYTES = 32
CHUNK_BYTES = 1024
CLASS_BYTES = 8192
_IV_BYTES = 16
_KEY_BYTES = 32
_LENGTH_BYTES = 4
_HEADER = struct.Struct("<4sBBHIIHHIH16s22s")
_MAGIC = b"SLSI"
_VERSION = 1
_DAY_UNKNOWN = 0xFFFF


class SealError(Exception):
    """The image cannot be opened; `reason` is one sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Header:
    """What a sealed image says of itself; to be believed only once it is unsealed."""

    kind: int
    image_id: int
    event_id: int
    day: int | None  # since 2020-01-01
    second: int
    chunks: int
    iv: bytes


def parse_header(header: bytes) -> Header:
    """Return a header's fields; raise SealError where it is none."""
    if len(header) != HEADER_BYTES:
        raise SealError(f"the header has {len(header)} bytes instead of {HEADER_BYTES}")
    magic, version, kind, flags, image_id, event_id, day, zero, second, chunks, iv, rest = (
        _HEADER.unpack(header)
    )
    if magic != _MAGIC:
        raise SealError("this is no sealed image")
    if version != _VERSION:
        raise SealError(f"sealed image version {version} is not known")
    if flags or zero or any(rest):
        raise SealError("the header has bits that version 1 does not define")
    known_day = None if day == _DAY_UNKNOWN else day
    return Header(kind, image_id, event_id, known_day, second, chunks, iv)


def unwrap(header: bytes, wrapped: bytes, reader_key: bytes) -> bytes:
    """Return the image's key; raise SealError where it is not meant for `reader_key`."""
    if len(wrapped) != WRAPPED_BYTES:
        raise SealError(f"the wrapped key has {len(wrapped)} bytes instead of {WRAPPED_BYTES}")
    iv = wrapped[:_IV_BYTES]
    ciphertext = wrapped[_IV_BYTES : _IV_BYTES + _KEY_BYTES]
    mac = wrapped[_IV_BYTES + _KEY_BYTES :]
    if not _is_mac(_hmac(reader_key, b"wrap mac"), mac, header, iv, ciphertext):
        raise SealError("the wrapped key is not for this reader, or it was altered")
    return _decrypt(_hmac(reader_key, b"wrap enc"), iv, ciphertext)


def unseal(header: bytes, wrapped: bytes, body: bytes, mac: bytes, reader_key: bytes) -> bytes:
    """Return the JPEG bit for bit as the camera delivered it; raise SealError."""
    fields = parse_header(header)
    if len(body) != fields.chunks * CHUNK_BYTES or not body or len(body) % CLASS_BYTES:
        raise SealError(f"the body has {len(body)} bytes, the header says {fields.chunks} chunks")
    image_key = unwrap(header, wrapped, reader_key)
    if not _is_mac(_hmac(image_key, b"mac"), mac, header, body):
        raise SealError("header or body was altered, or belongs to another image")
    plaintext = _decrypt(_hmac(image_key, b"enc"), fields.iv, body)
    length = int.from_bytes(plaintext[:_LENGTH_BYTES], "little")
    padding = plaintext[_LENGTH_BYTES + length :]
    if length + _LENGTH_BYTES > len(plaintext) or len(padding) >= CLASS_BYTES or any(padding):
        raise SealError("the length inside does not fit the body")
    return plaintext[_LENGTH_BYTES : _LENGTH_BYTES + length]


def _hmac(key: bytes, *parts: bytes) -> bytes:
    running = HMAC(key, hashes.SHA256())
    for part in parts:
        running.update(part)
    return running.finalize()


def _is_mac(key: bytes, mac: bytes, *parts: bytes) -> bool:
    running = HMAC(key, hashes.SHA256())
    for part in parts:
        running.update(part)
    try:
        running.verify(mac)
    except InvalidSignature:
        return False
    return True


def _decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    running = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return running.update(ciphertext) + running.finalize()
