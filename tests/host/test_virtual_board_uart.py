"""The virtual board's UART: pace, gate, buffers, faults and when it has something to do."""

from __future__ import annotations

from host_tools.virtual_board.uart import FIFO_BYTES, LineFault, PacedUart

BAUD = 100_000
BYTE_NS = 100_000


class FakePort:
    """A port with somebody at the other end."""

    def __init__(self) -> None:
        self.typed = bytearray()
        self.heard = bytearray()
        self.readable = False

    def type(self, data: bytes) -> None:
        self.typed += data
        self.readable = True

    def read(self, limit: int) -> bytes:
        data = bytes(self.typed[:limit])
        del self.typed[:limit]
        self.readable = bool(data)
        return data

    def write(self, data: bytes) -> int:
        self.heard += data
        return len(data)


def make_uart(is_gated: bool = False, rxbuf: int = 256) -> tuple[PacedUart, FakePort]:
    port = FakePort()
    uart = PacedUart(port, BAUD, is_gated, seed=1)
    uart.open(BAUD, rxbuf, 256, 0)
    return uart, port


def test_a_byte_leaves_when_its_ten_bits_have_passed() -> None:
    uart, port = make_uart()
    uart.write(b"ab", 0)
    uart.settle(BYTE_NS - 1)
    before = bytes(port.heard)
    uart.settle(BYTE_NS)
    assert (before, bytes(port.heard)) == (b"", b"a")


def test_the_transmit_buffer_takes_what_it_has_room_for() -> None:
    uart, _port = make_uart()
    assert uart.write(bytes(1000), 0) == 256 + FIFO_BYTES


def test_sent_means_the_last_bit_has_left() -> None:
    uart, _port = make_uart()
    uart.write(b"abc", 0)
    assert (uart.is_sent(3 * BYTE_NS - 1), uart.is_sent(3 * BYTE_NS)) == (False, True)


def test_received_bytes_arrive_one_by_one() -> None:
    uart, port = make_uart()
    port.type(b"abcd")
    uart.settle(0)
    assert [uart.available(n * BYTE_NS) for n in range(5)] == [0, 1, 2, 3, 4]


def test_a_long_message_arrives_without_a_gap() -> None:
    uart, port = make_uart(rxbuf=4096)
    port.type(bytes(3000))
    for step in range(3001):
        uart.settle(step * BYTE_NS)
    assert uart.available(3001 * BYTE_NS) >= 2999


def test_a_receiver_that_nobody_empties_loses_the_rest() -> None:
    uart, port = make_uart(rxbuf=32)
    port.type(bytes(200))
    uart.settle(0)
    waiting = uart.available(300 * BYTE_NS)
    assert (waiting, uart.counts.lost) == (32 + FIFO_BYTES, 200 - 32 - FIFO_BYTES)


def test_a_deaf_receiver_keeps_its_fifo_only() -> None:
    uart, port = make_uart()
    uart.set_deaf(True, 0)
    port.type(bytes(200))
    uart.settle(0)
    uart.set_deaf(False, 300 * BYTE_NS)
    assert uart.available(300 * BYTE_NS) == FIFO_BYTES


def test_deafness_ends_at_its_time_however_late_anybody_looks() -> None:
    uart, port = make_uart()
    uart.set_deaf(True, 0, until_ns=10 * BYTE_NS)
    port.type(bytes(200))
    uart.settle(0)
    assert (uart.available(300 * BYTE_NS), uart.counts.lost) == (200, 0)


def test_a_uart_that_is_not_set_up_hears_nothing() -> None:
    uart, port = make_uart()
    uart.reset()
    port.type(b"abc")
    uart.settle(0)
    uart.settle(10 * BYTE_NS)
    uart.open(BAUD, 256, 256, 10 * BYTE_NS)
    assert uart.available(20 * BYTE_NS) == 0


def test_a_shut_gate_stops_both_directions() -> None:
    uart, port = make_uart(is_gated=True)
    uart.write(b"out", 0)
    port.type(b"in")
    uart.settle(0)
    waiting = uart.available(10 * BYTE_NS)
    assert (waiting, bytes(port.heard), uart.counts.written, uart.counts.passed) == (0, b"", 3, 0)


def test_bytes_written_while_shut_do_not_appear_later() -> None:
    uart, port = make_uart(is_gated=True)
    uart.write(b"abcdef", 0)
    uart.set_gate(True, 10 * BYTE_NS)
    uart.settle(20 * BYTE_NS)
    assert bytes(port.heard) == b""


def test_the_gate_cuts_between_two_bytes() -> None:
    uart, port = make_uart(is_gated=True)
    uart.set_gate(True, 0)
    uart.write(b"abcdef", 0)
    uart.set_gate(False, 2 * BYTE_NS + 1)
    uart.settle(20 * BYTE_NS)
    assert bytes(port.heard) == b"ab"


