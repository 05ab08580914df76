"""What must hold of the virtual board and of whoever speaks with it, whatever the other side says.

The witness outlives everything: no request, of a test's or of hostile firmware's, ends the board's
process or takes its memory; and whoever reads its messages learns of nonsense at once.
"""

from __future__ import annotations

import atexit
import inspect
import json
import socket
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fuzz_input import Input, check

from host_tools.bench.witness import Witness
from host_tools.boards import load_pins
from host_tools.virtual_board.board import Board
from host_tools.virtual_board.circuit import FAULTS
from host_tools.virtual_board.commands import BOARD_FAULTS, Commands
from host_tools.virtual_board.control import Control
from host_tools.virtual_board.flash import FLASH_BYTES
from host_tools.virtual_board.handle import BoardHandle
from host_tools.virtual_board.options import BoardOptions
from host_tools.virtual_board.poller import Poller
from host_tools.virtual_board.wire import wire

NOWHERE = Path("/nonexistent")
_ANSWER = struct.Struct(wire.ANSWER_FORMAT)
_LONGEST_ANSWER = (1 << 16) + _ANSWER.size  # but for a read of the flash, which is as long as it
_MEND = b"""{"id":1,"do":"fault_clear"}
{"id":2,"do":"power","to":"on"}
{"id":3,"do":"params","alive_us":2000000,"max_us":1200000000,"flash_costs":"free"}
{"id":4,"do":"camera","delay_ms":0,"broken":""}
{"id":5,"do":"signals"}
"""
_TURNS = 50
_PINS = load_pins("VIRTUAL")
_DRIVEN = ("UPLINK_EN", "HEARTBEAT", "ARM_CONTACT", "CAM_EN", "LATCH_CLEAR")
_QUIT = "do_quit"
_WORDS = (
    *(name[3:] for name in dir(Commands) if name.startswith("do_") and name != _QUIT),
    *("watch", "x", "_board"),
)
_ARGUMENTS = (
    "role", "level", "ms", "inserted", "to", "on", "images", "canary", "delay_ms", "broken",
    "name", "alive_us", "max_us", "flash_costs", "cut", "bit_error_rate", "drop", "value", "id",
    "do", "x",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    0, 1, 2, -1, 10**30, 1e300, float("nan"), float("inf"), -0.5, 1e-4, True, None, "", "x", "hub",
    "uplink", "on", "off", "cycle", "pico", "TRIP_PANIC", "SERVICE", "\ud800", "/nonexistent", [],
    {}, {"first": 1, "count": 10**9}, {"at": 1, "during": 1}, "no-eoi", *FAULTS, *BOARD_FAULTS,
)  # fmt: skip


_TOLD = ("event", "id", "hello", "ok", "x", "programmed")
_HEX = ("00ff", "", "zz", "0")


class StillProcessor:
    """No interpreter is started: the board's own side is what is asked here."""

    def start(self, *_arguments: object, **_more: object) -> None:
        """Start nothing."""


