"""HMAC, HKDF and AES-CBC out of what a stock MicroPython has (hashlib, cryptolib), and all labels.

RFC 2104, RFC 5869. Nothing here loops over data; the C parts do.
"""

import hashlib

from detector.compat import const

try:
    from cryptolib import aes as _aes
except ImportError:  # CPython
    _aes = None  # type: ignore[misc]

# Labels of the keys that a device derives from its root key (DESIGN 6). The journal's is none.
ARC_COMMAND = b"arc command"
ARC_EVENT = b"arc event"
ARC_IMAGE = b"arc image"
CUSTOMER_COMMAND = b"customer command"
CUSTOMER_EVENT = b"customer event"
CUSTOMER_IMAGE = b"customer image"

KEY_BYTES = const(32)
MAC_BYTES = const(32)
IV_BYTES = const(16)
_HASH_BLOCK_BYTES = const(64)
_MODE_CBC = const(2)  # cryptolib: MODE_CBC, a number there
_INNER = int.from_bytes(b"\x36" * 64, "big")
_OUTER = int.from_bytes(b"\x5c" * 64, "big")


class HmacKey:
    """A key made ready for many MACs."""

    def __init__(self, key: bytes) -> None:
        """Pad the key for both hashes."""
        if len(key) > _HASH_BLOCK_BYTES:
            key = hashlib.sha256(key).digest()
        padded = int.from_bytes(bytes(key) + bytes(_HASH_BLOCK_BYTES - len(key)), "big")
        self.inner = (padded ^ _INNER).to_bytes(_HASH_BLOCK_BYTES, "big")
        self.outer = (padded ^ _OUTER).to_bytes(_HASH_BLOCK_BYTES, "big")

    def mac(self, *parts: bytes) -> bytes:
        """Return the 32 bytes of HMAC-SHA-256 over the parts, one behind the other."""
        running = HmacSha256(self)
        for part in parts:
            running.update(part)
        return running.digest()


class HmacSha256:
    """A running HMAC-SHA-256."""

    def __init__(self, key: HmacKey) -> None:
        """Begin with a key that is made ready."""
        self._hash = hashlib.sha256(key.inner)
        self._outer = key.outer

    def update(self, buf: bytes) -> None:
        """Take more data; allocates nothing."""
        self._hash.update(buf)

    def digest(self) -> bytes:
        """Return the 32 bytes; once, nothing may follow."""
        outer = hashlib.sha256(self._outer)
        outer.update(self._hash.digest())
        return outer.digest()


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """Return HMAC-SHA-256 over the parts, one behind the other."""
    return HmacKey(key).mac(*parts)


def hkdf_expand(key: bytes, info: bytes, count: int) -> bytes:
    """Return `count` bytes of HKDF-Expand (RFC 5869, 2.3)."""
    ready = HmacKey(key)
    out = b""
    block = b""
    number = 1
    while len(out) < count:
        block = ready.mac(block, info, bytes((number,)))
        out += block
        number += 1
    return out[:count]


def hkdf_sha256(salt: bytes, ikm: bytes, info: bytes, count: int) -> bytes:
    """Return `count` bytes of HKDF-SHA-256 (RFC 5869)."""
    return hkdf_expand(hmac_sha256(salt, ikm), info, count)


def derive(root: bytes, label: bytes) -> bytes:
    """Return the device's 32-byte key for one of the labels above."""
    return hkdf_expand(root, label, KEY_BYTES)


def equal(a: bytes, b: bytes) -> bool:
    """Compare two MACs in a time that does not depend on where they differ."""
    if len(a) != len(b):
        return False
    difference = 0
    for index in range(len(a)):
        difference |= a[index] ^ b[index]
    return difference == 0


def cbc_encryptor(key: bytes, iv: bytes) -> "Cipher":
    """Return an object whose encrypt(data, out) goes on from call to call; `out` may be `data`."""
    if _aes is None:
        return _host_cbc(key, iv)
    return _aes(key, _MODE_CBC, iv)


def cbc_decryptor(key: bytes, iv: bytes) -> "Cipher":
    """Return an object whose decrypt(data, out) goes on from call to call; `out` may be `data`."""
    if _aes is None:
        return _host_cbc(key, iv)
    return _aes(key, _MODE_CBC, iv)


def _host_cbc(key: bytes, iv: bytes) -> "Cipher":
    """Return what cryptolib.aes would, made of `cryptography`; CPython only."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(bytes(key)), modes.CBC(bytes(iv)))

    class HostCbc:
        """One direction per object, as in cryptolib."""

        def __init__(self) -> None:
            self._running: "CipherContext" = None

        def encrypt(self, data: bytes, out: bytearray) -> None:
            if self._running is None:
                self._running = cipher.encryptor()
            out[:] = self._running.update(bytes(data))

        def decrypt(self, data: bytes, out: bytearray) -> None:
            if self._running is None:
                self._running = cipher.decryptor()
            out[:] = self._running.update(bytes(data))

    return HostCbc()
