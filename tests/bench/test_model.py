"""A model of detector that lacks pictures for the customer, and live view: it says so, and alarms.

A board of its own, whose pins.py says another model; everything else on it is as shipped. As the
app is one file, main.py changes what pins.py says before the app reads it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from detector import codes
from host_tools.bench.session import Bench
from host_tools.bench.witness import CAM_RAIL
from tests.bench import repl, scenario
from tests.bench.scenario import PANIC, SHUT_MS

pytestmark = [pytest.mark.promise("P5"), pytest.mark.needs("spare")]

_IMPORT = "    from detector import app\n"
_FEATURES = ("CUSTOMER_PICTURE", "LIVE_VIEW")


@pytest.fixture(scope="module")
def plain(bench: Bench) -> Iterator[Bench]:
    """A copy of the board under test, as the model that has neither pictures nor live view."""
    with contextlib.closing(bench.spare(clone=True, max_ms=None, flash_costs="free")) as other:
        with repl.prompt(other.target) as transport:
            before, line, after = transport.fs_readfile("main.py").decode().partition(_IMPORT)
            assert line
            for feature in _FEATURES:
                transport.exec(f"import pins\nassert pins.{feature} is True")
                before += f"    import pins\n    pins.{feature} = False\n"
            transport.fs_writefile("main.py", (before + line + after).encode())
        other.target.jumper(False)
        other.target.power_cycle()
        other.wait_ready()
        yield other


def test_a_model_tells_the_hub_and_the_console_what_it_lacks(plain: Bench) -> None:
    """The customer's app need not try: the status names what this model does not have."""
    assert scenario.status(plain.hub)["lacks"] == ["capture", "live"]
    assert plain.status()["lacks"] == "capture,live"


def test_a_model_without_pictures_refuses_them_in_every_state_and_keeps_its_camera_off(
    plain: Bench,
) -> None:
    """Capture and live view are answered with not-in-model, IDLE or ARMED; no camera power."""
    witness = plain.witness
    since = witness.now_us()
    for _ in range(2):
        for command in ("capture", "live"):
            assert scenario.say(plain.hub, command) == codes.ERR_NOT_IN_MODEL
        if scenario.status(plain.hub)["state"] == "IDLE":
            scenario.arm(plain.hub, plain.target)
    assert scenario.status(plain.hub)["state"] == "ARMED"
    assert witness.stayed(CAM_RAIL, 0, since)
    scenario.stayed_shut(witness, since)
    assert scenario.say(plain.hub, "disarm") == codes.OK


def test_a_model_without_pictures_photographs_an_alarm_as_any_other(plain: Bench) -> None:
    """In an alarm the customer still gets not-in-model; the alarm's own pictures are taken."""
    witness = plain.witness
    since = scenario.trip(plain.target, PANIC)
    scenario.opens(witness, since, SHUT_MS)
    assert scenario.say(plain.hub, "capture") == codes.ERR_NOT_IN_MODEL
    witness.wait(CAM_RAIL, 1, scenario.patience(), since)
    assert scenario.say(plain.hub, "disarm") == codes.OK
