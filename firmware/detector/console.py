"""The console: `verb arguments` in, `OK ...` or `ERROR <code> "text"` out, typable by hand.

Lines that begin with `# ` come before the answer and belong to it. Without the service jumper the
console only reads; with it, in the service program, it also provisions and leads to the REPL.
"""

from detector import codes, states, status, ticks
from detector.compat import const
from detector.journal_slots import RECORD_BYTES
from detector.raw_flash import FlashError
from detector.version import VERSION

_READ_BYTES = const(32)
_LINE_BYTES = const(256)
_SERVICE_LINE_BYTES = const(4096)  # a whole configuration, as hex
# Nobody reads: what was to be said is dropped. The loop never waits for a reader.
_PATIENCE_MS = const(500)
_NONCE_BYTES = const(64)  # the longest for attest
_VERBS = "help status version journal attest"
_SERVICE_VERBS = " provision repl"
_END = b"\n"
_RETURN = b"\r"


class Console:
    """Reads lines from `hal.console_read`, answers through `hal.console_write`.

    `controller` and `journal` are None in the service program; it sets `raw` (the raw flash) and
    looks at `leaving`, which `repl` sets. `attest` may be set to a class like attest.Attestation,
    `slot` to what the loader says of the app that runs.
    """

    def __init__(
        self, hal: "Hal", controller: "Controller", journal: "Journal", service: bool
    ) -> None:
        """Allocate the buffers."""
        self._hal = hal
        self._controller = controller
        self._journal = journal
        self._service = service
        self.raw: "RawFlash" = None
        self.leaving = False
        self.attest: "Callable" = None
        self.slot: "Slot" = None
        self._in = bytearray(_READ_BYTES)
        self._line = bytearray()
        self._limit = _SERVICE_LINE_BYTES if service else _LINE_BYTES
        self._too_long = False
        self._pending = b""  # received behind the line that is being answered
        self._record: bytearray | None = None  # a record's buffer while `journal` prints
        self._record_seq = 0
        self._records_left = 0
        self._records_printed = 0
        self._attestation: "Attestation" = None  # the one that is being made
        self._out = bytearray()  # answers that the reader has not taken yet
        self._out_ms = 0  # when he last took something
        self._torn = False  # what he took last does not end with its line
        self._now_ms = 0

    def poll(self, now_ms: int) -> bool:
        """Write, or read, a few bytes, or go on with a long answer; True when something moved."""
        self._now_ms = now_ms
        if self._out:
            self._flush()
            return True
        if self._record is not None:
            self._print_record(self._record)
            return True
        if self._attestation is not None:
            self._go_on_attesting(self._attestation)
            return True
        if self._pending:
            data = self._pending
            self._pending = b""
        else:
            count = self._hal.console_read(self._in)
            if not count:
                return False
            data = bytes(self._in[:count])
        self._take(data)
        return True

    def idle(self) -> bool:
        """Say whether every answer is with its reader."""
        return not self._out

    def _take(self, data: bytes) -> None:
        """Add bytes to the line; answer it where it ends, and keep what follows for later."""
        end = _line_end(data)
        part = data if end < 0 else data[:end]
        if len(self._line) + len(part) > self._limit:
            self._too_long = True
            self._line = bytearray()
        if not self._too_long:
            self._line += part
        if end < 0:
            return
        self._pending = data[end + 1 :]
        line = self._line
        self._line = bytearray()
        if self._too_long:
            self._too_long = False
            self._error(codes.ERR_ARGUMENT)
            return
        try:
            words = str(line, "utf-8").split()
        except ValueError:
            self._error(codes.ERR_UNKNOWN)
            return
        if words:
            self._run(words[0], words[1:])

    def _run(self, verb: str, arguments: list) -> None:
        if verb == "help":
            self._ok(_VERBS + (_SERVICE_VERBS if self._service else ""))
        elif verb == "version":
            board = getattr(self._hal, "board", "-")
            words = (VERSION, codes.PROTOCOL, board, status.slot_words(self.slot))
            self._ok("%s protocol=%d board=%s%s" % words)
        elif verb == "status":
            self._status()
        elif verb == "journal":
            self._start_journal(arguments)
        elif verb == "attest":
            self._attest(arguments)
        elif verb == "provision" and self._service:
            self._provision(arguments)
        elif verb == "repl" and self._service:
            self.leaving = True
            self._ok("")
        elif verb in _SERVICE_VERBS.split():
            self._error(codes.ERR_NOT_ALLOWED)
        else:
            self._error(codes.ERR_UNKNOWN)

    def _status(self) -> None:
        if self._controller is None:
            state = "SERVICE" if self._service else "-"
            self._ok("state=%s version=%s%s" % (state, VERSION, status.slot_words(self.slot)))
            return
        pairs = self._controller.status()
        words = " ".join(["%s=%s" % (name, status.shown(value)) for name, value in pairs])
        self._ok(words + status.slot_words(self.slot))

    # --- journal ---------------------------------------------------------------------------------

    def _start_journal(self, arguments: list) -> None:
        if self._journal is None:
            self._error(codes.ERR_NOT_PROVISIONED)
            return
        first = self._journal.first_seq
        numbers = [first, -1]
        for index, word in enumerate(arguments):
            number = _number(word)
            if index > 1 or number is None:
                self._error(codes.ERR_ARGUMENT)
                return
            numbers[index] = number
        self._record_seq = max(numbers[0], first)
        self._records_left = numbers[1]
        self._records_printed = 0
        self._record = bytearray(RECORD_BYTES)

    def _print_record(self, record: bytearray) -> None:
        """Print the next record; a seq that cannot be read (torn by a power cut) is left out.

        After the last: how many were printed, the journal's last number, and the proof of its end.
        """
        journal = self._journal
        more = self._record_seq <= journal.seq and self._records_left != 0
        if not more:
            self._record = None
            end = (self._records_printed, journal.seq, journal.end_proof().hex() or "-")
            self._ok("%d %d %s" % end)
            return
        try:
            found = journal.read(self._record_seq, record)
        except FlashError:
            self._record = None
            self._error(codes.ERR_STORE)
            return
        if found:
            self._note(record.hex())
            self._records_printed += 1
            self._records_left -= 1
        self._record_seq += 1

    # --- attest, service -------------------------------------------------------------------------

    def _attest(self, arguments: list) -> None:
        nonce = _bytes(arguments[0]) if len(arguments) == 1 else None
        if nonce is None or not 0 < len(nonce) <= _NONCE_BYTES:
            self._error(codes.ERR_ARGUMENT)
        elif self.attest is None:
            self._error(codes.ERR_NOT_BUILT)
        elif not self._may_attest():
            self._error(codes.ERR_NOT_ALLOWED)
        else:
            self._attestation = self.attest(nonce)

    def _may_attest(self) -> bool:
        # Some hundred reads of the file system: an alarm has better things to do.
        return self._controller is None or self._controller.state == states.IDLE

    def _go_on_attesting(self, attestation: "Attestation") -> None:
        if not self._may_attest():
            self._attestation = None
            self._error(codes.ERR_NOT_ALLOWED)
            return
        digest = attestation.step()
        if digest is not None:
            self._attestation = None
            self._ok(digest.hex())

    def _provision(self, arguments: list) -> None:
        """Answer `provision <random> <device id> <config> [rekey]`; the key lines come once."""
        from detector import provision  # its memory is needed here only

        rekey = arguments[3:] == ["rekey"]
        if len(arguments) != (4 if rekey else 3):
            self._error(codes.ERR_ARGUMENT)
            return
        host_random = _bytes(arguments[0])
        config = _bytes(arguments[2])
        if host_random is None or config is None:
            self._error(codes.ERR_ARGUMENT)
            return
        chip_random = self._hal.random(provision.RANDOM_BYTES)
        code, keys = provision.run(self.raw, chip_random, host_random, arguments[1], config, rekey)
        if code != codes.OK:
            self._error(code)
            return
        for name, key in keys:
            self._note(name + " " + key.hex())
        self._ok(arguments[1])

    # --- answers ---------------------------------------------------------------------------------

    def _note(self, text: str) -> None:
        self._say("# " + text)

    def _ok(self, text: str) -> None:
        self._say(("OK " + text).rstrip())

    def _error(self, code: int) -> None:
        self._say('ERROR %d "%s"' % (code, codes.error_text(code)))

    def _say(self, line: str) -> None:
        if not self._out:
            self._out_ms = self._now_ms
            if self._torn:  # the rest was dropped: nothing must join what he has of it
                line = "\r\n" + line
        self._out += (line + "\r\n").encode()
        self._flush()

    def _flush(self) -> None:
        """Give the reader what he takes now; who takes nothing for long loses the answer."""
        count = self._hal.console_write(self._out)
        if count:
            self._torn = self._out[count - 1] != _END[0]
            self._out = self._out[count:]
            self._out_ms = self._now_ms
        elif ticks.diff_ms(self._now_ms, self._out_ms) > _PATIENCE_MS:
            self._out = bytearray()
            self._record = None
            self._attestation = None


def _line_end(data: bytes) -> int:
    """Return where the first line feed or carriage return is, -1 without one."""
    feed = data.find(_END)
    carriage = data.find(_RETURN)
    if feed < 0 or carriage < 0:
        return max(feed, carriage)
    return min(feed, carriage)


def _number(text: str) -> int | None:
    """Return a word's whole number, None where it is none or negative."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if number >= 0 else None


def _bytes(text: str) -> bytes | None:
    """Return the bytes of a hex word, None where it is none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
