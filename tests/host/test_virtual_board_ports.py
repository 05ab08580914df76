"""The three ports: console with mpremote, hub link and gated uplink over real ptys."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from host_tools.deadline import Deadline
from tests.host.virtual_board_helpers import OPEN_GATE, LoggedBoard, raw_repl, run, start

ECHO = """
from machine import UART
u = UART({number}, {baud}, tx={tx}, rx={rx}, rxbuf=1024, txbuf=1024)
while True:
    if u.any():
        u.write(u.read(u.any()))
"""
HUB_ECHO = ECHO.format(number=0, baud=115200, tx="machine.Pin(0)", rx="machine.Pin(1)")
UPLINK_ECHO = ECHO.format(number=1, baud=921600, tx="machine.Pin(8)", rx="machine.Pin(9)")
SAY_STALE = "from machine import UART\nu = UART(0, 115200, txbuf=256)\nu.write(b'stale')"


@pytest.fixture
def board(tmp_path: Path) -> Iterator[LoggedBoard]:
    with LoggedBoard(tmp_path / "state") as board:
        yield board


def mpremote(board: LoggedBoard, *arguments: str) -> str:
    command = [sys.executable, "-m", "mpremote", "connect", board.ports.console, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def unread(board: LoggedBoard, port: str) -> bytes:
    """Open a port as `screen` does, throwing nothing away, and return what lies there."""
    board.levels()  # by its answer the board has seen that the last user has gone
    user = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return os.read(user, 100)
    except BlockingIOError:
        return b""
    finally:
        os.close(user)


def read_all(port: serial.Serial, count: int) -> bytes:
    """Read until `count` bytes are there or nothing came for a moment."""
    data: bytes = port.read(count)
    return data


# --- console ------------------------------------------------------------------------------------


def test_mpremote_runs_code_on_a_blank_board(board: LoggedBoard) -> None:
    assert mpremote(board, "exec", "print(6 * 7)") == "42"


def test_mpremote_copies_a_file_there_and_back(board: LoggedBoard, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(os.urandom(10_000))
    mpremote(board, "fs", "cp", str(there), ":file")
    mpremote(board, "fs", "cp", ":file", str(back))
    assert back.read_bytes() == there.read_bytes()


def test_mpremote_runs_a_script_and_mounts_a_folder(board: LoggedBoard, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("import os; print(os.listdir('/remote'))\n")
    printed = mpremote(board, "mount", str(tmp_path), "run", str(tmp_path / "hello.py"))
    assert "hello.py" in printed


def test_ctrl_c_stops_busy_code(board: LoggedBoard) -> None:
    start(board, "while True: pass")
    assert run(board, "print('again')") == "again"


def test_ctrl_c_stops_code_that_is_busy_with_pins(board: LoggedBoard) -> None:
    start(board, "from machine import Pin\np = Pin(12, Pin.OUT)\nwhile True: p.toggle()")
    assert run(board, "print(p.value() in (0, 1))") == "True"


def test_kbd_intr_lets_ctrl_c_through_as_a_byte(board: LoggedBoard) -> None:
    code = "import micropython, sys\nmicropython.kbd_intr(-1)\nprint('off')\n"
    code += "print(sys.stdin.buffer.read(1))\nmicropython.kbd_intr(3)"
    with raw_repl(board) as transport:
        transport.exec_raw_no_follow(code)
        transport.read_until(1, b"off\r\n", timeout=5)
        transport.serial.write(b"\x03")
        assert b"\\x03" in transport.read_until(1, b"\x04", timeout=5)


def test_the_console_works_again_after_it_was_closed(board: LoggedBoard) -> None:
    assert [run(board, f"print({n})") for n in range(3)] == ["0", "1", "2"]


def test_what_nobody_heard_on_the_console_is_gone(board: LoggedBoard) -> None:
    run(board, "pass")  # the flash is formatted
    before = board.flash_operations()
    start(board, "import time\ntime.sleep_ms(200)\nprint('stale')\nopen('/said', 'w').close()")
    Deadline(5).wait_for(lambda: board.flash_operations() > before, "it has spoken")
    assert unread(board, board.ports.console) == b""


def test_a_user_who_does_not_read_the_console_leaves_nothing_to_the_next(
    board: LoggedBoard,
) -> None:
    start(board, "while True: print('x' * 50)")  # far more than a pty holds
    run(board, "print('end')")
    assert unread(board, board.ports.console) == b""


# --- hub link -----------------------------------------------------------------------------------


def test_the_hub_link_carries_bytes_both_ways(board: LoggedBoard) -> None:
    start(board, "import machine" + HUB_ECHO)
    message = os.urandom(600)
    with serial.Serial(board.ports.hub, timeout=3) as port:
        port.write(message)
        assert read_all(port, 600) == message


def test_the_hub_link_is_as_slow_as_its_baud_rate(board: LoggedBoard) -> None:
    start(board, "import machine" + HUB_ECHO)
    with serial.Serial(board.ports.hub, timeout=3) as port:
        begun = time.monotonic()
        port.write(bytes(1152))
        count = len(read_all(port, 1152))
        took = time.monotonic() - begun
    assert (count, took >= 0.1, took < 0.25) == (1152, True, True)


def test_received_bytes_are_witnessed_with_their_count(board: LoggedBoard) -> None:
    start(board, "import machine" + HUB_ECHO)
    with serial.Serial(board.ports.hub, timeout=3) as port:
        port.write(bytes(300))
        read_all(port, 300)
    board.log.wait("HUB_RX", 300)  # told up to a millisecond later
    assert max(count for _t_us, count in board.log.of("HUB_RX")) == 300


def test_a_cut_hub_link_carries_nothing_until_it_is_mended(board: LoggedBoard) -> None:
    start(board, "import machine" + HUB_ECHO)
    with serial.Serial(board.ports.hub, timeout=0.3) as port:
        board.uart_fault("hub", cut=True)
        port.write(b"lost")
        lost = read_all(port, 4)
        board.uart_fault("hub")
        port.write(b"kept")
        assert (lost, read_all(port, 4)) == (b"", b"kept")


def test_what_nobody_heard_on_the_hub_link_is_gone(board: LoggedBoard) -> None:
    run(board, SAY_STALE)
    Deadline(5).wait_for(lambda: board.counters()["hub"]["passed"] == 5, "the bytes are sent")
    assert unread(board, board.ports.hub) == b""


def test_a_user_who_stops_reading_leaves_nothing_to_the_next(board: LoggedBoard) -> None:
    with serial.Serial(board.ports.hub):
        run(board, SAY_STALE)
        Deadline(5).wait_for(lambda: board.counters()["hub"]["passed"] == 5, "they are sent")
    assert unread(board, board.ports.hub) == b""


def test_flash_operations_deafen_the_receiver(tmp_path: Path) -> None:
    code = """
