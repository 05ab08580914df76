"""`machine`, `rp2`, `time` and `micropython` of the ROM, on a virtual board with blank flash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mpremote.transport import TransportExecError

from host_tools.virtual_board.client import VirtualBoard
from tests.host.virtual_board_helpers import raw_repl


class Chip:
    """Code on the board, and what it prints."""

    def __init__(self, board: VirtualBoard) -> None:
        self.board = board

    def run(self, code: str) -> str:
        """Run statements; return what they printed."""
        with raw_repl(self.board) as transport:
            printed: bytes = transport.exec(code)
        return printed.decode().strip()

    def value(self, expression: str, before: str = "") -> str:
        """Return what an expression prints as."""
        return self.run(f"import machine, rp2, time, micropython\n{before}\nprint({expression})")

    def error(self, code: str) -> str:
        """Run statements that fail; return the last line of the traceback."""
        with pytest.raises(TransportExecError) as caught:
            self.run(f"import machine, rp2, time\n{code}")
        return str(caught.value.error_output).strip().splitlines()[-1]


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chip]:
    with VirtualBoard(tmp_path_factory.mktemp("state")) as board:
        yield Chip(board)


# --- pins ---------------------------------------------------------------------------------------


def test_an_input_reads_its_line(chip: Chip) -> None:
    chip.board.line("TRIP_PANIC", 1)
    high = chip.value("machine.Pin(20, machine.Pin.IN).value()")
    chip.board.line("TRIP_PANIC", 0)
    low = chip.value("machine.Pin(20, machine.Pin.IN).value()")
    assert (high, low) == ("1", "0")


def test_an_output_takes_its_value_before_it_drives(chip: Chip) -> None:
    assert chip.value("machine.Pin(6, machine.Pin.OUT, value=1)()") == "1"
    assert chip.value("machine.Pin(6, machine.Pin.OUT, value=0)()") == "0"


def test_a_pin_named_without_settings_is_left_as_it_is(chip: Chip) -> None:
    before = "machine.Pin(6, machine.Pin.OUT, value=1)"
    assert chip.value("machine.Pin(6).value()", before) == "1"


def test_toggle_inverts_what_was_driven(chip: Chip) -> None:
    before = "p = machine.Pin(6, machine.Pin.OUT, value=0); p.toggle(); a = p.value(); p.toggle()"
    assert chip.value("a, p.value()", before) == "1 0"


def test_a_pin_can_be_named_as_the_chip_s(chip: Chip) -> None:
    assert chip.value('machine.Pin("GP20"), machine.Pin("GPIO6")') == "Pin(GPIO20) Pin(GPIO6)"


def test_a_pin_that_the_chip_has_not_is_refused(chip: Chip) -> None:
    assert chip.error("machine.Pin(30)") == "ValueError: invalid pin"


# --- UART, buses --------------------------------------------------------------------------------


def test_a_read_without_bytes_is_none(chip: Chip) -> None:
    before = "u = machine.UART(0, 115200); b = bytearray(8)"
    assert chip.value("u.any(), u.read(), u.readinto(b)", before) == "0 None None"


def test_a_write_takes_what_has_room(chip: Chip) -> None:
    before = "u = machine.UART(0, 9600, txbuf=100, rxbuf=64)"
    taken = int(chip.value("u.write(bytes(2000))", before))
    assert 100 <= taken <= 140  # the buffer, and the 32 bytes of the chip's FIFO


def test_a_write_without_room_is_none(chip: Chip) -> None:
    before = "u = machine.UART(0, 9600, txbuf=100); u.write(bytes(2000))"
    assert chip.value("u.write(bytes(1500))", before) == "None"


def test_a_write_with_a_timeout_waits_for_room(chip: Chip) -> None:
    before = "u = machine.UART(0, 115200, txbuf=100, timeout=100)"
    assert chip.value("u.write(bytes(600))", before) == "600"


def test_flush_waits_for_the_last_bit(chip: Chip) -> None:
    before = "u = machine.UART(0, 9600); u.write(bytes(50)); a = u.txdone(); u.flush()"
    assert chip.value("a, u.txdone()", before) == "False True"


def test_a_uart_that_the_chip_has_not_is_refused(chip: Chip) -> None:
    assert chip.error("machine.UART(2)") == "ValueError: UART(2) doesn't exist"


def test_a_buffer_that_is_too_large_is_refused(chip: Chip) -> None:
    assert chip.error("machine.UART(0, rxbuf=40000)") == "ValueError: rxbuf too large"


def test_an_address_that_nobody_answers_is_eio(chip: Chip) -> None:
    assert chip.error("machine.I2C(1).writeto(0x55, b'a')").endswith("[Errno 5] EIO")


def test_software_i2c_says_enodev(chip: Chip) -> None:
    code = "machine.SoftI2C(machine.Pin(27), machine.Pin(26)).readfrom(0x55, 1)"
    assert chip.error(code).endswith("[Errno 19] ENODEV")


def test_spi_reads_as_many_bytes_as_it_sends(chip: Chip) -> None:
    before = "s = machine.SPI(0, 4_000_000); b = bytearray(5); s.write_readinto(b'12345', b)"
    assert chip.value("len(s.read(3)), len(b)", before) == "3 5"


# --- flash --------------------------------------------------------------------------------------

_LAST = "f = rp2.Flash(start=351 * 4096); b = bytearray(256)\n"


def test_flash_has_352_blocks_of_4096(chip: Chip) -> None:
    assert chip.value("rp2.Flash().ioctl(4, 0), rp2.Flash().ioctl(5, 0)") == "352 4096"


def test_a_write_without_offset_erases_first(chip: Chip) -> None:
    before = _LAST + "f.writeblocks(0, bytes(256)); f.writeblocks(0, b'\\x5a' * 256)"
    assert chip.value("f.readblocks(0, b), b[0], b[255]", before) == "None 90 90"


def test_a_write_with_an_offset_only_clears_bits(chip: Chip) -> None:
    before = (
        _LAST + "f.ioctl(6, 0); f.writeblocks(0, b'\\xf0' * 256, 256)\n"
        "f.writeblocks(0, b'\\x3c' * 256, 256); f.readblocks(0, b, 256)"
    )
    assert chip.value("b[0]", before) == str(0xF0 & 0x3C)


def test_an_erased_block_is_all_ones(chip: Chip) -> None:
    before = _LAST + "f.writeblocks(0, bytes(256)); f.ioctl(6, 0); f.readblocks(0, b)"
    assert chip.value("b == b'\\xff' * 256", before) == "True"


def test_a_region_that_is_no_whole_number_of_blocks_is_refused(chip: Chip) -> None:
    assert chip.error("rp2.Flash(start=100)").startswith("ValueError")


def test_a_flash_fault_is_a_negative_number(chip: Chip) -> None:
    chip.board.fault("flash-fails", {"first": 351, "count": 1})
    try:
        assert chip.value("f.ioctl(6, 0), f.writeblocks(0, b)", _LAST) == "-5 -5"
    finally:
        chip.board.clear_fault("flash-fails")


# --- clocks, watchdog, the rest -----------------------------------------------------------------


def test_ticks_wrap_at_2_to_the_30(chip: Chip) -> None:
    before = "t = time.ticks_add(0x3fffffff, 2)"
    assert chip.value("t, time.ticks_diff(t, 0x3fffffff)", before) == "1 2"
    assert chip.value("0 <= time.ticks_ms() < 1 << 30, time.ticks_us() < 1 << 30") == "True True"


def test_the_rtc_keeps_what_it_is_set_to(chip: Chip) -> None:
    before = "r = machine.RTC(); r.datetime((2024, 2, 29, 3, 12, 30, 45, 0))"
    assert chip.value("r.datetime()[:6]", before) == "(2024, 2, 29, 3, 12, 30)"
    assert chip.value("time.localtime()[:5]") == "(2024, 2, 29, 12, 30)"
    assert 1709209845 <= int(chip.value("time.time()")) < 1709209845 + 10


@pytest.mark.parametrize(
    ("day", "seconds"),
    [
        ((1970, 1, 1, 0, 0, 0), 0),
        ((2000, 3, 1, 0, 0, 0), 951868800),
        ((2021, 1, 1, 0, 0, 0), 1609459200),
        ((2023, 12, 31, 23, 59, 59), 1704067199),
        ((2024, 10, 1, 0, 0, 0), 1727740800),
        ((2100, 3, 1, 0, 0, 0), 4107542400),
    ],
)
def test_mktime_counts_the_days(chip: Chip, day: tuple[int, ...], seconds: int) -> None:
    assert chip.value(f"time.mktime({day})") == str(seconds)


def test_a_watchdog_longer_than_the_chip_s_is_refused(chip: Chip) -> None:
    assert chip.error("machine.WDT(timeout=8389)") == "ValueError: timeout exceeds 8388"


def test_unique_id_is_eight_bytes_and_stays(chip: Chip) -> None:
    first = chip.value("machine.unique_id()")
    assert chip.value("len(machine.unique_id())") == "8"
    assert chip.value("machine.unique_id()") == first


def test_polling_allocates_nothing(chip: Chip) -> None:
    before = """
