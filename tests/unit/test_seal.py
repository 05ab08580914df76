"""The seal against a sealed image that `cryptography` made (seal_vectors.py)."""

import hashlib
import struct
import unittest

import seal_vectors as vector

from detector import seal


class TestSeal(unittest.TestCase):
    """What the device makes is what the independent reader expects."""

    def test_header_is_the_vectors(self):
        """64 bytes, every field in its place."""
        header = seal.pack_header(
            vector.KIND,
            vector.IMAGE_ID,
            vector.EVENT_ID,
            vector.DAY,
            vector.SECOND,
            vector.CHUNKS,
            vector.IV,
        )
        self.assertEqual(header, vector.HEADER)

    def test_body_and_mac_sealed_chunk_by_chunk_are_the_vectors(self):
        """In place, in pieces of 1024 bytes."""
        plain = struct.pack("<I", len(vector.JPEG)) + vector.JPEG
        plain += bytes(vector.CHUNKS * seal.CHUNK_BYTES - len(plain))
        sealer = seal.Sealer(vector.IMAGE_KEY, vector.HEADER, vector.IV)
        digest = hashlib.sha256()
        for at in range(0, len(plain), seal.CHUNK_BYTES):
            buf = bytearray(plain[at : at + seal.CHUNK_BYTES])
            sealer.seal(buf)
            digest.update(buf)
        self.assertEqual(digest.digest(), vector.BODY_SHA256)
        self.assertEqual(sealer.mac(), vector.MAC)

    def test_wrapped_key_is_the_vectors(self):
        """80 bytes: iv, key, MAC."""
        wrapped = seal.wrap(vector.READER_KEY, vector.IMAGE_KEY, vector.HEADER, vector.WRAP_IV)
        self.assertEqual(wrapped, vector.WRAPPED)

    def test_sealing_and_wrapping_leave_the_key_as_it_is(self):
        """A key given in a bytearray is not overwritten."""
        key = bytearray(vector.IMAGE_KEY)
        seal.wrap(vector.READER_KEY, key, vector.HEADER, vector.WRAP_IV)
        self.assertEqual(bytes(key), vector.IMAGE_KEY)

    def test_sizes_are_those_of_the_format(self):
        """What the store leaves room for."""
        sizes = (seal.HEADER_BYTES, seal.WRAPPED_BYTES)
        self.assertEqual(sizes, (len(vector.HEADER), len(vector.WRAPPED)))
        self.assertEqual(sizes, (64, 80))

    def test_size_class_grows_by_8_chunks(self):
        """The length field counts: 8188 bytes still fit one class."""
        self.assertEqual(seal.chunks_for(1), 8)
        self.assertEqual(seal.chunks_for(8188), 8)
        self.assertEqual(seal.chunks_for(8189), 16)


if __name__ == "__main__":
    unittest.main()
