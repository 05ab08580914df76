"""Crypto against the published vectors (RFC 4231, RFC 5869, NIST SP 800-38A)."""

import unittest
from binascii import unhexlify as unhex

from detector import crypto


class TestHmac(unittest.TestCase):
    """RFC 4231."""

    def test_short_key_gives_the_published_mac(self):
        """Case 2: a key shorter than the hash's block."""
        mac = crypto.hmac_sha256(b"Jefe", b"what do ya want ", b"for nothing?")
        wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        self.assertEqual(mac, unhex(wanted))

    def test_key_longer_than_a_block_is_hashed_first(self):
        """Case 6: a key of 131 bytes."""
        data = b"Test Using Larger Than Block-Size Key - Hash Key First"
        wanted = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        self.assertEqual(crypto.hmac_sha256(b"\xaa" * 131, data), unhex(wanted))

    def test_key_of_a_whole_block_is_not_hashed_and_a_longer_one_is(self):
        """64 and 65 bytes; the MACs are OpenSSL's."""
        wanted = "f91c4c403625fb06910ef93999265bbd2d62baeaec6ff36455498cc124fe3e66"
        self.assertEqual(crypto.hmac_sha256(b"k" * 64, b"x"), unhex(wanted))
        wanted = "75092ca3ee2b307470c227697b42b3e65376aa3bae98fb5a1f7b7536daa9588a"
        self.assertEqual(crypto.hmac_sha256(b"k" * 65, b"x"), unhex(wanted))

    def test_sizes_are_those_of_the_algorithms(self):
        """SHA-256 and AES-256."""
        self.assertEqual((crypto.KEY_BYTES, crypto.MAC_BYTES, crypto.IV_BYTES), (32, 32, 16))
        self.assertEqual(len(crypto.derive(b"r" * 32, crypto.ARC_EVENT)), 32)

    def test_running_mac_equals_the_mac_of_the_whole(self):
        """Pieces and a memoryview make no difference."""
        running = crypto.HmacSha256(crypto.HmacKey(b"key"))
        running.update(b"ab")
        running.update(memoryview(bytearray(b"cdef"))[:2])
        self.assertEqual(running.digest(), crypto.hmac_sha256(b"key", b"abcd"))


class TestHkdf(unittest.TestCase):
    """RFC 5869."""

    def test_basic_case_gives_the_published_bytes(self):
        """Case 1."""
        salt = unhex("000102030405060708090a0b0c")
        info = unhex("f0f1f2f3f4f5f6f7f8f9")
        out = crypto.hkdf_sha256(salt, b"\x0b" * 22, info, 42)
        wanted = (
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        )
        self.assertEqual(out, unhex(wanted))

    def test_no_salt_and_no_info_give_the_published_bytes(self):
        """Case 3."""
        out = crypto.hkdf_sha256(b"", b"\x0b" * 22, b"", 42)
        wanted = (
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        )
        self.assertEqual(out, unhex(wanted))

    def test_every_label_gives_another_key(self):
        """No key is in two key files."""
        labels = (
            crypto.ARC_COMMAND,
            crypto.ARC_EVENT,
            crypto.ARC_IMAGE,
            crypto.CUSTOMER_COMMAND,
            crypto.CUSTOMER_EVENT,
            crypto.CUSTOMER_IMAGE,
        )
        keys = [crypto.derive(b"r" * 32, label) for label in labels]
        self.assertEqual(len(set(keys)), len(labels))


class TestCbc(unittest.TestCase):
    """NIST SP 800-38A, F.2.5: AES-256-CBC."""

    KEY = unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    IV = unhex("000102030405060708090a0b0c0d0e0f")
    PLAIN = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    SEALED = unhex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d")

    def test_two_calls_in_place_chain_like_one(self):
        """The second call goes on from the first one's last block."""
        cipher = crypto.cbc_encryptor(self.KEY, self.IV)
        first = bytearray(self.PLAIN[:16])
        second = bytearray(self.PLAIN[16:])
        cipher.encrypt(first, first)
        cipher.encrypt(second, second)
        self.assertEqual(bytes(first + second), self.SEALED)

    def test_decryptor_undoes_the_encryptor(self):
        """In place."""
        data = bytearray(self.SEALED)
        crypto.cbc_decryptor(self.KEY, self.IV).decrypt(data, data)
        self.assertEqual(bytes(data), self.PLAIN)


class TestEqual(unittest.TestCase):
    """Comparing MACs."""

    def test_only_the_same_bytes_are_equal(self):
        """One bit or one byte more makes a difference."""
        self.assertTrue(crypto.equal(b"abc", bytearray(b"abc")))
        self.assertFalse(crypto.equal(b"abc", b"abd"))
        self.assertFalse(crypto.equal(b"abc", b"abcd"))


if __name__ == "__main__":
    unittest.main()
