"""What must hold of the console, of provisioning and of JSON, whatever is typed or said."""

import json

from fake_flash import FakeFlash
from fuzz_input import Input, check

from detector import codes, json_pairs, provision
from detector.config import RANGES, Config
from detector.console import Console
from detector.identity import Identity
from detector.raw_flash import raw_blocks

_POLLS = 3000
_CONFIG_BYTES = 2048  # what a line of the console can carry, in hex
_KEYS = 7
_OUT_BYTES = 4096  # the longest answer: a status, or seven keys
_WORDS = (
    "help", "status", "version", "journal", "attest", "provision", "repl", "rekey", "dev-1", "00",
    "-1", "3", "4", "99999999999999999999", "11" * 32, "7b7d", "\xb2", "\xff", "\t", "\x03", "[]",
)  # fmt: skip
_ENDS = ("\n", "\r", "\r\n", " ", "")
_VALUES = (
    "0",
    "1",
    "300",
    "45001",
    "-1",
    "true",
    "null",
    '"x"',
    "[]",
    '["contact"]',
    '["fire"]',
    '["intrusion","contact"]',
    "1.5",
    "1e9",
    '{"a":1}',
    '[["contact"]]',
    "[[]]",
    '["\\u00e9"]',
)


class FakeHal:
    """Types what it is given, prints into `printed`, takes `takes` bytes at once."""

    board = "FUZZ"

    def __init__(self) -> None:
        """Start with an idle console."""
        self.typed = b""
        self.printed = b""
        self.takes = 64

    def console_read(self, buf: bytearray) -> int:
        """Hand out what was typed."""
        piece = self.typed[: len(buf)]
        self.typed = self.typed[len(piece) :]
        buf[: len(piece)] = piece
        return len(piece)

    def console_write(self, data: bytes) -> int:
        """Take some of it."""
        taken = bytes(data[: self.takes])
        self.printed += taken
        return len(taken)

    def random(self, count: int) -> bytes:
        """Return no chance at all."""
        return bytes(count)


class OnlyStatus:
    """A controller that can say its status, and nothing else: no verb may ask for more."""

    state = 0

    def status(self) -> tuple:
        """Return two pairs."""
        return (("state", "IDLE"), ("faults", ["journal"]))


class FewRecords:
    """A journal of records 3 to 6."""

    first_seq = 3
    seq = 6

    def end_proof(self) -> bytes:
        """Prove nothing."""
        return b""

    def read(self, seq: int, buf: bytearray) -> bool:
        """Fill `buf`."""
        buf[:] = bytes([seq]) * len(buf)
        return True


class ShortAttestation:
    """Needs two steps."""

    def __init__(self, nonce: bytes) -> None:
        """Take it."""
        self._left = 2
        self._nonce = nonce

    def step(self) -> bytes | None:
        """Return the digest in the end."""
        self._left -= 1
        return None if self._left else self._nonce


class Typed:
    """A console, detector's or service program's, and what was printed on it."""

    def __init__(self, service: bool) -> None:
        """Start it."""
        self.hal = FakeHal()
        controller, journal = (None, None) if service else (OnlyStatus(), FewRecords())
        self.console = Console(self.hal, controller, journal, service)
        self.console.attest = ShortAttestation
        self.flash = FakeFlash()
        self.console.raw = raw_blocks(self.flash)
        self._limit = 4096 if service else 256
        self.now_ms = 0
        self.torn_at: list[int] = []  # so much was printed where the rest of a line was dropped

    def poll(self, count: int) -> None:
        """Let so many polls pass."""
        for _ in range(count):
            self._poll()

    def _poll(self) -> bool:
        console = self.console
        waiting = len(console._out)
        printed = len(self.hal.printed)
        self.now_ms += 1
        moved = console.poll(self.now_ms)
        check(len(console._line) <= self._limit, "a line without end is kept")
        check(len(console._out) <= _OUT_BYTES, "answers pile up")
        was_dropped = waiting > 0 and not console._out and len(self.hal.printed) == printed
        if was_dropped and not self.hal.printed.endswith(b"\n"):
            self.torn_at.append(printed)
        return moved

    def settle(self) -> None:
        """Poll until the console is at rest; that must come."""
        self.hal.takes = 64
        for _ in range(_POLLS):
            if not self._poll():
                return
        check(False, "the console never comes to rest")


