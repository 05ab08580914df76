"""The board process: `python -m host_tools.virtual_board.process --state DIR ...`.

It lives as long as the control connection it was given; SIGTERM ends it as well.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path

from host_tools.virtual_board.board import Board
from host_tools.virtual_board.control import Control
from host_tools.virtual_board.flash import COSTS
from host_tools.virtual_board.jig_board import JigBoard
from host_tools.virtual_board.options import BoardOptions
from host_tools.virtual_board.poller import Poller


def parse(arguments: list[str] | None = None) -> tuple[BoardOptions, int]:
    """Return the options and the control connection's descriptor from a command line."""
    parser = argparse.ArgumentParser(prog="virtual_board.process", description=__doc__)
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--micropython", type=Path, required=True)
    parser.add_argument("--rom", type=Path, required=True)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--canary", action="store_true")
    parser.add_argument("--heapsize", default=BoardOptions.heapsize)
    parser.add_argument("--flash-costs", choices=sorted(COSTS), default="free")
    parser.add_argument("--alive-us", type=int, default=BoardOptions.alive_us)
    parser.add_argument("--max-us", type=int, default=BoardOptions.max_us)
    parser.add_argument("--console-baud", type=int, default=BoardOptions.console_baud)
    parser.add_argument("--powered-off", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jig", type=Path, help="folder of a second board, wired to the first")
    parser.add_argument("--listeners", type=int, nargs=3, default=())
    given = vars(parser.parse_args(arguments))
    control_fd: int = given.pop("control_fd")
    powered = not given.pop("powered_off")
    listeners = tuple(given.pop("listeners"))
    return BoardOptions(powered=powered, listeners=listeners, **given), control_fd


_LONG_US = 1_000_000


class BoardProcess:
    """The loop around one board, and the jig that may be wired to it."""

    def __init__(self, options: BoardOptions, owner: socket.socket) -> None:
        options.state.mkdir(parents=True, exist_ok=True)
        self._is_running = True
        self._poller = Poller()
        self._wakeup, self._woken = os.pipe()
        # The supply of a board with a jig is the jig's to switch on.
        powered = options.powered and options.jig is None
        self._board = Board(replace(options, powered=powered), self._poller)
        self._boards = [self._board]
        self._jig: JigBoard | None = None
        if options.jig is not None:
            options.jig.mkdir(parents=True, exist_ok=True)
            own = replace(
                options, state=options.jig, images=None, flash_costs="free", listeners=()
            )
            self._jig = JigBoard(own, self._poller, self._board)
            self._boards.append(self._jig)
        self._control = Control(self._board, owner, self.quit, self._jig)
        hello = {
            "hello": {
                "pid": os.getpid(),
                "epoch_ns": self._board.epoch_ns,
                "ports": {name: port.path for name, port in self._board.ports.items()},
                "jig": None if self._jig is None else self._jig.ports["console"].path,
                "control": str(self._board.control_path),
            }
        }
        # A signal must end a wait at once; the number it writes here does that.
        for fd in (self._wakeup, self._woken):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        self._poller.add(self._wakeup, lambda _events: self.quit())
        owner.sendall(json.dumps(hello).encode() + b"\n")

    def quit(self) -> None:
        """Leave the loop."""
        self._is_running = False

    def run(self) -> None:
        """Run until told to quit."""
        boards, poller, control = self._boards, self._poller, self._control
        for board in boards:
            board.start()
        try:
            while self._is_running:
                now = boards[0].now_us()
                due = now + _LONG_US
                for board in boards:
                    board.due_us = board.next_due_us() or due
                    due = min(due, board.due_us)
                for board in boards:
                    if board.due_us <= now:
                        board.run_due(now)
                    board.due_us = due  # one that is asked looks up in time for the other
                poller.wait(max(0, due - now))
                control.flush()
        finally:
            control.close()
            for board in reversed(boards):
                board.close()


def pin_to_one_cpu() -> None:
    """Keep board and interpreter on one CPU: a request is then answered in a sixth of the time."""
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpus[os.getpid() % len(cpus)]})


def main() -> None:
    """Run one board until its owner leaves."""
    options, control_fd = parse()
    pin_to_one_cpu()
    for fd in (control_fd, *options.listeners):
        os.set_inheritable(fd, False)
    process = BoardProcess(options, socket.socket(fileno=control_fd))
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)  # the wake-up does it
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    process.run()


if __name__ == "__main__":
    main()
