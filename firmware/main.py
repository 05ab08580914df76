"""Start the detector, or the service program when the service jumper is in."""

import gc

import micropython

# The interpreter enables Ctrl-C anew for each file it runs (pyexec.c); until the detector has
# looked at the jumper nobody interrupts it into a REPL.
micropython.kbd_intr(-1)

# Each import needs 1.3 KB for its file in one piece and leaves a hole: collected often, the holes
# are filled, else the heap is full of them before the last module is in.
gc.threshold(8192)

try:
    from detector import app

    app.main()
except BaseException as error:
    # A file is missing or damaged, or somebody pressed Ctrl-C in the service program. A REPL
    # follows this file: only where the service jumper is in, else the chip starts again.
    import sys

    import machine

    sys.print_exception(error)
    if machine.Pin("SERVICE", machine.Pin.IN).value() == 0:
        machine.reset()