def check_console(data: bytes) -> None:
    """Type words and bytes; then the console must understand `help`."""
    program = Input(data)
    service = program.number(2) == 1
    typed = Typed(service)
    while program:
        word = program.number(8)
        if word == 0:
            typed.hal.typed += program.piece()
        elif word == 1:
            typed.hal.takes = program.number(70)
        elif word == 2:
            typed.poll(program.byte() * 4)
        elif word == 3:
            typed.hal.typed += program.take(2) * program.byte()
        else:
            text = _WORDS[program.number(len(_WORDS))] + " "
            text += _ENDS[program.number(len(_ENDS))]
            typed.hal.typed += text.encode()
    typed.settle()
    typed.hal.typed += b"\n"
    typed.settle()
    _are_answers(typed.hal.printed, typed.torn_at)
    typed.hal.printed = b""
    typed.hal.typed += b"help\n"
    typed.settle()
    understood = typed.hal.printed.lstrip(b"\r\n").startswith(b"OK help status")
    check(understood, "help is not understood")
    if not service:
        check(not typed.console.leaving, "the detector's console led to the prompt")
        check(typed.flash.operations == 0, "the detector's console wrote to the flash")


def _are_answers(printed: bytes, torn_at: list) -> None:
    """Check all lines but those whose rest nobody took: they end where they were torn."""
    start = 0
    for end in torn_at + [len(printed)]:
        lines = printed[start:end].split(b"\r\n")
        check(not start or lines[0].strip(b"\r") == b"", "an answer joins half of another")
        for line in lines[1 if start else 0 : -1]:
            _is_answer(line)
        start = end


def _is_answer(line: bytes) -> None:
    if line.startswith(b"# ") or line == b"OK" or line.startswith(b"OK "):
        return
    number = line.split(b" ")[1] if line.startswith(b"ERROR ") else b""
    whole = ('ERROR %d "%s"' % (int(number), codes.error_text(int(number)))).encode()
    check(line == whole, "%r is no answer" % line)


def check_provision(data: bytes) -> None:
    """Provision with an id and a configuration: refused and nothing written, or good and whole."""
    program = Input(data)
    flash = FakeFlash()
    raw = raw_blocks(flash)
    name = _WORDS[program.number(len(_WORDS))] if program.number(4) == 0 else "dev-1"
    host_random = bytes(program.number(34) if program.number(8) == 0 else 32)
    config = _config(program)
    chip_random = b"\x01" * 32
    code, keys = provision.run(raw, chip_random, host_random, name, config, False)
    if code != codes.OK:
        check(code == codes.ERR_ARGUMENT, "refused with %d" % code)
        check(flash.operations == 0 and not keys, "refused, and something was written or told")
        return
    found = Identity.load(raw)
    check(found is not None and found.device_id == name, "the identity is not what was given")
    check(found.config == json.loads(config.decode()), "the configuration is not what was given")
    values = Config(found.config)
    for key, low, high, _default in RANGES:
        check(low <= getattr(values, key) <= high, "%s is out of its range" % key)
    check(len(set([key for _name, key in keys])) == _KEYS, "keys are missing, or the same")
    again = provision.run(raw, chip_random, host_random, name, config, False)
    check(again == (codes.ERR_PROVISIONED, ()), "provisioned twice without being asked")


def _config(program: Input) -> bytes:
    if program.number(4) == 0:
        long = program.take(program.number(4) * 255) * (1 + program.number(32))
        return long[:_CONFIG_BYTES]
    names = [row[0] for row in RANGES] + ["entry_zones", "x"]
    pairs = []
    for _ in range(program.number(5)):
        name = names[program.number(len(names))]
        pairs.append('"%s":%s' % (name, _VALUES[program.number(len(_VALUES))]))
    return ("{" + ",".join(pairs) + "}").encode()


def check_json(data: bytes) -> None:
    """Parse anything; what is written from pairs is read again as it was."""
    program = Input(data)
    raw = program.piece()
    for text in (raw, raw[:1] * 1500, b'{"a":' * 300 + raw):
        value = json_pairs.loads(text)
        check(value is None or isinstance(value, dict), "no object and not None")
        for name in value or ():
            number = json_pairs.integer(value, name, -5, 5)
            check(number is None or -5 <= number <= 5, "a number out of its range")
    pairs = tuple([("k%d" % index, _value(program, 3)) for index in range(program.number(4))])
    check(
        json_pairs.loads(json_pairs.dumps(pairs)) == _plain(pairs), "JSON is not read as written"
    )


def _value(program: Input, depth: int) -> object:
    word = program.number(7 if depth else 5)
    if word == 0:
        return None
    if word == 1:
        return program.number(2) == 1
    if word == 2:
        return program.number(65536) * 65536 + program.number(65536) - 0x7FFFFFFF
    if word == 3:
        return "".join([chr(program.number(0xD7FF)) for _ in range(program.number(5))])
    if word == 4:
        return "".join([chr(byte & 0x7F) for byte in program.take(program.number(9))])
    inner = [_value(program, depth - 1) for _ in range(program.number(4))]
    if word == 5:
        return inner
    return tuple([("n%d" % index, value) for index, value in enumerate(inner)])


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return dict([(name, _plain(item)) for name, item in value])
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
