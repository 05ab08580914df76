"""Start the detector, or the service program when the service jumper is in."""

import gc
import sys
import time

import machine
import micropython

# The interpreter enables Ctrl-C anew for each file it runs (pyexec.c); until the detector has
# looked at the jumper nobody interrupts it into a REPL.
micropython.kbd_intr(-1)

# Each import needs 1.3 KB for its file in one piece and leaves a hole: collected often, the holes
# are filled, else the heap is full of them before the last module is in.
gc.threshold(8192)

_READ_MS = 200  # for whoever reads the console: a reset takes away what was not sent yet

service = machine.Pin("SERVICE", machine.Pin.IN)
try:
    import loader

    slot = loader.start(service.value() == 1)
    # The app needs its memory; it imports it anew for what it seldom does.
    del loader, sys.modules["loader"]
    from detector import app

    app.main(slot)
except BaseException as error:
    # A file is missing or damaged, or somebody pressed Ctrl-C in the service program. A REPL
    # follows this file: only where the service jumper is in, else the chip starts again.
    sys.print_exception(error)
    if service.value() == 0:
        time.sleep_ms(_READ_MS)  # the gate is shut since boot.py
        machine.reset()
