"""Which role is on which pin of a board: pins.py read through boards/circuit.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from host_tools.boards import BOARDS_DIR

CIRCUIT_FILE = BOARDS_DIR / "circuit.toml"


class WireError(Exception):
    """pins.py lacks a role, has one that the circuit does not know, or a wrong number of pins."""


@dataclass(frozen=True)
class Wire:
    """One pin in one role."""

    role: str  # as in pins.py, with the name of the pin where it has several: "CAM_SPI SCK"
    gpio: int
    use: str  # key, out, in or both, see circuit.toml
    pull: str  # down, up or none
    to: str  # a connector of the circuit's board
    means: str

    @property
    def drives(self) -> bool:
        """Say whether the chip drives it."""
        return self.use != "in"


# Roles without which there is no detector; the camera's depend on its driver.
ALWAYS = (
    *("TRIP_INTRUSION", "TRIP_CONTACT", "TRIP_FIRE", "TRIP_PANIC", "TAMPER", "SERVICE"),
    *("UPLINK_EN", "LATCH_CLEAR", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION"),
    *("LATCH_SENSE", "UPLINK_SENSE", "CAM_EN", "HUB_UART", "UPLINK_UART"),
)
BY_CAMERA = {
    "arducam_mini": ("CAM_SPI", "CAM_CS", "CAM_I2C"),
    "esp32_camera": ("CAM_DATA", "CAM_SYNC", "CAM_SCCB"),
}
# What else pins.py says.
NO_PINS = ("BOARD", "FLASH", "CAMERA", "CUSTOMER_PICTURE", "LIVE_VIEW")


@lru_cache(maxsize=1)
def circuit() -> dict[str, Any]:
    """Return boards/circuit.toml."""
    return tomllib.loads(CIRCUIT_FILE.read_text(encoding="utf-8"))


def pull_down_ohm() -> int:
    """Return the resistance of the circuit's pull-downs."""
    return int(circuit()["pull_down_ohm"])


def roles_of(camera: str) -> tuple[str, ...]:
    """Return the roles that a board with this camera has, in their order."""
    return (*ALWAYS, *BY_CAMERA[camera])


def wires(pins: ModuleType) -> list[Wire]:
    """Return every pin of a board with its role; raise WireError."""
    wanted = roles_of(pins.CAMERA)
    there = {name for name in vars(pins) if name.isupper()}
    odd = there ^ {*wanted, *NO_PINS}
    if odd:
        names = ", ".join(sorted(odd))
        raise WireError(f"{pins.BOARD}: missing in pins.py, or not known: {names}")
    return [wire for role in wanted for wire in _wires_of(role, getattr(pins, role))]


def _wires_of(role: str, value: Any) -> list[Wire]:
    table = circuit()
    if role in table["roles"]:
        return [Wire(role, value, **table["roles"][role])]
    rows = dict(table["groups"][role])
    numbers = value[rows.pop("at") :][: len(rows)]
    if len(numbers) != len(rows):
        raise WireError(f"{role} has {len(numbers)} pins, not {len(rows)}")
    return [
        Wire(f"{role} {name}", gpio, **row)
        for (name, row), gpio in zip(rows.items(), numbers, strict=True)
    ]
