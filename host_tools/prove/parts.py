"""What is explored: situations to start from, and the parts that the run consists of.

Breadth-first from power-on, the interesting states lie deep; so each situation that matters is
entered by a short script first, and every sequence of inputs is tried from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from host_tools.prove.inputs import Input
from host_tools.prove.world import CONFIG, MAX_US
from host_tools.virtual_board.circuit import FAULTS, LINES

Script = tuple[Input, ...]


def _tick(ms: int = 0, camera: str = "busy", store: str = "ok") -> Input:
    return ("tick", ms, camera, store)


def _trip(role: str) -> Script:
    return (("line", role, 1), _tick(), _tick(CONFIG["debounce_ms"]))


def _say(name: str, link: str = "hub") -> Input:
    return ("say", link, name)


def _unwritten(step: Input) -> Input:
    return ("unwritten", "all", "fails", step)


_IDLE: Script = (("power", 1), ("main", "ok"), _tick())
_EXIT: Script = (*_IDLE, _say("arm"))
_ARMED: Script = (*_EXIT, _tick(CONFIG["exit_delay_ms"]), _tick())
_PANIC: Script = (*_IDLE, *_trip("TRIP_PANIC"), _tick())
_INTRUSION: Script = (*_ARMED, *_trip("TRIP_INTRUSION"), _tick())
_ENTRY: Script = (*_ARMED, *_trip("TRIP_CONTACT"))
_CAPTURE: Script = (*_IDLE, _say("capture"))
_WATCHDOG: Script = (("reset", "watchdog"), ("main", "ok"), _tick())
# All lines that need arming, not debounced yet.
_RISING: Script = (
    *(("line", role, 1) for role in ("TRIP_INTRUSION", "TRIP_CONTACT", "TAMPER")),
    _tick(),
)
_BEAT_MS = 250
_BEATS: Script = (_tick(_BEAT_MS),) * 8
_BEFORE_MAX: Script = (*_ENTRY, _tick(CONFIG["entry_delay_ms"]), *_BEATS, *_BEATS)
# MAX counts from the line's rise.
_REST_MS = (
    MAX_US // 1000 - CONFIG["debounce_ms"] - CONFIG["entry_delay_ms"] - 2 * len(_BEATS) * _BEAT_MS
)

SITUATIONS: Mapping[str, Script] = {
    "no supply": (),
    "boot.py has run": _IDLE[:1],
    "service program": (("jumper", 1), *_IDLE[:2]),
    "IDLE": _IDLE,
    "IDLE, a line high at boot": (("line", "TRIP_PANIC", 1), *_IDLE),
    "IDLE, lines rising": (*_IDLE, *_RISING),
    "exit delay": _EXIT,
    "exit delay, lines rising": (*_EXIT, *_RISING),
    "exit delay just over": _ARMED[:-1],
    "exit delay just over, lines rising": (*_ARMED[:-1], *_RISING),
    "ARMED": _ARMED,
    "ARMED after a reset": (*_ARMED, *_WATCHDOG),
    "ARMED, a line high at boot": (*_ARMED, ("line", "TRIP_CONTACT", 1), *_WATCHDOG[:2]),
    "ARMED, jumper in": (*_ARMED, ("jumper", 1)),
    "stray latch": (*_ARMED, ("line", "TAMPER", 1), ("line", "TAMPER", 0), _tick()),
    "entry delay": _ENTRY,
    "entry delay, last tick": (*_ENTRY, _tick(CONFIG["entry_delay_ms"] - 1)),
    "ALARM after an entry delay": (*_ENTRY, _tick(CONFIG["entry_delay_ms"]), _tick()),
    "ALARM, before MAX": _BEFORE_MAX,
    "ALARM, MAX over": (*_BEFORE_MAX, ("pass", _REST_MS)),
    "ALARM, MAX over while a line rises": (
        *_BEFORE_MAX,
        ("line", "TRIP_PANIC", 1),
        _tick(),
        ("pass", _REST_MS),
    ),
    "ALARM from IDLE": _PANIC,
    "ALARM from ARMED": _INTRUSION,
    "ALARM, line low again": (*_INTRUSION, ("line", "TRIP_INTRUSION", 0), _tick()),
    "ALARM from IDLE, line low again": (*_PANIC, ("line", "TRIP_PANIC", 0), _tick()),
    "ALARM, last beat": (*_INTRUSION, *_BEATS),
    "ALARM in the exit delay": (*_EXIT, *_trip("TRIP_FIRE"), _tick()),
    "ALARM without a record": (*_IDLE, *_trip("TRIP_PANIC")[:2], _unwritten(_tick(2))),
    "ALARM without a record, MAX over while a line rises": (
        *_IDLE,
        *_trip("TRIP_FIRE")[:2],
        ("unwritten", "all", "full", _tick(2)),
        _tick(2000),
        _tick(2000),
        ("line", "TRIP_PANIC", 1),
        _tick(),
        ("pass", MAX_US // 1000 - 2 * 2000 - 2),
    ),
    "ALARM, jumper in": (*_PANIC, ("jumper", 1)),
    "ALARM, a hang": (*_PANIC, ("pass", 2000)),
    "disarmed, line still high": (*_PANIC, _say("disarm")),
    "handled": (*_INTRUSION, _say("handled", "uplink")),
    "CUSTOMER_CAPTURE": _CAPTURE,
    "CUSTOMER_CAPTURE, lines rising": (*_CAPTURE, *_RISING),
    "CUSTOMER_CAPTURE, lines high": (*_CAPTURE, *_RISING, _tick(CONFIG["debounce_ms"])),
    "CUSTOMER_CAPTURE from ARMED": (*_ARMED, _say("capture")),
    "CUSTOMER_CAPTURE, storing": (*_CAPTURE, _tick(0, "ready")),
    "CUSTOMER_CAPTURE in an entry delay": (*_ENTRY, _say("capture")),
    "CUSTOMER_CAPTURE, last tick": (*_CAPTURE, _tick(CONFIG["capture_timeout_ms"] - 1)),
    "a fault": (*_IDLE, _unwritten(_say("capture")), _tick()),
    "a fault in ALARM": (*_PANIC, _unwritten(_say("disarm")), *_trip("TRIP_FIRE")),
}


@dataclass(frozen=True)
class Part:
    """A search of its own, with its own set of visited states."""

    name: str
    title: str
    roots: tuple[Script, ...]
    lines: tuple[str, ...] = LINES
    faults: tuple[str, ...] = ()  # what may break and mend
    share: float = 1.0  # of the run's budget


def _broken() -> tuple[Script, ...]:
    """Return every situation with every part of the circuit broken in it."""
    return tuple((*script, ("break", fault)) for script in SITUATIONS.values() for fault in FAULTS)


_ALL = (
    Part("broken", "circuit broken", _broken(), faults=FAULTS, share=0.3),
    Part("power-on", "from power-on", ((),), share=0.25),
    Part("sound", "from situations", tuple(SITUATIONS.values()), share=0.45),
)
PARTS: Mapping[str, Part] = {part.name: part for part in _ALL}