import rp2
from machine import UART
u = UART(0, 115200, rxbuf=1024)
f = rp2.Flash()
while not u.any(): pass
f.ioctl(6, 300)
import time
time.sleep_ms(150)
print(u.any())
"""
    with LoggedBoard(tmp_path, flash_costs="pico") as board, raw_repl(board) as transport:
        transport.exec_raw_no_follow(code)
        with serial.Serial(board.ports.hub) as port:
            Deadline(5).wait_for(lambda: board.log.of("HUB_RX"), "the board is up")
            port.write(bytes(1000))
            printed, _error = transport.follow(5)
    deaf_bytes = 45 * 11.52  # 45 ms at 11.52 bytes/ms, but for the 32 that the FIFO kept
    assert 1000 - deaf_bytes + 32 - 80 < int(printed) < 1000 - deaf_bytes + 32 + 80


# --- uplink -------------------------------------------------------------------------------------


def test_a_shut_gate_lets_no_byte_of_the_uplink_through(board: LoggedBoard) -> None:
    run(board, "from machine import UART\nu = UART(1, 921600, txbuf=256)\nu.write(bytes(200))")
    Deadline(5).wait_for(lambda: board.now_us() > 0, "the board runs")
    with serial.Serial(board.ports.uplink, timeout=0.2) as port:
        port.write(b"in")
        heard = port.read(1)
    counts = board.counters()["uplink"]
    assert (heard, counts["written"], counts["passed"], counts["received"]) == (b"", 200, 0, 0)


def test_an_open_gate_lets_the_uplink_through(board: LoggedBoard) -> None:
    board.line("TRIP_PANIC", 1)
    start(board, "import machine" + OPEN_GATE + UPLINK_ECHO)
    board.log.wait("GATE", 1)
    message = os.urandom(500)
    with serial.Serial(board.ports.uplink, timeout=1) as port:
        port.write(message)
        assert read_all(port, 500) == message


def test_the_witness_counts_both_sides_of_the_buffer(board: LoggedBoard) -> None:
    board.line("TRIP_PANIC", 1)
    code = "from machine import UART\nu = UART(1, 921600, txbuf=256)\n"
    run(board, code + "u.write(bytes(100))\nwhile not u.txdone(): pass" + OPEN_GATE)
    run(board, "u.write(bytes(50))\nwhile not u.txdone(): pass")
    levels = board.levels()
    assert (levels["UPLINK_TX_WRITTEN"], levels["UPLINK_TX_PASSED"]) == (150, 50)
