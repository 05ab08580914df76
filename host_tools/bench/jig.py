"""A board in a jig as a target: the jig drives its pins and is its witness.

What the jig cannot do (break the circuit, look into camera and flash) raises TargetError, and the
tests that need it are skipped. The power may be cut only when the jig has seen that the rail
falls: some USB hubs say that they cut it, and do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host_tools.bench import target as targets
from host_tools.bench.target import LINES, Ports, Served, Target, TargetError, TargetLostError
from host_tools.bench.witness import COUNTERS, POWER, RESET, SERVICE, Witness
from host_tools.deadline import Deadline
from host_tools.jig.client import JigClient, JigError, JigLostError
from host_tools.links.port import LinkError
from jig import pins, words

AT_MOST = frozenset({targets.POWER, targets.RESET})
_START_S = 10.0
_PULSE_SLACK_S = 2.0
_CONSOLE_S = 10.0  # USB finds a board within two seconds
_NOT_WATCHED = ("RUN", "TX_SILENT")  # told as RESET
# The firmware's transmit buffer and the chip's FIFO, at the uplink's baud rate, and the tick in
# which they are counted: what is seen on the wire later than this was written later.
_UART_BYTES = 2200 + 32
WRITTEN_LATE_US = _UART_BYTES * 10 * 1_000_000 // pins.BAUDS[2] + 1000


class JigTarget:
    """One board in a jig; see target.Target for what each method does."""

    name = "jig"

    def __init__(self, jig: str, ports: Ports, model: str) -> None:
        """Take the jig on its port, switch the board on, and find out whether that is true."""
        self.model = model
        self._ports = ports
        self._resets = 0
        self.witness = Witness(self, written_late_us=WRITTEN_LATE_US)
        self.capabilities = frozenset({targets.RESET})
        try:
            self._client = JigClient(jig, self._feed, self.witness.lose)
        except LinkError as error:
            raise TargetError(str(error)) from error
        try:
            with _asking():
                self._client.start(Deadline(_START_S))
            self.power(True)
            if self._proves_its_cut():
                self.capabilities = AT_MOST
        except TargetError:
            self.close()
            raise

    # --- for the witness --------------------------------------------------------------------

    def now_us(self) -> int:
        with _asking():
            return self._client.now_us()

    def levels(self) -> dict[str, int]:
        with _asking():
            values = self._client.signals().values
        return {
            **{name: value for name, value in values.items() if name not in _NOT_WATCHED},
            # Which is not on the wires that a jig counts is what it always was.
            **{counter: values.get(counter, 0) for counter in COUNTERS},
            RESET: self._resets,
        }

    def witnesses(self) -> dict[str, Witness]:
        return {"main": self.witness}

    def _feed(self, t_us: int, signal: str, value: int) -> None:
        if signal == RESET:
            self._resets = value
        self.witness.feed(t_us, signal, value)

    # --- lines, jumper, power ---------------------------------------------------------------

    @property
    def ports(self) -> Ports:
        return self._ports

    def line(self, role: str, level: int) -> int:
        with _asking():
            return self._client.time_of(f"line {role} {level}")

    def pulse(self, role: str, ms: int = 50) -> int:
        with _asking():
            rise_us = self._client.time_of(f"pulse {role} {ms}")
        self.witness.wait(role, 0, Deadline(ms / 1000 + _PULSE_SLACK_S), rise_us)
        return rise_us

    def lines_low(self) -> None:
        with _asking():
            self._client.ask("low")

    def jumper(self, fitted: bool) -> None:
        with _asking():
            self._client.ask(f"jumper {fitted:d}")

    def power(self, on: bool) -> None:
        if not on and targets.POWER not in self.capabilities:
            raise TargetError(
                "the supply of this board is not cut by its jig: POWER did not fall when it was"
                " switched off, so no test of a power cut would mean anything"
            )
        with _asking():
            self._client.ask(f"power {on:d}")
        if on:
            self._await_console()

    def _await_console(self) -> None:
        """Wait until the console is there again: over USB it has gone with the supply."""
        path = Path(self._ports.console)
        if not path.is_absolute():  # a pyserial URL, or a name that only its driver knows
            return
        try:
            Deadline(_CONSOLE_S).wait_for(path.exists, f"no console {path} after power-on")
        except TimeoutError as error:
            raise TargetError(str(error)) from error

    def power_cycle(self) -> None:
        self.power(False)
        self.power(True)

    def reset(self) -> None:
        with _asking():
            self._client.ask("reset")

    def _proves_its_cut(self) -> bool:
        """Cut the supply once and say whether the rail fell; afterwards it is on again."""
        with _asking():
            try:
                self._client.ask("power 0")
            except JigError as error:
                if error.code != words.ERR_SUPPLY:
                    raise
                return False
            finally:
                self._client.ask("power 1")
        return True

    # --- what a jig cannot do ---------------------------------------------------------------

    def fault(self, name: str, value: int = 1) -> None:
        raise _cannot("break the circuit")

    def clear_faults(self) -> None:
        """Nothing that a jig could have done is left to undo."""

    def timers(self, *, alive_ms: int | None = None, max_ms: int | None = None) -> None:
        raise _cannot("shorten the circuit's timers")

    def camera(self, *, broken: str = "", delay_ms: int = 0, images: Path | None = None) -> None:
        if broken or delay_ms or images is not None:  # without these it mends what nobody broke
            raise _cannot("change the camera")

    def served(self) -> list[Served]:
        raise _cannot("know what the camera delivered")

    def link_fault(
        self, link: str, *, cut: bool = False, bit_error_rate: float = 0.0, drop: float = 0.0
    ) -> None:
        raise _cannot("disturb a link")

    def hang(self, on: bool) -> None:
        raise _cannot("stop the firmware without a reset")

    def flash_image(self) -> bytes:
        raise _cannot("read the flash")

    def flash_operations(self) -> int:
        raise _cannot("count flash operations")

    def keep_for_spares(self) -> None:
        """There are no spares."""

    def spare(
        self, *, clone: bool, max_ms: int | None = None, flash_costs: str = "free"
    ) -> Target:
        raise _cannot("start another board")

    def close(self) -> None:
        self._client.close()


def _cannot(what: str) -> TargetError:
    return TargetError(f"a jig cannot {what}")


@contextmanager
def _asking() -> Iterator[None]:
    """Turn the jig's errors into the bench's: gone for good, or merely refused."""
    try:
        yield
    except JigLostError as error:
        raise TargetLostError(str(error)) from error
    except JigError as error:
        raise TargetError(str(error)) from error


# The jig's table of pins has every line and signal that the bench speaks of by name.
_MISSING = {*LINES, SERVICE, POWER, *COUNTERS} - {*pins.SIGNALS, *pins.WIRES}
if _MISSING:
    raise ImportError(f"the jig has no pins for {sorted(_MISSING)}")
