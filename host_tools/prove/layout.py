"""What of an object is state: found in its attributes, not listed, so that code may change.

A state is a tuple of small numbers. Ticks are taken relative to now, so that the space is finite;
what cannot influence anything is left out. The table below says so attribute by attribute; an
attribute that it does not name counts in full. That what is left out decides nothing is tested
(tests/proof/test_layout.py), not believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Every explored input begins at this tick: deadlines straddle the wrap at 2^30.
START_TICKS = (1 << 30) - 30
START_US = 1_000_000_000_000
_MASK = (1 << 30) - 1
_HALF = 1 << 29
# The watchdog resets a detector that has not ticked for so long; longer than ALIVE.
LONGEST_TICK_MS = 2100
# Further away than every deadline and tolerance; a past beyond it is one past.
_FAR_MS = 1 << 13
_COUNT = 1 << 20  # stands for a counter of which only equality is asked


@dataclass(frozen=True)
class Row:
    """How an attribute counts; expressions see its owner as `o`."""

    kind: str  # tick, plain, until, dropped, held, leads, follows
    while_: str = "True"  # elsewhere it decides nothing
    moments: tuple[str, ...] = ()  # of a tick: what happens so many ms after it
    bound: str = ""  # beyond which all is one; of a tick: so many ms ago
    leader: str = ""
    otherwise: str = "None"


def tick(while_: str, *moments: str, past: str = "") -> Row:
    """Count a tick while something holds; `moments` come so many ms after it."""
    last = f"max({', '.join(moments)}, 0)" if moments else ""
    return Row("tick", while_, moments, past or last)


def plain(while_: str = "True", bound: str = "") -> Row:
    """Count a value as it is, while something holds and up to a bound."""
    return Row("plain", while_, bound=bound)


def dropped(_why: str) -> Row:
    """Leave an attribute out: it decides nothing."""
    return Row("dropped")


def held(_why: str) -> Row:
    """Keep an attribute as it is after a start: what else it could decide is not explored."""
    return Row("held")


_TOLD_ONLY = "goes into records and messages only"
_FIXED = "never changes"
_CLOCK = "decides only whether a clock command is refused, or has a record"

ROWS: Mapping[str, Row] = {
    # --- firmware -------------------------------------------------------------------------------
    "Controller.now_ms": tick("True", past=f"{LONGEST_TICK_MS}"),
    "Controller.exit_ms": tick("o.exit_running", "0"),
    "Controller.entry_ms": tick("o.entry_running", "0"),
    "Controller._window_ms": tick("o.state == states.ALARM", "0"),
    "Controller._capture_ms": tick("o.state == states.CUSTOMER_CAPTURE", "0"),
    "Gate.clears": Row("leads"),
    "Gate.arms": Row("leads"),
    "Gate._beat_ms": tick("o.wanted", "gate.HEARTBEAT_MS", "gate.LAPSED_MS", "gate.ALIVE_MS"),
    "Disagreement._since_ms": tick("o._is_on", "gate.SENSE_TOLERANCE_MS + 1"),
    "Zone._low_clears": Row("follows", leader="Gate.clears"),
    "Zone._low_arms": Row("follows", leader="Gate.arms"),
    "Zone._high_ms": tick("o.high and not o.reported", "config.debounce_ms"),
    "Gatekeeper._stray_clears": Row("follows", leader="Gate.clears"),
    "Gatekeeper._useless_clears": plain(bound="gatekeeper._CLEARS_BEFORE_FAULT + 1"),
    "Record._settle_ms": held("decides only when the key of a record is destroyed"),
    "Trips._looked_ms": tick("True", past="config.debounce_ms"),
    "Trips._set_clears": Row("follows", leader="Gate.clears"),
    "Trips._gap_ms": plain(bound="config.debounce_ms"),
    "Trips._gap_before_ms": plain(bound="config.debounce_ms"),
    "AlarmEvent.id": dropped(_TOLD_ONLY),
    "AlarmEvent.kind": plain("o.running"),
    "AlarmEvent.opened": plain("o.running"),
    "AlarmEvent.kinds": dropped(_TOLD_ONLY),
    "AlarmEvent.trips": held("decides only whether a 17th trip has a record of its own"),
    "AlarmEvent.opened_ms": dropped(_TOLD_ONLY),
    "Clock.day": held(_CLOCK),
    "Clock.second": held(_CLOCK),
    "Clock._at_ms": held(_CLOCK),
    "Clock.known": held(_CLOCK),
    "Clock.up_days": held(_CLOCK),
    "Clock._up_second": held(_CLOCK),
    "Zone.kind": held(_FIXED),
    "Capture._event_id": dropped(_TOLD_ONLY),
    "Capture.image_id": dropped(_TOLD_ONLY),
    "Capture._interval_ms": plain(),
    "Capture._kind": plain("o._phase"),
    "Capture._shots": plain("o._phase"),
    "Capture._left": plain("o._storing"),
    "Capture._is_first": plain("o._storing"),
    "Capture._last_byte": plain("o._storing"),
    "Capture._has_end": plain("o._storing"),
    "Capture._chunks": plain("o._storing"),
    "Capture._shot_ms": tick("o._phase == capture._WAITING", "0"),
    "Capture.error": dropped("read in the tick that sets it"),
    "Capture.camera_error": dropped("read in the tick that sets it"),
    # --- the circuit, and whoever watches -------------------------------------------------------
    # While UPLINK_EN is low ALIVE may as well have been set right now: an opening sets it anyway.
    "Circuit._alive_until": Row(
        "until",
        "o._faults or o._levels & o._driven & 1",
        otherwise="(o._alive_until and o.alive_us)",
    ),
    "Circuit.alive_us": held(_FIXED),
    "Circuit.max_us": held(_FIXED),
}


class Layout:
    """Packs a fixed list of objects into a tuple, and back; `names[i]` names what is at i."""

    def __init__(
        self,
        objects: Mapping[str, Any],
        changing: frozenset[str],
        names: Mapping[str, Any],
        start_ticks: int = START_TICKS,
    ) -> None:
        """Take objects by name; of those of the firmware only `changing` attributes count.

        `names` are what the expressions of the table may use; a restored state is at
        `start_ticks` and START_US.
        """
        self._changing = changing
        self._start_ticks = start_ticks
        self._globals = {**names, "_rel": _relative}
        self.names: list[str] = []
        self.moments: list[tuple[int, int]] = []  # (place in the tuple, ms after it)
        self._values: list[str] = []  # expressions, in the order of the tuple
        self._targets: list[str] = []
        self._after: list[str] = []  # statements that finish a restore
        # (object's index, attribute, place in the tuple where it may be None, or -1): what is left
        # out always, or while that place is None. For the test that it decides nothing.
        self.left_out: list[tuple[int, str, int]] = []
        # (leading counter, object's index, attribute): all with one leader may grow together.
        self.counters: list[tuple[str, int, str]] = []
        self._leaders = self._find_leaders(objects)
        for index, (path, thing) in enumerate(objects.items()):
            for attribute in self._attributes(thing):
                self._add(index, path, thing, attribute)
        self.pack, self.restore = self._generate(len(objects))

    def _attributes(self, thing: Any) -> Iterator[str]:
        if hasattr(thing, "STATE"):  # the explorer's own parts say what counts
            yield from thing.STATE
            return
        ours = type(thing).__module__.startswith("detector.")
        for attribute, value in vars(thing).items():
            if ours and attribute not in self._changing:
                continue
            if value is None or isinstance(value, int):
                yield attribute
            elif isinstance(value, list | dict | set | bytearray | str | bytes | float):
                raise TypeError(f"{type(thing).__name__}.{attribute}: how does it count as state?")

    def _find_leaders(self, objects: Mapping[str, Any]) -> dict[str, str]:
        return {
            f"{type(thing).__name__}.{attribute}": f"o{index}.{attribute}"
            for index, thing in enumerate(objects.values())
            for attribute in vars(thing)
            if not hasattr(thing, "STATE") and _row(thing, attribute).kind == "leads"
        }

    def _add(self, index: int, path: str, thing: Any, attribute: str) -> None:
        row = _row(thing, attribute)
        owner = f"o{index}"
        name = f"{owner}.{attribute}"
        temp = f"t{len(self._targets)}"
        if row.kind in ("dropped", "held"):
            if row.kind == "dropped":
                self.left_out.append((index, attribute, -1))
            self._after.append(f"{name} = {getattr(thing, attribute)!r}")
            return
        if row.kind == "leads":
            self.counters.append((f"{type(thing).__name__}.{attribute}", index, attribute))
            self._after.append(f"{name} = {_COUNT}")
            return
        value, target = name, name
        if row.kind == "follows":
            value = f"{name} == {self._leaders[row.leader]}"
            target = temp
            self.counters.append((row.leader, index, attribute))
            self._after.append(f"{name} = {_COUNT} if {temp} else {_COUNT - 1}")
        elif row.kind == "tick":
            value = f"_rel({name}, ticks, {row.bound or _FAR_MS})"
            target = temp
            self._after.append(f"{name} = ({self._start_ticks} + ({temp} or 0)) & {_MASK}")
            self._note_moments(row)
        elif row.kind == "until":
            value = f"(None if {name} is None else max(0, {name} - now_us))"
            target = temp
            self._after.append(f"{name} = None if {temp} is None else {START_US} + {temp}")
        elif row.bound:
            value = f"min({name}, {row.bound})"
        if row.while_ != "True":
            if row.otherwise == "None":
                self.left_out.append((index, attribute, len(self._values)))
            condition = row.while_.replace("o.", f"{owner}.")
            value = f"({value} if {condition} else {row.otherwise.replace('o.', f'{owner}.')})"
            if target == name:
                target = temp
                self._after.append(f"{name} = {temp} or 0")
        self.names.append(f"{path}.{attribute}")
        self._values.append(value)
        self._targets.append(target)

    def _note_moments(self, row: Row) -> None:
        place = len(self._values)
        for moment in row.moments:
            self.moments.append((place, int(eval(moment, dict(self._globals)))))

    def _generate(self, count: int) -> tuple[Any, Any]:
        objects = "".join(f"o{index}, " for index in range(count))
        lines = [
            "def pack(objects, ticks, now_us):",
            f"    {objects} = objects",
            f"    return ({''.join(value + ', ' for value in self._values)})",
            "def restore(objects, values):",
            f"    {objects} = objects",
            f"    ({''.join(target + ', ' for target in self._targets)}) = values",
            *(f"    {statement}" for statement in self._after),
        ]
        made = dict(self._globals)
        exec(compile("\n".join(lines), "<layout>", "exec"), made)
        return made["pack"], made["restore"]


def _row(thing: Any, attribute: str) -> Row:
    row = ROWS.get(f"{type(thing).__name__}.{attribute}")
    if row is not None:
        return row
    if attribute.endswith("_ms"):
        return tick("True", "0")
    if attribute.endswith("_until"):
        return Row("until")
    return plain()


def _relative(ticks_ms: int, now_ms: int, past_ms: int) -> int:
    relative = ((ticks_ms - now_ms + _HALF) & _MASK) - _HALF
    if relative < -past_ms:
        return -past_ms
    return _FAR_MS if relative > _FAR_MS else relative
