"""The virtual board as a target: its circuit is the witness, a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from host_tools.bench import target as targets
from host_tools.bench.target import LINES, Ports, Served, Target, TargetError, TargetLostError
from host_tools.bench.witness import Witness
from host_tools.deadline import Deadline
from host_tools.virtual_board.circuit import ALIVE_US, MAX_US
from host_tools.virtual_board.client import VirtualBoard, VirtualBoardError
from host_tools.virtual_board.pictures import IMAGES
from host_tools.virtual_board.remote import RemoteBoard

# What a chip keeps without power; the logs beside it belong to the run that wrote them.
_FLASH = "flash.bin"
_PULSE_SLACK_S = 2.0


class Maker(Protocol):
    """Makes a board that has not been started; `flash` is what it holds at first."""

    def __call__(
        self, state: Path, flash: bytes | None, *, is_main: bool, **options: Any
    ) -> VirtualBoard: ...


def local_board(
    state: Path, flash: bytes | None, *, is_main: bool, **options: Any
) -> VirtualBoard:
    """Make a board whose process runs on this machine, with its flash in `state`."""
    if flash is not None:
        state.mkdir(parents=True, exist_ok=True)
        (state / _FLASH).write_bytes(flash)
    return VirtualBoard(state, **options)


def served_board(
    address: str, state: Path, flash: bytes | None, *, is_main: bool, **options: Any
) -> VirtualBoard:
    """Make a board whose process runs where `sluss sim --serve` listens at `address`."""
    return RemoteBoard(address, state, flash=flash, is_main=is_main, **options)


class VirtualTarget:
    """A virtual board on the bench; see target.Target for what each method does."""

    name = "virtual"
    model = "VIRTUAL"
    capabilities = targets.ALL_CAPABILITIES

    def __init__(
        self,
        state: Path,
        *,
        images: Path | None = None,
        broken: Sequence[str] = (),
        max_ms: int | None = None,
        flash_costs: str = "free",
        make: Maker = local_board,
        ports: Ports | None = None,
        flash: bytes | None = None,
        is_main: bool = True,
    ) -> None:
        """Start a board whose flash is in `state`; `broken` are faults it has for good.

        `ports` are given where they are known by other names than the board's own; `flash` is
        what a spare begins with.
        """
        self._state = state
        self._make = make
        self._ports = ports
        self._images = images
        self._before_camera = images  # the folder of pictures in front of it now
        self._broken = tuple(broken)
        self._max_us = MAX_US if max_ms is None else max_ms * 1000
        self._faults: set[str] = set()
        self._spares: list[VirtualTarget] = []
        self._spares_made = 0
        self._pristine: bytes | None = None
        self.witness = Witness(self)
        with _asking():
            self.board = make(
                state,
                flash,
                is_main=is_main,
                images=images,
                canary=True,
                flash_costs=flash_costs,
                max_us=self._max_us,
                on_event=self.witness.feed,
                on_lost=self.witness.lose,
            )
        try:
            with _asking():
                self.board.start()
                for name in self._broken:
                    self.board.fault(name)
        except TargetError:
            self.close()
            raise

    # --- for the witness --------------------------------------------------------------------

    def now_us(self) -> int:
        with _asking():
            return self.board.now_us()

    def levels(self) -> dict[str, int]:
        with _asking():
            return self.board.levels()

    def witnesses(self) -> dict[str, Witness]:
        spares = {f"spare-{n}": spare.witness for n, spare in enumerate(self._spares, start=1)}
        return {"main": self.witness, **spares}

    # --- lines, jumper, power ---------------------------------------------------------------

    @property
    def ports(self) -> Ports:
        if self._ports is not None:
            return self._ports
        with _asking():
            ports = self.board.ports
        return Ports(ports.console, ports.hub, ports.uplink)

    def line(self, role: str, level: int) -> int:
        with _asking():
            return self.board.line(role, level)

    def pulse(self, role: str, ms: int = 50) -> int:
        with _asking():
            rise_us = self.board.pulse(role, ms)
        self.witness.wait(role, 0, Deadline(ms / 1000 + _PULSE_SLACK_S), rise_us)
        return rise_us

    def lines_low(self) -> None:
        for role in LINES:
            self.line(role, 0)

    def jumper(self, fitted: bool) -> None:
        with _asking():
            self.board.jumper(fitted)

    def power(self, on: bool) -> None:
        with _asking():
            self.board.power(on)

    def power_cycle(self) -> None:
        with _asking():
            self.board.power_cycle()

    def reset(self) -> None:
        with _asking():
            self.board.reset()

    # --- faults -----------------------------------------------------------------------------

    def fault(self, name: str, value: int = 1) -> None:
        how = {"at": value, "during": True} if name == targets.FLASH_CUT else value
        with _asking():
            self.board.fault(name, how)
        self._faults.add(name)

    def clear_faults(self) -> None:
        with _asking():
            self.board.hang(False)
            for name in sorted(self._faults.difference(self._broken)):
                self.board.clear_fault(name)
            self.board.params(alive_us=ALIVE_US, max_us=self._max_us)
            for link in ("hub", "uplink"):
                self.board.uart_fault(link)
        self._faults.clear()
        self.camera()

    def timers(self, *, alive_ms: int | None = None, max_ms: int | None = None) -> None:
        with _asking():
            self.board.params(
                alive_us=None if alive_ms is None else alive_ms * 1000,
                max_us=None if max_ms is None else max_ms * 1000,
            )

    def camera(self, *, broken: str = "", delay_ms: int = 0, images: Path | None = None) -> None:
        wanted = self._images if images is None else images
        changed = None if wanted == self._before_camera else wanted or IMAGES
        with _asking():
            self.board.camera(broken=broken, delay_ms=delay_ms, images=changed)
        self._before_camera = wanted

    def served(self) -> list[Served]:
        with _asking():
            pictures = self.board.served()
        return [Served(picture.jpeg, picture.sha256, picture.canary) for picture in pictures]

    def link_fault(
        self, link: str, *, cut: bool = False, bit_error_rate: float = 0.0, drop: float = 0.0
    ) -> None:
        with _asking():
            self.board.uart_fault(link, cut=cut, bit_error_rate=bit_error_rate, drop=drop)

    def hang(self, on: bool) -> None:
        with _asking():
            self.board.hang(on)

    # --- flash ------------------------------------------------------------------------------

    def flash_image(self) -> bytes:
        with _asking():
            return self.board.flash_image()

    def flash_operations(self) -> int:
        with _asking():
            return self.board.flash_operations()

    def keep_for_spares(self) -> None:
        """Remember the flash as it is now: what spare(clone=True) starts with."""
        self._pristine = self.flash_image()

    def spare(
        self, *, clone: bool, max_ms: int | None = None, flash_costs: str = "free"
    ) -> Target:
        self._spares_made += 1
        state = self._state.with_name(f"{self._state.name}-spare-{self._spares_made}")
        shutil.rmtree(state, ignore_errors=True)
        flash = None
        if clone:
            flash = self.flash_image() if self._pristine is None else self._pristine
        spare = VirtualTarget(
            state,
            images=self._images,
            broken=self._broken,
            max_ms=max_ms,
            flash_costs=flash_costs,
            make=self._make,
            flash=flash,
            is_main=False,
        )
        self._spares.append(spare)
        return spare

    def close(self) -> None:
        for spare in self._spares:
            spare.close()
            shutil.rmtree(spare._state, ignore_errors=True)
        self._spares.clear()
        self.board.close()


@contextmanager
def _asking() -> Iterator[None]:
    """Turn the board's errors into the bench's: gone for good, or merely refused."""
    try:
        yield
    except VirtualBoardError as error:
        kind = (
            TargetLostError if "gone" in str(error) or "no answer" in str(error) else TargetError
        )
        raise kind(str(error)) from error
