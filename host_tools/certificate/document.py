"""The signed document: its form, its signature, and the check that finds any changed byte.

    {"sluss_certificate": 1,
     "head": {"digests": {<part>: SHA-256, ..., "page": SHA-256}, "made": UTC, "public_key": hex},
     "parts": {"device": ..., "firmware": ..., ...},
     "signature": hex}

The signature covers the head, the head covers every part and the page by a digest each: so a
changed part can be named. Nothing outside the two files is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from host_tools.attestation import Attestation
from host_tools.certificate import keys
from host_tools.certificate.canonical import CanonicalError, decode, encode

VERSION = 1
PARTS = ("device", "firmware", "attestation", "bench", "evidence", "source", "tools", "limits")
PAGE = "page"
_FIELDS = {"sluss_certificate", "head", "parts", "signature"}
_HEAD_FIELDS = {"digests", "made", "public_key"}
_SIGNED_FOR = b"sluss certificate\n"  # so that the signature means nothing elsewhere
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64

Parts = Mapping[str, Any]


class CertificateError(Exception):
    """A certificate that does not hold: which part of it, and why."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


@dataclass(frozen=True)
class Certificate:
    """A certificate whose signature and digests hold."""

    parts: Parts
    made: str
    public_key: bytes
    is_pinned: bool  # the key is one that the verifier had before

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key that signed it."""
        return keys.fingerprint(self.public_key)


def sign(parts: Parts, page: bytes, made: str, key: Ed25519PrivateKey) -> bytes:
    """Return the document's bytes for these parts and this page."""
    digests = {name: _digest(encode(parts[name])) for name in PARTS}
    head = {
        "digests": {**digests, PAGE: _digest(page)},
        "made": made,
        "public_key": keys.raw(key.public_key()).hex(),
    }
    return encode(
        {
            "sluss_certificate": VERSION,
            "head": head,
            "parts": dict(parts),
            "signature": key.sign(_signed(head)).hex(),
        }
    )


def verify(document: bytes, page: bytes, pinned: Ed25519PublicKey | None = None) -> Certificate:
    """Check every byte of a document and its page; raise CertificateError."""
    try:
        whole = decode(document)
    except CanonicalError as error:
        raise CertificateError("document", str(error)) from error
    head, parts = _shape(whole)
    for name in PARTS:
        if _digest(encode(parts[name])) != head["digests"][name]:
            raise CertificateError(name, "the part and its digest in the head do not fit together")
    if _digest(page) != head["digests"][PAGE]:
        raise CertificateError(PAGE, "this is not the page that was signed with the document")
    public = _bytes(head["public_key"], _KEY_BYTES, "public_key")
    signature = _bytes(whole["signature"], _SIGNATURE_BYTES, "signature")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(head))
    except (InvalidSignature, ValueError) as error:
        raise CertificateError(
            "signature", "it does not fit: the head (date, key, digests) or it was changed"
        ) from error
    if pinned is not None and keys.raw(pinned) != public:
        raise CertificateError(
            "public_key", f"another key signed this: {keys.fingerprint(public)}"
        )
    _check_attestation(parts)
    return Certificate(parts, head["made"], public, pinned is not None)


def _shape(whole: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return head and parts of a document that has all its fields, and no other."""
    _fields(whole, _FIELDS, "document")
    version = whole["sluss_certificate"]
    if version != VERSION or type(version) is not int:  # 1.0 and true are equal to 1
        raise CertificateError("document", "this version of sluss does not know its form")
    _fields(whole["head"], _HEAD_FIELDS, "head")
    _fields(whole["head"]["digests"], {*PARTS, PAGE}, "head")
    _fields(whole["parts"], set(PARTS), "document")
    if not isinstance(whole["head"]["made"], str):
        raise CertificateError("head", "the date is no text")
    return whole["head"], whole["parts"]


def _fields(value: Any, wanted: set[str], part: str) -> None:
    if not isinstance(value, dict):
        raise CertificateError(part, "it has no fields")
    missing, more = wanted - set(value), set(value) - wanted
    if missing:
        raise CertificateError(part, f"it lacks {', '.join(sorted(missing))}")
    if more:
        raise CertificateError(part, f"it has {', '.join(sorted(more))}, which is not of it")


def _check_attestation(parts: Parts) -> None:
    """The board's answer must be that of the firmware that the certificate lists."""
    try:
        found = parts["attestation"]
        answer = Attestation(found["nonce"], found["digest"], found["asked"])
        holds = answer.is_of(parts["firmware"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CertificateError("attestation", f"it cannot be checked: {error!r}") from error
    if not holds:
        raise CertificateError("attestation", "the board's answer is not that of this firmware")


def _bytes(text: Any, length: int, part: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except (TypeError, ValueError) as error:
        raise CertificateError(part, "it is not written in hex digits") from error
    if len(data) != length or data.hex() != text:
        raise CertificateError(part, f"it is not {length} bytes in small hex digits")
    return data


def _signed(head: Mapping[str, Any]) -> bytes:
    return _SIGNED_FOR + encode({"sluss_certificate": VERSION, "head": dict(head)})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
