"""Every input that is possible in a state, and how it happens.

An input is a tuple: a word and its arguments, as in `("line", "TRIP_PANIC", 1)`.

    line ROLE LEVEL      a sensor line changes
    jumper LEVEL         the service jumper goes in or out
    say LINK NAME        a command arrives on "hub" or "uplink", well signed
    bad LINK HOW         a forged or a repeated one arrives
    tick MS CAMERA STORE time passes, then the controller's tick; how camera and store answer in it
                         ("unsettled": the journal has records that are not final yet)
    pass MS              time passes and nobody ticks: a hang, a prompt, no supply
    chores WHAT          the superloop's background work finds that erasing fails, that a record
                         cannot be made final, or forgeries
    uart HOLDS           the uplink's UART still holds bytes that were written, or has let them go
    break FAULT, mend FAULT   a part of the circuit
    soft CAUSE           soft reset: pins keep their levels, boot.py runs; the cause of the last
                         reset of the chip is still what can be read
    reset CAUSE          reset by the RUN pin or the watchdog: pads released, boot.py runs
    main FLASH           main.py runs; the journal in flash is "ok" or "unreadable"
    power ON             the supply is cut or restored
    unwritten N WHY INPUT  in this input the n-th append ("all": every one) finds that the flash
                         fails or that the journal is full
    crash HOW N INPUT    this input ends before its n-th change of a pad or of the journal: by an
                         error (main's handler shuts and resets), watchdog, soft reset, power cut
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from host_tools.prove import answers, claims, steps
from host_tools.prove import world as worlds
from host_tools.prove.chip import POWER_ON, WATCHDOG, ChipReset
from host_tools.prove.commands import FORGED, REPEATED, Commands
from host_tools.prove.stand_ins import ALL, FAILS, FULL
from host_tools.prove.world import State, World
from host_tools.virtual_board.circuit import LINES

Input = tuple[Any, ...]
CAUSES = {"run": POWER_ON, "watchdog": WATCHDOG}
CRASHES = ("error", "watchdog", "soft-run", "soft-watchdog", "power")
_BOOT_CRASHES = ("watchdog", "power")
UNSETTLED = "unsettled"
_ENDS_KEPT = 50_000  # of a few hundred bytes each
_CHORES = ("journal", "settle", "store", "forged")
_MANY_UNSETTLED = 8  # record.py waits no longer
# How a poll of the camera or of the store can end, by what the capture is at.
_WHILE_EXPOSING = (
    *(("ready", "ok"), ("ready", "begin-full"), ("ready", "begin-fails"), ("failed", "ok")),
)
_WHILE_READING = (
    *(("noise", "ok"), ("busy", "chunk-full"), ("busy", "chunk-fails"), ("busy", "finish-fails")),
)


class Inputs:
    """Knows what can happen in a world, and lets it happen."""

    def __init__(
        self, world: World, lines: tuple[str, ...] = LINES, faults: tuple[str, ...] = ()
    ) -> None:
        """Take a world, the lines that change and what of the circuit may break and mend."""
        self._world = world
        self._lines = lines
        self._faults = faults
        self._commands = Commands(world)
        self._do: dict[str, Callable[..., None]] = {
            "line": self._line,
            "jumper": self._jumper,
            "say": self._commands.say,
            "bad": self._commands.say_badly,
            "tick": self._tick,
            "pass": world.let_pass,
            "chores": self._chores,
            "uart": self._uart,
            "break": lambda fault: self._set_fault(fault, True),
            "mend": lambda fault: self._set_fault(fault, False),
            "soft": lambda cause: world.start_chip(CAUSES[cause], soft=True),
            "reset": self._reset,
            "main": self._main,
            "power": self._power,
            "unwritten": self._unwritten,
        }
        self.violations: list[tuple[str, str]] = []
        self._moments: list[State] = []
        self._ends: dict[tuple[str, State], tuple[State, list[tuple[str, str]]]] = {}
        world.chip.on_effect = self._note_moment

    # --- one input ------------------------------------------------------------------------------

    def run(self, state: State, step: Input) -> State:
        """Restore a state, let an input happen and return the next state.

        `violations` holds what it violated.
        """
        if step[0] == "crash":
            _word, how, number, inner = step
            self.run(state, inner)
            return self._end_at(self._moments[number], how)
        world = self._world
        world.restore(state)
        faults = world.faults() if world.runs else None
        self._moments = []
        try:
            self.let_happen(step)
        except ChipReset:  # a start that failed: main's handler has shut and reset
            self._reset("watchdog")
        plain = step[3] if step[0] == "unwritten" else step
        world.witness.after_input(plain[0] == "tick", faults)
        self.violations = world.witness.violations
        return world.pack()

    def let_happen(self, step: Input) -> None:
        """Let an input happen to the world as it is; ChipReset where main's handler resets."""
        self._do[step[0]](*step[1:])

    def successors(self, state: State) -> Iterator[tuple[Input, State]]:
        """Yield every input that is possible, with the next state; see `violations` each time."""
        world = self._world
        world.restore(state)
        runs = world.runs
        for step in list(self._possible(state)):
            yield step, self.run(state, step)
            moments = self._moments
            if not moments:
                continue
            appends = world.choice.appends
            for number, moment in enumerate(moments):
                for how in CRASHES if runs or step[0] == "main" else _BOOT_CRASHES:
                    yield ("crash", how, number, step), self._end_at(moment, how)
            for which in (*range(appends), ALL) if appends > 1 else range(appends):
                for why in (FAILS, FULL):
                    further = ("unwritten", which, why, step)
                    yield further, self.run(state, further)

    def _note_moment(self) -> None:
        """Keep what would be left if the program ended here, before it changes something."""
        self._moments.append(self._world.pack_outside())

    def _end_at(self, moment: State, how: str) -> State:
        """Return the state after the program ended at a moment; many moments are the same."""
        found = self._ends.get((how, moment))
        if found is None:
            if len(self._ends) >= _ENDS_KEPT:
                self._ends.clear()
            found = self._ends[how, moment] = self._find_end(moment, how)
        after, self.violations = found
        return after

    def _find_end(self, moment: State, how: str) -> tuple[State, list[tuple[str, str]]]:
        world = self._world
        self._moments = []
        world.restore_outside(moment)
        if how == "error":
            try:
                world.stop(RuntimeError())
            except ChipReset:
                world.witness.after_stop()
        if how.startswith("soft"):
            world.start_chip(CAUSES[how.removeprefix("soft-")], soft=True)
        elif how == "power":
            world.cut_power()
        else:
            self._reset("watchdog")
        world.witness.after_input(False, None)
        return world.pack(), world.witness.violations

    # --- what is possible -----------------------------------------------------------------------

    def _possible(self, state: State) -> Iterator[Input]:
        """Yield every plain input in the state that the world is in."""
        world = self._world
        mode, circuit = world.mode, world.circuit
        for role in self._lines:
            yield ("line", role, 0 if circuit.line(role) else 1)
        yield ("jumper", 0 if circuit.service else 1)
        yield from (("pass", ms) for ms in steps.without_a_tick(world))
        if mode == answers.OFF:
            yield ("power", 1)
            return
        yield ("power", 0)
        for cause in CAUSES:
            yield ("soft", cause)
            yield ("reset", cause)
        if circuit.faults:
            yield from (("mend", fault) for fault in circuit.faults)
        else:
            yield from (("break", fault) for fault in self._faults)
        if mode == answers.PROMPT:
            yield from (("main", flash) for flash in ("ok", "unreadable"))
        if mode == answers.RUNNING:
            yield from self._possible_running(state)

    def _possible_running(self, state: State) -> Iterator[Input]:
        world = self._world
        if world.looked:
            for link, names in self._commands.names.items():
                yield from (("say", link, name) for name in names)
                yield from (("bad", link, how) for how in (FORGED, REPEATED))
        yield from (("chores", what) for what in _CHORES)
        if world.uart_holds or world.app.uplink.is_open:
            yield ("uart", not world.uart_holds)
        yield from (("tick", ms, "busy", "ok") for ms in steps.to_a_tick(world, state))
        if world.in_alarm() and not world.controller.event.uplinked:
            yield ("tick", 0, "busy", UNSETTLED)
        capture, phases = world.controller.capture, world.firmware.capture
        if capture._phase == phases._EXPOSING:
            yield from (("tick", 0, *answer) for answer in _WHILE_EXPOSING)
        elif capture._phase == phases._READING:
            yield from (("tick", 0, *answer) for answer in _WHILE_READING)

    # --- how it happens -------------------------------------------------------------------------

    def _line(self, role: str, level: int) -> None:
        world = self._world
        if level:
            world.witness.on_edge(role)
        world.circuit.set_line(role, bool(level), world.now_us())
        world.chip.publish()

    def _jumper(self, level: int) -> None:
        world = self._world
        world.circuit.set_service(bool(level), world.now_us())
        world.chip.publish()

    def _tick(self, ms: int, camera: str, store: str) -> None:
        world = self._world
        world.let_pass(ms)
        world.choice.camera, world.choice.store = camera, store
        world.choice.unsettled = int(store == UNSETTLED)
        world.witness.on_tick()
        world.controller.tick(world.ticks_ms())
        world.looked = True

    def _chores(self, what: str) -> None:
        world = self._world
        app = world.app
        ticks = world.firmware.ticks
        made = ticks.add_ms(world.ticks_ms(), -worlds.CHORES_REST_MS)
        chores = world.firmware.chores.Chores(app.controller, app.hub, app.uplink, made)
        journal, store = app.controller.record.journal, app.controller.store
        journal.failing = what == "journal"
        store.failing = what == "store"
        app.hub.auth_failures = 1 if what == "forged" else 0
        chores.poll(world.ticks_ms())
        journal.failing = store.failing = False
        if what == "settle":
            world.choice.unsettled = _MANY_UNSETTLED
            app.controller.record.settle(world.ticks_ms(), False)

    def _uart(self, holds: bool) -> None:
        self._world.uart_holds = holds

    def _set_fault(self, fault: str, on: bool) -> None:
        world = self._world
        world.circuit.set_fault(fault, on, world.now_us())
        world.witness.broken = True
        world.given_up = claims.given_up(world.circuit.faults)
        world.chip.publish()

    def _reset(self, cause: str) -> None:
        world = self._world
        world.witness.cycled = world.witness.cycled or cause == "run"
        world.start_chip(CAUSES[cause])

    def _main(self, flash: str) -> None:
        self._world.choice.is_unreadable = flash == "unreadable"
        self._world.run_main()

    def _power(self, on: int) -> None:
        if on:
            self._world.restore_power()
        else:
            self._world.cut_power()

    def _unwritten(self, which: int | str, why: str, step: Input) -> None:
        self._world.choice.unwritten, self._world.choice.why = which, why
        self._do[step[0]](*step[1:])