class Bench:
    """A board without an interpreter, its control socket, and its clock."""

    def __init__(self) -> None:
        self._state = TemporaryDirectory(prefix="sluss-fuzz-")
        state = Path(self._state.name)
        self.poller = Poller()
        options = BoardOptions(state=state, micropython=NOWHERE, rom=NOWHERE)
        self.board = Board(options, self.poller)
        still: Any = StillProcessor()
        self.board.processor.start = still.start
        self._owner, theirs = socket.socketpair()
        self.control = Control(self.board, theirs, lambda: None)
        self.board.start()

    def turn(self) -> None:
        """Go round the board's loop once, as its process does; nothing may be raised in it."""
        due = self.board.next_due_us()
        now = self.board.now_us()
        if due is not None and due <= now:
            self.board.run_due(now)
        self.poller.wait(0)
        self.control.flush()
        self._owner.setblocking(False)
        try:
            while self._owner.recv(1 << 16):
                pass
        except BlockingIOError:
            return

    def use(self) -> None:
        """Do with the board what a firmware does, so that what was set is used."""
        requests = self.board.processor.requests
        for op, a, v1, v2, payload in (
            (wire.OP_UART_INIT, 0, 115200, 512 << 16 | 512, b""),
            (wire.OP_UART_WRITE, 0, 0, 0, b"\xa5\x5a" * 20),
            (wire.OP_UART_INIT, 1, 921600, 512 << 16 | 512, b""),
            *((wire.OP_PIN_MODE, getattr(_PINS, role), 1, 0, b"") for role in _DRIVEN),
            *((wire.OP_PIN_SET, getattr(_PINS, role), 1, 0, b"") for role in _DRIVEN),
            (wire.OP_SPI_TRANSFER, 0, 0, 0, b"\x84\x02"),
            (wire.OP_SPI_TRANSFER, 0, 0, 0, b"\x41\x00"),
            (wire.OP_FLASH_PROGRAM, 0, 0, 0, bytes(256)),
            (wire.OP_RTC_GET, 0, 0, 0, b""),
        ):
            now = self.board.now_us()
            requests.handle(op, a, v1, v2, memoryview(payload), now)
        later_us = self.board.now_us() + 10_000
        for uart in self.board.uarts:
            uart.settle(later_us * 1000)
        self.board.run_due(later_us)
        for role in _DRIVEN:
            requests.handle(
                wire.OP_PIN_SET, getattr(_PINS, role), 0, 0, memoryview(b""), self.board.now_us()
            )
        self.board.processor.answer_due_us = None
        self.turn()

    def close(self) -> None:
        """Switch everything off."""
        self._owner.close()
        self.control.close()
        self.board.close()
        self.poller.close()
        self._state.cleanup()

    def ask(self, lines: bytes) -> list[dict[str, Any]]:
        """Send lines to the control socket as a client; return what it answers."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        client = self.control._add(theirs)
        answers = b""
        try:
            for _ in range(_TURNS):
                if lines:
                    lines = lines[ours.send(lines) :]
                self.turn()
                try:
                    answers += ours.recv(1 << 20)
                except BlockingIOError:
                    if not lines:
                        break
        finally:
            client.close()
            ours.close()
        return [json.loads(line) for line in answers.splitlines()]


_benches: list[Bench] = []


def shared_bench() -> Bench:
    """Return the board that all checks use: to make one takes longer than to ask it."""
    if not _benches:
        _benches.append(Bench())
    return _benches[0]


@atexit.register
def drop_bench() -> None:
    """Close it: what is broken stays so."""
    while _benches:
        _benches.pop().close()


def check_board_control(data: bytes) -> None:
    """Ask the board for all kinds of things; afterwards it must still answer, and be mended."""
    program = Input(data)
    lines = []
    while program:
        if program.number(8) == 0:
            lines.append(program.piece().replace(b"\n", b" "))
            continue
        word = _pick(program, _WORDS)
        request: dict[str, Any] = {"id": program.byte(), "do": word}
        known = _arguments(word) if program.number(16) else _ARGUMENTS
        for _ in range(program.number(4)):
            request[_pick(program, known)] = _pick(program, _VALUES)
        lines.append(json.dumps(request).encode())
    try:
        _ask_and_mend(lines)
    except BaseException:
        drop_bench()
        raise


def _ask_and_mend(lines: list[bytes]) -> None:
    bench = shared_bench()
    answers = [answer for answer in bench.ask(b"\n".join([*lines, b""])) if "event" not in answer]
    check(len(answers) == len(lines), f"{len(answers)} answers to {len(lines)} requests")
    check(all(type(answer["ok"]) is bool for answer in answers), "an answer that is none")
    bench.use()
    last = [answer for answer in bench.ask(_MEND) if "event" not in answer]
    check(all(answer["ok"] for answer in last), f"the board is not well: {last}")
    check(last[-1]["signals"]["POWER"] == 1, "the board does not come back")


@cache
def _arguments(word: str) -> tuple[str, ...]:
    action = getattr(Commands, f"do_{word}", None)
    return tuple(inspect.signature(action).parameters)[1:] or _ARGUMENTS if action else _ARGUMENTS


def _pick(program: Input, values: tuple[Any, ...]) -> Any:
    return values[program.number(len(values))]


def check_board_requests(data: bytes) -> None:
    """Be hostile firmware: ask the board for anything that the wire's format can say."""
    program = Input(data)
    bench = shared_bench()
    requests = bench.board.processor.requests
    names = [name for name in dir(wire) if name.startswith("OP_") and "RESET" not in name]
    while program:
        op = (
            getattr(wire, names[program.number(len(names))])
            if program.number(8)
            else program.byte()
        )
        if op in (wire.OP_RESET, wire.OP_SOFT_RESET):
            continue
        a = program.byte()
        values = [_number(program) for _ in range(2)]
        payload = program.piece() * (1 + program.number(4) * 60)
        answer = requests.handle(op, a, *values, memoryview(payload), bench.board.now_us())
        longest = _LONGEST_ANSWER + (FLASH_BYTES if op == wire.OP_FLASH_READ else 0)
        check(len(answer) <= longest, f"an answer of {len(answer)} bytes")
        if answer:
            _value, length = _ANSWER.unpack_from(answer)
            check(len(answer) == _ANSWER.size + length, "an answer of another length than it says")
    bench.board.processor.console._without_interrupts(b"ab\x03")
    bench.turn()
    bench.board.watchdog_us = 0
    bench.board._watchdog_due = None
    bench.board.processor.answer_due_us = None
    for uart in bench.board.uarts:
        uart.reset()