def test_a_byte_that_began_before_the_gate_opened_is_lost() -> None:
    uart, port = make_uart(is_gated=True)
    uart.write(b"ab", 0)
    uart.set_gate(True, BYTE_NS // 2)
    uart.settle(10 * BYTE_NS)
    assert bytes(port.heard) == b"b"


def test_a_cut_line_passes_nothing() -> None:
    uart, port = make_uart()
    uart.fault = LineFault(cut=True)
    uart.write(b"abc", 0)
    uart.settle(10 * BYTE_NS)
    assert bytes(port.heard) == b""


def test_noise_flips_about_as_many_bits_as_asked() -> None:
    uart, port = make_uart()
    uart.fault = LineFault(bit_error_rate=0.01)
    for step in range(100):
        uart.write(bytes(100), step * 100 * BYTE_NS)
        uart.settle((step + 1) * 100 * BYTE_NS)
    flipped = sum(byte.bit_count() for byte in port.heard)
    assert len(port.heard) == 10_000
    assert 600 < flipped < 1000


def test_dropped_bytes_are_missing() -> None:
    uart, port = make_uart()
    uart.fault = LineFault(drop=0.5)
    uart.write(bytes(200), 0)
    uart.settle(300 * BYTE_NS)
    assert 60 < len(port.heard) < 140


def test_a_reset_empties_the_transmitter() -> None:
    uart, port = make_uart()
    uart.write(b"abc", 0)
    uart.reset()
    uart.settle(10 * BYTE_NS)
    assert bytes(port.heard) == b""


def test_idle_wires_ask_for_nothing() -> None:
    uart, _port = make_uart()
    assert uart.next_ns() is None


def test_a_short_message_is_due_when_it_is_complete() -> None:
    uart, _port = make_uart()
    uart.write(b"abc", 50)
    assert uart.next_ns() == 50 + 3 * BYTE_NS


def test_a_short_message_from_the_line_is_due_when_it_is_complete() -> None:
    uart, port = make_uart()
    port.type(b"abc")
    uart.settle(50)
    assert uart.next_ns() == 50 + 3 * BYTE_NS


def test_a_long_message_is_due_every_millisecond_however_often_one_looks() -> None:
    uart, port = make_uart()
    uart.write(bytes(200), 0)
    dues = [uart.next_ns() for _look in range(3)]
    uart.settle(1_000_000)
    assert (dues, len(port.heard), uart.next_ns()) == ([1_000_000] * 3, 10, 2_000_000)


def test_a_long_message_from_the_line_is_due_every_millisecond() -> None:
    uart, port = make_uart()
    port.type(bytes(200))
    uart.settle(0)
    first = uart.next_ns()
    uart.settle(1_000_000)
    assert (first, uart.next_ns()) == (1_000_000, 2_000_000)


def test_a_transmission_in_the_middle_of_a_reception_is_due_first() -> None:
    uart, port = make_uart()
    port.type(bytes(200))
    uart.settle(0)
    uart.write(b"a", 0)
    assert uart.next_ns() == BYTE_NS


def test_the_last_byte_of_each_direction_has_its_time() -> None:
    uart, port = make_uart()
    uart.write(b"abc", 0)
    port.type(b"de")
    uart.settle(0)
    uart.settle(50 * BYTE_NS)
    assert (uart.tx_at_ns, uart.rx_at_ns) == (3 * BYTE_NS, 2 * BYTE_NS)


def test_reading_takes_what_was_asked_for_and_leaves_the_rest() -> None:
    uart, port = make_uart()
    port.type(b"abcd")
    uart.settle(0)
    assert (uart.read(3, 5 * BYTE_NS), uart.read(3, 5 * BYTE_NS)) == (b"abc", b"d")


def test_the_counts_tell_received_from_lost() -> None:
    uart, port = make_uart(rxbuf=0)
    port.type(bytes(40))
    uart.settle(0)
    uart.settle(50 * BYTE_NS)
    assert (uart.counts.received, uart.counts.lost) == (40, 8)


def test_a_uart_that_is_not_set_up_sends_nothing() -> None:
    uart, _port = make_uart()
    uart.reset()
    assert (uart.write(b"abc", 0), uart.counts.written) == (0, 0)


def test_setting_up_anew_changes_the_pace_and_empties_the_buffers() -> None:
    uart, port = make_uart()
    uart.write(b"old", 0)
    uart.open(BAUD // 2, 256, 256, 0)
    uart.write(b"n", 0)
    uart.settle(2 * BYTE_NS - 1)
    before = bytes(port.heard)
    uart.settle(2 * BYTE_NS)
    assert (before, bytes(port.heard)) == (b"", b"n")


def test_deafness_ends() -> None:
    uart, port = make_uart()
    uart.set_deaf(True, 0)
    uart.set_deaf(False, 0)
    port.type(bytes(100))
    uart.settle(0)
    assert uart.available(101 * BYTE_NS) == 100
