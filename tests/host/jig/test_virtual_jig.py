"""The jig's script on a virtual board that is wired to another: pins, time stamps, fail-safe."""

from __future__ import annotations

from pathlib import Path

import pytest
import serial

from host_tools.deadline import Deadline
from host_tools.jig.client import JigClient, JigError, JigLostError
from host_tools.jig.installer import files, install
from host_tools.virtual_board.client import VirtualBoard, VirtualBoardError
from host_tools.virtual_board.recorder import RESET_POWER_ON, RESET_RUN_PIN, RESET_WATCHDOG
from jig import pins, words
from tests.host.jig.conftest import Listener
from tests.host.virtual_board_helpers import OPEN_GATE, LoggedBoard, let_go, raw_repl, run

_SENT = bytes(range(200))


def until(board: VirtualBoard, signal: str, level: int) -> None:
    Deadline(5).wait_for(lambda: board.levels()[signal] == level, f"{signal} = {level}")


# --- pins ---------------------------------------------------------------------------------------


def test_a_detector_in_a_jig_has_no_power_until_the_jig_gives_it_some(
    board: LoggedBoard, jig: JigClient
) -> None:
    assert board.levels()["POWER"] == 0
    jig.ask("power 1")
    assert board.levels()["POWER"] == 1
    assert board.log.of("RESET")[-1][1] == RESET_POWER_ON
    jig.ask("power 0")
    assert board.levels()["POWER"] == 0


@pytest.mark.parametrize("role", pins.LINES)
def test_each_line_leads_to_its_own(role: str, board: LoggedBoard, jig: JigClient) -> None:
    jig.ask(f"line {role} 1")
    levels = board.levels()
    assert [name for name in (*pins.LINES, "SERVICE") if levels[name]] == [role]
    jig.ask(f"line {role} 0")
    assert board.levels()[role] == 0


def test_the_jumper_and_run_lead_to_theirs(board: LoggedBoard, jig: JigClient) -> None:
    jig.ask("power 1")
    jig.ask("jumper 1")
    assert board.levels()["SERVICE"] == 1
    before = board.interpreter_pid()
    jig.ask("reset")
    assert board.log.of("RESET")[-1][1] == RESET_RUN_PIN
    assert board.interpreter_pid() not in (None, before)
    assert run(board, "print(1 + 1)") == "2"


