"""The four states, the events and the transition table: the one definition of what follows what.

The README's state table, the diagram and the exhaustive tests are made from this file. A cell is
`(guard, target, armed)`: who may take the row, where it leads, and what becomes of the armed flag.
A refusal is `(REFUSED, error code, KEEP)`. Nothing else in the firmware knows an edge.
What a model of detector lacks (capture, live) is refused before anybody looks here, in every state
(permissions.py).
"""

from detector.codes import (
    ERR_ALREADY,
    ERR_BUSY,
    ERR_IN_ALARM,
    ERR_NO_ALARM,
    ERR_NOT_ALLOWED,
    ERR_NOT_BUILT,
)
from detector.compat import const

IDLE = const(0)
ARMED = const(1)
ALARM = const(2)
CUSTOMER_CAPTURE = const(3)
STATE_NAMES = ("IDLE", "ARMED", "ALARM", "CUSTOMER_CAPTURE")

# May the gate be open in this state? (It also takes a tripped line: the latch in the circuit.)
GATE_OPEN = (False, False, True, False)

# Events. The first five are the trip kinds of codes.py, number by number.
EV_INTRUSION = const(0)
EV_CONTACT = const(1)
EV_FIRE = const(2)
EV_PANIC = const(3)
EV_TAMPER = const(4)
EV_ARM = const(5)
EV_DISARM = const(6)
EV_CANCEL = const(7)
EV_HANDLED = const(8)
EV_WINDOW_END = const(9)
EV_CAPTURE = const(10)
EV_LIVE = const(11)
EV_CAPTURE_DONE = const(12)
EV_CAPTURE_STOP = const(13)
EV_CAPTURE_TIMEOUT = const(14)
EV_CAMERA_FAULT = const(15)
EVENT_NAMES = (
    "intrusion",
    "contact",
    "fire",
    "panic",
    "tamper",
    "arm",
    "disarm",
    "cancel",
    "handled",
    "window-end",
    "capture",
    "live",
    "capture-done",
    "capture-stop",
    "capture-timeout",
    "camera-fault",
)
# Why a gate was shut or an alarm interrupted, where no event of the table did it.
EV_RESET = const(16)
EV_FAULT = const(17)
EV_JUMPER = const(18)
EV_MAX = const(19)
EV_HANG = const(20)  # the loop stood still for a second and more
EV_JOURNAL_FULL = const(21)  # nothing could be recorded any more

# Guards
ALWAYS = const(0)
IF_ARMED = const(1)  # the armed flag is set: CUSTOMER_CAPTURE that was entered from ARMED
REFUSED = const(2)  # the target is an error code
JOINS = const(3)  # the state stays; a trip joins the running event's story
# Targets beyond the four states
BY_ARMED = const(4)  # ARMED if the armed flag is set, else IDLE
# What becomes of the armed flag
KEEP = const(-1)

_NOT_ARMED = (REFUSED, ERR_ALREADY, KEEP)
_NO_ALARM = (REFUSED, ERR_NO_ALARM, KEEP)
_IN_ALARM = (REFUSED, ERR_IN_ALARM, KEEP)
_NO = (REFUSED, ERR_NOT_ALLOWED, KEEP)
_TO_ALARM = (ALWAYS, ALARM, KEEP)
_TO_ALARM_IF_ARMED = (IF_ARMED, ALARM, KEEP)
_BACK = (ALWAYS, BY_ARMED, KEEP)
_JOIN = (JOINS, ALARM, KEEP)

# fmt: off
TABLE = (
    (   # IDLE
        _NO, _NO, _TO_ALARM, _TO_ALARM, _NO,      # intrusion contact fire panic tamper
        (ALWAYS, ARMED, 1),                       # arm
        _NOT_ARMED, _NO_ALARM, _NO_ALARM,         # disarm cancel handled
        _NO_ALARM,                                # window-end
        (ALWAYS, CUSTOMER_CAPTURE, 0),            # capture
        (REFUSED, ERR_NOT_BUILT, KEEP),           # live
        _NO, _NO, _NO, _NO,                       # capture-done -stop -timeout camera-fault
    ),
    (   # ARMED
        _TO_ALARM, _TO_ALARM, _TO_ALARM, _TO_ALARM, _TO_ALARM,
        (REFUSED, ERR_ALREADY, KEEP),
        (ALWAYS, IDLE, 0), _NO_ALARM, _NO_ALARM,
        _NO_ALARM,
        (ALWAYS, CUSTOMER_CAPTURE, 1),
        (REFUSED, ERR_NOT_BUILT, KEEP),
        _NO, _NO, _NO, _NO,
    ),
    (   # ALARM
        _JOIN, _JOIN, _JOIN, _JOIN, _JOIN,
        _IN_ALARM,
        (ALWAYS, IDLE, 0), (ALWAYS, IDLE, 0), _BACK,
        _BACK,
        _IN_ALARM,
        _IN_ALARM,
        _NO, _NO, _NO, _NO,
    ),
    (   # CUSTOMER_CAPTURE
        _TO_ALARM_IF_ARMED, _TO_ALARM_IF_ARMED, _TO_ALARM, _TO_ALARM, _TO_ALARM_IF_ARMED,
        (ALWAYS, CUSTOMER_CAPTURE, 1),
        (ALWAYS, CUSTOMER_CAPTURE, 0), _NO_ALARM, _NO_ALARM,
        _NO_ALARM,
        (REFUSED, ERR_BUSY, KEEP),
        (REFUSED, ERR_BUSY, KEEP),
        _BACK, _BACK, _BACK, _BACK,
    ),
)
# fmt: on
