"""Ed25519 keys of those who sign certificates: PEM files, and the fingerprint that names a key."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PRIVATE_MODE = 0o600
_PUBLIC_MODE = 0o644
_GROUP = 8  # digits of a fingerprint between two spaces


class SigningKeyError(Exception):
    """A key file cannot be read, made or used; the text names it."""


def new_key(path: Path) -> tuple[Path, Ed25519PublicKey]:
    """Make a key in `path` (readable by its owner alone) and `path`.pub; overwrite nothing."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public_path = path.with_name(path.name + ".pub")
    if public_path.exists():
        raise SigningKeyError(f"{public_path} exists already; it is left as it is.")
    _create(path, private, _PRIVATE_MODE)
    _create(public_path, public, _PUBLIC_MODE)
    return public_path, key.public_key()


def read_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key; raise SigningKeyError."""
    try:
        key = serialization.load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningKeyError(f"{path} is no private key without a passphrase: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path} is a private key, but not an Ed25519 one.")
    return key


def read_public(path: Path) -> Ed25519PublicKey:
    """Read a public key; raise SigningKeyError."""
    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningKeyError(f"{path} is no public key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SigningKeyError(f"{path} is a public key, but not an Ed25519 one.")
    return key


def raw(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of a public key."""
    return key.public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of a public key's 32 bytes, in groups that a person can compare."""
    digits = hashlib.sha256(public).hexdigest()
    return " ".join(digits[n : n + _GROUP] for n in range(0, len(digits), _GROUP))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SigningKeyError(f"The key {path} cannot be read: {error.strerror}.") from error


def _create(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise SigningKeyError(f"{path} exists already; it is left as it is.") from error
    except OSError as error:
        raise SigningKeyError(f"{path} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
