"""The linter of pins: each pin that a chip makes unfit is refused, with the reason."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

from host_tools import pin_facts, wires
from host_tools.boards import load_board, load_pins

KEYS = ("UPLINK_EN", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION", "CAM_EN", "LATCH_CLEAR")
MINI = "esp32-s3-mini-1"
OCTAL = "esp32-s3-octal"
CAM = "esp32-cam"

# The bad pins of the field's reset facts: module, pin, kind, a word of the reason.
BAD_FOR_A_KEY = [
    # strapping pins
    (MINI, 0, "strapping", "boot mode"),
    (MINI, 3, "strapping", "JTAG|floats"),
    (MINI, 45, "strapping", "1.8 V"),
    (MINI, 46, "strapping", "prints"),
    (CAM, 0, "strapping", "boot mode"),
    (CAM, 2, "strapping", "boot mode"),
    (CAM, 5, "strapping", "boot mode"),
    (CAM, 12, "strapping", "1.8 V"),
    (CAM, 15, "strapping", "pull-up"),
    # high for a moment in reset
    (MINI, 18, "glitch", "60 us"),
    (OCTAL, 19, "glitch", "go high twice"),
    (OCTAL, 20, "glitch", "175 ms"),
    (CAM, 14, "glitch", "wiggle"),
    # high all along
    (MINI, 43, "high", "UART0"),
    (MINI, 44, "high", "UART0"),
    (CAM, 1, "high", "UART0"),
    (CAM, 3, "high", "UART0"),
    ("pico", 0, "high", "UART"),
    ("pico2", 1, "high", "UART"),
    # pads that pull up
    (MINI, 26, "pull-up", "pull-up"),
    *((MINI, pin, "pull-up", "JTAG") for pin in range(39, 43)),
    # no output
    *((CAM, pin, "input-only", "no output") for pin in range(34, 40)),
    # flash and PSRAM
    *((MINI, pin, "memory", "flash") for pin in range(26, 33)),
    *((OCTAL, pin, "octal", "octal PSRAM") for pin in range(33, 38)),
    *((CAM, pin, "memory", "flash") for pin in range(6, 12)),
    (CAM, 16, "memory", "PSRAM"),
    # what a module has wired already
    ("pico", 23, "taken", "power supply"),
    ("pico", 24, "taken", "USB"),
    ("pico", 25, "taken", "LED"),
    ("pico2", 29, "taken", "VSYS"),
    *(("picow", pin, "taken", "radio") for pin in (23, 24, 25, 29)),
    (MINI, 19, "taken", "USB"),
    (CAM, 4, "taken", "flash light"),
    (CAM, 33, "taken", "LED"),
]


def wire(role: str, gpio: int, use: str = "key", pull: str = "down") -> wires.Wire:
    return wires.Wire(role, gpio, use, pull, "gate", "")


def reasons(module: str, gpio: int, use: str = "key") -> list[str]:
    return pin_facts.unfit(pin_facts.load_module(module), [wire("UPLINK_EN", gpio, use)])


@pytest.mark.parametrize(("module", "gpio", "kind", "why"), BAD_FOR_A_KEY)
def test_a_key_on_an_unfit_pin_is_refused_with_the_reason(
    module: str, gpio: int, kind: str, why: str
) -> None:
    found = [text for text in reasons(module, gpio) if f"({kind})" in text]
    assert found
    assert any(word in found[0] for word in why.split("|"))
    label = pin_facts.load_module(module).label(gpio)
    assert found[0].startswith(f"UPLINK_EN on {label} ")
    assert found[0].endswith("].")  # its source


@pytest.mark.parametrize("role", KEYS)
def test_each_key_of_a_boards_pins_is_looked_at(role: str) -> None:
    pins = _pins("RPI_PICO", **{role: 25})
    found = pin_facts.unfit(pin_facts.load_module("pico"), wires.wires(pins))
    assert [text.split(" on ")[0] for text in found] == [role]


@pytest.mark.parametrize(
    ("module", "gpio", "use", "fit"),
    [
        (MINI, 0, "in", False),  # a line that is low at power-on would keep it in its ROM
        (MINI, 45, "in", False),
        (MINI, 3, "in", True),
        (MINI, 46, "in", True),
        (MINI, 3, "out", False),
        (CAM, 15, "in", True),
        (CAM, 12, "in", False),
        (CAM, 34, "in", True),
        (CAM, 34, "out", False),
        (CAM, 34, "both", False),
        (MINI, 18, "in", True),
        (MINI, 33, "key", True),  # its PSRAM is not octal
        (OCTAL, 33, "in", False),
        ("pico", 0, "out", True),
        ("pico", 25, "in", False),
    ],
)
def test_what_is_unfit_for_a_key_may_be_fit_for_less(
    module: str, gpio: int, use: str, fit: bool
) -> None:
    assert (reasons(module, gpio, use) == []) == fit


def test_a_pin_that_the_chip_does_not_have_is_refused() -> None:
    assert reasons("pico", 30) == ["UPLINK_EN on GP30: a rp2040 has no such pin."]
    assert reasons(MINI, 22) == ["UPLINK_EN on IO22: a esp32s3 has no such pin."]


def test_two_roles_on_one_pin_are_refused() -> None:
    pico = pin_facts.load_module("pico")
    found = pin_facts.unfit(pico, [wire("UPLINK_EN", 14), wire("TAMPER", 14, "in")])
    assert found == ["TAMPER on GP14: UPLINK_EN is there already."]


def test_a_pull_down_that_erratum_e9_defeats_is_refused_on_an_rp2350_only() -> None:
    held = [wire("UPLINK_EN", 14), wire("LATCH_SENSE", 15, "in", "none")]
    found = pin_facts.unfit(pin_facts.load_module("pico2"), held, down_ohm=10_000)
    assert len(found) == 1
    assert "UPLINK_EN on GP14: 10000 Ohm" in found[0]
    assert "8200 Ohm would: erratum RP2350-E9" in found[0]
    assert pin_facts.unfit(pin_facts.load_module("pico2"), held, down_ohm=8200) == []
    assert pin_facts.unfit(pin_facts.load_module("pico"), held, down_ohm=10_000) == []


def test_the_pins_that_the_field_recommends_are_fit() -> None:
    for module, recommended in (
        ("pico", (14, *range(17, 23))),
        (MINI, (1, 2, 4, 5, 6, 7, 14, 21, 47, 48)),
        (CAM, (13,)),
    ):
        assert [gpio for gpio in recommended if reasons(module, gpio)] == []


def test_every_module_has_its_chips_facts_with_a_reason_and_a_source() -> None:
    for name in pin_facts.module_names():
        module = pin_facts.load_module(name)
        assert all(fact.why and fact.source for fact in module.facts)
        assert {fact.kind for fact in module.facts} <= set(pin_facts.REFUSES)
        assert all(fact.pins <= module.pins for fact in module.facts)


def test_a_board_that_is_described_with_another_chip_is_refused() -> None:
    about = replace(load_board("RPI_PICO"), chip="rp2350")
    with pytest.raises(ValueError, match="a pico carries a rp2040, not a rp2350"):
        pin_facts.module_of(about)


def test_a_role_that_is_missing_or_invented_is_named() -> None:
    pins = _pins("RPI_PICO", DOORBELL=3)
    del pins.TAMPER
    with pytest.raises(wires.WireError, match="DOORBELL, TAMPER"):
        wires.wires(pins)


def test_a_bus_with_a_pin_too_few_is_refused() -> None:
    with pytest.raises(wires.WireError, match="CAM_SPI has 2 pins, not 3"):
        wires.wires(_pins("RPI_PICO", CAM_SPI=(0, 2, 3)))


def _pins(board: str, **changes: object) -> ModuleType:
    pins = load_pins(board)
    for name, value in changes.items():
        setattr(pins, name, value)
    return pins
