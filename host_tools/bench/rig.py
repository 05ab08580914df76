"""One bench session's board, from blank flash to running, and everything to be closed after it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools import ROOT
from host_tools.attestation import Attestation, ask
from host_tools.bench import waves
from host_tools.bench.kinds import Spec, Workplace, open_target
from host_tools.bench.session import FLASH_S, Bench
from host_tools.bench.target import (
    GATE_BYPASSED,
    LATCH_IGNORED,
    TargetError,
    TargetLostError,
    restart,
)
from host_tools.bench.transcript import Transcripts
from host_tools.boards import load_board
from host_tools.deadline import Deadline
from host_tools.flash import flash_board

CONFIG = ROOT / "tests" / "bench" / "bench_config.json"
DEVICE_ID = "sluss-bench"

_BROKEN_CIRCUITS = {
    "gate-bridged": GATE_BYPASSED,
    "latch-ignored": LATCH_IGNORED,
}
_TABLE_LINE = "GATE_OPEN = (False, False, True, False)"
_SABOTAGED_LINE = "GATE_OPEN = (False, True, True, False)"


Phase = Callable[[str, int, int], None]
"""What is going on outside tests: a sentence, steps done, steps in all (0: not known)."""


@dataclass(frozen=True)
class Plan:
    """What `sluss bench` was asked to do."""

    target: Spec
    folder: Path
    sabotage: str = ""
    selection: str = ""


class Rig:
    """The session's board from blank flash to running, and everything to be closed after it."""

    def __init__(self, plan: Plan, phase: Phase) -> None:
        """Prepare the run's folder; bring_up() does the rest."""
        self._plan = plan
        self._phase = phase
        self.device: dict[str, Any] = {}
        self.digests: dict[str, str] = {}
        self.attestation: Attestation | None = None
        for name in ("board", "keys", "transcripts", "pictures"):
            shutil.rmtree(plan.folder / name, ignore_errors=True)
        plan.folder.mkdir(parents=True, exist_ok=True)
        for path in plan.folder.glob("waves*.vcd"):
            path.unlink()
        self._transcripts = Transcripts(plan.folder / "transcripts")
        self._bench: Bench | None = None
        self._leaving = ExitStack()

    @property
    def bench(self) -> Bench:
        """The bench, once it is up."""
        if self._bench is None:
            raise TargetLostError("the board was never brought up")
        return self._bench

    @property
    def is_up(self) -> bool:
        """Whether there is a bench."""
        return self._bench is not None

    @property
    def lost(self) -> str:
        """Why the board is gone, "" while it is not."""
        return "" if self._bench is None else self._bench.witness.lost

    def bring_up(self) -> None:
        """Take the target, flash and provision it, pull the jumper, wait until it answers."""
        folder = self._plan.folder
        config = json.loads(CONFIG.read_text(encoding="utf-8"))
        broken = _BROKEN_CIRCUITS.get(self._plan.sabotage)
        self._phase(f"taking the target {self._plan.target.name}", 0, 0)
        workplace = Workplace(
            folder / "board" / "main", () if broken is None else (broken,), self._leaving
        )
        target = open_target(self._plan.target, workplace)

        def start() -> None:
            target.jumper(False)
            restart(target)

        target.jumper(True)
        self._transcripts.note("flashed through the console; mpremote's bytes are not kept here")
        try:
            result = flash_board(
                target.ports.console,
                board=target.model,
                keys_dir=folder / "keys",
                config=config,
                device_id=DEVICE_ID,
                sabotage=_open_in_armed if self._plan.sabotage == "opens-in-armed" else None,
                start=start,
                progress=self._phase,
                deadline=Deadline(FLASH_S),
            )
            if result.keys is None:
                raise TargetError("the board was not provisioned by this run")
            self._bench = Bench(target, result.keys, config, self._transcripts)
            self._bench.wait_ready()
            self.attestation = ask(self._bench.console)
            target.keep_for_spares()
        except BaseException:
            target.close()
            raise
        self.digests = result.digests
        self.device = {
            "id": result.device_id,
            "version": result.version,
            "board": result.board,
            "radio": load_board(result.board).radio,
            "build": result.facts.build,
            "interpreter": f"MicroPython {result.facts.interpreter}",
            "chip": result.facts.unique_id,
        }

    def begin_test(self, name: str) -> int:
        """Mark a test's beginning in the transcripts; return the witness's time of it (us)."""
        self._transcripts.note(name)
        return 0 if self._bench is None else self._bench.witness.last_us

    def transcript_paths(self) -> list[str]:
        """The transcripts, relative to the run's folder."""
        return [str(path.relative_to(self._plan.folder)) for path in self._transcripts.paths]

    def write_waves(self, tests: Sequence[waves.Mark]) -> list[str]:
        """Write each board's whole log as a VCD; return the names in the run's folder."""
        if self._bench is None:
            return []
        names = []
        for board, witness in self._bench.target.witnesses().items():
            is_main = board == "main"
            names.append("waves.vcd" if is_main else f"waves-{board}.vcd")
            waves.write(
                self._plan.folder / names[-1],
                board,
                witness.events(),
                tests if is_main else (),
            )
        return names

    def close(self) -> None:
        """Close everything."""
        if self._bench is not None:
            self._bench.close()
        try:
            self._leaving.close()
        except TargetError as error:
            self._phase(str(error), 0, 0)
        self._transcripts.close()


def _open_in_armed(path: str, text: str) -> str:
    """Sabotage: the table of the states lets the gate open in ARMED."""
    if path != "detector/states.py":
        return text
    if _TABLE_LINE not in text:
        raise TargetError("the sabotage does not find its line in detector/states.py")
    return text.replace(_TABLE_LINE, _SABOTAGED_LINE)
