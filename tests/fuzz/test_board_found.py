"""What was found on the virtual board and its handle, each as its own test."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from host_tools.virtual_board.handle import BoardHandle
from host_tools.virtual_board.options import BoardOptions
from host_tools.virtual_board.wire import wire
from tests.fuzz.host_board import NOWHERE, Bench, shared_bench


@pytest.fixture
def bench() -> Bench:
    return shared_bench()


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "params", "alive_us": "x"},
        {"do": "params", "max_us": -1},
        {"do": "camera", "delay_ms": []},
        {"do": "uart_fault", "name": "hub", "bit_error_rate": -1},
        {"do": "uart_fault", "name": "hub", "bit_error_rate": float("nan")},
        {"do": "uart_fault", "name": "hub", "drop": "x"},
        {"do": "pulse", "role": "TRIP_PANIC", "ms": "x"},
    ],
)
def test_a_setting_that_is_none_is_refused_and_changes_nothing(
    bench: Bench, request_: dict[str, Any]
) -> None:
    answers = bench.ask(json.dumps(request_).encode() + b"\n")
    assert [answer["ok"] for answer in answers] == [False]
    bench.use()
    assert bench.board.recorder.levels["TRIP_PANIC"] == 0


def test_a_request_without_an_end_is_not_kept(bench: Bench) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    client = bench.control._add(theirs)
    sent = 0
    while client._is_open and sent < 3 << 20:
        sent += ours.send(b"x" * 4096)
        bench.turn()
    ours.close()
    assert not client._is_open


@pytest.mark.parametrize("op", [wire.OP_SPI_READ, wire.OP_I2C_READ, wire.OP_UART_READ])
def test_hostile_firmware_cannot_fill_the_witnesss_memory(bench: Bench, op: int) -> None:
    for value in (0x7FFFFFFF, -1):
        answer = bench.board.processor.requests.handle(
            op, 0, value, value, memoryview(b""), bench.board.now_us()
        )
        assert int.from_bytes(answer[:4], "little", signed=True) < 0


def test_hostile_firmware_cannot_name_an_interrupt_that_is_no_character(bench: Bench) -> None:
    processor = bench.board.processor
    processor.requests.handle(wire.OP_KBD_INTR, 0, 300, 0, memoryview(b""), bench.board.now_us())
    assert processor.console._without_interrupts(b"ab") == b"ab"


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b"[]",
        b"{}",
        b'{"event":[1]}',
        b'{"event":["1","GATE",1]}',
        b'{"programmed":[1,2,"zz"]}',
        b'{"event":5,"programmed":[1,2,"00"]}',
    ],
)
def test_nonsense_from_a_board_is_its_end(line: bytes) -> None:
    lost: list[str] = []
    options = BoardOptions(state=NOWHERE, micropython=NOWHERE, rom=NOWHERE)
    handle = BoardHandle(options, lambda *_event: None, lost.append)
    handle._socket, theirs = socket.socketpair()
    theirs.sendall(line + b"\n")
    handle._read()
    theirs.close()
    handle._socket.close()
    assert "no message" in lost[0]
