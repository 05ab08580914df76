"""What was found on the host's end of the links, each as its own test."""

from __future__ import annotations

import json

from host_tools.keyfile import ARC
from host_tools.links.peer import HELLO_MS
from tests.fuzz.host_links import Visited

_META = {"e": "image", "id": 3, "chunks": 2, "from": 0, "header": "00" * 64, "key": "00" * 80}
_END = {"e": "image-end", "id": 3, "mac": "00" * 32}


def _say(visited: Visited, body: dict[str, object]) -> None:
    visited.say(json.dumps(body).encode())


def test_an_image_that_was_whole_before_is_acknowledged_again_in_a_new_session() -> None:
    """The first acknowledgement may not have arrived: it would seem not to have the image."""
    visited = Visited(ARC)
    for first in (0, 2):
        _say(visited, _META | {"from": first})
        for number in range(first, 2):
            visited.numbered(4, bytes([number]) * 1024)
        _say(visited, _END)
        assert b'{"cmd":"received","id":3}' in visited.sent
        visited.peer.restart()
        visited.meet()
        assert b"received" not in visited.sent
    assert len(visited.client._whole) == 1


def test_its_own_hello_from_a_line_that_echoes_is_nobodys() -> None:
    visited = Visited()
    visited.peer.restart()
    hellos = 0
    for _ in range(900):  # 1.8 s
        echo, visited.sent = visited.sent, b""
        hellos += echo.count(b'"nonce"')
        visited.hear(echo)
    assert hellos <= 1800 // HELLO_MS + 2
    assert not visited.client.connected


def test_a_body_that_makes_no_sense_is_counted_and_the_link_goes_on() -> None:
    visited = Visited()
    for body in (_META | {"header": 7}, {"re": "x"}, [1], _META | {"chunks": 1 << 40}):
        visited.say(json.dumps(body).encode())
    _say(visited, {"e": "after"})
    assert visited.peer.malformed == 4
    assert visited.client.events == [{"e": "after"}]
