"""Which invariants a broken circuit still keeps: each row is a promise given up, with its why.

A fault of the circuit that has no row keeps every invariant. Nothing is given up for availability:
where a fault keeps the gate from opening, the search for dead ends accepts that (see escape.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

ALARM_ONLY = "P1"
COUNTED_TRIP = "P2"
SHUT_AFTER_RESET = "P3"
SHUT_AT_ONCE = "P4"
CAMERA_OFF = "camera-off"
NO_LIVE = "P6"
CAPTURE_ENDS = "capture-ends"
NO_DEAD_END = "no-dead-end"
NO_LOST_TRIP = "no-lost-trip"
FAULT_STAYS = "fault-stays"
NO_FALSE_FAULT = "no-false-fault"
RECORD_FIRST = "record-first"
AUTHENTICATED = "authenticated"
INVARIANTS: Mapping[str, str] = {
    ALARM_ONLY: "the gate is open in ALARM only; the arm lines rise after the exit delay",
    COUNTED_TRIP: "the gate opens after a rising edge that counted, and after a new one each time",
    SHUT_AFTER_RESET: "shut after reset, crash, hang and power loss",
    SHUT_AT_ONCE: "shut at once, and before anything is written or told, at every end of an alarm",
    CAMERA_OFF: "the camera has no supply outside ALARM and CUSTOMER_CAPTURE",
    NO_LIVE: "there is no live for the alarm centre outside ALARM",
    CAPTURE_ENDS: "CUSTOMER_CAPTURE ends by its time-out",
    NO_DEAD_END: "from every state a disarm leads to IDLE, and from there a panic trip to ALARM",
    NO_LOST_TRIP: "a line whose edge counted, and that stays high, begins an alarm",
    FAULT_STAYS: "a fault goes away by a power-cycle with a passing self-test only",
    NO_FALSE_FAULT: "a circuit in which nothing broke is never called faulty",
    RECORD_FIRST: "UPLINK_EN rises after the intent is journaled",
    AUTHENTICATED: "a forged or repeated message changes nothing",
}

_OF_THE_GATE = (ALARM_ONLY, COUNTED_TRIP, SHUT_AFTER_RESET, SHUT_AT_ONCE, RECORD_FIRST)
_ALWAYS_OPEN = "the gate is open whatever anybody does"
_LATCH_LIES = "the latch says that a line tripped when none did"
# fault -> invariant -> why it is not claimed
GIVEN_UP: Mapping[str, Mapping[str, str]] = {
    "enable-stuck": {
        ALARM_ONLY: "for 2 s after an alarm ALIVE is up: a trip opens before the firmware knows",
        SHUT_AFTER_RESET: "the same, through a reset",
        RECORD_FIRST: "the same: the latch and ALIVE alone open it",
        COUNTED_TRIP: "a reset after a hang: HEARTBEAT falls, and it opens until boot.py clears",
    },
    "latch-stuck": {
        COUNTED_TRIP: _LATCH_LIES,
        SHUT_AT_ONCE: "UPLINK_EN and ALIVE shut it; the latch cannot be cleared, MAX is deaf",
    },
    "latch-ignored": {
        COUNTED_TRIP: "it may break in an alarm in which MAX, or another fault, cleared the latch",
        SHUT_AT_ONCE: "MAX acts through the latch, and the gate does not ask it",
    },
    "clear-open": {
        SHUT_AT_ONCE: "UPLINK_EN and ALIVE shut it; the latch stays",
        SHUT_AFTER_RESET: "UPLINK_EN and ALIVE shut it; the latch stays",
    },
    "alive-stuck": {
        SHUT_AFTER_RESET: "a hang is not seen; MAX alone ends it",
        COUNTED_TRIP: "it may break in a hang, and the gate is open again",
    },
    "gate-bridged": dict.fromkeys(_OF_THE_GATE, _ALWAYS_OPEN),
    "gate-bypassed": dict.fromkeys(_OF_THE_GATE, _ALWAYS_OPEN),
}

# Of a sound circuit one thing is given up, too: that a fault outlives a soft reset.
SOFT_RESET = (
    "A soft reset of a running detector is explored, too; that a fault outlives it is not claimed:"
    " the chip then still says that it was powered on. main.py leaves nobody a way to cause one."
)

# What the boot self-test must see: a power-cycle with one of these leaves a blocking fault.
SEEN_AT_BOOT = (
    *("enable-stuck", "enable-floating", "arm-stuck"),
    *("sense-high", "latch-stuck", "gate-bridged"),
)


@cache
def given_up(faults: tuple[str, ...]) -> frozenset[str]:
    """Return the invariants that a circuit with these faults does not keep."""
    return frozenset(name for fault in faults for name in GIVEN_UP.get(fault, ()))
