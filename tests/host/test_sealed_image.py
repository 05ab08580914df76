"""The independent reader of sealed images: opens what is right, refuses everything else."""

from __future__ import annotations

import ast
import hashlib
import os
from pathlib import Path

import pytest
import seal_vectors as vector
from fake_flash import FakeFlash

from detector import codes, crypto
from detector.ages import Ages
from detector.clock import DAY_UNKNOWN, Clock
from detector.journal import Journal
from detector.keystore import KeyStore
from detector.raw_flash import raw_blocks
from detector.store import Store
from host_tools import sealed_image
from host_tools.sealed_image import SealError, unseal

ARC_KEY = crypto.derive(b"r" * 32, crypto.ARC_IMAGE)
CUSTOMER_KEY = crypto.derive(b"r" * 32, crypto.CUSTOMER_IMAGE)


def sealed_by_firmware(jpeg: bytes, kind: int, reader_key: bytes) -> tuple[bytes, ...]:
    """Return header, wrapped key, body and MAC of a picture that went through the real store."""
    raw = raw_blocks(FakeFlash())
    journal = Journal(raw)
    journal.begin(b"j" * 32, "SL-0001")
    store = Store(raw, KeyStore(raw), journal, Ages(Clock(0, DAY_UNKNOWN, 0), 60))
    chunks = store.begin(kind, 7, len(jpeg), 2500, 86399)
    plain = (bytes(4) + jpeg).ljust(chunks * 1024, b"\0")
    for index in range(chunks):
        store.chunk(bytearray(plain[index * 1024 : index * 1024 + 1024]))
    image = store.open(store.finish())
    body = b""
    for index in range(chunks):
        buf = bytearray(1024)
        image.read_chunk(index, buf)
        body += buf
    return image.header(), image.wrapped(reader_key), body, image.mac


@pytest.fixture
def sealed() -> list[bytes]:
    """Header, wrapped key, body and MAC of an alarm's picture, for the ARC."""
    return list(sealed_by_firmware(vector.JPEG, codes.TRIP_PANIC, ARC_KEY))


@pytest.mark.parametrize("size", [1, 1019, 1020, 8188, 8189, 30_001])
def test_picture_of_any_size_comes_out_bit_for_bit(size: int) -> None:
    """Also where a chunk or a class is just full."""
    jpeg = os.urandom(size)
    assert unseal(*sealed_by_firmware(jpeg, codes.TRIP_FIRE, ARC_KEY), ARC_KEY) == jpeg


def test_vectors_of_the_device_open() -> None:
    """The bytes that the unit tests demand of the firmware under both interpreters."""
    header, _, body, _ = sealed_by_firmware(vector.JPEG, codes.TRIP_PANIC, ARC_KEY)
    assert sealed_image.parse_header(vector.HEADER).image_id == vector.IMAGE_ID
    assert sealed_image.unwrap(vector.HEADER, vector.WRAPPED, vector.READER_KEY) == (
        vector.IMAGE_KEY
    )
    assert len(body) == sealed_image.parse_header(header).chunks * 1024


def test_vectors_are_what_this_reader_decrypts() -> None:
    """The whole image, sealed by hand with `cryptography` alone."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    plain = len(vector.JPEG).to_bytes(4, "little") + vector.JPEG
    plain = plain.ljust(vector.CHUNKS * 1024, b"\0")
    key = sealed_image._hmac(vector.IMAGE_KEY, b"enc")
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector.IV)).encryptor()
    body = cipher.update(plain) + cipher.finalize()
    assert hashlib.sha256(body).digest() == vector.BODY_SHA256
    opened = unseal(vector.HEADER, vector.WRAPPED, body, vector.MAC, vector.READER_KEY)
    assert opened == vector.JPEG


def test_header_says_what_the_picture_is(sealed: list[bytes]) -> None:
    """Kind, ids, time."""
    header = sealed_image.parse_header(sealed[0])
    assert (header.kind, header.event_id) == (codes.TRIP_PANIC, 7)
    assert (header.day, header.second, header.chunks) == (2500, 86399, 16)


def test_unknown_day_is_none() -> None:
    """A device whose clock was never set."""
    header = vector.HEADER[:16] + b"\xff\xff" + vector.HEADER[18:]
    assert sealed_image.parse_header(header).day is None


def test_other_readers_key_is_refused(sealed: list[bytes]) -> None:
    """The customer's key does not open what was wrapped for the ARC."""
    assert unseal(*sealed, ARC_KEY) == vector.JPEG  # the positive control
    with pytest.raises(SealError, match="not for this reader"):
        unseal(*sealed, CUSTOMER_KEY)


@pytest.mark.parametrize(
    ("part", "at", "reason"),
    [
        (0, 8, "not for this reader"),  # the header is under the wrapped key's MAC too
        (1, 0, "not for this reader"),
        (1, 20, "not for this reader"),
        (1, 79, "not for this reader"),
        (2, 0, "was altered"),
        (2, -1, "was altered"),
        (3, 5, "was altered"),
    ],
)
def test_one_altered_bit_is_refused(sealed: list[bytes], part: int, at: int, reason: str) -> None:
    """Wherever it is."""
    altered = bytearray(sealed[part])
    altered[at] ^= 0x10
    sealed[part] = bytes(altered)
    with pytest.raises(SealError, match=reason):
        unseal(*sealed, ARC_KEY)


@pytest.mark.parametrize(
    ("part", "length", "reason"),
    [
        (0, 63, "header has 63"),
        (1, 79, "wrapped key has 79"),
        (2, 8192, "body has 8192"),
        (2, 0, "body has 0"),
    ],
)
def test_part_of_the_wrong_length_is_refused(
    sealed: list[bytes], part: int, length: int, reason: str
) -> None:
    """Cut short on the way."""
    sealed[part] = sealed[part][:length]
    with pytest.raises(SealError, match=reason):
        unseal(*sealed, ARC_KEY)


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [(0, b"X", "no sealed image"), (4, b"\x02", "version 2"), (6, b"\x01", "does not define")],
)
def test_header_of_another_format_is_refused(at: int, value: bytes, reason: str) -> None:
    """Magic, version, reserved bits."""
    header = vector.HEADER[:at] + value + vector.HEADER[at + 1 :]
    with pytest.raises(SealError, match=reason):
        sealed_image.parse_header(header)


def test_reader_imports_nothing_of_the_firmware() -> None:
    """A mistake there must not be repeated here unseen."""
    tree = ast.parse(Path(sealed_image.__file__).read_text())
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }
    assert modules == {"__future__", "struct", "dataclasses", "cryptography"}
