"""Start the detector, or the service program when the service jumper is in."""

import micropython

# The interpreter enables Ctrl-C anew for each file it runs (pyexec.c); until the detector has
# looked at the jumper nobody interrupts it into a REPL.
micropython.kbd_intr(-1)

from detector import app  # noqa: E402

app.main()