p = machine.Pin(20, machine.Pin.IN); q = machine.Pin(12, machine.Pin.OUT)
u = machine.UART(0, 115200); b = bytearray(16); s = machine.SPI(0)
micropython.heap_lock()
p.value(); q.value(1); u.any(); u.readinto(b); u.readinto(b, 4); u.write(b); u.txdone()
s.write(b); s.readinto(b); time.ticks_ms(); machine.idle(); machine.reset_cause()
micropython.heap_unlock()"""
    assert chip.value("'done'", before) == "done"


def test_only_a_board_s_modules_are_in_sight(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path) as board:
        chip = Chip(board)
        names = chip.run("print(sorted(dir()))")
        modules = chip.run("import sys; print(sorted(sys.modules), sys.path, sys.argv)")
        files = chip.run("import os; print(os.getcwd(), os.listdir('/'))")
    assert names == "['__name__', 'machine', 'rp2']"
    assert modules == (
        "['machine', 'micropython', 'rp2', 'time', 'umachine', 'utime'] ['', '.frozen', '/lib'] []"
    )
    assert files == "/ []"


def test_const_and_the_rest_of_micropython_are_there(chip: Chip) -> None:
    before = "from micropython import const, mem_info, schedule"
    assert chip.value("const(5), micropython.const(6)", before) == "5 6"


def test_the_firmware_has_104_kb_of_128(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path, heapsize="128k") as board:
        code = "import gc; gc.collect(); print(gc.mem_free())"
        Chip(board).run(f"f = open('main.py', 'w'); f.write({code!r}); f.close()")
        with raw_repl(board) as transport:
            transport.exit_raw_repl()
            transport.read_until(1, b">>> ", timeout=5)
            transport.serial.write(b"\x04")
            printed = transport.read_until(1, b">>> ", timeout=5)
    assert int(printed.split(b"soft reboot\r\n")[1].split()[0]) >= 104_000
