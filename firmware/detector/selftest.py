"""Boot self-test: is the gate shut, do the pins read back what they are driven to, do they fall?

It runs before anything else of the detector and never opens the gate, not even for a moment.
"""

from detector import codes


def run(gate: "Gate", hal: "Hal") -> int:
    """Shut, then compare the circuit with "shut"; return fault bits (0: passed)."""
    gate.shut()
    faults = 0
    if gate.is_open():
        faults |= codes.FAULT_GATE_SENSE
    if gate.latch_set():
        # LATCH_CLEAR dominates whatever the lines do (DESIGN 3): a latch that is set now is deaf
        # to it, or a line rose this very moment; then the second look is clear.
        gate.clear_latch()
        if gate.latch_set():
            faults |= codes.FAULT_LATCH_STUCK
    faults |= gate.driven_wrong()
    # A net that is stuck high would pass for one that floats.
    if not faults & codes.FAULT_ENABLE_STUCK and gate.enable_floats(hal):
        faults |= codes.FAULT_ENABLE_FLOATING
    return faults
