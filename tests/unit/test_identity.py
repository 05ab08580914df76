"""The identity block: whole or not there."""

import unittest

from fake_flash import AFTER, BEFORE, HALF, FakeFlash, PowerCut

from detector import flash_map
from detector.identity import Identity
from detector.raw_flash import FlashError, raw_blocks

ROOT = bytes(range(32))
OTHER = bytes(range(1, 33))


def write(raw, name, root, config):
    """Replace the identity."""
    data = Identity.packed(name, root, config)
    Identity.erase(raw)
    Identity.write(raw, data)


class TestIdentity(unittest.TestCase):
    """Writing, reading, cutting."""

    def setUp(self):
        self.flash = FakeFlash()
        self.raw = raw_blocks(self.flash)

    def test_blank_flash_has_no_identity(self):
        """Not provisioned."""
        self.assertIsNone(Identity.load(self.raw))

    def test_what_was_written_is_read(self):
        """All three parts."""
        write(self.raw, "SL-0001", ROOT, '{"window_ms": 3000, "entry_zones": ["contact"]}')
        identity = Identity.load(self.raw)
        self.assertEqual(identity.device_id, "SL-0001")
        self.assertEqual(identity.root_key, ROOT)
        self.assertEqual(identity.config, {"window_ms": 3000, "entry_zones": ["contact"]})

    def test_altered_byte_is_no_identity(self):
        """The digest covers everything."""
        write(self.raw, "SL-0001", ROOT, "{}")
        self.raw.program(flash_map.IDENTITY_BLOCK, 0, bytearray(b"\xff" * 30 + bytes(226)))
        self.assertIsNone(Identity.load(self.raw))

    def test_bad_parts_are_refused_and_nothing_is_written(self):
        """Short key, empty id, a configuration that is no object or too long."""
        long_config = '{"a": "%s"}' % ("x" * 4000)
        for name, root, config in (
            ("SL", ROOT[:31], "{}"),
            ("", ROOT, "{}"),
            ("SL", ROOT, "[]"),
            ("SL", ROOT, "no json"),
            ("SL", ROOT, long_config),
        ):
            with self.assertRaises(ValueError):
                Identity.packed(name, root, config)
        self.assertEqual(self.flash.operations, 0)

    def test_rewriting_destroys_keys_and_journal(self):
        """They belong to the keys before."""
        for block in (flash_map.KEYS_A_BLOCK, flash_map.JOURNAL_BLOCK + 39):
            self.raw.program(block, 0, bytearray(b"secret of before" * 16))
        write(self.raw, "SL-0001", ROOT, "{}")
        self.assertFalse(self.flash.holds(b"secret of before"))

    def test_flash_that_does_not_take_it_raises_flash_error(self):
        """Although it says that it did."""
        self.flash.writeblocks = lambda number, buf, offset=None: 0
        with self.assertRaises(FlashError):
            write(self.raw, "SL-0001", ROOT, "{}")

    def test_power_cut_anywhere_leaves_the_old_the_new_or_none(self):
        """Never a mixture; and afterwards it can be written again."""
        for how in (BEFORE, HALF, AFTER):
            for number in range(1, 6):
                self.flash = FakeFlash()
                self.raw = raw_blocks(self.flash)
                write(self.raw, "OLD", ROOT, '{"a": "%s"}' % ("x" * 300))
                self.flash.cut(number, how)
                try:
                    write(self.raw, "NEW", OTHER, '{"a": "%s"}' % ("y" * 300))
                except PowerCut:
                    pass
                self.flash.power_on()
                identity = Identity.load(self.raw)
                if identity is not None:
                    root = ROOT if identity.device_id == "OLD" else OTHER
                    self.assertEqual(identity.root_key, root)
                write(self.raw, "NEW", OTHER, "{}")
                self.assertEqual(Identity.load(self.raw).device_id, "NEW")


if __name__ == "__main__":
    unittest.main()