def _number(program: Input) -> int:
    word = program.number(6)
    if word < 3:
        return program.byte() * (1, 256, 4096)[word]
    return (-1, 0x7FFFFFFF, -0x80000000)[word - 3]


class _Asked:
    def now_us(self) -> int:
        """Return a time."""
        return 1000

    def levels(self) -> dict[str, int]:
        """Return no levels."""
        return {}


def check_board_handle(data: bytes) -> None:
    """Read a board's messages: events reach the witness, nonsense ends the connection at once."""
    program = Input(data)
    lines = []
    while program:
        word = program.number(6)
        if word == 0:
            lines.append(program.piece())
        elif word == 1:
            lines.append(json.dumps(_pick(program, _VALUES)).encode())
        elif word == 2:
            message = {_pick(program, _TOLD): _pick(program, _VALUES)}
            if program.number(2):
                message["programmed"] = [1, 2, _pick(program, _HEX)]
            lines.append(json.dumps(message).encode())
        elif word == 3:
            lines.append(
                json.dumps({"event": [_pick(program, _VALUES) for _ in range(3)]}).encode()
            )
        elif word == 4:
            lines.append(b'{"event":[%d,"GATE",1]}' % program.number(3000))
        else:
            lines.append(b'{"id":1,"ok":true}')
    witness = Witness(_Asked())
    lost: list[str] = []
    options = BoardOptions(state=NOWHERE, micropython=NOWHERE, rom=NOWHERE)
    handle = BoardHandle(options, witness.feed, lost.append)
    programs: list[bytes] = []
    handle._on_program = lambda _t_us, _address, data: programs.append(data)
    handle._socket, theirs = socket.socketpair()
    theirs.sendall(b"\n".join([*lines, b""]))
    theirs.close()
    with handle._socket:
        handle._read()
    check(len(lost) == 1 and lost[0], "nobody was told that the board is gone")
    for event in witness.events():
        check(type(event.t_us) is int and type(event.value) is int, "an event without numbers")
        check(isinstance(event.signal, str), "an event without a signal")
    check(all(type(data) is bytes for data in programs), "a page that is no bytes")
    witness.high_us("GATE", 0, 3000)
    witness.stayed("GATE", 1, 0, 3000)
    witness.last("GATE")