def test_every_net_of_the_gate_is_seen(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    jig.ask("power 1")
    run(board, OPEN_GATE + "for n in (6, 10, 11): Pin(n, Pin.OUT, value=1)")
    jig.ask("line TRIP_PANIC 1")
    seen = jig.signals().values
    there = board.levels()
    assert seen["GATE"] == there["GATE"] == 1
    for signal in set(pins.SIGNALS) - {"TX_SILENT"}:
        assert seen[signal] == there.get(signal, 0), signal
    run(board, "Pin(13, Pin.OUT, value=1)")
    assert (jig.signals().values["LATCH_CLEAR"], jig.signals().values["GATE"]) == (1, 0)


# --- time ---------------------------------------------------------------------------------------


def test_edges_have_the_times_that_the_circuit_gave_them(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    jig.ask("power 1")
    run(board, OPEN_GATE)
    tripped_us = jig.time_of("line TRIP_PANIC 1")
    run(board, "en.value(0); en.value(1); en.value(0)")
    jig.now_us()
    seen = [(t_us - tripped_us, level) for t_us, level in heard.log.of("GATE") if t_us > 0]
    board.now_us()  # all of it has been heard
    origin_us = board.log.wait("TRIP_PANIC", 1)
    there = [(t_us - origin_us, level) for t_us, level in board.log.of("GATE") if t_us > 0]
    assert seen == there
    assert [level for _t_us, level in seen] == [1, 0, 1, 0]
    assert seen[0][0] == 0


def test_everything_before_now_has_been_heard(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    jig.ask("power 1")
    run(board, "from machine import Pin\ncam = Pin(6, Pin.OUT)")
    with raw_repl(board) as repl:
        for number in range(1, 21):
            repl.exec("cam.value(1); cam.value(0)")
            now_us = jig.now_us()
            edges = [t_us for t_us, _level in heard.log.of("CAM_RAIL") if t_us > 0]
            assert len(edges) == 2 * number
            assert edges[-1] < now_us


def test_a_reset_that_the_jig_did_not_make_is_seen_by_the_uart_that_lets_go(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    jig.ask("power 1")
    run(board, "import machine; u = machine.UART(0, 115200)")
    assert [value for t_us, value in heard.log.of("RESET") if t_us > 0] == [RESET_POWER_ON]
    let_go(board, "machine.reset()")
    heard.log.wait("RESET", RESET_WATCHDOG)
    jig.ask("reset")
    jig.now_us()
    seen = [value for t_us, value in heard.log.of("RESET") if t_us > 0]
    assert seen == [RESET_POWER_ON, RESET_WATCHDOG, RESET_RUN_PIN]


# --- bytes --------------------------------------------------------------------------------------


def test_bytes_are_counted_on_both_sides_of_the_buffer(board: LoggedBoard, jig: JigClient) -> None:
    jig.ask("power 1")
    write = f"import machine; u = machine.UART(1, 921600, txbuf=512); u.write(bytes({len(_SENT)}))"
    run(board, write)
    until(board, "UPLINK_TX_WRITTEN", len(_SENT))
    Deadline(5).wait_for(
        lambda: jig.signals().values["UPLINK_TX_WRITTEN"] == len(_SENT), "they are on the wire"
    )
    assert jig.signals().values["UPLINK_TX_PASSED"] == 0
    run(board, OPEN_GATE)
    jig.ask("line TRIP_PANIC 1")
    run(board, f"u.write(bytes({len(_SENT)}))")
    Deadline(5).wait_for(
        lambda: jig.signals().values["UPLINK_TX_PASSED"] == len(_SENT), "they pass"
    )
    assert jig.signals().values["UPLINK_TX_WRITTEN"] == 2 * len(_SENT)
    assert int(jig.ask("count UPLINK_TX_PASSED").split()[1]) == len(_SENT)


# --- what goes wrong ----------------------------------------------------------------------------


def test_a_jig_that_is_reset_leaves_everything_low_and_the_supply_off(
    board: LoggedBoard, jig: JigClient
) -> None:
    for line in ("power 1", "jumper 1", "line TRIP_PANIC 1"):
        jig.ask(line)
    board.jig_reset()
    levels = board.levels()
    assert [levels[name] for name in ("POWER", "SERVICE", "TRIP_PANIC", "GATE")] == [0, 0, 0, 0]


def test_a_jig_whose_host_falls_silent_makes_all_safe(board: LoggedBoard, jig: JigClient) -> None:
    jig.ask("power 1")
    jig.ask("line TRIP_PANIC 1")
    jig.ask("lease 100")  # the client's own is longer
    until(board, "POWER", 0)
    assert board.levels()["TRIP_PANIC"] == 0


def test_a_jig_that_is_interrupted_makes_all_safe(board: LoggedBoard) -> None:
    with serial.Serial(board.jig_port, timeout=5) as port:
        port.write(b"power 1\n")
        assert b"OK" in port.read_until(b"\n")
        assert board.levels()["POWER"] == 1
        port.write(b"\x03")
        assert port.read_until(b">>> ").endswith(b">>> ")
        assert board.levels()["POWER"] == 0


def test_a_power_cut_that_a_hub_pretends_is_refused(board: LoggedBoard, jig: JigClient) -> None:
    board.jig_fault("pretends-power")
    jig.ask("power 1")
    with pytest.raises(JigError, match="POWER stays high") as caught:
        jig.ask("power 0")
    assert caught.value.code == words.ERR_SUPPLY


def test_an_overrun_is_told_and_ends_the_client(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    board.jig_hang()
    started_us = board.now_us()
    Deadline(10).wait_for(lambda: board.now_us() > started_us + 1_500_000, "the rings are lapped")
    board.jig_hang(False)
    Deadline(5).wait_for(lambda: heard.lost, "it is told")
    assert "lost changes" in heard.lost[0]
    with pytest.raises(JigLostError, match="lost changes"):
        jig.now_us()


def test_a_capture_block_that_stops_is_told_and_all_is_made_safe(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    jig.ask("power 1")
    board.jig_fault("capture-stops")
    Deadline(5).wait_for(lambda: heard.lost, "it is told")
    assert "lost changes" in heard.lost[0]
    until(board, "POWER", 0)


def test_a_fault_that_no_jig_has_is_refused(board: LoggedBoard) -> None:
    with pytest.raises(VirtualBoardError, match="pretends-power, capture-stops"):
        board.jig_fault("none")


def test_a_pause_that_is_shorter_than_the_rings_loses_nothing(
    board: LoggedBoard, jig: JigClient, heard: Listener
) -> None:
    jig.ask("power 1")
    run(board, OPEN_GATE)
    jig.ask("line TRIP_PANIC 1")
    board.jig_hang()
    run(board, "for _ in range(20): en.value(0); en.value(1)")
    board.jig_hang(False)
    jig.now_us()
    assert len([level for t_us, level in heard.log.of("GATE") if t_us > 0]) == 41
    assert heard.lost == []


# --- installing ---------------------------------------------------------------------------------


def test_what_is_right_already_is_not_written_again(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path / "detector", jig=tmp_path / "jig") as board:
        first = install(board.jig_port, Deadline(30))
        second = install(board.jig_port, Deadline(30))
    assert set(first.sent) == set(files())
    assert first.sent[-1] == "main.py"
    assert (second.sent, set(second.kept)) == ((), set(files()))


def test_a_board_without_a_jig_says_so(tmp_path: Path) -> None:
    with LoggedBoard(tmp_path / "detector") as board:
        with pytest.raises(VirtualBoardError, match="has no jig"):
            print(board.jig_port)
        with pytest.raises(VirtualBoardError, match="has no jig"):
            board.jig_hang()
