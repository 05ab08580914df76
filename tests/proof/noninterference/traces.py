"""Traces by Hypothesis: everything that may happen to a detector, in any order, and two albums.

Both albums have as many pictures, and each has its size class in common with its counterpart;
lengths within the class are free. Hypothesis shrinks what fails towards the beginning of each
list here.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from detector.codes import TRIP_NAMES
from detector.seal import CLASS_BYTES, LENGTH_BYTES
from detector.ticks import TICKS_PERIOD
from tests.proof.noninterference.camera import LONGEST_FILLER, SHORTEST

Event = list[Any]
Trace = dict[str, Any]

_LARGEST_CLASS = 16
_LONGEST = 14  # phrases
_SHOTS = 4
_RESET_CAUSES = (1, 3)  # machine.PWRON_RESET, machine.WDT_RESET
_WAITS_MS = (10, 40, 150, 700, 2600)
_TYPED = (
    "status", "journal", "help", "version", "journal 3", "journal 2 4", "attest 00", "attest",
    "repl", "provision 00 SL-2 7b7d", "open",
)  # fmt: skip
_DAYS = (2500, 2501, 4000)  # since 2020-01-01; pictures live for two days here (past.py)
_PLAIN = ("arm", "disarm", "cancel", "capture", "status", "list")
_REFUSED = ("configure", "bypass", "live", "received", "open")

_wait = st.sampled_from(_WAITS_MS)
_level = st.integers(0, 1)
_kind = st.integers(0, len(TRIP_NAMES) - 1)
_image = st.integers(1, 16)


# --- phrases: a few events that lead somewhere ---------------------------------------------------


def _picture(ms: int) -> list[Event]:
    return [["customer", "capture"], ["wait", ms]]


def _arming() -> list[Event]:
    return [["customer", "arm"], ["wait", 250]]


def _trip(kind: int, ms: int) -> list[Event]:
    return [["line", kind, 1], ["wait", ms], ["line", kind, 0]]


def _alarm(kind: int, ms: int) -> list[Event]:
    return [*_arming(), *_trip(kind, ms), ["wait", 700]]


def _night(ms: int, kind: int) -> list[Event]:
    return [*_picture(ms), *_alarm(kind, 700)]


def _outage(link: str, ms: int) -> list[Event]:
    return [[link, 0], ["wait", ms], [link, 1], ["wait", 400]]


def _jumper(ms: int) -> list[Event]:
    return [["jumper", 1], ["wait", ms], ["jumper", 0]]


def _broken(part: str, ms: int) -> list[Event]:
    return [[part, 0], *_picture(ms), [part, 1]]


def _one(*event: Any) -> list[Event]:
    return [list(event)]


def _about(name: str, key: str, value: int) -> list[Event]:
    return [["customer", name, [key, value]], ["wait", 10]]


def _clock(day: int, second: int) -> list[Event]:
    return [["customer", "clock", ["day", day], ["second", second]]]


def _restart(cause: int, day: int) -> list[Event]:
    return [["reset", cause], ["wait", 400], *_clock(day, 50000), ["wait", 100]]


def _flat(phrases: list[list[Event]]) -> list[Event]:
    return [event for phrase in phrases for event in phrase]


_phrase = st.one_of(
    st.builds(_picture, st.sampled_from((700, 1500, 40))),
    st.builds(_one, st.just("customer"), st.sampled_from(_PLAIN)),
    st.builds(_one, st.just("wait"), _wait),
    st.builds(_alarm, _kind, _wait),
    st.builds(_night, st.sampled_from((700, 1500, 400)), _kind),
    st.builds(_trip, _kind, _wait),
    st.builds(_about, st.sampled_from(("fetch", "delete")), st.just("id"), _image),
    st.builds(_about, st.just("list"), st.just("from"), _image),
    st.builds(_one, st.just("type"), st.sampled_from(_TYPED)),
    st.builds(_one, st.just("centre"), st.sampled_from(("handled", "more", "live", "arm"))),
    st.builds(_one, st.just("reset"), st.sampled_from(_RESET_CAUSES)),
    st.builds(_clock, st.sampled_from(_DAYS), st.sampled_from((0, 40000, 86399))),
    st.builds(_restart, st.sampled_from(_RESET_CAUSES), st.sampled_from(_DAYS)),
    st.builds(_one, st.just("leap"), st.sampled_from((2, 13, 25))),
    st.builds(_outage, st.sampled_from(("hub_link", "uplink")), st.sampled_from((40, 700, 5600))),
    st.builds(_jumper, _wait),
    st.builds(_one, st.just("line"), _kind, _level),
    st.builds(_one, st.just("pulse"), _kind),
    st.builds(_one, st.just("jumper"), _level),
    st.builds(_one, st.just("customer"), st.sampled_from(_REFUSED)),
    st.builds(_one, st.just("forge"), st.sampled_from(("disarm", "capture"))),
    st.builds(_one, st.just("noise"), st.integers(0, 9), st.integers(1, 20)),
    st.builds(_one, st.just("hang"), st.sampled_from((100, 1200, 2500))),
    st.builds(_broken, st.sampled_from(("camera", "flash")), st.sampled_from((700, 1500))),
)


# --- albums --------------------------------------------------------------------------------------


@st.composite
def _shot(draw: st.DrawFn) -> list[Any]:
    """Draw two pictures of one size class, one in eight without its end mark."""
    common = st.integers(1, 3)
    number = draw(st.one_of(common, common, common, st.integers(4, _LARGEST_CLASS)))
    shortest = max((number - 1) * CLASS_BYTES - LENGTH_BYTES + 1, SHORTEST)
    longest = number * CLASS_BYTES - LENGTH_BYTES
    pictures: list[Any] = [draw(st.integers(0, 7)) < 7]
    for _ in range(2):
        length = draw(st.integers(shortest, longest))
        filler = draw(st.integers(0, min(LONGEST_FILLER, length - SHORTEST)))
        pictures.append([length, filler])
    return pictures


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Draw a trace as world.py has it."""
    start = _clock(_DAYS[0], 0) if draw(st.booleans()) else []
    return {
        "events": start + _flat(draw(st.lists(_phrase, min_size=1, max_size=_LONGEST))),
        "shots": draw(st.lists(_shot(), min_size=1, max_size=_SHOTS)),
        "alarms_differ": draw(st.booleans()),
        "aged": draw(st.booleans()),
        "start_ticks": draw(st.sampled_from((0, TICKS_PERIOD - 2000))),
    }
