"""Runs on the board, before anybody knows which one it is."""

import binascii
import sys

import machine


def describe() -> None:
    """Print the chip's number, the interpreter's version and its build."""
    build = getattr(sys.implementation, "_build", "-")
    version = "%d.%d.%d" % sys.implementation[1][:3]
    print(binascii.hexlify(machine.unique_id()).decode(), version, build)


def level(pin: int) -> None:
    """Print an input's level."""
    print(machine.Pin(pin, machine.Pin.IN).value())
