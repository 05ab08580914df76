"""The jig's protocol: one line a message, typable by hand.

    verb arguments      answered by `OK <t_us> ...` or `ERROR <code> "text"`
    ! <t_us> SIGNAL v   told unasked after `watch`: an edge, or a count of bytes

Times are microseconds on the jig's own clock. `! <t_us> OVERRUN 1` says that changes before that
moment were lost. Both ends import this file.
"""

VERSION = "1"
# Each verb, its arguments, and what it does; `help` prints them.
VERBS = (
    ("help", ""),
    ("version", ""),
    ("line", "ROLE 0|1"),
    ("pulse", "ROLE MS"),
    ("low", ""),
    ("jumper", "0|1"),
    ("power", "0|1"),
    ("reset", ""),
    ("safe", ""),
    ("signals", ""),
    ("now", ""),
    ("count", "WIRE"),
    ("watch", ""),
    ("lease", "MS"),
)
ERR_VERB = 1  # there is no such verb
ERR_ARGUMENT = 2
ERR_LONG = 3  # the line has too many characters
ERR_STUCK = 4  # a pin does not follow what drives it
ERR_SUPPLY = 5  # the rail does not follow the supply's switch
OVERRUN = "OVERRUN"

LINE_CHARACTERS = 80
PULSE_MS_MAX = 60_000
LEASE_MS_MAX = 60_000


class WordError(Exception):
    """A line that cannot be obeyed: code, text."""


def parse(line: str) -> tuple:
    """Return verb and arguments of a line. Raises WordError."""
    words = line.split()
    verb = words[0]
    for known, arguments in VERBS:
        if verb == known:
            if len(words) - 1 != len(arguments.split()):
                raise WordError(ERR_ARGUMENT, ("use: " + verb + " " + arguments).strip())
            return verb, words[1:]
    raise WordError(ERR_VERB, "there is no " + verb[:16] + "; try help")


def one_of(word: str, known: tuple) -> str:
    """Return `word` if it is one of the known. Raises WordError."""
    if word not in known:
        raise WordError(ERR_ARGUMENT, "one of: " + " ".join(known))
    return word


def bit(word: str) -> int:
    """Return 0 or 1. Raises WordError."""
    return int(one_of(word, ("0", "1")))


def number(word: str, highest: int) -> int:
    """Return a whole number within 0 .. highest. Raises WordError."""
    if not word.isdigit() or len(word) > 6 or int(word) > highest:
        raise WordError(ERR_ARGUMENT, "a number within 0..%d" % highest)
    return int(word)
