"""Who may say what, on which link, in which state: a table, and everything else is denied.

What a model of detector lacks (pins.py) is refused in every state in which it could be asked for.
"""

from detector.codes import ERR_NOT_ALLOWED, ERR_NOT_BUILT, ERR_NOT_IN_MODEL, ERR_UNKNOWN, OK
from detector.compat import const
from detector.states import ALARM, ARMED, CUSTOMER_CAPTURE, IDLE

HUB = const(0)
UPLINK = const(1)

_NO = ERR_NOT_ALLOWED
_LATER = ERR_NOT_BUILT

# link, command, result in IDLE, ARMED, ALARM, CUSTOMER_CAPTURE. OK passes it on to the controller,
# which may still refuse it.
# fmt: off
TABLE = (
    (HUB, "arm",       (OK, OK, OK, OK)),
    (HUB, "disarm",    (OK, OK, OK, OK)),
    (HUB, "cancel",    (OK, OK, OK, OK)),
    (HUB, "capture",   (OK, OK, OK, OK)),
    (HUB, "list",      (OK, OK, OK, OK)),
    (HUB, "fetch",     (OK, OK, OK, OK)),
    # Not in an alarm: what it photographed shall reach the alarm centre, and no flash work then.
    (HUB, "delete",    (OK, OK, _NO, OK)),
    (HUB, "status",    (OK, OK, OK, OK)),
    (HUB, "clock",     (OK, OK, OK, OK)),
    (HUB, "configure", (_LATER, _LATER, _LATER, _LATER)),
    (HUB, "bypass",    (_LATER, _LATER, _LATER, _LATER)),
    (HUB, "live",      (_LATER, _LATER, _LATER, _LATER)),
    (UPLINK, "received", (_NO, _NO, OK, _NO)),
    (UPLINK, "handled",  (_NO, _NO, OK, _NO)),
    (UPLINK, "more",     (_NO, _NO, _LATER, _NO)),
    (UPLINK, "live",     (_NO, _NO, _LATER, _NO)),
)
# fmt: on
STATES = (IDLE, ARMED, ALARM, CUSTOMER_CAPTURE)

# Obeyed even out of order, and from the last proven session: nothing sent before can hinder them.
ALWAYS_OBEYED = ("disarm", "cancel")


def check(link: int, command: object, state: int, lacks: tuple) -> int:
    """Return OK, or why `command` is refused on `link` in `state`.

    `lacks` names the commands that this model does not have (Hal.lacks).
    """
    result = ERR_UNKNOWN
    for row_link, name, results in TABLE:
        if name != command:
            continue
        if row_link == link:
            result = results[state]
            return ERR_NOT_IN_MODEL if result != ERR_NOT_ALLOWED and name in lacks else result
        result = ERR_NOT_ALLOWED
    return result
