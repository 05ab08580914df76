"""The interpreter's prompt on the console, as mpremote reaches it, and what is typed there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from detector import flash_map
from host_tools.bench.target import Target
from host_tools.deadline import Deadline
from host_tools.flash.transport import ReplTransport
from tests.bench import scenario

_PROMPT_S = 10.0
_INTERRUPT = b"\x03"
_TO_FRIENDLY = b"\x02"
_SOFT_RESET = b"\x04"
_RECONFIGURE = """
import json, rp2
from detector.identity import Identity
from detector.raw_flash import raw_blocks
raw = raw_blocks(rp2.Flash())
me = Identity.load(raw)
me.config.update({values})
data = Identity.packed(me.device_id, me.root_key, json.dumps(me.config))
raw.make_blank({block})
Identity.write(raw, data)
"""


@contextlib.contextmanager
def prompt(board: Target) -> Iterator[ReplTransport]:
    """Fit the jumper, start the service program, leave it for the raw REPL."""
    board.jumper(True)
    board.power_cycle()
    transport = ReplTransport(board.ports.console, Deadline(_PROMPT_S))
    try:
        transport.start_repl()
        transport.exec("import loader\nloader.mount_app()")
        yield transport
    finally:
        transport.close()


def reconfigure(board: Target, **values: int) -> None:
    """Change a board's configuration and nothing else, and start it anew."""
    with prompt(board) as transport:
        transport.exec(_RECONFIGURE.format(values=values, block=flash_map.IDENTITY_BLOCK))
    board.jumper(False)
    board.power_cycle()


def leave_running(board: Target, transport: ReplTransport, program: str) -> None:
    """Type a hostile program, its roles as the board's own pins.py has them, and let it run."""
    transport.exec_raw_no_follow("import pins\n" + re.sub(r"{(\w+)}", r"pins.\1", program))
    scenario.drives_open(board)


def soft_reset(transport: ReplTransport) -> None:
    """Interrupt what runs and soft-reset the interpreter; pins stay as they are until boot.py."""
    transport.serial.write(_INTERRUPT + _INTERRUPT + b"\r" + _TO_FRIENDLY + _SOFT_RESET)
