"""Stands as `micropython` in sys.modules: the interpreter's own, with the board's kbd_intr."""

import wire
from board_link import call
from micropython import *


def kbd_intr(char: int) -> None:
    """Let `char` on the console raise KeyboardInterrupt (3 is Ctrl-C); -1 for none."""
    call(wire.OP_KBD_INTR, 0, char, 0)
