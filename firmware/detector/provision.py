"""Gives a detector its identity: id, root key, configuration. Service program only.

It begins anew with it: a journal of one record under a new key, and no image keys of the old one.

The root key comes from the host's chance and the chip's own, so that neither alone decides it, and
never leaves the device; the keys derived from it are returned once, for the two key files. So is
the journal's first key, which has the same origin, but which nothing that stays here leads to: in
flash there is only the key that follows from it (journal.py).
"""

import json

from detector import codes, crypto
from detector.compat import const
from detector.config import Config, ConfigError
from detector.identity import Identity
from detector.journal import Journal, JournalError
from detector.raw_flash import FlashError

RANDOM_BYTES = const(32)
_ROOT_LABEL = b"sluss root key"
_JOURNAL_LABEL = b"sluss journal key"
# What the two key files hold of the root key. No key is in both.
_DERIVED = (
    ("arc-command", crypto.ARC_COMMAND),
    ("arc-event", crypto.ARC_EVENT),
    ("arc-image", crypto.ARC_IMAGE),
    ("customer-command", crypto.CUSTOMER_COMMAND),
    ("customer-event", crypto.CUSTOMER_EVENT),
    ("customer-image", crypto.CUSTOMER_IMAGE),
)
_JOURNAL_NAME = "customer-journal"


def run(
    raw: "RawFlash",
    chip_random: bytes,
    host_random: bytes,
    device_id: str,
    config_json: bytes,
    rekey: bool,
) -> tuple:
    """Write an identity; return a code and the (name, key) pairs to be written out.

    Refused where there is an identity already and `rekey` is not asked for, and where the
    configuration is not valid: then nothing is written.
    """
    if len(host_random) != RANDOM_BYTES or not _is_name(device_id):
        return codes.ERR_ARGUMENT, ()
    try:
        config_text = str(config_json, "utf-8")
        Config(json.loads(config_text))
        if not rekey and Identity.load(raw) is not None:
            return codes.ERR_PROVISIONED, ()
        root = crypto.hkdf_sha256(chip_random, host_random, _ROOT_LABEL, crypto.KEY_BYTES)
        first = crypto.hkdf_sha256(chip_random, host_random, _JOURNAL_LABEL, crypto.KEY_BYTES)
        identity = Identity.packed(device_id, root, config_text)
        Identity.erase(raw)
        _begin_journal(raw, first, device_id)
        Identity.write(raw, identity)
    except (ValueError, TypeError, AttributeError, RuntimeError, ConfigError):
        # RuntimeError: brackets within brackets, deeper than the interpreter goes.
        return codes.ERR_ARGUMENT, ()
    except (FlashError, JournalError):
        return codes.ERR_STORE, ()
    keys = [(name, crypto.derive(root, label)) for name, label in _DERIVED]
    return codes.OK, tuple(keys + [(_JOURNAL_NAME, first)])


def _begin_journal(raw: "RawFlash", first_key: bytes, device_id: str) -> None:
    """Write the journal's first record before there is an identity: no board runs without one."""
    journal = Journal(raw)
    journal.begin(first_key, device_id)
    journal.append(codes.JR_PROVISIONED)


def _is_name(text: str) -> bool:
    """Say whether a device id is 1 to 64 letters, digits and dashes."""
    if not 0 < len(text) <= 64:
        return False
    for letter in text:
        if not (letter.isdigit() or letter.isalpha() or letter == "-") or ord(letter) > 126:
            return False
    return True
