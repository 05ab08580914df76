"""No state is a dead end: from wherever the search has come to, the way out is tried.

The way out is that of a person: pull the jumper, switch on, let the lines fall, disarm, wait for a
picture to end. It must lead to IDLE; there a panic trip must open the gate, unless a fault forbids
it or the circuit is broken. States from which this was seen to work are remembered.
"""

from __future__ import annotations

from host_tools.prove import answers, claims
from host_tools.prove import world as worlds
from host_tools.prove.digest import digest_of, pack
from host_tools.prove.inputs import Input, Inputs
from host_tools.prove.layout import START_US
from host_tools.prove.world import State, World
from host_tools.virtual_board.circuit import LINES

_STEPS = 24  # more than the longest way there is
_LOOK: Input = ("tick", 0, "busy", "ok")
_PANIC = "TRIP_PANIC"


class Escape:
    """Finds the way out of states and remembers those that have one."""

    def __init__(self, world: World, inputs: Inputs) -> None:
        self._world = world
        self._inputs = inputs
        self._good: set[int] = set()  # digests
        self.steps = 0  # transitions that were made here

    def check(self, state: State) -> tuple[str, list[Input]]:
        """Return why there is no way out ("" if there is one), and the way that was tried."""
        way: list[Input] = []
        passed: list[int] = []
        while len(way) < _STEPS:
            digest = digest_of(pack(state))
            if digest in self._good:
                break
            passed.append(digest)
            self._world.restore(state)
            step = self._next()
            if step is None:
                why = self._try_panic(state, way)
                if why:
                    return why, way
                break
            way.append(step)
            state = self._run(state, step)
        else:
            return "a disarm does not lead to IDLE", way
        self._good.update(passed)
        return "", way

    def _run(self, state: State, step: Input) -> State:
        self.steps += 1
        return self._inputs.run(state, step)

    def _next(self) -> Input | None:
        """Return the next step on the way out; None in IDLE, at rest."""
        world = self._world
        circuit = world.circuit
        if world.mode == answers.OFF:
            return ("power", 1)
        if circuit.service:
            return ("jumper", 0)
        if world.mode == answers.SERVICE:
            return ("reset", "run")
        if world.mode == answers.PROMPT:
            return ("main", "ok")
        for role in LINES:
            if circuit.line(role):
                return ("line", role, 0)
        if world.uart_holds:
            return ("uart", False)
        if not world.looked:
            return _LOOK
        return self._next_running()

    def _next_running(self) -> Input | None:
        world = self._world
        state, states = world.controller.state, world.firmware.states
        if state == states.CUSTOMER_CAPTURE:
            left_us = (world.witness.capture_until or 0) - START_US
            return ("tick", max(0, left_us // 1000), "busy", "ok")
        if state != states.IDLE:
            return ("say", "hub", "disarm")
        if any(zone.high for zone in world.controller.zones.all) or world.controller.service:
            return _LOOK
        if world.circuit.latch_sense and not world.circuit.faults and not world.blocked():
            return _LOOK
        return None

    def _try_panic(self, state: State, way: list[Input]) -> str:
        world = self._world
        if world.circuit.faults or world.blocked():
            return ""
        for step in self._panic_steps():
            way.append(step)
            state = self._run(state, step)
        world.restore(state)
        if world.circuit.gate and world.in_alarm():
            return ""
        return "IDLE, and a panic trip does not open the gate"

    def _panic_steps(self) -> tuple[Input, ...]:
        debounced = ("tick", worlds.CONFIG["debounce_ms"], "busy", "ok")
        return (_LOOK, ("line", _PANIC, 1), _LOOK, debounced)


INVARIANT = claims.NO_DEAD_END
