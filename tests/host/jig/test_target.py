"""A board in a jig as a target of the bench: what it can do, and what it says that it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools import ROOT
from host_tools.bench import jig as jig_module
from host_tools.bench import kinds
from host_tools.bench import target as targets
from host_tools.bench.jig import WRITTEN_LATE_US, JigTarget
from host_tools.bench.session import Bench
from host_tools.bench.target import LINES, Ports, Target, TargetError, TargetLostError, restart
from host_tools.bench.witness import GATE, POWER, RESET
from host_tools.deadline import Deadline
from host_tools.flash import KeyFiles
from host_tools.links.port import LinkError
from jig import pins
from tests.host.jig.test_client import ScriptedJig
from tests.host.virtual_board_helpers import OPEN_GATE, LoggedBoard, run


class FakeTarget:
    """Ports alone."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    def close(self) -> None:
        pass


_PORTS = Ports("console", "hub", "uplink")
_SLUSS = "from host_tools.cli import main; main()"


@pytest.fixture
def target(board: LoggedBoard) -> Iterator[JigTarget]:
    """The board as a target."""
    target = JigTarget(board.jig_port, _PORTS, "VIRTUAL")
    yield target
    target.close()


def test_it_switches_the_board_on_and_has_proved_that_it_can_cut_its_power(
    board: LoggedBoard, target: JigTarget
) -> None:
    assert target.capabilities == {targets.POWER, targets.RESET}
    edges = [event.value for event in target.witness.events(POWER)]
    assert edges == [0, 1, 0, 1]
    assert board.levels()["POWER"] == 1


def test_a_cut_that_is_pretended_is_not_among_its_capabilities(board: LoggedBoard) -> None:
    board.jig_fault("pretends-power")
    target = JigTarget(board.jig_port, _PORTS, "VIRTUAL")
    assert target.capabilities == {targets.RESET}
    with pytest.raises(TargetError, match="POWER did not fall"):
        target.power(False)
    with pytest.raises(TargetError, match="POWER did not fall"):
        target.power_cycle()
    assert target.witness.level(POWER) == 1
    since = target.now_us()
    restart(target)
    assert target.witness.events(RESET, since)
    target.close()


def test_a_restart_cuts_the_power_where_that_is_to_be_had(target: JigTarget) -> None:
    since = target.now_us()
    restart(target)
    assert [event.value for event in target.witness.events(POWER, since)] == [0, 1]


def test_levels_are_those_that_the_bench_speaks_of(target: JigTarget) -> None:
    levels = target.levels()
    assert levels.keys() == {*pins.SIGNALS, *pins.WIRES, RESET} - {"RUN", "TX_SILENT"}
    assert levels[RESET] == 1


def test_a_trip_opens_the_gate_and_a_pulse_comes_back_after_its_fall(
    board: LoggedBoard, target: JigTarget
) -> None:
    run(board, OPEN_GATE)
    rose = target.pulse("TRIP_PANIC", 20)
    falls = [event for event in target.witness.events("TRIP_PANIC", rose) if not event.value]
    assert falls[0].t_us - rose >= 19_000
    assert target.witness.wait(GATE, 1, Deadline(1), rose).t_us == rose
    target.jumper(True)
    assert target.witness.level(GATE) == 0


def test_lines_low_lowers_them_all(board: LoggedBoard, target: JigTarget) -> None:
    for role in LINES:
        target.line(role, 1)
    target.lines_low()
    assert [board.levels()[role] for role in LINES] == [0] * len(LINES)


@pytest.mark.parametrize(
    "ask",
    [
        lambda target: target.fault(targets.GATE_BRIDGED),
        lambda target: target.timers(max_ms=5),
        lambda target: target.camera(broken="no-eoi"),
        lambda target: target.camera(delay_ms=5),
        lambda target: target.served(),
        lambda target: target.link_fault("hub", cut=True),
        lambda target: target.hang(True),
        lambda target: target.flash_image(),
        lambda target: target.flash_operations(),
        lambda target: target.spare(clone=True),
    ],
)
def test_what_a_jig_cannot_do_is_said(ask: Callable[[Target], object], target: JigTarget) -> None:
    with pytest.raises(TargetError, match="a jig cannot"):
        ask(target)


