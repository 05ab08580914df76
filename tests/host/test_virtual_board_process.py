"""The board process: pins, resets, watchdog, power and life and death of the interpreter."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.deadline import Deadline
from host_tools.virtual_board.client import VirtualBoardError
from host_tools.virtual_board.recorder import (
    RESET_CRASH,
    RESET_DEAD,
    RESET_MACHINE,
    RESET_POWER_ON,
    RESET_RUN_PIN,
    RESET_SOFT,
    RESET_WATCHDOG,
)
from tests.host.virtual_board_helpers import OPEN_GATE, LoggedBoard, let_go, raw_repl, run, start


@pytest.fixture
def board(tmp_path: Path) -> Iterator[LoggedBoard]:
    with LoggedBoard(tmp_path / "state") as board:
        yield board


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for_end(pid: int) -> None:
    Deadline(5).wait_for(lambda: not is_alive(pid), f"process {pid} ends")


# --- pins and the gate --------------------------------------------------------------------------


def test_code_on_the_board_opens_the_gate_only_with_a_trip(board: LoggedBoard) -> None:
    run(board, OPEN_GATE)
    shut = board.levels()["GATE"]
    board.line("TRIP_PANIC", 1)
    assert (shut, board.levels()["GATE"]) == (0, 1)


def test_the_trip_and_the_gate_have_the_same_time(board: LoggedBoard) -> None:
    run(board, OPEN_GATE)
    tripped_us = board.line("TRIP_PANIC", 1)
    assert board.log.wait("GATE", 1) == tripped_us


def test_the_gate_shuts_exactly_when_alive_ends(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path, alive_us=300_000) as board:
        board.line("TRIP_PANIC", 1)
        run(board, OPEN_GATE)
        opened_us = board.log.wait("GATE", 1)
        board.log.wait("ALIVE", 0)
        assert board.log.of("GATE")[-1] == (opened_us + 300_000, 0)


def test_max_can_be_shortened(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path, max_us=100_000) as board:
        tripped_us = board.line("TRIP_PANIC", 1)
        board.log.wait("LATCH", 1)
        Deadline(5).wait_for(lambda: not board.levels()["LATCH"], "MAX clears the latch")
        assert board.log.of("LATCH")[-1] == (tripped_us + 100_000, 0)


def test_pads_read_the_sensor_lines_and_the_sense_lines(board: LoggedBoard) -> None:
    board.line("TRIP_PANIC", 1)
    board.jumper(True)
    read = "from machine import Pin\nprint([Pin(n, Pin.IN).value() for n in (17, 20, 22, 15, 16)])"
    assert run(board, read) == "[0, 1, 1, 1, 0]"


def test_a_stuck_enable_is_read_back_on_its_pad(board: LoggedBoard) -> None:
    board.fault("enable-stuck")
    assert run(board, "from machine import Pin\nprint(Pin(14, Pin.OUT, value=0).value())") == "1"


def test_the_camera_s_rail_follows_its_pin(board: LoggedBoard) -> None:
    run(board, "from machine import Pin\nPin(6, Pin.OUT, value=1)")
    assert board.levels()["CAM_RAIL"] == 1


def test_a_pulse_ends_by_itself(board: LoggedBoard) -> None:
    rise_us = board.pulse("TAMPER", 20)
    board.log.wait("TAMPER", 1)
    Deadline(5).wait_for(lambda: not board.levels()["TAMPER"], "the pulse ends")
    assert board.log.of("TAMPER")[-1][0] - rise_us >= 20_000


def test_events_come_in_the_order_of_their_times(board: LoggedBoard) -> None:
    start(board, OPEN_GATE + "while True: beat.toggle()")
    for level in (1, 0) * 20:
        board.line("TRIP_PANIC", level)
    times = [event[0] for event in board.log.events]
    assert times == sorted(times)


# --- resets -------------------------------------------------------------------------------------


def test_the_run_pin_releases_every_pad(board: LoggedBoard) -> None:
    board.line("TRIP_PANIC", 1)
    run(board, OPEN_GATE)
    board.reset()
    levels = board.levels()
    assert (levels["UPLINK_EN"], levels["GATE"], levels["LATCH"]) == (0, 0, 1)
    assert board.log.of("RESET")[-1][1] == RESET_RUN_PIN


def test_a_soft_reset_keeps_the_pads(board: LoggedBoard) -> None:
    run(board, OPEN_GATE)
    with raw_repl(board) as transport:
        transport.enter_raw_repl(soft_reset=True)
    assert board.log.of("RESET")[-1][1] == RESET_SOFT
    assert board.levels()["UPLINK_EN"] == 1


def test_machine_reset_looks_like_the_watchdog_s(board: LoggedBoard) -> None:
    let_go(board, "import machine; machine.reset()")
    board.log.wait("RESET", RESET_MACHINE)
    assert run(board, "import machine; print(machine.reset_cause())") == "3"


def test_a_hung_processor_is_reset_by_the_watchdog(board: LoggedBoard) -> None:
    start(board, "import machine\nw = machine.WDT(timeout=400)\nwhile True: w.feed()")
    start_us = board.now_us()
    board.hang()
    bitten_us = board.log.wait("RESET", RESET_WATCHDOG)
    assert 300_000 < bitten_us - start_us < 600_000
    assert run(board, "import machine; print(machine.reset_cause())") == "3"


def test_a_fed_watchdog_does_nothing(board: LoggedBoard) -> None:
    code = "import machine, time\nw = machine.WDT(timeout=200)\n"
    run(board, code + "for n in range(8):\n time.sleep_ms(50)\n w.feed()")
    assert [value for _t, value in board.log.of("RESET")] == [0, RESET_POWER_ON]


def test_the_circuit_goes_on_while_the_processor_hangs(board: LoggedBoard) -> None:
    board.hang()
    board.line("TRIP_PANIC", 1)
    assert board.levels()["LATCH"] == 1


def test_a_processor_that_was_frozen_goes_on(board: LoggedBoard) -> None:
    run(board, "n = 5")
    board.hang(True)
    board.hang(False)
    assert run(board, "print(n)") == "5"


# --- power --------------------------------------------------------------------------------------


def test_without_power_there_is_no_processor_and_no_latch(board: LoggedBoard) -> None:
    board.line("TRIP_PANIC", 1)
    board.power(False)
    levels = board.levels()
    assert (levels["POWER"], levels["LATCH"], board.interpreter_pid()) == (0, 0, None)


def test_after_power_on_it_starts_anew(board: LoggedBoard) -> None:
    run(board, "n = 5")
    board.power_cycle()
    assert run(board, "print('n' in dir())") == "False"


def test_lines_and_jumper_are_not_the_board_s_and_outlive_its_power(board: LoggedBoard) -> None:
    board.line("TRIP_FIRE", 1)
    board.jumper(True)
    board.power_cycle()
    levels = board.levels()
    assert (levels["TRIP_FIRE"], levels["SERVICE"], levels["LATCH"]) == (1, 1, 0)


def test_the_clock_starts_in_2021_at_power_on(board: LoggedBoard) -> None:
    run(board, "import machine; machine.RTC().datetime((2026, 5, 4, 0, 3, 2, 1, 0))")
    was = run(board, "import machine; print(machine.RTC().datetime()[:3])")
    board.power_cycle()
    now = run(board, "import machine; print(machine.RTC().datetime()[:3])")
    assert (was, now) == ("(2026, 5, 4)", "(2021, 1, 1)")


def test_a_board_can_begin_without_power(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path, powered=False) as board:
        before = board.interpreter_pid()
        board.power(True)
        assert (before, run(board, "print(1)")) == (None, "1")


# --- life and death -----------------------------------------------------------------------------


def test_no_interpreter_outlives_a_killed_board(board: LoggedBoard) -> None:
    start(board, "while True: pass")
    pid = board.interpreter_pid()
    assert pid is not None
    os.kill(board.pid, signal.SIGKILL)
    wait_for_end(pid)


def test_sigterm_ends_board_and_interpreter_at_once(board: LoggedBoard) -> None:
    pid = board.interpreter_pid()
    assert pid is not None
    os.kill(board.pid, signal.SIGTERM)
    wait_for_end(pid)
    with pytest.raises(VirtualBoardError, match="gone"):
        board.levels()


def test_a_frozen_interpreter_ends_with_the_board(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path) as board:
        pid = board.interpreter_pid()
        assert pid is not None
        board.hang()
    assert not is_alive(pid)


def test_a_crashed_interpreter_is_started_again(board: LoggedBoard) -> None:
    pid = board.interpreter_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    board.log.wait("RESET", RESET_CRASH)
    assert run(board, "print(1)") == "1"


def test_an_interpreter_that_never_starts_is_given_up(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit\n")
    with LoggedBoard(tmp_path, rom=broken) as board:
        board.log.wait("RESET", RESET_DEAD)
        assert len(board.log.of("RESET")) < 10


def test_whoever_is_lost_hears_about_it(tmp_path: Path) -> None:
    why: list[str] = []
    with LoggedBoard(tmp_path, on_lost=why.append) as board:
        os.kill(board.pid, signal.SIGKILL)
        Deadline(5).wait_for(lambda: why, "the loss is told")
    assert "SIGKILL" in why[0]


def test_a_board_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "flash.bin").write_bytes(b"too short")
    with pytest.raises(VirtualBoardError, match="not a flash image"):
        LoggedBoard(tmp_path).start()


def test_a_system_that_cannot_run_it_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(VirtualBoardError, match="needs Linux"):
        LoggedBoard(tmp_path).start()


# --- the control socket -------------------------------------------------------------------------


def test_an_unknown_request_is_refused_with_the_list_of_words(board: LoggedBoard) -> None:
    with pytest.raises(VirtualBoardError, match="there are watch, watch_flash, camera"):
        board.request("dance")


def test_an_unknown_fault_is_refused_with_the_list_of_names(board: LoggedBoard) -> None:
    with pytest.raises(VirtualBoardError, match="there are enable-stuck"):
        board.fault("gremlins")


def test_a_line_that_does_not_exist_is_refused(board: LoggedBoard) -> None:
    with pytest.raises(VirtualBoardError, match="UPLINK_EN"):
        board.line("UPLINK_EN", 1)


def test_clearing_all_faults_mends_the_circuit(board: LoggedBoard) -> None:
    board.fault("gate-bridged")
    bridged = board.levels()["GATE"]
    board.clear_fault()
    assert (bridged, board.levels()["GATE"]) == (1, 0)


def test_a_second_client_can_watch(board: LoggedBoard) -> None:
    with socket.socket(socket.AF_UNIX) as second:
        second.settimeout(5)
        second.connect(str(board.control_path))
        stream = second.makefile("rw")
        stream.write('{"id": 7, "do": "watch"}\n')
        stream.flush()
        answer = json.loads(stream.readline())
        t_us = board.line("TRIP_PANIC", 1)
        event = json.loads(stream.readline())
    assert (answer["id"], answer["ok"], event) == (7, True, {"event": [t_us, "TRIP_PANIC", 1]})


def test_broken_json_is_answered_and_harms_nobody(board: LoggedBoard) -> None:
    with socket.socket(socket.AF_UNIX) as second:
        second.settimeout(5)
        second.connect(str(board.control_path))
        second.sendall(b"{\n")
        answer = json.loads(second.makefile().readline())
    assert (answer["ok"], board.levels()["POWER"]) == (False, 1)
