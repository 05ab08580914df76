"""The product of firmware and circuit: restore a state, let one input happen, take the state.

Everything happens at START_TICKS plus what the input itself lets pass, so two states are the same
if nothing but the date differs.
"""

from __future__ import annotations

from typing import Any

from host_tools.flash.image import Sabotage
from host_tools.prove import claims, edges, stand_ins
from host_tools.prove.anatomy import changing_attributes, reachable
from host_tools.prove.answers import BOOTING, OFF, PROMPT, RUNNING, SERVICE, STARTING, Answers
from host_tools.prove.chip import POWER_ON, WATCHDOG, Chip, ChipReset
from host_tools.prove.firmware import Firmware
from host_tools.prove.layout import START_TICKS, START_US, Layout
from host_tools.prove.terms import terms_of
from host_tools.prove.witness import Witness
from host_tools.virtual_board.circuit import ALIVE_US, Circuit

State = tuple[Any, ...]

# Small, and still in the order of a real one's: two of the longest ticks are shorter than MAX. A
# panic alarm ends by its window, one after an entry delay by MAX.
CONFIG: dict[str, Any] = {
    "exit_delay_ms": 60,
    "entry_delay_ms": 50,
    "window_ms": 4400,
    "capture_timeout_ms": 500,
    "debounce_ms": 2,
    "burst_intrusion": 1,
    "burst_contact": 1,
    "burst_fire": 2,
    "burst_panic": 1,
    "burst_tamper": 1,
    "shot_interval_ms": 0,
    "entry_zones": ["contact"],
}
MAX_US = 4_430_000
CHORES_REST_MS = 1000  # longer than the chores rest between two looks


