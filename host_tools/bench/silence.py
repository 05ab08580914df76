"""What the firmware wrote to the uplink while its gate was shut, over a whole log of the witness.

The circuit may shut the gate by itself: MAX, ALIVE, the jumper. The firmware learns it at its next
tick; what it has handed over until then went nowhere, but is named apart and not called silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from host_tools.bench.witness import GATE, UPLINK_EN, UPLINK_TX_WRITTEN, Event

SHUT_BYTES = "bytes written to the uplink while it was shut"
UNNOTICED_BYTES = "bytes handed over before the firmware saw that the circuit had shut"
OPEN_BYTES = "bytes written to the uplink while it was open"
# A tick with a flash erase in it takes 45 ms; what is written later is written knowingly.
UNNOTICED_US = 50_000


@dataclass
class Silence:
    """Bytes that the firmware wrote, one figure for each stretch of time with the gate shut."""

    shut: list[int] = field(default_factory=lambda: [0])
    unnoticed: list[int] = field(default_factory=list)  # where the circuit shut by itself
    open: int = 0


def listen(events: Iterable[Event], late_us: int = 0) -> Silence:
    """Count the bytes of a log that begins with the gate shut and nothing written.

    What is seen within `late_us` of a shutting was written before it (Witness.written_late_us).
    """
    found = Silence()
    gate = enabled = written = 0
    held_until_us = -1  # what the UART still had is on its way
    unnoticed_until_us: int | None = None  # while the firmware still holds a gate that has shut
    for event in events:
        if event.signal == UPLINK_EN:
            enabled = event.value
            if not enabled:
                unnoticed_until_us = None
        elif event.signal == GATE and event.value != gate:
            gate = event.value
            unnoticed_until_us = None
            if not gate:
                found.shut.append(0)
                held_until_us = event.t_us + late_us
                if enabled:
                    found.unnoticed.append(0)
                    unnoticed_until_us = event.t_us + UNNOTICED_US
        elif event.signal == UPLINK_TX_WRITTEN:
            new, written = event.value - written, event.value
            if gate or event.t_us < held_until_us:
                found.open += new
            elif unnoticed_until_us is not None and event.t_us <= unnoticed_until_us + late_us:
                found.unnoticed[-1] += new
            else:
                found.shut[-1] += new
    return found
