"""`sluss sim`: one virtual board, its ports to use, its signals to watch, its world on stdin.

Never opens the user side of the ports: that is for mpremote, screen, the bench or anybody else.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable

from host_tools.virtual_board.circuit import FAULTS
from host_tools.virtual_board.client import VirtualBoard, VirtualBoardError
from host_tools.virtual_board.commands import BOARD_FAULTS
from host_tools.virtual_board.hearsay import JOURNAL_BYTES, JOURNAL_START, Hearsay
from host_tools.virtual_board.recorder import COUNTERS, RESET_WORDS

# Short words for the hand; the circuit's own names are understood as well.
LINE_WORDS = {
    "intrusion": "TRIP_INTRUSION",
    "contact": "TRIP_CONTACT",
    "fire": "TRIP_FIRE",
    "panic": "TRIP_PANIC",
    "tamper": "TAMPER",
}
# Signals that are told as a state, and how.
_WORDS = {
    "GATE": ("gate shut", "GATE OPEN"),
    "LATCH": ("latch clear", "latch SET"),
    "ALIVE": ("alive timer ran out", "alive: heartbeat seen"),
    "CAM_RAIL": ("camera off", "camera ON"),
    "POWER": ("power off", "power on"),
    "SERVICE": ("jumper out", "jumper in"),
}
_SILENT = {"HEARTBEAT", "LATCH_CLEAR", "UPLINK_SENSE", "CAM_EN", *COUNTERS}

HELP = """\
  trip LINE [MS]     raise a sensor line, for MS if given: {lines}
  release LINE       lower it again
  jumper in|out      the service jumper
  power off|on|cycle the supply
  reset              pull the RUN pin
  hang on|off        freeze the processor
  fault NAME [VALUE] break something; `fault` lists the names
  clear [NAME]       mend it, or everything
  signals            all levels and byte counts
  help, quit
"""


class Printer:
    """Prints one line per change, whichever thread it comes from."""

    def __init__(self, write: Callable[[str], object] = sys.stdout.write) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._hearsay = Hearsay()
        self.is_on = False  # before the board is switched on there is nothing to tell
        self.is_lost = False

    def say(self, text: str) -> None:
        """Print a line."""
        with self._lock:
            self._write(text + "\n")
            sys.stdout.flush()

    def event(self, t_us: int, signal: str, value: int) -> None:
        """Print a change of a signal, if it is one that a person wants to see."""
        if not self.is_on or signal in _SILENT:
            return
        self._say_at(t_us, describe(signal, value))

    def program(self, t_us: int, _address: int, page: bytes) -> None:
        """Print what the firmware's journal says of its state, where that has changed."""
        for sentence in self._hearsay.hear(page):
            self._say_at(t_us, sentence)

    def lost(self, why: str) -> None:
        """Say that the board is gone."""
        self.is_lost = True
        self.say(f"the board is gone: {why}")

    def _say_at(self, t_us: int, text: str) -> None:
        self.say(f"{t_us / 1e6:10.3f} s  {text}")


def describe(signal: str, value: int) -> str:
    """Return a change in words."""
    if signal == "RESET":
        return f"reset: {RESET_WORDS[value]}"
    if signal in _WORDS:
        return _WORDS[signal][value]
    return f"{signal} {'high' if value else 'low'}"


class Simulation:
    """Reads commands from stdin and carries them out on a board."""

    def __init__(self, board: VirtualBoard, printer: Printer) -> None:
        self._board = board
        self._printer = printer
        self._verbs: dict[str, Callable[[list[str]], None]] = {
            "trip": self._trip,
            "release": self._release,
            "jumper": self._jumper,
            "power": self._power,
            "reset": lambda words: self._board.reset(),
            "hang": lambda words: self._board.hang(_choice(words, "on", "off")),
            "fault": self._fault,
            "clear": lambda words: self._board.clear_fault(words[0] if words else None),
            "signals": self._signals,
            "help": lambda words: self._printer.say(help_text()),
        }

    def run(self) -> None:
        """Greet and switch the board on, then obey stdin until `quit` or its end."""
        self._board.watch_flash(JOURNAL_START, JOURNAL_BYTES, self._printer.program)
        self._printer.say(greeting(self._board))
        self._printer.is_on = True
        self._board.power(True)
        for line in sys.stdin:
            if self._printer.is_lost or not self.obey(line):
                return

    def obey(self, line: str) -> bool:
        """Carry out one line; return False when it is `quit`."""
        words = line.split()
        if not words:
            return True
        if words[0] in ("quit", "exit"):
            return False
        verb = self._verbs.get(words[0])
        if verb is None:
            self._printer.say(f"no command {words[0]!r}; `help` lists them")
            return True
        try:
            verb(words[1:])
        except (VirtualBoardError, ValueError) as error:
            self._printer.say(str(error))
        return True

    def _trip(self, words: list[str]) -> None:
        if len(words) > 1:
            self._board.pulse(_line(words), float(words[1]))
        else:
            self._board.line(_line(words), 1)

    def _release(self, words: list[str]) -> None:
        self._board.line(_line(words), 0)

    def _jumper(self, words: list[str]) -> None:
        self._board.jumper(_choice(words, "in", "out"))

    def _power(self, words: list[str]) -> None:
        if words == ["cycle"]:
            self._board.power_cycle()
        else:
            self._board.power(_choice(words, "on", "off"))

    def _fault(self, words: list[str]) -> None:
        if not words:
            self._printer.say("  " + "\n  ".join(FAULTS + BOARD_FAULTS))
        else:
            self._board.fault(words[0], _value(words[1:]))

    def _signals(self, words: list[str]) -> None:
        levels = self._board.levels()
        self._printer.say("\n".join(f"  {name:18} {level}" for name, level in levels.items()))


def greeting(board: VirtualBoard) -> str:
    """Return what is printed at the start: the ports and what to type."""
    ports = board.ports
    return f"""\
A virtual board is running; its flash and logs are in {board.state}
  console {ports.console}
  hub     {ports.hub}
  uplink  {ports.uplink}
To install the firmware, type `jumper in` here, and in another terminal
  sluss flash --port {ports.console}
then `jumper out` and `reset` here. The detector's console, and a prompt on a blank board:
  sluss console --port {ports.console}
  mpremote connect {ports.console} repl
Here: trip panic, release panic, power cycle, fault enable-stuck, quit; `help` lists all
"""


def help_text() -> str:
    """Return the list of commands."""
    return HELP.format(lines=" ".join(LINE_WORDS))


def _line(words: list[str]) -> str:
    if not words:
        raise ValueError(f"which line? {' '.join(LINE_WORDS)}")
    return LINE_WORDS.get(words[0], words[0].upper())


def _choice(words: list[str], yes: str, no: str) -> bool:
    if words not in ([yes], [no]):
        raise ValueError(f"{yes} or {no}?")
    return words == [yes]


def _value(words: list[str]) -> object:
    if not words:
        return True
    try:
        return json.loads(" ".join(words))
    except ValueError:
        return words[0]