class World(Answers):
    """One product; a worker process has one. Attributes are for this package only."""

    STATE = ("mode", "looked", "power_on", "uart_holds")

    def __init__(self, change: Sabotage | None = None, start_ticks: int = START_TICKS) -> None:
        """Load the firmware, with `change` a seeded fault; every input begins at `start_ticks`."""
        self.start_ticks = start_ticks
        self.circuit = Circuit(ALIVE_US, MAX_US)
        self.chip = Chip(self.circuit)
        self.firmware = Firmware(self.chip.modules(), change)
        self.choice = stand_ins.Choice()
        self.stored = stand_ins.Stored()
        self.witness = Witness(self, terms_of(self.firmware, CONFIG))
        self.chip.on_change = self.witness.on_change
        self.mode = OFF
        self.looked = False  # the detector has ticked once: before that no session can be there
        self.power_on = False  # what the coming start will read as the reset's cause
        self.uart_holds = False
        self.given_up: frozenset[str] = frozenset()
        self.reply: dict[str, object] = {}
        self._set_start()
        self.app: Any = None
        self.objects: tuple[Any, ...] = ()
        self._hal_class = edges.install(self.firmware, self, CONFIG)
        outside = {
            "world": self,
            "stored": self.stored,
            "chip": self.chip,
            "circuit": self.circuit,
            "witness": self.witness,
        }
        self._outside = tuple(outside.values())
        self.outer = Layout(outside, frozenset(), {}, start_ticks)
        self.circuit.set_power(False, START_US)
        self.initial: State = self.pack()
        self.inner = self._find_layout()
        self.restore(self.initial)

    def _find_layout(self) -> Layout:
        """Start the detector once, to see what it is made of."""
        self.restore_power()
        try:
            self.run_main()
        except ChipReset as reset:
            raise RuntimeError("the detector does not start here") from (
                self.firmware.last_error or reset
            )
        firmware = self.firmware
        names = {
            "states": firmware.states,
            "gate": firmware.gate,
            "gatekeeper": firmware.gatekeeper,
            "capture": firmware.capture,
            "config": self.controller.config,
        }
        changing = changing_attributes(firmware.sources.values())
        objects = self.parts_of(self.controller)
        return Layout(objects, changing, names, self.start_ticks)

    def serve(self) -> None:
        """Take it that the service program runs; a stand-in's call."""
        self.mode = SERVICE

    def take_app(self, app: Any) -> None:
        """Take a detector that is about to run; a stand-in's call."""
        self.app = app
        self.mode = RUNNING

    # --- time -----------------------------------------------------------------------------------

    def ticks_ms(self) -> int:
        """Return the firmware's time."""
        return self._ticks_ms

    def now_us(self) -> int:
        """Return the circuit's time."""
        return self.chip.now_us

    def let_pass(self, ms: int) -> None:
        """Let time pass for the circuit; its timers fire at their own time."""
        end_us = self.now_us() + 1000 * ms
        due_us = self.circuit.next_deadline_us()
        while due_us is not None and due_us <= end_us:
            self._set_time(due_us)
            self.circuit.advance(due_us)
            self.chip.publish()
            due_us = self.circuit.next_deadline_us()
        self._set_time(end_us)

    def _set_start(self) -> None:
        self.chip.now_us, self._ticks_ms = START_US, self.start_ticks

    def _set_time(self, now_us: int) -> None:
        self.chip.now_us = now_us
        self._ticks_ms = int(
            self.firmware.ticks.add_ms(self.start_ticks, (now_us - START_US) // 1000)
        )

    # --- states ---------------------------------------------------------------------------------

    def pack(self) -> State:
        """Return the state that the world is in."""
        ticks, now_us = self.ticks_ms(), self.now_us()
        outside = self.outer.pack(self._outside, ticks, now_us)
        if self.mode != RUNNING:
            return tuple(outside)
        return tuple(outside + self.inner.pack(self.objects, ticks, now_us))

    def restore(self, state: State) -> None:
        """Bring the world into a state, with no time passed and nothing violated."""
        self._set_start()
        count = len(self.outer.names)
        self.outer.restore(self._outside, state[:count])
        if self.mode == RUNNING:
            self.inner.restore(self.objects, state[count:])
            self._match_uplink()
        self._begin()

    def pack_outside(self) -> State:
        """Return the part of the state that outlives the program; the witness's part is last."""
        outside = self.outer.pack(self._outside, self.ticks_ms(), self.now_us())
        nothing = self.witness.NOTHING_RUNS
        return tuple(outside[: -len(nothing)] + nothing)

    def restore_outside(self, outside: State) -> None:
        """Bring back what outlived a program, with no time passed and nothing violated."""
        self.outer.restore(self._outside, outside)
        self._set_start()
        self._begin()

    def _begin(self) -> None:
        self.choice.clear()
        seen = self.chip.refresh()
        self.given_up = claims.given_up(seen.faults)
        self.witness.begin(seen)

    def _match_uplink(self) -> None:
        uplink = self.app.uplink
        if uplink.is_open == uplink.link.enabled:
            return
        if uplink.is_open:
            uplink.opened(self.start_ticks, self.controller.event)
        else:
            uplink.closed()

    def _is_state(self, thing: object) -> bool:
        kind = type(thing)
        if isinstance(thing, self.firmware.hub.Hub | self.firmware.config.Config):
            return False
        return kind.__module__.startswith("detector.") or kind.__name__ in ("Journal", "Uplink")

    def parts_of(self, controller: Any) -> dict[str, Any]:
        """Return every object of the firmware whose attributes are state, by its path."""
        return reachable(controller, self._is_state)

    # --- the chip's life ------------------------------------------------------------------------

    def start_chip(self, cause: int, soft: bool = False) -> None:
        """Run boot.py after a reset with `cause`; after a soft one pins stay as they were."""
        self.mode = BOOTING
        self.looked = False
        self.uart_holds = False
        self.power_on = cause == POWER_ON
        if soft and self.power_on:
            self.witness.cycled = True  # as far as the firmware can know: claims.SOFT_RESET
        if not soft:
            self.chip.release()
            self.witness.after_reset()
        self.firmware.run("boot.py")
        self.mode = PROMPT
        self.witness.after_boot()

    def run_main(self) -> None:
        """Run main.py: the detector starts, or the service program."""
        self.mode = STARTING
        self.chip.reset_cause = POWER_ON if self.power_on else WATCHDOG
        self.power_on = False
        self.chip.reset_asked = False
        self.witness.armed = self.stored.armed
        stored_faults = self.stored.faults
        self.firmware.run("main.py")
        if self.chip.reset_asked:
            raise ChipReset
        if self.mode == RUNNING:
            self.objects = tuple(self.parts_of(self.controller).values())
            self.witness.after_start(stored_faults, self.choice.is_unreadable)

    def stop(self, error: BaseException) -> None:
        """Do what main's handler does with an error: it ends in a reset."""
        self.mode = STARTING  # the controller's word counts no more
        self.firmware.app._stop(self._hal_class(), error)

    def cut_power(self) -> None:
        """Cut the supply."""
        self.mode = OFF
        self.looked = False
        self.witness.forget()
        self.chip.release()
        self.circuit.set_power(False, self.now_us())
        self.uart_holds = False
        self.chip.publish()

    def restore_power(self) -> None:
        """Restore the supply; the chip starts."""
        self.circuit.set_power(True, self.now_us())
        self.chip.publish()
        self.witness.cycled = True
        self.start_chip(POWER_ON)
