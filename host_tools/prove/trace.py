"""A trace to be read, and the same trace as a script that plays it on the virtual board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from host_tools.flash.image import Sabotage
from host_tools.prove import answers, claims
from host_tools.prove.inputs import Input, Inputs
from host_tools.prove.search import Violation
from host_tools.prove.world import World
from host_tools.virtual_board.circuit import LINES, PINS

_SCRIPT = '''\
"""{invariant}: {sentence}.

Written by `sluss prove`. It plays the shortest way there on the virtual board: exit code 1 if the
board breaks the promise, 0 if it keeps it.
"""

from host_tools.prove.replay import Stage, run


def play(board: Stage) -> None:
{steps}{judgement}

run(play)
'''


@dataclass(frozen=True)
class Seen:
    """What the witness sees after a step."""

    step: Input
    ms: int  # since the trace began
    what: str
    levels: dict[str, int]
    violated: tuple[str, ...]


def follow(trace: tuple[Input, ...], change: Sabotage | None = None) -> list[Seen]:
    """Go a trace again and note what the witness sees after each step."""
    world = World(change)
    inputs = Inputs(world)
    state = world.initial
    ms = 0
    seen = []
    for step in trace:
        state = inputs.run(state, step)
        ms += _passed_ms(step)
        violated = tuple(f"{name}: {sentence}" for name, sentence in inputs.violations)
        world.restore(state)
        seen.append(Seen(step, ms, _what(world), _levels(world), violated))
    return seen


def words(step: Input) -> str:
    """Say an input in words."""
    if step[0] == "crash":
        return f"{words(step[3])} -- ends before its change {step[2]}, by {step[1]}"
    if step[0] == "unwritten":
        return f"{words(step[3])} -- append {step[1]} {step[2]}"
    if step == ("main", "ok"):
        return "main"
    if step[0] == "tick" and step[2:] == ("busy", "ok"):
        return f"tick after {step[1]} ms"
    return " ".join(str(part) for part in step)


def text(seen: list[Seen]) -> Iterator[str]:
    """Yield a trace line by line: when, which input, what the witness sees then."""
    for number, entry in enumerate(seen, 1):
        yield f"{number:3} {entry.ms:6} ms  {words(entry.step):44} {entry.what}"
        yield from (f"{'':15}VIOLATED {sentence}" for sentence in entry.violated)


def script(violation: Violation, seen: list[Seen]) -> str:
    """Return a Python program that plays a violation's trace on the virtual board."""
    steps = "".join(f"    board.play{_call(entry.step)}  # {entry.what}\n" for entry in seen)
    wanted = _wanted(violation, seen[-1].levels)
    judgement = "".join(f'    board.must_be("{name}", {level})\n' for name, level in wanted)
    if not wanted:
        judgement = "    # The violation was within the last input; afterwards nothing shows it.\n"
    return _SCRIPT.format(
        invariant=violation.invariant,
        sentence=violation.sentence,
        steps=steps,
        judgement=judgement,
    )


def _call(step: Input) -> str:
    return f"({', '.join(repr(part) for part in step)})"


def _wanted(violation: Violation, levels: dict[str, int]) -> list[tuple[str, int]]:
    """Say which levels at the trace's end would have kept the promise."""
    if violation.invariant == claims.NO_DEAD_END:
        return [] if levels["GATE"] else [("GATE", 1)]
    names = {"arm line": "ARM_CONTACT", "latch": "LATCH", "gate": "GATE"}
    for word, signal in names.items():
        if word in violation.sentence and levels[signal]:
            return [(signal, 0)]
    return []


def _passed_ms(step: Input) -> int:
    if step[0] in ("crash", "unwritten"):
        return _passed_ms(step[3])
    return int(step[1]) if step[0] in ("tick", "pass") else 0


def _what(world: World) -> str:
    mode = answers.MODE_NAMES[world.mode] if not world.runs else world.state_name()
    circuit = world.circuit
    high = [role for role in LINES if circuit.line(role)]
    high += [role for role in PINS if circuit.net(role)]
    shown = [mode, "gate OPEN" if circuit.gate else "gate shut"]
    if circuit.latch:
        shown.append("latch")
    if circuit.service:
        shown.append("jumper")
    return ", ".join([*shown, *high])


def _levels(world: World) -> dict[str, int]:
    circuit = world.circuit
    nets = {role: int(circuit.net(role)) for role in PINS}
    return {"GATE": int(circuit.gate), "LATCH": int(circuit.latch), **nets}
