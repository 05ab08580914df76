"""Plays a trace of the explorer on the virtual board: the real interpreter, real links, real time.

The board's processor is frozen but while it has something to do in the trace, so that inputs come
between the same ticks as in the exploration. What nobody can cause from outside (a soft reset of a
running detector, a crash between two chosen writes) is said, and the nearest that can is done.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from detector import codes
from detector.gate import HEARTBEAT_MS
from host_tools.bench.virtual import VirtualTarget
from host_tools.client import ArcClient, CommandRefused, HubClient
from host_tools.deadline import Deadline
from host_tools.flash import KeyFiles, flash_board
from host_tools.flash.image import Sabotage
from host_tools.prove.world import CONFIG, MAX_US

# A real board takes its time to answer: the short delays are longer here, and so is every step of
# a trace that can only be a part of one, being shorter than a heartbeat.
_SLOWER = 8
_DELAYS = ("exit_delay_ms", "entry_delay_ms")
_CONFIG = {
    **CONFIG,
    **{name: _SLOWER * CONFIG[name] for name in _DELAYS},
    "camera_settle_ms": 0,
    "watchdog_ms": 8000,
}
_BUSY = "never-done"
_CAMERA = {"busy": _BUSY, "ready": "", "failed": "no-sensor", "noise": "no-soi"}
_FLASH_S = 60.0
_READY_S = 10.0
_ANSWER_S = 3.0
# How long the processor runs so that the superloop has gone round at least once.
_LOOK_US = 5_000


class Stage:
    """A virtual board whose processor stands still between the inputs of a trace."""

    def __init__(self, folder: Path, change: Sabotage | None = None) -> None:
        """Prepare a board in `folder`, with a seeded fault in its firmware where given."""
        self._folder = folder
        self._change = change
        self._target = VirtualTarget(folder / "board", max_ms=MAX_US // 1000)
        self._hub: HubClient | None = None
        self._arc: ArcClient | None = None
        self._runs = False
        self._played: dict[str, Callable[..., None]] = {
            "line": self._line,
            "jumper": lambda level: self._target.jumper(bool(level)),
            "say": self._say,
            "tick": self._tick,
            "pass": self._pass,
            "break": self._target.fault,
            "mend": self._target.board.clear_fault,
            "reset": lambda _cause: self._reset(),
            "soft": lambda _cause: self._reset(),
            "main": lambda _flash: self._main(),
            "power": self._power,
            "unwritten": self._unwritten,
            "crash": self._crash,
        }

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Flash and provision the board, and cut its supply: every trace begins there."""
        try:
            self._bring_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close clients and board."""
        for client in (self._hub, self._arc):
            if client is not None:
                client.close()
        self._target.close()

    def _bring_up(self) -> None:
        target = self._target
        target.jumper(True)
        result = flash_board(
            target.ports.console,
            keys_dir=self._folder / "keys",
            config=_CONFIG,
            sabotage=self._change,
            deadline=Deadline(_FLASH_S),
        )
        if result.keys is None:
            raise RuntimeError("the board was not provisioned")
        target.power(False)
        target.jumper(False)
        target.camera(broken=_BUSY)
        self._listen(result.keys)

    def _listen(self, keys: KeyFiles) -> None:
        ports = self._target.ports
        self._hub = HubClient(ports.hub, keys.customer)
        self._arc = ArcClient(ports.uplink, keys.arc)
        self._hub.start()
        self._arc.start()

    # --- playing --------------------------------------------------------------------------------

    def play(self, word: str, *arguments: Any) -> None:
        """Let one input of a trace happen; see inputs.py."""
        action = self._played.get(word)
        if action is None:
            print(f"# {word} {arguments}: cannot be caused from outside, left out")
            return
        action(*arguments)

    def must_be(self, signal: str, level: int) -> None:
        """Hold a promise against what the witness sees now; AssertionError if it is broken."""
        found = self.levels()[signal]
        assert found == level, f"{signal} is {found}, not {level}"

    def levels(self) -> dict[str, int]:
        """Return what the witness sees now."""
        return self._target.levels()

    def clear(self) -> None:
        """Undo all that a trace has left: faults, lines, jumper, an armed detector."""
        self._power(0)
        self._target.clear_faults()
        self._target.camera(broken=_BUSY)
        self._target.lines_low()
        self._target.jumper(False)
        self._power(1)
        self._main()
        self._say("hub", "disarm")
        self._power(0)

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """Let the processor run inside."""
        self._target.hang(False)
        try:
            yield
        finally:
            self._target.hang(self._runs)

    def _wait(self, us: int) -> None:
        until_us = self._target.now_us() + us
        deadline = Deadline(us / 1e6 + _READY_S)
        deadline.wait_for(lambda: self._target.now_us() >= until_us, "the board's time")

    def _line(self, role: str, level: int) -> None:
        self._target.line(role, level)

    def _power(self, on: int) -> None:
        self._runs = False
        self._target.hang(False)
        self._target.power(bool(on))

    def _reset(self) -> None:
        self._runs = False
        self._target.hang(False)
        self._target.reset()

    def _main(self) -> None:
        """Come back when the detector is in a session with the hub; without it, soon."""
        assert self._hub is not None
        if self._target.levels()["SERVICE"]:
            return
        self._hub.connect(Deadline(_READY_S))
        self._runs = True
        self._target.hang(True)

    def _tick(self, ms: int, camera: str, store: str) -> None:
        self._wait(1000 * ms * (_SLOWER if ms < HEARTBEAT_MS else 1))
        self._target.camera(broken=_CAMERA[camera])
        fails = store.endswith("-fails")
        with self._failing_flash(fails), self._running():
            self._wait(_LOOK_US)

    def _pass(self, ms: int) -> None:
        self._wait(1000 * ms)

    def _say(self, link: str, name: str) -> None:
        assert self._hub is not None and self._arc is not None
        with self._running(), contextlib.suppress(TimeoutError):
            client = self._hub if link == "hub" else self._arc
            try:
                client.command(name, deadline=Deadline(_ANSWER_S))
            except CommandRefused as refusal:
                print(f"# {name} is refused: {codes.error_text(refusal.code)}")

    def _unwritten(self, _which: int | str, _why: str, step: tuple[Any, ...]) -> None:
        with self._failing_flash(True):
            self.play(*step)

    def _crash(self, how: str, _number: int, step: tuple[Any, ...]) -> None:
        self.play(*step)
        if how == "power":
            self._power(0)
        else:
            self._reset()

    @contextlib.contextmanager
    def _failing_flash(self, fails: bool) -> Iterator[None]:
        if fails:
            self._target.fault("flash-fails")
        try:
            yield
        finally:
            if fails:
                self._target.board.clear_fault("flash-fails")


def run(play: Callable[[Stage], None], change: Sabotage | None = None) -> None:
    """Play a trace on a board of its own and exit with 1 where a promise is broken."""
    with tempfile.TemporaryDirectory(prefix="sluss-replay-") as name:
        with Stage(Path(name), change) as stage:
            try:
                play(stage)
            except AssertionError as error:
                print(f"broken: {error}")
                sys.exit(1)
        print("kept")
