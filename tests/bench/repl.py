"""The interpreter's prompt on the console, as mpremote reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mpremote.transport_serial import SerialTransport

from host_tools.bench.target import Target

CTRL_C = b"\x03"
CTRL_D = b"\x04"


@contextmanager
def prompt(target: Target) -> Iterator[SerialTransport]:
    """Fit the jumper, start the service program, leave it for the raw REPL; closed at the end."""
    target.jumper(True)
    target.power_cycle()
    transport = SerialTransport(target.ports.console, baudrate=115200)
    try:
        # Ctrl-C ends the service program while the jumper is in; the prompt follows.
        transport.enter_raw_repl(soft_reset=False)
        yield transport
    finally:
        transport.close()


def leave_running(transport: SerialTransport, program: str) -> None:
    """Start a program in the REPL and do not wait for its end."""
    transport.exec_raw_no_follow(program)


def soft_reset(transport: SerialTransport) -> None:
    """Interrupt what runs and soft-reset the interpreter; pins stay as they are until boot.py."""
    transport.serial.write(CTRL_C + CTRL_C + b"\r\x02")
    transport.serial.write(CTRL_D)
