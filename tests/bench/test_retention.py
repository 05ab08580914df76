"""60 days: the hub tells the time, the power is cut, the clock is stepped; on a board beside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detector import codes, states
from host_tools.bench.session import Bench
from host_tools.bench.witness import GATE
from host_tools.deadline import Deadline
from tests.bench import journals, pictures, scenario
from tests.bench.scenario import CAPTURE_TIMEOUT_MS, SLACK_S

pytestmark = [pytest.mark.promise("P7"), pytest.mark.needs("spare", "power", "flash", "camera")]

_FIRST_DAY = 2400  # since 2020-01-01
_DAYS = 60


class Detector:
    """A board of its own: a clock that was told a time cannot be told an earlier one."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.day = _FIRST_DAY

    def tell(self, day: int) -> int:
        """Tell the time as the customer's hub; return codes.OK or why it was refused."""
        code = scenario.say(self.bench.hub, "clock", day=day, second=0)
        if code == codes.OK:
            self.day = day
        return code

    def take(self) -> int:
        """Take a customer's picture on a day of its own; return its id."""
        hub = self.bench.hub
        assert self.tell(self.day + 1) == codes.OK
        hub.command("capture")
        scenario.becomes(hub, states.IDLE, CAPTURE_TIMEOUT_MS / 1000)
        return pictures.newest(hub)

    def power_cycle(self) -> None:
        """Cut the power; come back when the detector answers again and knows no time."""
        self.bench.target.power_cycle()
        assert scenario.reconnect(self.bench.hub)["time_known"] is False

    def has(self, image_id: int) -> bool:
        """Say whether an image is on the detector's list."""
        return image_id in [entry["id"] for entry in pictures.listed(self.bench.hub)]

    def loses(self, image_id: int) -> None:
        """Wait until it is not."""
        Deadline(SLACK_S).wait_for(lambda: not self.has(image_id), "the image was not deleted")


@pytest.fixture(scope="module")
def detector(bench: Bench, small_pictures: Path) -> Iterator[Detector]:
    """One other board for all tests here."""
    other = bench.spare(clone=True, max_ms=None, flash_costs="free")
    other.target.camera(images=small_pictures)
    yield Detector(other)
    other.close()


def test_an_image_is_served_on_its_59th_day_and_gone_with_its_key_on_the_60th(
    detector: Detector, customer_keys: dict[str, bytes]
) -> None:
    """After a power-off it waits for the time; past its date its key is nowhere in the flash."""
    hub, board = detector.bench.hub, detector.bench.target
    image_id = detector.take()
    taken_on = detector.day
    detector.power_cycle()
    assert scenario.say(hub, "fetch", id=image_id) == codes.ERR_AGE_UNKNOWN
    assert detector.tell(taken_on + _DAYS - 1) == codes.OK
    assert scenario.say(hub, "fetch", id=image_id) == codes.OK
    image = pictures.whole(hub, image_id)
    assert pictures.unsealed(image, customer_keys) == board.served()[-1].jpeg
    key = pictures.image_key(image, customer_keys)
    assert key in board.flash_image()
    before = scenario.status(hub)["journal"]
    detector.power_cycle()
    assert detector.tell(taken_on + _DAYS) == codes.OK
    detector.loses(image_id)
    flash = board.flash_image()
    assert not [at for at in range(len(key) - 7) if key[at : at + 8] in flash]
    records = journals.records(detector.bench.console, before)
    deleted = [(record.a, record.b) for record in records if record.kind == codes.JR_DELETE]
    assert deleted == [(image_id, codes.DELETE_BY_AGE)]


def test_a_clock_that_is_set_back_is_refused_and_keeps_no_image(detector: Detector) -> None:
    """A hub that went back before the image was taken makes it no younger."""
    image = detector.take()
    taken_on = detector.day
    detector.power_cycle()
    assert detector.tell(taken_on + 40) == codes.OK
    assert detector.tell(taken_on - 1) == codes.ERR_ARGUMENT
    assert detector.tell(taken_on + _DAYS) == codes.OK
    detector.loses(image)


def test_a_clock_far_ahead_deletes_earlier_images_and_spares_those_of_this_boot(
    detector: Detector,
) -> None:
    """Wrong by years, it errs on the side of privacy; no image is older than its boot."""
    earlier = detector.take()
    detector.power_cycle()
    ours = detector.take()
    assert detector.tell(detector.day + 1000) == codes.OK
    detector.loses(earlier)
    assert detector.has(ours)


def test_neither_an_alarm_nor_an_open_gate_keeps_an_image(detector: Detector) -> None:
    """Sixty days are over in the middle of an alarm: the image goes, the alarm goes on."""
    image = detector.take()
    taken_on = detector.day
    detector.power_cycle()
    board = detector.bench.target
    scenario.alarm(board)
    assert detector.tell(taken_on + _DAYS) == codes.OK
    detector.loses(image)
    assert scenario.status(detector.bench.hub)["state"] == "ALARM"
    assert board.witness.level(GATE) == 1
    detector.bench.hub.command("disarm")