def test_undoing_what_nobody_did_is_no_error(target: JigTarget) -> None:
    target.clear_faults()
    target.camera()
    target.keep_for_spares()


def test_a_console_that_went_with_the_supply_is_waited_for(
    board: LoggedBoard, target: JigTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jig_module, "_CONSOLE_S", 0.2)
    console = tmp_path / "console"
    console.touch()
    target._ports = Ports(str(console), "hub", "uplink")
    target.power_cycle()
    console.unlink()
    with pytest.raises(TargetError, match=r"no console .* after power-on"):
        target.power_cycle()


def test_a_console_that_is_lost_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "console"
    first, second = ScriptedJig(), ScriptedJig()
    target = FakeTarget(Ports(str(path), "hub", "uplink"))
    bench = Bench(target, KeyFiles(tmp_path, tmp_path), {})  # type: ignore[arg-type]
    for console, state in ((first, "ARMED"), (second, "IDLE")):
        console.answers["status"] = f"OK state={state}"
        path.unlink(missing_ok=True)
        path.symlink_to(console.port)
        assert bench.status() == {"state": state}
        console.close()
    with pytest.raises(LinkError):
        bench.status()
    bench.close()


def test_a_jig_that_is_lost_is_a_lost_target(board: LoggedBoard, target: JigTarget) -> None:
    board.jig_reset()
    Deadline(10).wait_for(lambda: target.witness.lost or _is_gone(target), "it is gone")


def _is_gone(target: JigTarget) -> bool:
    try:
        target.now_us()
    except TargetLostError:
        return True
    return False


def test_a_byte_on_the_wire_was_written_at_most_a_full_uart_before() -> None:
    """2200 bytes of buffer and 32 of FIFO (detector/hal.py), ten bits each, and a tick."""
    source = (ROOT / "firmware" / "detector" / "hal.py").read_text(encoding="utf-8")
    assert "_TX_BUFFER_BYTES = 2200" in source
    assert WRITTEN_LATE_US == (2200 + 32) * 10_000_000 // 921_600 + 1000


# --- the command line ----------------------------------------------------------------------------


def sluss(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _SLUSS, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_jig_without_its_ports_is_refused_with_what_is_missing() -> None:
    with pytest.raises(kinds.SpecError, match=r"needs jig: the jig's own port \(--jig\)"):
        kinds.from_words("jig", {})
    done = sluss("bench", "--target", "jig", "--jig", "x", "--hub", "y", "--uplink", "z")
    assert done.returncode == 2
    assert "console" in done.stderr


def test_a_jig_that_is_not_there_ends_the_bench_with_that_reason(tmp_path: Path) -> None:
    ports = ("--jig", "/dev/no-jig", "--port", "a", "--hub", "b", "--uplink", "c")
    done = sluss("bench", "--target", "jig", *ports, "--folder", str(tmp_path), "-k", "disarm")
    assert done.returncode != 0
    assert "/dev/no-jig" in done.stdout + done.stderr


def test_sluss_jig_install_writes_the_script_and_sees_it_answer(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path / "detector", jig=tmp_path / "jig") as board:
        done = sluss("jig", "install", "--port", board.jig_port)
        again = sluss("jig", "install", "--port", board.jig_port)
    assert done.returncode == 0, done.stderr
    assert "9 files written, 0 were right already" in done.stdout
    assert "The jig runs, version 1" in done.stdout
    assert "0 files written, 9 were right already" in again.stdout


def test_sluss_jig_install_says_why_it_could_not() -> None:
    done = sluss("jig", "install", "--port", "/dev/no-jig")
    assert done.returncode == 1
    assert "no port /dev/no-jig" in done.stderr
