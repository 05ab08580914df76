"""The ROM's prompt, byte for byte where tools depend on it, through the board's console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from host_tools.deadline import Deadline
from host_tools.virtual_board.client import VirtualBoard
from tests.host.virtual_board_helpers import raw_repl, run

_RAW = b"raw REPL; CTRL-B to exit\r\n>"


class Keyboard:
    """Somebody at the console."""

    def __init__(self, port: serial.Serial) -> None:
        self.port = port

    def type(self, keys: bytes, until: bytes) -> bytes:
        """Type keys and return what the console says, up to and with `until`."""
        self.port.write(keys)
        deadline = Deadline(5)
        heard = b""
        while not heard.endswith(until):
            deadline.check(f"{until!r} after {heard!r}")
            heard += self.port.read(1)
        return heard


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    with VirtualBoard(tmp_path_factory.mktemp("state")) as board:
        yield board


@pytest.fixture
def keyboard(board: VirtualBoard) -> Iterator[Keyboard]:
    with serial.Serial(board.ports.console, timeout=0.05) as port:
        keyboard = Keyboard(port)
        keyboard.type(b"\r\x03", b">>> ")
        while port.read(100):
            pass
        yield keyboard
        keyboard.port.write(b"\x03\r\x02")


# --- friendly -----------------------------------------------------------------------------------


def test_an_expression_is_echoed(keyboard: Keyboard) -> None:
    assert keyboard.type(b"6 * 7\r", b">>> ") == b"6 * 7\r\n42\r\n>>> "


def test_none_is_not_echoed(keyboard: Keyboard) -> None:
    assert keyboard.type(b"None\r", b">>> ") == b"None\r\n>>> "


def test_a_block_ends_with_an_empty_line(keyboard: Keyboard) -> None:
    heard = keyboard.type(b"for i in (1, 2):\r  print(i)\r\r", b"\r\n>>> ")
    assert heard == b"for i in (1, 2):\r\n...   print(i)\r\n... \r\n1\r\n2\r\n>>> "


def test_an_open_bracket_asks_for_more(keyboard: Keyboard) -> None:
    assert keyboard.type(b"[1,\r2]\r", b">>> ") == b"[1,\r\n... 2]\r\n[1, 2]\r\n>>> "


def test_a_triple_quote_asks_for_more(keyboard: Keyboard) -> None:
    assert keyboard.type(b"'''a\rb'''\r", b">>> ") == b"'''a\r\n... b'''\r\n'a\\nb'\r\n>>> "


def test_a_bracket_in_a_string_does_not(keyboard: Keyboard) -> None:
    assert keyboard.type(b"'['\r", b">>> ") == b"'['\r\n'['\r\n>>> "


def test_backspace_takes_a_character_back(keyboard: Keyboard) -> None:
    assert keyboard.type(b"12\x7f3\r", b">>> ").endswith(b"\r\n13\r\n>>> ")


def test_an_arrow_key_is_ignored(keyboard: Keyboard) -> None:
    assert keyboard.type(b"1\x1b[A2\r", b">>> ") == b"12\r\n12\r\n>>> "


def test_ctrl_c_gives_a_line_up(keyboard: Keyboard) -> None:
    assert keyboard.type(b"1 +\x03", b">>> ") == b"1 +\r\n>>> "


def test_ctrl_c_stops_running_code(keyboard: Keyboard) -> None:
    keyboard.type(b"def f():\r  print('on')\r  while True: pass\r\r", b"... \r\n>>> ")
    keyboard.type(b"f()\r", b"\r\non\r\n")
    assert keyboard.type(b"\x03", b">>> ").endswith(b"KeyboardInterrupt: \r\n>>> ")


def test_a_traceback_has_no_frame_of_the_rom(keyboard: Keyboard) -> None:
    heard = keyboard.type(b"machine.Pin(99)\r", b">>> ")
    assert heard.split(b"\r\n", 1)[1] == (
        b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\n'
        b"ValueError: invalid pin\r\n>>> "
    )


def test_paste_mode_takes_a_program(keyboard: Keyboard) -> None:
    keyboard.type(b"\x05", b"=== ")
    heard = keyboard.type(b"def f():\r  return 3\r\rprint(f())\r\x04", b">>> ")
    assert heard.endswith(b"\r\n3\r\n>>> ")


def test_ctrl_b_says_who_it_is(keyboard: Keyboard) -> None:
    heard = keyboard.type(b"\x02", b">>> ")
    assert heard.startswith(b"\r\nMicroPython v1.") and b"virtual board\r\n" in heard


# --- raw ----------------------------------------------------------------------------------------


def test_the_raw_repl_answers_with_ok_output_and_error(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    assert keyboard.type(b"print('a')\x04", b"\x04>") == b"OKa\r\n\x04\x04>"


def test_the_raw_repl_puts_the_traceback_after_the_output(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    heard = keyboard.type(b"1/0\x04", b"\x04>")
    assert heard.startswith(b"OK\x04Traceback") and b'<stdin>", line 1' in heard


def test_a_syntax_error_is_a_traceback(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    assert b"SyntaxError" in keyboard.type(b"1 +\x04", b"\x04>").split(b"\x04")[1]


def test_ctrl_c_clears_what_was_typed_in_the_raw_repl(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    assert keyboard.type(b"nonsense\x03print(1)\x04", b"\x04>") == b"OK1\r\n\x04\x04>"


def test_ctrl_c_stops_running_code_in_the_raw_repl(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    keyboard.type(b"print('on')\nwhile True: pass\x04", b"OKon\r\n")
    assert keyboard.type(b"\x03", b"\x04>").endswith(b"KeyboardInterrupt: \r\n\x04>")


def test_raw_paste_grants_windows_of_128_bytes(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    assert keyboard.type(b"\x05A\x01", b"\x01\x80\x00\x01") == b"R\x01\x80\x00\x01"
    assert keyboard.type(b"#" * 128, b"\x01") == b"\x01"
    assert keyboard.type(b"\nprint(5)\x04", b"\x04>") == b"\x045\r\n\x04\x04>"


def test_ctrl_c_ends_raw_paste(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    keyboard.type(b"\x05A\x01", b"\x80\x00\x01")
    heard = keyboard.type(b"print(5)\x03", b"\x04>")
    assert heard.startswith(b"\x04\x04") and b"KeyboardInterrupt" in heard


def test_an_unknown_raw_command_is_declined(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    assert keyboard.type(b"\x05B\x01", b">") == b"R\x00>"


def test_bytes_written_raw_stay_as_they_are(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    code = b"import sys\nsys.stdout.buffer.write(bytes(range(5, 32)))\x04"
    assert keyboard.type(code, b"\x04\x04>") == b"OK" + bytes(range(5, 32)) + b"\x04\x04>"


# --- resets and start ---------------------------------------------------------------------------


def test_a_soft_reset_in_the_raw_repl_comes_back_there(keyboard: Keyboard) -> None:
    keyboard.type(b"\x01", _RAW)
    assert keyboard.type(b"\x04", _RAW) == b"OK\r\nMPY: soft reboot\r\n" + _RAW


def test_machine_soft_reset_says_so_and_starts_anew(keyboard: Keyboard) -> None:
    heard = keyboard.type(b"x = 1; machine.soft_reset()\r", b">>> ")
    assert b"MPY: soft reboot\r\nMicroPython v1." in heard
    assert b"NameError" in keyboard.type(b"x\r", b">>> ")


def test_what_is_typed_ahead_of_a_soft_reset_is_not_lost(keyboard: Keyboard) -> None:
    keyboard.type(b"\x04print(1 + 2)\r", b"\r\n3\r\n>>> ")


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[VirtualBoard]:
    with VirtualBoard(tmp_path) as board:
        yield board


def _write(board: VirtualBoard, name: str, text: str) -> None:
    run(board, f"f = open({name!r}, 'w'); f.write({text!r}); f.close()")


def _soft_reset(board: VirtualBoard) -> bytes:
    with raw_repl(board) as transport:
        transport.exit_raw_repl()
        transport.read_until(1, b">>> ", timeout=5)
        transport.serial.write(b"\x04")
        heard: bytes = transport.read_until(1, b">>> ", timeout=5)
    return heard.split(b"soft reboot\r\n")[1]


def test_boot_and_main_run_in_this_order_and_share_their_names(scripts: VirtualBoard) -> None:
    _write(scripts, "boot.py", "a = 1\nprint('boot')")
    _write(scripts, "main.py", "print('main', a)")
    assert _soft_reset(scripts).startswith(b"boot\r\nmain 1\r\nMicroPython")


def test_a_failing_main_leaves_a_traceback_and_a_prompt(scripts: VirtualBoard) -> None:
    _write(scripts, "main.py", "x = 1\n1/0")
    assert _soft_reset(scripts).startswith(
        b'Traceback (most recent call last):\r\n  File "main.py", line 2, in <module>\r\n'
        b"ZeroDivisionError: divide by zero\r\nMicroPython"
    )


def test_a_failing_boot_keeps_main_from_running(scripts: VirtualBoard) -> None:
    _write(scripts, "boot.py", "1/0")
    _write(scripts, "main.py", "print('main')")
    assert b"main\r\n" not in _soft_reset(scripts)


def test_main_does_not_run_after_a_soft_reset_in_the_raw_repl(scripts: VirtualBoard) -> None:
    _write(scripts, "boot.py", "print('boot')")
    _write(scripts, "main.py", "print('main')")
    with raw_repl(scripts) as transport:
        transport.serial.write(b"\x04")
        heard = transport.read_until(1, _RAW, timeout=5)
    assert heard.endswith(b"soft reboot\r\nboot\r\n" + _RAW)


def test_modules_come_from_the_flash_and_from_lib(scripts: VirtualBoard) -> None:
    run(scripts, "import os; os.mkdir('/lib')")
    _write(scripts, "/lib/one.py", "V = 1")
    _write(scripts, "two.py", "V = 2")
    assert run(scripts, "import one, two; print(one.V, two.V)") == "1 2"


def test_ctrl_c_while_littlefs_works_harms_nothing(scripts: VirtualBoard) -> None:
    loop = "import time\nprint('on')\nwhile True:\n f = open('a', 'w')\n f.write('x' * 600)\n"
    elsewhere = 0
    with raw_repl(scripts) as transport:
        transport.exec("keep = []")
        for _ in range(30):
            transport.exec_raw_no_follow(loop + " f.close()\n time.time()")
            transport.read_until(1, b"on\r\n", timeout=5)
            transport.serial.write(b"\x03")
            _out, error = transport.follow(5)
            assert b"KeyboardInterrupt" in error
            elsewhere += b"line 7," in error  # in time.time(), the only one that asks the RTC
            assert transport.exec("keep.append(0); f = open('a'); print(len(f.read()) <= 600)")
        assert transport.exec("print(len(keep))") == b"30\r\n"  # one interpreter all along
    assert elsewhere >= 25  # not all: on a busy machine the board can be quiet for a moment
