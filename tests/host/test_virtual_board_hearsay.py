"""What `sluss sim` says of the firmware's state: the firmware's own journal, overheard."""

from __future__ import annotations

import pytest
from fake_flash import FakeFlash

from detector import codes, states
from detector.journal import Journal
from detector.raw_flash import raw_blocks
from host_tools.virtual_board.hearsay import Hearsay


class Overheard:
    """The firmware's journal on a blank flash, and what was said about it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        hearsay = Hearsay()
        flash = FakeFlash()
        write = flash.writeblocks

        def overhear(block: int, data: bytes, offset: int = -1) -> object:
            self.said += hearsay.hear(bytes(data))
            return write(block, data, offset)

        flash.writeblocks = overhear  # type: ignore[method-assign]
        self.journal = Journal(raw_blocks(flash))
        self.journal.begin(bytes(32), "dut")
        while self.journal.housekeep():
            pass
        self.said.clear()

    def record(self, kind: int, armed: bool, a: int = 0, faults: int = 0) -> list[str]:
        """Let the firmware write a record; return what was said since the last."""
        self.said.clear()
        self.journal.armed = armed
        self.journal.faults = faults
        self.journal.append(kind, a=a)
        return list(self.said)


@pytest.fixture
def overheard() -> Overheard:
    return Overheard()


def test_each_change_of_state_is_told_once_and_as_the_firmwares_word(overheard: Overheard) -> None:
    record = overheard.record
    assert record(codes.JR_BOOT, False) == ["state IDLE (firmware: boot)"]
    assert record(codes.JR_ARM, True) == ["state ARMED (firmware: arm)"]
    assert record(codes.JR_ALARM, True) == ["state ALARM (firmware: alarm)"]
    assert record(codes.JR_TRIP, True) == []
    assert record(codes.JR_GATE_INTENT, True) == []
    assert record(codes.JR_HANDLED, True) == []
    assert record(codes.JR_ALARM_END, True) == ["state ARMED (firmware: alarm-end)"]
    assert record(codes.JR_DISARM, False) == ["state IDLE (firmware: disarm)"]


def test_a_boot_is_told_also_where_the_state_is_as_before(overheard: Overheard) -> None:
    overheard.record(codes.JR_BOOT, True)
    assert overheard.record(codes.JR_BOOT, True) == ["state ARMED (firmware: boot)"]


def test_arm_and_disarm_in_a_capture_change_only_what_follows_it(overheard: Overheard) -> None:
    overheard.record(codes.JR_BOOT, False)
    said = overheard.record(codes.JR_CUSTOMER_CAPTURE, False)
    assert said == ["state CUSTOMER_CAPTURE (firmware: customer-capture)"]
    assert overheard.record(codes.JR_ARM, True) == []
    said = overheard.record(codes.JR_CAPTURE_END, True, a=states.EV_CAPTURE_DONE)
    assert said == ["state ARMED (firmware: capture-end)"]


def test_a_trip_in_a_capture_leads_to_alarm_with_no_state_between(overheard: Overheard) -> None:
    overheard.record(codes.JR_BOOT, False)
    overheard.record(codes.JR_CUSTOMER_CAPTURE, False)
    assert overheard.record(codes.JR_CAPTURE_END, False, a=codes.TRIP_PANIC) == []
    said = overheard.record(codes.JR_ALARM, False, a=codes.TRIP_PANIC)
    assert said == ["state ALARM (firmware: alarm)"]


def test_faults_are_told(overheard: Overheard) -> None:
    overheard.record(codes.JR_BOOT, False)
    said = overheard.record(codes.JR_FAULT, False, faults=codes.FAULT_LATCH_DEAF)
    assert said == ["state IDLE, latch-deaf fault (firmware: fault)"]
    said = overheard.record(codes.JR_FAULT_CLEARED, False)
    assert said == ["state IDLE (firmware: fault-cleared)"]


def test_what_is_no_record_says_nothing() -> None:
    assert Hearsay().hear(b"\xff" * 256) == []
    assert Hearsay().hear(b"S\x02" + bytes(254)) == []
