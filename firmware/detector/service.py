"""The service program: what runs instead of the detector while the service jumper is in.

The gate is shut by the jumper itself. Ctrl-C or `repl` leads to the interpreter's prompt, through
which `sluss flash` and mpremote work; files are written around the raw flash blocks.
"""

from detector import attest, selftest
from detector.compat import const
from detector.console import Console
from detector.gate import Gate
from detector.raw_flash import raw_blocks

_TRIAL_MS = const(8000)  # as the loader has set the watchdog for an app on trial


def run(hal: "Hal", slot: "Slot", jumper: bool) -> None:
    """Serve the console until `repl`; without the jumper (no identity yet) it only reads.

    Raises KeyboardInterrupt at a Ctrl-C while the jumper is in.
    """
    if jumper:
        slot.mount_guarded()
        hal.interrupts(True)
    elif slot.unsettled:
        hal.start_watchdog(_TRIAL_MS)
        # It cannot do more than this before it has an identity.
        if selftest.run(Gate(hal, hal.ticks_ms()), hal) == 0:
            slot.settle()
    console = Console(hal, None, None, jumper)
    console.raw = raw_blocks(hal.flash)
    console.slot = slot
    console.attest = attest.of(slot)
    while not (console.leaving and console.idle()):
        console.poll(hal.ticks_ms())
        hal.feed()
        hal.idle()
