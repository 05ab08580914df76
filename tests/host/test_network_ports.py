"""Ports on another machine: what a resource of labgrid is to pyserial, and bytes both ways."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from host_tools.bench.place import url
from host_tools.bench.target import TargetError
from host_tools.deadline import Deadline
from host_tools.links.port import LinkError, Port
from host_tools.links.socket_port import SocketPort
from tests.host.network_ports import NetworkPort

# All 256 bytes: RFC 2217 escapes one of them.
_BYTES = bytes(range(256)) * 20


@pytest.fixture(params=["raw", "rfc2217"])
def far_port(request: pytest.FixtureRequest) -> Iterator[NetworkPort]:
    with NetworkPort(request.param) as port:
        yield port


def read(port: Port, count: int) -> bytes:
    buffer = bytearray(count)
    deadline = Deadline(5)
    deadline.wait_for(lambda: port.any() >= count, f"{count} bytes did not arrive")
    assert port.readinto(buffer, count) == count
    return bytes(buffer)


# pyserial 3.5 starts its reader of RFC 2217 in a deprecated way.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_bytes_cross_a_networks_serial_port_in_both_directions(far_port: NetworkPort) -> None:
    with Port(url("NetworkSerialPort", far_port.params)) as port:
        os.write(far_port.far, _BYTES[:2560])
        assert read(port, 2560) == _BYTES[:2560]
        sent = port.write(_BYTES, 0, 300)
        assert sent == 300
        Deadline(5).wait_readable(far_port.far, "nothing arrived")
        got = b""
        while len(got) < 300:
            Deadline(5).wait_readable(far_port.far, "the rest did not arrive")
            got += os.read(far_port.far, 300)
        assert got == _BYTES[:300]


def test_all_that_waits_on_a_socket_is_known_at_once() -> None:
    with NetworkPort("raw") as far, SocketPort(url("NetworkSerialPort", far.params)) as port:
        os.write(far.far, b"x" * 1000)
        Deadline(5).wait_for(lambda: port.in_waiting == 1000, "not all was known")
        assert port.read(1000) == b"x" * 1000
        assert port.in_waiting == 0


def test_a_socket_that_is_closed_at_the_other_end_is_a_lost_port() -> None:
    with NetworkPort("raw") as far:
        port = Port(url("NetworkSerialPort", far.params))
    with port, pytest.raises(LinkError, match="was lost"):
        Deadline(5).wait_for(port.any, "nothing came")


def test_a_socket_where_nobody_listens_is_no_port() -> None:
    with pytest.raises(LinkError, match=r"There is no port socket://127\.0\.0\.1:1"):
        Port("socket://127.0.0.1:1")


@pytest.mark.parametrize(
    ("cls", "params", "wanted"),
    [
        # As labgrid-client prints them: raw TCP, ser2net behind a USBSerialPort, and a local one.
        ("NetworkSerialPort", {"host": "lab", "port": 7, "protocol": "raw"}, "socket://lab:7"),
        (
            "NetworkSerialPort",
            {"host": "lab", "port": 4001, "speed": 115200},
            "rfc2217://lab:4001?ign_set_control",
        ),
        (
            "NetworkSerialPort",
            {"host": "fd00::2", "port": 7, "protocol": "raw"},
            "socket://[fd00::2]:7",
        ),
        ("RawSerialPort", {"port": "/dev/ttyACM0", "speed": 115200}, "/dev/ttyACM0"),
    ],
)
def test_a_resource_is_a_url(cls: str, params: dict[str, Any], wanted: str) -> None:
    assert url(cls, params) == wanted


@pytest.mark.parametrize(
    ("cls", "params", "why"),
    [
        ("NetworkSerialPort", {"name": "hub", "host": "lab", "port": None}, "hub is not there"),
        ("NetworkPowerPort", {"model": "netio", "host": "lab", "index": 1}, "NetworkPowerPort"),
    ],
)
def test_a_resource_that_is_no_port_is_refused(cls: str, params: dict[str, Any], why: str) -> None:
    with pytest.raises(TargetError, match=why):
        url(cls, params)
