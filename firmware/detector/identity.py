"""Who this detector is: device id, root key and provisioned configuration, in one raw block.

Written by the service program only. A block that is not whole is no identity.
"""

import binascii
import hashlib
import json
import struct

from detector.compat import const
from detector.flash_map import (
    BLOCK_BYTES,
    IDENTITY_BLOCK,
    JOURNAL_BLOCK,
    JOURNAL_BLOCKS,
    KEYS_A_BLOCK,
    PAGE_BYTES,
)
from detector.raw_flash import FlashError

ROOT_KEY_BYTES = const(32)
_MAGIC = b"SLID"
_VERSION = const(1)
_HEAD = "<4sHH"  # magic, version, length of the JSON body
_HEAD_BYTES = const(8)
_DIGEST_BYTES = const(32)
CONFIG_LIMIT_BYTES = const(3072)  # what fits beside the rest, with room to spare


class Identity:
    """What `load` found."""

    def __init__(self, device_id: str, root_key: bytes, config: dict) -> None:
        """Take the three parts."""
        self.device_id = device_id
        self.root_key = root_key
        self.config = config

    @staticmethod
    def load(raw: "RawFlash") -> "Identity | None":
        """Return the identity, or None where none was written whole; raise FlashError."""
        head = bytearray(_HEAD_BYTES)
        raw.read_into(IDENTITY_BLOCK, 0, head)
        magic, version, length = struct.unpack(_HEAD, head)
        if magic != _MAGIC or version != _VERSION:
            return None
        if length > BLOCK_BYTES - _HEAD_BYTES - _DIGEST_BYTES:
            return None
        whole = bytearray(_HEAD_BYTES + length + _DIGEST_BYTES)
        raw.read_into(IDENTITY_BLOCK, 0, whole)
        end = _HEAD_BYTES + length
        if hashlib.sha256(whole[:end]).digest() != whole[end:]:
            return None
        body = json.loads(bytes(whole[_HEAD_BYTES:end]))
        return Identity(body["device"], binascii.unhexlify(body["root"]), body["config"])

    @staticmethod
    def packed(device_id: str, root_key: bytes, config_json: str) -> bytes:
        """Return what `write` takes; raise ValueError on bad parts."""
        config = json.loads(config_json)
        if not isinstance(config, dict) or len(config_json) > CONFIG_LIMIT_BYTES:
            raise ValueError("config")
        if not 0 < len(device_id) <= 64 or len(root_key) != ROOT_KEY_BYTES:
            raise ValueError("identity")
        root_hex = binascii.hexlify(root_key).decode()
        fields = {"device": device_id, "root": root_hex, "config": config}
        body = json.dumps(fields).encode()
        data = struct.pack(_HEAD, _MAGIC, _VERSION, len(body)) + body
        data += hashlib.sha256(data).digest()
        if len(data) > BLOCK_BYTES:
            raise ValueError("config")
        return data

    @staticmethod
    def erase(raw: "RawFlash") -> None:
        """Destroy the identity, all image keys and the journal, in this order; raise FlashError.

        They belong to keys that somebody else may hold.
        """
        raw.make_blank(IDENTITY_BLOCK)
        for block in range(KEYS_A_BLOCK, JOURNAL_BLOCK + JOURNAL_BLOCKS):
            raw.make_blank(block)

    @staticmethod
    def write(raw: "RawFlash", data: bytes) -> None:
        """Write a packed identity where `erase` has been; it comes last; raise FlashError.

        A power cut before or within it leaves none, never half of one.
        """
        for offset in range(0, len(data), PAGE_BYTES):
            piece = data[offset : offset + PAGE_BYTES]
            raw.program(IDENTITY_BLOCK, offset, piece + b"\xff" * (PAGE_BYTES - len(piece)))
        check = bytearray(len(data))
        raw.read_into(IDENTITY_BLOCK, 0, check)
        if check != data:
            raise FlashError("identity")
