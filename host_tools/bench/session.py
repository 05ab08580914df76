"""A running detector on the bench: its target, the clients on its three ports, its rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from host_tools.bench.hearsay import Hearsay
from host_tools.bench.target import Target, TargetLostError, restart
from host_tools.bench.transcript import Transcripts
from host_tools.bench.witness import LATCH, POWER, Witness, WitnessTimeoutError
from host_tools.boards import load_pins
from host_tools.client import ArcClient, CommandRefused, ConsoleClient, HubClient, LinkError
from host_tools.deadline import Deadline
from host_tools.flash import KeyFiles
from host_tools.flash.transport import ReplTransport
from host_tools.keyfile import KeyFile

# Patience with a starting or a disturbed detector; no verdict is made of these.
_READY_S = 5.0
_REST_S = 3.0
FLASH_S = 60.0

AT_REST = ""
_NO_FAULTS = "-"  # as the console prints an empty list


class NoRestError(Exception):
    """The detector answers, but cannot be brought to rest; the text says what is off."""


class Bench:
    """A running detector and its clients: what the fixtures hand out."""

    def __init__(
        self,
        target: Target,
        keys: KeyFiles,
        config: Mapping[str, Any],
        transcripts: Transcripts | None = None,
    ) -> None:
        """Take a target that is running; the clients open on first use."""
        self.target = target
        self.config = config
        self._keys = keys
        self._transcripts = transcripts
        self._hub: HubClient | None = None
        self._console: ConsoleClient | None = None
        self._arcs: list[ArcClient] = []
        self.hearsay = Hearsay()
        self.is_resting = False  # nobody has touched it since rest()

    @property
    def customer_keys(self) -> dict[str, bytes]:
        """The customer's keys by name."""
        return _keys(self._keys.customer)

    @property
    def arc_keys(self) -> dict[str, bytes]:
        """The alarm centre's keys by name."""
        return _keys(self._keys.arc)

    @property
    def witness(self) -> Witness:
        """The target's witness."""
        return self.target.witness

    # --- clients ----------------------------------------------------------------------------

    @property
    def hub(self) -> HubClient:
        """The customer's hub, with a session."""
        if self._hub is None:
            self._hub = HubClient(self.target.ports.hub, self._keys.customer, tap=self._tap("hub"))
            self._hub.on_body = self.hearsay.hear
            self._hub.start()
        self._hub.wait_connected(Deadline(_READY_S))
        return self._hub

    @property
    def console(self) -> ConsoleClient:
        """The console."""
        if self._console is None:
            self._console = ConsoleClient(self.target.ports.console, tap=self._tap("console"))
        return self._console

    @property
    def arc(self) -> ArcClient:
        """An alarm centre; the last one made, or a new one."""
        return self._arcs[-1] if self._arcs else self.new_arc()

    def new_arc(self) -> ArcClient:
        """Let a new alarm centre listen on the uplink, in place of the one before."""
        self._close_arcs()
        client = ArcClient(self.target.ports.uplink, self._keys.arc, tap=self._tap("uplink"))
        self._arcs.append(client)
        return client

    def status(self) -> dict[str, str]:
        """Return the firmware's own word, as the console prints it: words by name.

        A console over USB goes with the board's supply or reset; it is opened anew then.
        """
        try:
            return self.console.command("status").values
        except LinkError:
            if self._console is not None:
                self._console.close()
                self._console = None
            return self.console.command("status").values

    # --- rest -------------------------------------------------------------------------------

    def wait_ready(self) -> None:
        """Wait until a detector that was just started answers."""
        self.hub.command("status")

    def rest(self) -> str:
        """Bring the detector to rest; return why that took a power-cycle, "" where it took none.

        Rest is what the fixture `idle` promises. Raises NoRestError when it answers but is not at
        rest, TargetLostError when it is silent.
        """
        self.target.clear_faults()
        self.target.lines_low()
        self.target.jumper(False)
        if not self.target.witness.level(POWER):
            self.target.power(True)
        reason = self._unrest()
        if reason != AT_REST:
            restart(self.target)
            why = self._unrest(new_session=True)
            if why is None:
                raise TargetLostError(
                    f"the detector on {self.target.ports.hub} does not answer, not even after a"
                    " power-cycle"
                )
            if why != AT_REST:
                raise NoRestError(f"the detector does not come to rest: {why}")
        self.is_resting = True
        return "it does not answer" if reason is None else reason

    def _unrest(self, new_session: bool = False) -> str | None:
        """Disarm if need be and say what is off then: AT_REST for nothing, None for no answer."""
        try:
            if new_session:
                self.hub.connect(Deadline(_READY_S))
            status = self.status()
            if status["faults"] != _NO_FAULTS:
                return f"faults {status['faults']}"
            if status["state"] != "IDLE":
                with contextlib.suppress(CommandRefused):  # its capture ended by itself just now
                    self.hub.command("disarm")
                self._wait_idle()
            self.target.witness.until(LATCH, 0, Deadline(_REST_S))
        except NoRestError as error:
            return str(error)
        except WitnessTimeoutError:
            return "its latch stays set"
        except (TimeoutError, LinkError):
            return None
        return AT_REST

    def _wait_idle(self) -> None:
        deadline = Deadline(_REST_S)
        while self.status()["state"] != "IDLE":
            if deadline.expired:
                raise NoRestError("it does not become IDLE")

    # --- other boards -----------------------------------------------------------------------

    def spare(self, *, clone: bool, max_ms: int | None, flash_costs: str) -> Bench:
        """Start another whole board, a copy of this one."""
        board = self.target.spare(clone=clone, max_ms=max_ms, flash_costs=flash_costs)
        return Bench(board, self._keys, self.config)

    def hostile(self, source: str, max_ms: int | None) -> Target:
        """Put a program where the firmware belongs, on a blank board, and start it."""
        board = self.target.spare(clone=False, max_ms=max_ms)
        board.jumper(True)
        with contextlib.closing(ReplTransport(board.ports.console, Deadline(FLASH_S))) as repl:
            repl.start_repl()
            repl.fs_writefile("main.py", fill_pins(source, self.target.model).encode())
            repl.exit_raw_repl()
        board.jumper(False)
        board.power_cycle()
        return board

    # --- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """Close the clients and the target."""
        self._close_arcs()
        for client in (self._hub, self._console):
            if client is not None:
                client.close()
        self.target.close()

    def _close_arcs(self) -> None:
        while self._arcs:
            self._arcs.pop().close()

    def _tap(self, port: str) -> Callable[[str, bytes], None] | None:
        return None if self._transcripts is None else self._transcripts.tap(port)


def fill_pins(source: str, board: str) -> str:
    """Replace each `{ROLE}` in a program by the board's pin number."""
    pins = load_pins(board)
    for role in dir(pins):
        if role.isupper():
            source = source.replace("{" + role + "}", str(getattr(pins, role)))
    return source


def _keys(path: Path) -> dict[str, bytes]:
    return dict(KeyFile.read(path).keys)
