"""One sealed image as it must look, byte for byte, on the device and for the independent reader.

Made with `cryptography` from the format in host_tools/sealed_image.py; a host test makes it anew.
"""

from binascii import unhexlify as _unhex

JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 39 + b"\xff\xd9"  # 9989 bytes: two classes
IMAGE_KEY = bytes(range(32))
READER_KEY = bytes(range(100, 132))
IV = bytes(range(200, 216))
WRAP_IV = bytes(range(50, 66))
KIND = 3
IMAGE_ID = 0x01020304
EVENT_ID = 77
DAY = 2500
SECOND = 86399
CHUNKS = 16

HEADER = _unhex(
    "534c534901030000040302014d000000c40900007f5101001000c8c9cacbcccdcecfd0d1d2d3d4d5"
    "d6d700000000000000000000000000000000000000000000"
)
BODY_SHA256 = _unhex("8f7482a7e6b6f189c991e1b896070572e09236c52f07486af3e6efc7994dc26d")
MAC = _unhex("a7d37a3302107dcc6ba123c52b31ad750f6c135e1e58b215244c1f52829a50d0")
WRAPPED = _unhex(
    "32333435363738393a3b3c3d3e3f40414ab41f551bd9db8c3b666127590f1c6c4573604ef7aabd2d"
    "bc951fe6de30405ed0c9bcbfebcfb45f64c0131434b087452cd71edfca2a8bdb0d18107a26fd66b8"
)
