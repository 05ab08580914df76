import machine

# Nothing comes before these lines: a soft reset leaves pins as they were (MicroPython docs,
# "Reset and boot sequence"), so the gate is shut again before any file is opened. Flashing
# replaces each quoted role by its pin number on the board; there is nothing to look up here.
machine.Pin("UPLINK_EN", machine.Pin.OUT, value=0)
machine.Pin("HEARTBEAT", machine.Pin.OUT, value=0)
machine.Pin("ARM_CONTACT", machine.Pin.OUT, value=0)
machine.Pin("ARM_INTRUSION", machine.Pin.OUT, value=0)
machine.Pin("LATCH_CLEAR", machine.Pin.OUT, value=1)
machine.Pin("LATCH_CLEAR", machine.Pin.OUT, value=0)
machine.Pin("CAM_EN", machine.Pin.OUT, value=0)

import micropython  # noqa: E402

micropython.kbd_intr(-1)  # main.py decides, when it knows whether the service jumper is in
