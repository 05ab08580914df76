"""The fuzz targets that run on CPython and MicroPython alike, and their corpora.

A corpus is a text file in tests/fuzz/corpus: a line an input, in hex, with a remark behind it.
"""

from fuzz_channel import check_hub, check_uplink
from fuzz_console import check_console, check_json, check_provision
from fuzz_frames import check_frames
from fuzz_link import check_link

CHECKS = (
    ("frames", check_frames),
    ("link", check_link),
    ("hub", check_hub),
    ("uplink", check_uplink),
    ("console", check_console),
    ("provision", check_provision),
    ("json", check_json),
)
_FOLDER = __file__.rpartition("/")[0] + "/../fuzz/corpus/"


def corpus_path(target: str) -> str:
    """Return where a target's corpus is."""
    return _FOLDER + target + ".txt"


def inputs(target: str) -> list:
    """Return the inputs of a target's corpus."""
    found = []
    with open(corpus_path(target)) as file:
        for line in file:
            text = line.split("#")[0].strip()
            if text or not line.startswith("#"):
                found.append(bytes.fromhex(text))
    return found
