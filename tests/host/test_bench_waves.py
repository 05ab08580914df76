"""The waves: what an independent reader (wellen) finds in the VCD is what the witness wrote."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import pywellen

from host_tools.bench import outcome, waves
from host_tools.bench import record as records
from host_tools.bench.target import LINES
from host_tools.bench.virtual import VirtualTarget
from host_tools.bench.witness import COUNTERS, GATE, POWER, RESET, SERVICE, Event

Changes = dict[str, list[tuple[int, float | str]]]


def parsed(path: Path) -> Changes:
    """Return every signal's changes by its full name, as the independent reader sees them."""
    reader = pywellen.Waveform(str(path))
    return {var.full_name: settled(var.tv) for var in reader.all_vars()}


def settled(changes: Sequence[tuple[int, float | str]]) -> list[tuple[int, float | str]]:
    """Leave out what changes nothing, and all but the last level of a microsecond."""
    last = dict(changes)
    kept: list[tuple[int, float | str]] = []
    for t_us in sorted(last):
        if not kept or kept[-1][1] != last[t_us]:
            kept.append((t_us, last[t_us]))
    return kept


def logged(events: Sequence[Event], signal: str) -> list[tuple[int, float | str]]:
    """Return one signal's changes as the witness has them."""
    return settled([(event.t_us, event.value) for event in events if event.signal == signal])


def written(folder: Path, events: Sequence[Event], tests: Sequence[waves.Mark] = ()) -> Changes:
    """Write a log and read it back."""
    waves.write(folder / "waves.vcd", "main", events, tests)
    return parsed(folder / "waves.vcd")


def test_every_change_of_a_long_log_is_found_at_its_microsecond(tmp_path: Path) -> None:
    chance = random.Random(11)
    events = [Event(0, signal, 0) for signal in (GATE, *LINES, *sorted(COUNTERS))]
    t_us = 0
    counts = dict.fromkeys(COUNTERS, 0)
    for _ in range(5000):
        t_us += chance.choice((0, 1, 7, 1000, 3_000_000))
        signal = chance.choice((GATE, *LINES, *sorted(COUNTERS)))
        if signal in COUNTERS:
            counts[signal] += chance.randrange(1, 100_000)
        events.append(Event(t_us, signal, counts.get(signal, chance.randrange(2))))
    found = written(tmp_path, events)
    assert {name: found[name] for name in found if name.count(".") == 2} == {
        f"main.{folder}.{signal}": logged(events, signal)
        for folder, signals in waves.SCOPES.items()
        for signal in signals
        if any(event.signal == signal for event in events)
    }


def test_a_unit_is_a_microsecond(tmp_path: Path) -> None:
    written(tmp_path, [Event(0, GATE, 0)])
    scale = pywellen.Waveform(str(tmp_path / "waves.vcd")).timescale
    assert str(scale) == "1us"


def test_the_first_levels_are_the_initial_values_and_what_nobody_told_is_unknown(
    tmp_path: Path,
) -> None:
    found = written(tmp_path, [Event(0, POWER, 1), Event(0, GATE, 0), Event(9, SERVICE, 1)])
    assert found["main.supply.POWER"] == [(0, 1)]
    assert found["main.gate.GATE"] == [(0, 0)]
    assert found["main.lines.SERVICE"] == [(0, "x"), (9, 1)]
    dumped = (tmp_path / "waves.vcd").read_text().partition("$dumpvars")[2].partition("$end")[0]
    assert sorted(line[0] for line in dumped.split()) == ["0", "1", "x"]


def test_two_resets_of_one_cause_are_two(tmp_path: Path) -> None:
    found = written(tmp_path, [Event(0, RESET, 0), Event(5, RESET, 3), Event(8, RESET, 3)])
    assert found["main.supply.RESET"] == [(0, 0), (5, 3)]
    assert found["main.supply.RESETS"] == [(0, 0), (5, 1), (8, 2)]


def test_a_viewer_sees_which_test_ran(tmp_path: Path) -> None:
    tests = [(10, "tests/bench/test_a.py::test_one[x]"), (30, "tests/bench/test_a.py::test_two")]
    found = written(tmp_path, [Event(0, GATE, 0), Event(50, GATE, 1)], tests)
    assert found["main.TEST"] == [(0, 0), (10, 1), (30, 2)]
    text = (tmp_path / "waves.vcd").read_text()
    assert f"TEST 2: {tests[1][1]}\n" in text


def test_no_number_is_a_vector(tmp_path: Path) -> None:
    """libsigrok 0.5.2, which PulseView is released with, stops reading at one."""
    written(tmp_path, [Event(0, signal, 5) for signal in (*COUNTERS, RESET)])
    values = (tmp_path / "waves.vcd").read_text().partition("$enddefinitions")[2]
    assert not [line for line in values.splitlines() if line.startswith("b")]


def test_a_signal_that_has_no_folder_is_beside_them(tmp_path: Path) -> None:
    assert written(tmp_path, [Event(0, "MODEM_RAIL", 1)])["main.MODEM_RAIL"] == [(0, 1)]


def test_the_waves_of_a_virtual_board_are_its_witness_log(tmp_path: Path) -> None:
    target = VirtualTarget(tmp_path / "board")
    try:
        spare = target.spare(clone=False)
        target.jumper(True)
        spare.pulse("TRIP_PANIC")
        target.power_cycle()
        target.pulse("TRIP_FIRE", ms=3)
        target.reset()
        target.now_us()
        boards = target.witnesses()
    finally:
        target.close()
    assert list(boards) == ["main", "spare-1"]
    for board, witness in boards.items():
        path = tmp_path / f"{board}.vcd"
        events = witness.events()
        waves.write(path, board, events)
        found = parsed(path)
        for signal in {event.signal for event in events}:
            (name,) = (name for name in found if name.rpartition(".")[2] == signal)
            assert name.startswith(board.replace("-", "_"))
            assert found[name] == logged(events, signal)
        assert any(event.signal == "LATCH" and event.value for event in events)


def test_a_bench_run_leaves_the_waves_of_each_board_and_links_them(small_bench: Path) -> None:
    record = records.load(small_bench / "record.json")
    assert record.waves == ["waves.vcd", "waves-spare-1.vcd"]
    report = (small_bench / "report.html").read_text()
    assert all(f'href="{name}"' in report for name in record.waves)
    ran = [test for test in record.tests if test.outcome != outcome.NOT_RUN]
    assert parsed(small_bench / "waves.vcd")["main.TEST"][-1][1] == len(ran)


@pytest.mark.parametrize(
    ("title", "file"), [("A panic alarm", "waves.vcd"), ("Hostile", "waves-spare-1.vcd")]
)
def test_what_the_record_drew_is_in_the_waves(title: str, file: str, small_bench: Path) -> None:
    record = records.load(small_bench / "record.json")
    (story,) = (wave for wave in record.waveforms if wave.title.startswith(title))
    found = parsed(small_bench / file)
    drawn = {event.signal for event in story.events}
    assert GATE in drawn
    for signal in drawn:
        (name,) = (one for one in found if one.endswith(f".{signal}"))
        inside = [one for one in found[name] if story.since_us <= one[0] <= story.until_us]
        assert inside == logged(story.events, signal)
