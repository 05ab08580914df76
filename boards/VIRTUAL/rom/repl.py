"""The interactive prompt: raw REPL with raw paste mode, and the friendly one.

Follows shared/runtime/pyexec.c byte for byte where tools depend on it (mpremote, rshell). While
code runs, Ctrl-C interrupts it; at a prompt it is a byte like any other.
"""

import os
import sys

import wire
from board_link import call, leave
from micropython import const
from repl_lines import is_block, is_open
from rom_output import show, write

_CTRL_A = const(1)
_CTRL_B = const(2)
_CTRL_C = const(3)
_CTRL_D = const(4)
_CTRL_E = const(5)
_BACKSPACE = b"\x08\x7f"
_RETURN = b"\r\n"
_ESCAPE = const(27)

_PASTE_WINDOW = const(128)  # half of MICROPY_REPL_STDIN_BUFFER_MAX
_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_INTERRUPTED = b"Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n"
_INTERRUPTED_RAW = b"\x04" + _INTERRUPTED + b"\x04"
_HELP = b'; Sluss virtual board\r\nType "help()" for more information.\r\n'


class Repl:
    """Runs boot.py and main.py, then what the console says, until a soft reset."""

    def __init__(self, names: dict, mode: int) -> None:
        self._names = names
        self._raw = mode & wire.BOOT_RAW != 0
        self._resumes = mode & wire.BOOT_RESUME != 0
        self._stdin = sys.stdin.buffer
        self._byte = bytearray(1)
        self._block = bytearray(64)

    def run(self) -> None:
        """Never returns."""
        try:
            # rp2/main.c: main.py only after a boot.py that did not fail, and not in raw mode
            if not self._resumes and self._run_file("boot.py") and not self._raw:
                self._run_file("main.py")
            while True:
                if self._raw:
                    self._raw_repl()
                else:
                    self._friendly_repl()
        except SystemExit:
            pass
        except MemoryError:
            # An interrupt inside the garbage collector leaves the heap locked for good.
            pass
        write(b"MPY: soft reboot\r\n")
        call(wire.OP_SOFT_RESET, 0, wire.BOOT_RAW if self._raw else 0, 0)

    # --- running code ---------------------------------------------------------------------------

    def _run_file(self, name: str) -> bool:
        try:
            os.stat(name)
        except OSError:
            return True
        error = self._execute(name, None)
        if error is None:
            return True
        if isinstance(error, SystemExit):
            raise error
        show(error)
        return False

    def _execute(self, name: str | None, code: object) -> BaseException | None:
        """Run a file or compiled code with Ctrl-C enabled; return what it raised, or None."""
        error = None
        try:
            call(wire.OP_KBD_INTR, 0, _CTRL_C, 0)
            if name is not None:
                execfile(name, self._names)
            else:
                exec(code, self._names)
        except BaseException as raised:
            error = raised
        while True:
            try:
                call(wire.OP_KBD_INTR, 0, -1, 0)
                self._check_heap(name is None)
                return error
            except KeyboardInterrupt as raised:  # came too late to stop anything
                error = error or raised

    def _check_heap(self, is_command: bool) -> None:
        """Go on in a new interpreter if an interrupt hit the garbage collector.

        That leaves the unix port's heap locked for good; a board's interrupt waits.
        """
        try:
            bytearray(1)
            return
        except MemoryError:
            pass
        raw = self._raw and is_command
        write(_INTERRUPTED_RAW if raw else _INTERRUPTED)
        mode = wire.BOOT_RESUME | (wire.BOOT_RAW if self._raw else 0)
        call(wire.OP_SOFT_RESET, 0, mode, 0)

    def _run_source(self, source: object, mode: str) -> BaseException | None:
        try:
            code = compile(bytes(source), "<stdin>", mode)
        except Exception as error:
            return error
        return self._execute(None, code)

    # --- raw REPL -------------------------------------------------------------------------------

    def _raw_repl(self) -> None:
        if not self._resumes:
            write(_RAW_BANNER)
        self._resumes = False
        while self._raw:
            write(b">")
            self._raw_command()

    def _raw_command(self) -> None:
        line = bytearray()
        while True:
            c = self._read()
            if c == _CTRL_A:
                if len(line) == 2 and line[0] == _CTRL_E:
                    if line[1] == 65:  # "A", the only raw command there is
                        self._paste()
                    else:
                        write(b"R\x00")
                else:
                    write(_RAW_BANNER)
                return
            if c == _CTRL_B:
                write(b"\r\n")
                self._raw = False
                return
            if c == _CTRL_C:
                line = bytearray()
            elif c == _CTRL_D:
                break
            else:
                line.append(c)
        write(b"OK")
        if not line:
            write(b"\r\n")
            raise SystemExit
        self._run_raw(line)

    def _paste(self) -> None:
        """Take a program in windows of 128 bytes, so that no buffer ever overflows."""
        write(b"R\x01" + bytes((_PASTE_WINDOW, 0, 1)))
        source = bytearray()
        block = self._block
        used = 0
        remain = _PASTE_WINDOW
        while True:
            c = self._read()
            if c == _CTRL_C or c == _CTRL_D:
                break
            block[used] = c
            used += 1
            if used == len(block):
                source.extend(block)
                used = 0
            remain -= 1
            if remain == 0:
                write(b"\x01")
                remain = _PASTE_WINDOW
        write(b"\x04")
        if c == _CTRL_C:
            self._end_raw(KeyboardInterrupt())
            return
        source.extend(memoryview(block)[:used])
        self._run_raw(source)

    def _run_raw(self, source: bytearray) -> None:
        self._end_raw(self._run_source(source, "exec"))

    def _end_raw(self, error: BaseException | None) -> None:
        write(b"\x04")
        if error is not None and not isinstance(error, SystemExit):
            show(error)
        write(b"\x04")
        if isinstance(error, SystemExit):
            raise error

    # --- friendly REPL --------------------------------------------------------------------------

    def _friendly_repl(self) -> None:
        if not self._resumes:
            write(sys.version.split("; ")[1].encode() + _HELP)
        self._resumes = False
        while not self._raw:
            source = self._statement()
            if source:
                error = self._run_source(source, "single")
                if isinstance(error, SystemExit):
                    raise error
                if error is not None:
                    show(error)

    def _statement(self) -> bytearray | None:
        """Return a whole statement, or None when there is nothing to run."""
        line = self._line(b">>> ")
        source = line
        while line is not None and (line if is_block(source) else is_open(source)):
            line = self._line(b"... ")
            if line is not None:
                source.extend(b"\n")
                source.extend(line)
        return source if line is not None else None

    def _line(self, prompt: bytes) -> bytearray | None:
        """Return one line; None when it was given up or a control character took its place."""
        write(prompt)
        line = bytearray()
        while True:
            c = self._read()
            if c in _RETURN:
                write(b"\r\n")
                return line
            if c in _BACKSPACE:
                if line:
                    line = line[:-1]
                    write(b"\x08 \x08")
            elif c == _ESCAPE:
                self._skip_escape()
            elif c >= 32 or c == 9:
                line.append(c)
                write(self._byte)
            elif c == _CTRL_C or not line:
                if self._control(c):
                    return None

    def _control(self, c: int) -> bool:
        """Do what a control character at the prompt asks for; say whether the line is over."""
        if c == _CTRL_A:
            self._raw = True
            write(b"\r\n")
        elif c == _CTRL_B:
            write(b"\r\n" + sys.version.split("; ")[1].encode() + _HELP)
        elif c == _CTRL_C:
            write(b"\r\n")
        elif c == _CTRL_D:
            write(b"\r\n")
            raise SystemExit
        elif c == _CTRL_E:
            self._paste_by_hand()
        else:
            return False
        return True

    def _paste_by_hand(self) -> None:
        write(b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
        source = bytearray()
        while True:
            c = self._read()
            if c == _CTRL_C or c == _CTRL_D:
                write(b"\r\n")
                break
            source.append(10 if c == 13 else c)
            write(b"\r\n=== " if c == 13 else self._byte)
        if c == _CTRL_D:
            error = self._run_source(source, "exec")
            if isinstance(error, SystemExit):
                raise error
            if error is not None:
                show(error)

    def _skip_escape(self) -> None:
        """Drop an arrow key; there is no history."""
        if self._read() == 91:  # "["
            while not 64 <= self._read() <= 126:
                pass

    def _read(self) -> int:
        """Wait for one byte of the console."""
        if self._stdin.readinto(self._byte) != 1:
            leave()
        return self._byte[0]
