"""Gives a detector its identity: id, root key, configuration. Service program only.

It begins anew with it: an empty journal under the new key, and no image keys of the old one.

The root key comes from the host's chance and the chip's own, so that neither alone decides it, and
never leaves the device; the keys derived from it are returned once, for the two key files.
"""

import json

from detector import codes, crypto
from detector.compat import const
from detector.config import Config, ConfigError
from detector.identity import Identity
from detector.journal import Journal, JournalError
from detector.raw_flash import FlashError

RANDOM_BYTES = const(32)
_LABEL = b"sluss root key"
# What the two key files hold. No key is in both.
KEY_NAMES = (
    ("arc-command", crypto.ARC_COMMAND),
    ("arc-event", crypto.ARC_EVENT),
    ("arc-image", crypto.ARC_IMAGE),
    ("customer-command", crypto.CUSTOMER_COMMAND),
    ("customer-event", crypto.CUSTOMER_EVENT),
    ("customer-image", crypto.CUSTOMER_IMAGE),
    ("customer-journal", crypto.JOURNAL),
)


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
        root = crypto.hkdf_sha256(chip_random, host_random, _LABEL, crypto.KEY_BYTES)
        Identity.write(raw, device_id, root, config_text)
        _begin_journal(raw, root, device_id)
    except (ValueError, TypeError, AttributeError, ConfigError):
        return codes.ERR_ARGUMENT, ()
    except (FlashError, JournalError):
        return codes.ERR_STORE, ()
    return codes.OK, tuple([(name, crypto.derive(root, label)) for name, label in KEY_NAMES])


def _begin_journal(raw: "RawFlash", root: bytes, device_id: str) -> None:
    """Write the first record of the journal, which `Identity.write` has emptied."""
    journal = Journal(raw, crypto.derive(root, crypto.JOURNAL), device_id)
    journal.recover()
    journal.append(codes.JR_PROVISIONED)


def _is_name(text: str) -> bool:
    """Say whether a device id is 1 to 64 letters, digits and dashes."""
    if not 0 < len(text) <= 64:
        return False
    for letter in text:
        if not (letter.isdigit() or letter.isalpha() or letter == "-") or ord(letter) > 126:
            return False
    return True
