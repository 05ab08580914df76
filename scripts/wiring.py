"""Writes what a person wires a board by, from its pins.py: a list of wires and a picture.

scripts/wiring.py text     the lists into pins.py, and wiring.yaml, the picture's source
scripts/wiring.py draw     wiring.svg from wiring.yaml: needs WireViz, and `dot` of Graphviz

The picture names the digest of its source, so that tests can tell an old one without drawing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from host_tools.boards import BOARDS_DIR, board_names, load_board, load_pins
from host_tools.pin_facts import Module, module_of
from host_tools.wires import Wire, circuit, pull_down_ohm, wires

BEGIN = "# Connect (this list is made by `make wiring`):\n"
_ITEM = "#   "
_USES = {"key": "out", "out": "out", "in": "in", "both": "both"}
_POWERED = "gate"  # the connector that takes the module's supply along


def real_boards() -> list[str]:
    """Return the boards that somebody has to wire."""
    return [name for name in board_names() if load_board(name).flasher != "none"]


def by_connector(found: list[Wire]) -> dict[str, list[Wire]]:
    """Return the wires of each connector of the circuit's board, in the order of its pins."""
    return {
        name: rows
        for name in circuit()["connectors"]
        if (rows := [wire for wire in found if wire.to == name])
    }


# --- the list in pins.py -------------------------------------------------------------------------


def connect_list(board: str) -> str:
    """Return the list of wires as it stands in the board's pins.py, as comments."""
    module = module_of(load_board(board))
    lines = [BEGIN]
    for connector, rows in by_connector(wires(load_pins(board))).items():
        short = circuit()["connectors"][connector].split()[0]
        lines += [_item(module, wire, f"{short}-{at}") for at, wire in enumerate(rows, 1)]
        if connector == _POWERED:
            lines += [
                f"{_ITEM}{_place(module, what, pin)}{short}-{len(rows) + at}\n"
                for at, (what, pin) in enumerate(module.power.items(), 1)
            ]
    return "".join(lines)


def with_list(text: str, board: str) -> str:
    """Return the text of a pins.py with its list of wires as it should be."""
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        head, docstring_end, rest = text.partition('"""\n\n')
        return f"{head}{docstring_end}{connect_list(board)}\n{rest}"
    lines = rest.splitlines(keepends=True)
    while lines and lines[0].startswith(_ITEM):
        lines.pop(0)
    return before + connect_list(board) + "".join(lines)


def _item(module: Module, wire: Wire, at: str) -> str:
    place = _place(module, module.label(wire.gpio), str(module.header.get(wire.gpio, "")))
    pull = f"{pull_down_ohm() / 1000:g} kOhm down" if wire.pull == "down" else ""
    pull = "pulled up" if wire.pull == "up" else pull
    text = f"{at:6}{wire.role:16}{_USES[wire.use]:5}{pull:15}{wire.means}"
    return f"{_ITEM}{place}{text}\n"


def _place(module: Module, name: str, pin: str) -> str:
    return f"{name:6}{f'pin {pin}' if module.header else '':8}"


# --- the picture ---------------------------------------------------------------------------------


def wiring_yaml(board: str) -> str:
    """Return the source of the board's picture, for WireViz."""
    module = module_of(load_board(board))
    groups = {
        name: _ends(module, rows, name == _POWERED)
        for name, rows in by_connector(wires(load_pins(board))).items()
    }
    every = [end for ends in groups.values() for end in ends]
    lines = ["# Made from pins.py by `make wiring`.", "connectors:"]
    lines += ["  MCU:", f"    type: {json.dumps(module.name)}"]
    lines.append(f"    pins: {json.dumps([pin for pin, _label, _role in every])}")
    if module.header:
        lines.append(f"    pinlabels: {json.dumps([label for _pin, label, _role in every])}")
    for name, ends in groups.items():
        lines += [f"  {name}:", f"    type: {json.dumps(circuit()['connectors'][name])}"]
        lines.append(f"    pinlabels: {json.dumps([role for _pin, _label, role in ends])}")
    lines.append("cables:")
    for name, ends in groups.items():
        lines += [f"  to_{name}:", f"    wirecount: {len(ends)}", "    color_code: IEC"]
    lines.append("connections:")
    for name, ends in groups.items():
        pins = json.dumps([pin for pin, _label, _role in ends])
        every_one = f"[1-{len(ends)}]"
        lines += [
            f"  - - MCU: {pins}",
            f"    - to_{name}: {every_one}",
            f"    - {name}: {every_one}",
        ]
    return "\n".join(lines) + "\n"


def _ends(module: Module, rows: list[Wire], powered: bool) -> list[tuple[object, str, str]]:
    """Return of each wire the module's pin, what is printed beside that, and the role."""
    labels = [(module.label(wire.gpio), module.header.get(wire.gpio), wire.role) for wire in rows]
    found = [(pin or label, label, role) for label, pin, role in labels]
    if powered:
        found += [
            (int(pin) if pin.isdigit() else pin, what, what) for what, pin in module.power.items()
        ]
    return found


def note(source: str) -> str:
    """Return the comment that a picture made from `source` carries."""
    digest = hashlib.sha256(source.encode()).hexdigest()
    return f"<!-- made from wiring.yaml, SHA-256 {digest} -->"


def draw(board: str) -> None:
    """Draw wiring.svg from wiring.yaml."""
    from wireviz import wireviz  # optional: pyproject.toml, group "wiring"

    folder = BOARDS_DIR / board
    source = (folder / "wiring.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="sluss-wiring-") as name:
        wireviz.parse(source, output_formats=("svg",), output_dir=name, output_name="wiring")
        picture = (Path(name) / "wiring.svg").read_text(encoding="utf-8")
    head, tag, rest = picture.partition("<svg")
    lines = [line.rstrip() for line in f"{head}{note(source)}\n{tag}{rest}".splitlines()]
    (folder / "wiring.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_text(board: str) -> None:
    """Write the list of wires and the picture's source."""
    pins = BOARDS_DIR / board / "pins.py"
    pins.write_text(with_list(pins.read_text(encoding="utf-8"), board), encoding="utf-8")
    (BOARDS_DIR / board / "wiring.yaml").write_text(wiring_yaml(board), encoding="utf-8")


def main() -> int:
    """Run the command line."""
    if sys.argv[1:] not in (["text"], ["draw"]):
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1:] == ["draw"] and shutil.which("dot") is None:
        print("wiring: Graphviz's `dot` is missing: apt-get install graphviz", file=sys.stderr)
        return 1
    for board in real_boards():
        (write_text if sys.argv[1] == "text" else draw)(board)
    return 0


if __name__ == "__main__":
    sys.exit(main())
