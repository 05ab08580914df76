"""Time steps: to both sides of whatever the firmware or the circuit will do by itself.

The firmware's deadlines are read from its state, by the layout's table. Time passes in one piece:
a tick that comes late, as after a flash erase or a hang, overshoots everything nearer.
"""

from __future__ import annotations

from host_tools.prove import world as worlds
from host_tools.prove.layout import LONGEST_TICK_MS
from host_tools.prove.world import State, World


def to_a_tick(world: World, state: State) -> list[int]:
    """Return after how many ms the next tick may come.

    At once; one before and exactly at the next deadline; around the marks of a hang; and as late
    as it can be. Where nothing is due, time changes nothing.
    """
    moments = _deadlines_ms(world, state) | _timers_ms(world) | _promised_ms(world)
    if not moments:
        return [0]
    longest = LONGEST_TICK_MS - _silent_ms(world)
    hangs = {moment for moment in moments if moment >= world.firmware.gate.LAPSED_MS - 1}
    steps = _around({min(moments), *hangs}) | {longest}
    return sorted(step for step in steps if 0 <= step <= longest)


def without_a_tick(world: World) -> list[int]:
    """Return how many ms may pass while nobody ticks: around the circuit's timers."""
    longest = LONGEST_TICK_MS - _silent_ms(world) if world.runs else worlds.MAX_US
    return sorted(step for step in _around(_timers_ms(world)) if 0 < step <= longest)


def _silent_ms(world: World) -> int:
    """Return how long ago the detector ticked."""
    return int(world.firmware.ticks.diff_ms(world.ticks_ms(), world.controller.now_ms))


def _deadlines_ms(world: World, state: State) -> set[int]:
    """Return in how many ms the firmware will do something."""
    first = len(world.outer.names)
    found = set()
    for place, after_ms in world.inner.moments:
        ticks = state[first + place]
        if ticks is not None and ticks + after_ms > 0:
            found.add(ticks + after_ms)
    return found


def _promised_ms(world: World) -> set[int]:
    """Return in how many ms the witness expects something, whatever the firmware means to do."""
    witness = world.witness
    ends = (
        *(witness.exit_until, witness.shut_until),
        *(witness.capture_until, witness.trip_until),
    )
    moments = {(until - world.now_us()) // 1000 for until in ends if until is not None}
    return {moment for moment in moments if moment > 0}


def _timers_ms(world: World) -> set[int]:
    """Return in how many ms a timer of the circuit changes something."""
    alive_us, max_us = world.circuit.state(world.now_us())[-2:]
    if not world.circuit.net("UPLINK_EN"):
        alive_us = None
    return {us // 1000 for us in (alive_us, max_us) if us is not None}


def _around(moments: set[int]) -> set[int]:
    """Return no time, and each moment with the millisecond before it."""
    return {0, *moments, *(moment - 1 for moment in moments)}
