"""What the bench knows of a detector: lines, jumper, power, reset, three ports and a witness.

Nothing in tests/bench may know more than this file, so that a real board in a jig can take the
virtual board's place. Implementations: `virtual.VirtualTarget` and `jig.JigTarget`.

A jig is a second microcontroller that drives sensor lines, service jumper, RUN and supply and
watches the gate (firmware/jig/; its protocol is in words.py there). It has the capabilities POWER
and RESET at most; whatever needs more (faults in the circuit, the camera's own copy of its
pictures, flash costs) carries `@pytest.mark.needs(...)` and is skipped there with that reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from host_tools.bench.witness import Witness

LINES = ("TRIP_INTRUSION", "TRIP_CONTACT", "TRIP_FIRE", "TRIP_PANIC", "TAMPER")
"""The sensor lines, in the order of detector.codes.ZONE_ROLES."""

# Capabilities: words for `@pytest.mark.needs(...)`.
POWER = "power"  # power(), power_cycle()
RESET = "reset"  # reset()
FAULTS = "faults"  # fault(), clear_faults(): circuit, sense, flash
TIMERS = "timers"  # timers(): a shortened MAX or ALIVE
CAMERA = "camera"  # served(), camera(): the camera's own copy of what it delivered
LINKS = "links"  # link_fault(): a cut or noisy UART
HANG = "hang"  # hang(): the firmware stands still, the chip does not
FLASH = "flash"  # flash_image(), flash_operations(): the raw chip
SPARE = "spare"  # spare(): a second board beside this one
ALL_CAPABILITIES = frozenset({POWER, RESET, FAULTS, TIMERS, CAMERA, LINKS, HANG, FLASH, SPARE})

# Faults, for fault(). Those of the circuit have the names that virtual_board.circuit gives them.
STUCK_ENABLE = "enable-stuck"  # the UPLINK_EN net is high whatever the pin does
FLOATING_ENABLE = "enable-floating"  # its pull-down is missing: high when nothing holds it
SENSE_LOW = "sense-low"  # UPLINK_SENSE reads 0
SENSE_HIGH = "sense-high"  # UPLINK_SENSE reads 1
DEAF_LATCH = "latch-deaf"  # no line sets the latch
STUCK_LATCH = "latch-stuck"  # the latch's output is high for ever
CLEAR_OPEN = "clear-open"  # LATCH_CLEAR does not reach the latch
STUCK_ARM_LINES = "arm-stuck"  # both arm lines' nets are high
GATE_BRIDGED = "gate-bridged"  # GATE is high for ever, and UPLINK_SENSE shows it
GATE_BYPASSED = "gate-bypassed"  # the same behind its tap: the firmware cannot know
LATCH_IGNORED = "latch-ignored"  # GATE = EN and ALIVE and not SERVICE
FLASH_FAILS = "flash-fails"  # every program and erase fails from now on
FLASH_CUT = "flash-cut"  # value n: the power is cut in the middle of the n-th operation from now


class TargetError(Exception):
    """The target could not do what was asked: message for a person."""


class TargetLostError(TargetError):
    """The target does not answer any more; the session ends, more tests would say nothing."""


@dataclass(frozen=True)
class Ports:
    """Where the three ports are: anything that pyserial's URL handler opens."""

    console: str
    hub: str
    uplink: str


@dataclass(frozen=True)
class Served:
    """One picture as the camera delivered it: the witness's copy, never the firmware's."""

    jpeg: bytes
    sha256: str  # hex, of `jpeg`
    canary: bytes  # 16 random bytes inside it


class Target(Protocol):
    """One detector on the bench. Every stimulus returns after it has reached the pin."""

    @property
    def name(self) -> str:
        """Short name for folders and titles, e.g. "virtual"."""
        ...

    @property
    def model(self) -> str:
        """Which board it is: its folder in boards/, e.g. "VIRTUAL"."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """What this target can do beyond lines, jumper and ports: words of this module."""
        ...

    @property
    def ports(self) -> Ports:
        """The three ports."""
        ...

    @property
    def witness(self) -> Witness:
        """Whoever watches gate, latch, rails and wires from outside the firmware."""
        ...

    def witnesses(self) -> dict[str, Witness]:
        """The witness of this board ("main") and of each spare so far, by the board's name."""
        ...

    def line(self, role: str, level: int) -> int:
        """Drive a sensor line of LINES to 0 or 1; return the witness's time in us."""
        ...

    def pulse(self, role: str, ms: int = 50) -> int:
        """Drive a line high, `ms` later low again; return the rise's time in us.

        Comes back after the fall.
        """
        ...

    def lines_low(self) -> None:
        """Drive all sensor lines low."""
        ...

    def jumper(self, fitted: bool) -> None:
        """Fit or pull the service jumper."""
        ...

    def power(self, on: bool) -> None:
        """Switch the supply (POWER)."""
        ...

    def power_cycle(self) -> None:
        """Cut the supply and bring it back; returns at once, the firmware is still starting."""
        ...

    def reset(self) -> None:
        """Pulse the chip's RUN pin (RESET)."""
        ...

    def fault(self, name: str, value: int = 1) -> None:
        """Set a fault of this module (FAULTS)."""
        ...

    def clear_faults(self) -> None:
        """Undo everything that fault(), link_fault(), camera(), timers() and hang() did."""
        ...

    def timers(self, *, alive_ms: int | None = None, max_ms: int | None = None) -> None:
        """Shorten the circuit's own timers (TIMERS); None leaves one as it is."""
        ...

    def camera(self, *, broken: str = "", delay_ms: int = 0, images: Path | None = None) -> None:
        """Break or slow the camera, or put a folder of JPEGs in front of it (CAMERA).

        `broken`: "", "dead-spi", "no-sensor", "never-done", "no-eoi", "raises" or "bus-raises".
        What is not named goes back to what it was.
        """
        ...

    def served(self) -> list[Served]:
        """Every picture the camera delivered whole since power-on of the bench (CAMERA)."""
        ...

    def link_fault(
        self, link: str, *, cut: bool = False, bit_error_rate: float = 0.0, drop: float = 0.0
    ) -> None:
        """Cut or disturb the "hub" or "uplink" wires, both directions (LINKS).

        `bit_error_rate` is per bit, `drop` the share of bytes lost.
        """
        ...

    def hang(self, on: bool) -> None:
        """Stop (or let go on) the firmware between two instructions; the chip lives (HANG)."""
        ...

    def flash_image(self) -> bytes:
        """The storage chip's whole content at this moment (FLASH)."""
        ...

    def flash_operations(self) -> int:
        """Programs and erases since the board was made (FLASH)."""
        ...

    def keep_for_spares(self) -> None:
        """Remember the flash as it is now: what spare(clone=True) starts with (SPARE)."""
        ...

    def spare(
        self, *, clone: bool, max_ms: int | None = None, flash_costs: str = "free"
    ) -> Target:
        """Start another board (SPARE): a copy of this one's flash, or blank. Close it after use.

        A clone has the same firmware, identity and keys. `flash_costs` is "free" or "pico".
        """
        ...

    def close(self) -> None:
        """Let everything go; safe to call twice."""
        ...


def restart(target: Target) -> None:
    """Start a board anew: by a power-cycle where that is to be had, else by its RUN pin."""
    if POWER in target.capabilities:
        target.power_cycle()
    else:
        target.reset()
