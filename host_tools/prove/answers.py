"""What runs on the chip, and what a running detector says of itself when the witness asks."""

from __future__ import annotations

from typing import Any

from host_tools.prove.firmware import Firmware

# What runs on the chip.
OFF, BOOTING, PROMPT, STARTING, SERVICE, RUNNING = range(6)
MODE_NAMES = ("no supply", "boot.py", "boot.py has run", "starting", "service program", "detector")


class Answers:
    """Base of World: reads the firmware's own attributes, and writes none."""

    firmware: Firmware
    app: Any
    mode: int

    @property
    def runs(self) -> bool:
        """Whether the detector runs."""
        return self.mode == RUNNING

    @property
    def boots(self) -> bool:
        """Whether boot.py has not come to its end."""
        return self.mode == BOOTING

    @property
    def controller(self) -> Any:
        """The running detector's controller."""
        return self.app.controller

    def in_alarm(self) -> bool:
        """Say whether the detector runs and says that it is in ALARM."""
        return self.runs and self.controller.state == self.firmware.states.ALARM

    def has_event(self) -> bool:
        """Say whether an alarm runs, or the entry delay before one."""
        return bool(self.controller.event.running)

    def captures(self) -> bool:
        """Say whether it says that it is in CUSTOMER_CAPTURE."""
        return bool(self.controller.state == self.firmware.states.CUSTOMER_CAPTURE)

    def faults(self) -> int:
        """Return its fault bits."""
        return int(self.controller.record.faults)

    def blocked(self) -> bool:
        """Say whether a fault, or a journal that cannot be written, forbids opening."""
        if self.controller.record.journal.is_unreadable:
            return True
        return bool(self.faults() & self.firmware.codes.FAULTS_BLOCKING)

    def blocked_by_journal(self) -> bool:
        """Say whether the fault that the journal cannot be written is latched."""
        return bool(self.faults() & self.firmware.codes.FAULT_JOURNAL)

    def state_name(self) -> str:
        """Return the name of the state that it says it is in."""
        return str(self.firmware.states.STATE_NAMES[self.controller.state])
