"""What must hold of whoever listens to a detector's console, whatever comes out of it.

Nothing but the documented errors, no waiting beyond the deadline (also where bytes never stop),
and no memory that grows with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any
from unittest import mock

import mpremote.transport_serial
from fuzz_input import Input, check

from host_tools.boards import load_pins
from host_tools.console import client as console_client
from host_tools.console.client import ConsoleClient
from host_tools.deadline import Deadline
from host_tools.flash import transport
from host_tools.flash.errors import FlashError
from host_tools.flash.image import Image
from host_tools.flash.installer import Installer, ask_facts
from host_tools.flash.transport import ReplTransport, lost_is_said
from host_tools.links.refused import CommandRefused

_LOOKS = 4000  # so often a deadline is looked at before it is over
_READS = 40_000  # nobody needs as many within such a deadline
_ANSWERS = (
    b"OK", b"OK state=IDLE version=1\r\n", b'ERROR 2 "an argument"\r\n', b"# 00ff\r\n", b"\r\n",
    b'ERROR 99999999999999999999 "x"\n', b"ERROR", b"x" * 200, b"OK a=b=c =\n", b"\xff\xfe\n",
    b"Traceback\n", b'ERROR \xd9\xa3 "x"\n', b'ERROR 1 "a" "b"\n',
)  # fmt: skip
_REPL = (
    b"raw REPL; CTRL-B to exit\r\n>", b"soft reboot\r\n", b"OK", b"R\x01\x80\x00", b"R\x00",
    b"R\x01", b"\x04", b"\x04\x04>", b">", b"\x01", b"1 e6614c311b 1.25.0 RPI_PICO\r\n", b"+",
    b"Traceback x\r\n", b"00" * 32 + b" boot.py\r\n",
    b'dev-1 {"a":1}\r\n', b'ERROR 1 "x"\r\n', b"\xff\xfe", b"\r\n",
)  # fmt: skip
_ROOT = dict.fromkeys(("flash_guard.mpy", "slot.mpy", "loader.mpy", "main.py"), b"x" * 100)
_IMAGE = Image("VIRTUAL", {"boot.py": b"x" * 4000, **_ROOT}, {"a/b.mpy": b""})
# What helpers print: of the board's facts, of its files, of its identity; and what is none of it.
_PRINTED = (
    b"e6614c311b 1.25.0 RPI_PICO\r\n", b"0\r\n", b"1\r\n", b"e6614c311b\r\n", b"",
    b"00" * 32 + b" boot.py\r\n",
    b"zz  \r\n\r\n \r\n", b'dev-1 {"a":1}\r\n', b"dev-1 [1]\r\n", b"dev-1 {\r\n", b"dev-1\r\n",
    b"dev-1 " + b"[" * 3000, b"\xff\xfe\r\n",
    b"- - 0 -\r\n", b"a b 3 -\r\n" + b"00" * 32 + b" a.app\r\n- b.app\r\n", b"a - 0\r\n- x\r\n",
    b"a - 0 -\r\n" + b"".join(
        f"{mark} {path}\r\n".encode()
        for path, mark in (*_IMAGE.digests.items(), ("a.app", _IMAGE.packed.mark))
    ),
    *(f"{mark}\r\n".encode() for mark in (*_IMAGE.digests.values(), _IMAGE.packed.mark)),
    b"".join(f"{mark} 99 {path}\r\n".encode() for path, mark in _IMAGE.digests.items()),
)  # fmt: skip


class Hang(BaseException):
    """Somebody reads on after the deadline; no code may catch this."""


class LookedAt(Deadline):
    """A deadline that is over once it was looked at so often; those within it are the same one."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self._looks = 0

    @property
    def remaining(self) -> float:
        return 0.0 if self.expired else 0.001

    @property
    def expired(self) -> bool:
        self._looks += 1
        return self._looks > _LOOKS

    def within(self, seconds: float) -> Deadline:
        return self


