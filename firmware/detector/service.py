"""The service program: what runs instead of the detector while the service jumper is in.

The gate is shut by the jumper itself. Ctrl-C or `repl` leads to the interpreter's prompt, through
which `sluss flash` and mpremote work; files are written around the raw flash blocks.
"""

from detector import flash_guard, flash_map
from detector.console import Console
from detector.identity import Identity


def run(hal: "Hal", jumper: bool) -> None:
    """Serve the console until `repl`; without the jumper (no identity yet) it only reads.

    Raises KeyboardInterrupt at a Ctrl-C while the jumper is in.
    """
    raw = flash_map.open_raw(hal.flash)
    if jumper:
        flash_guard.mount(hal.flash)
        hal.interrupts(True)
    console = Console(hal, None, None, jumper)
    console.raw = raw
    while not console.leaving:
        console.poll(hal.ticks_ms())
        hal.idle()
