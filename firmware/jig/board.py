"""The jig's own chip: its outputs and its console."""

import select
import sys

import machine

from jig import pins, words

_OUT_BYTES = 4096  # what may wait for a host that reads slowly
_BURST_BYTES = 256


class Outputs:
    """The driven pins, all low from the start."""

    def __init__(self) -> None:
        """Drive them low."""
        self._pins = []
        for role in pins.OUTPUTS:
            number = pins.SUPPLY if role == "SUPPLY" else pins.SIGNALS.index(role)
            self._pins.append(machine.Pin(number, machine.Pin.OUT, value=0))

    def drive(self, role: str, level: int) -> None:
        """Drive one of pins.OUTPUTS."""
        self._pins[pins.OUTPUTS.index(role)].value(level)

    def all_low(self) -> None:
        """Lines low, jumper out, RUN free, supply off."""
        for pin in self._pins:
            pin.value(0)


class Console:
    """Lines in and out, never waiting for a host that does not read."""

    def __init__(self) -> None:
        """Open it."""
        self._in = select.poll()
        self._in.register(sys.stdin, select.POLLIN)
        self._takes = select.poll()
        self._takes.register(sys.stdout, select.POLLOUT)
        self._stdin = sys.stdin.buffer
        self._stdout = sys.stdout.buffer
        self._byte = bytearray(1)
        self._line = bytearray()
        self._is_long = False
        self._out = bytearray()
        self.dropped = False  # the host did not read, and lines were thrown away

    def say(self, line: str) -> None:
        """Queue a line."""
        if len(self._out) > _OUT_BYTES:
            self.dropped = True
            return
        self._out += line.encode()
        self._out += b"\n"

    def flush(self) -> None:
        """Write what the host takes now."""
        while self._out and _is_ready(self._takes):
            burst = bytes(self._out[:_BURST_BYTES])
            self._out = self._out[len(burst) :]
            self._stdout.write(burst)

    def read(self, desk: "Desk", now_ms: int) -> bool:
        """Hand at most one line to the desk; True when something came."""
        moved = False
        while not desk.is_busy and _is_ready(self._in):
            if not self._stdin.readinto(self._byte):
                break
            moved = True
            if self._byte[0] in b"\r\n":
                text, self._line = self._line, bytearray()
                is_long, self._is_long = self._is_long, False
                if is_long:
                    desk.too_long()
                else:
                    desk.line(_text(text), now_ms)
                break
            if len(self._line) < words.LINE_CHARACTERS:
                self._line += self._byte
            else:
                self._is_long = True
        return moved


def _text(line: bytearray) -> str:
    try:
        return line.decode()
    except UnicodeError:
        return "?"


def _is_ready(poll: "select.poll") -> bool:
    for _ in poll.ipoll(0):
        return True
    return False