class Script:
    """What comes out of a console: pieces, then silence, or the last piece for ever.

    It is a Port of host_tools/links and a serial port of pyserial at once.
    """

    def __init__(self, pieces: list[bytes], endless: bool) -> None:
        self._pieces = pieces
        self._endless = endless
        self._here = b""
        self._reads = 0
        self.timeout = 0.0

    def _fill(self) -> None:
        self._reads += 1
        if self._reads > _READS:
            raise Hang("read on after the deadline")
        if not self._here and self._pieces:
            self._here = self._pieces[0]
            if not self._endless or len(self._pieces) > 1:
                self._pieces.pop(0)

    # as a Port
    def any(self) -> int:
        self._fill()
        return len(self._here)

    def readinto(self, buf: bytearray) -> int:
        buf[:] = self.read(len(buf))
        return len(buf)

    def write(self, data: bytes) -> int:
        return len(data)

    def wait(self, _seconds: float) -> None:
        """Wait for nothing."""

    wait_writable = wait

    def close(self) -> None:
        """Close nothing."""

    # as pyserial's
    def read(self, count: int = 1) -> bytes:
        if not self._here:
            self._fill()
        data, self._here = self._here[:count], self._here[count:]
        return data

    def inWaiting(self) -> int:  # noqa: N802 - pyserial's name
        return self.any()


def _script(program: Input, known: tuple[bytes, ...]) -> Script:
    endless = program.number(4) == 0
    pieces = []
    while program:
        word = program.number(len(known) + 3)
        if word < len(known):
            pieces.append(known[word])
        elif word == len(known):
            pieces.append(program.piece())
        else:
            pieces.append(program.take(2) * program.byte())
    return Script([piece for piece in pieces if piece], endless)


def check_console_client(data: bytes) -> None:
    """Ask for the status twice."""
    script = _script(Input(data), _ANSWERS)
    with mock.patch.object(console_client, "Port", lambda *_arguments: script):
        client = ConsoleClient("memory")
    for _ in range(2):
        try:
            answer = client.command("status", LookedAt())
        except CommandRefused as refused:
            check(0 <= refused.code < 2**32, "a refusal without a number")
        except TimeoutError:
            pass
        else:
            check(isinstance(answer.values, dict), "an answer without values")
    client.pending()


@contextmanager
def board_of(script: Any) -> Iterator[ReplTransport]:
    # mpremote sleeps between pieces, and prints what it did not expect.
    with (
        mock.patch.object(transport, "open_port", lambda _port: script),
        mock.patch.object(mpremote.transport_serial.time, "sleep", lambda _seconds: None),
        redirect_stdout(io.StringIO()),
    ):
        yield ReplTransport("memory", LookedAt())


class PoliteBoard(Script):
    """A raw REPL that runs what it is told, and prints what the program says."""

    def __init__(self, program: Input) -> None:
        super().__init__([b">"], endless=False)
        self._program = program
        self._told = b""

    def write(self, data: bytes) -> int:
        """Answer each command behind its end, and each block of a file."""
        if data == b"\x05A\x01":
            self._pieces.append(b"R\x00")
            return len(data)
        self._told += data
        if self._told.startswith(b"receive("):
            if b"\x04" not in self._told:
                return len(data)
            answers = (b"+", b"+", b"+\x04\x04>", b"T\x04x\x04>")
            first = self._told.endswith(b")\x04")
            self._pieces.append(b"OK+" if first else answers[self._program.number(4)])
            if self._pieces[-1].endswith(b">"):
                self._told = b""
        elif data == b"\x04":
            self._told = b""
            word = self._program.number(len(_PRINTED) + 3)
            printed = _PRINTED[word] if word < len(_PRINTED) else self._program.piece()
            failed = b"Error: x" if self._program.number(16) == 15 else b""
            self._pieces.append(b"OK" + printed + b"\x04" + failed + b"\x04>")
        return len(data)


def check_repl(data: bytes) -> None:
    """Find a prompt, install two files, ask for the identity; as flasher.py does it."""
    program = Input(data)
    mode = program.number(4)
    begun = mode != 0
    script = PoliteBoard(program) if mode > 1 else _script(program, _REPL)
    try:
        with board_of(script) as board:
            if not begun:
                with lost_is_said("memory", "its prompt was awaited"):
                    board.start_repl()
            board.in_raw_repl = True
            with lost_is_said("memory", "its files were written"):
                ask_facts(board)
                installer = Installer(board, load_pins("VIRTUAL"), _IMAGE)
                installer.install(lambda *_arguments: None)
                name, config = installer.identity()
        check(name is None or isinstance(config, dict), "an identity without configuration")
    except FlashError:
        return
