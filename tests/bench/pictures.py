"""Received images: waited for, opened with the independent reader, compared with the camera's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from host_tools import sealed_image
from host_tools.bench.target import Served, Target
from host_tools.client import ArcClient, HubClient
from host_tools.deadline import Deadline

Keys = Mapping[str, bytes]
# An image of 32 KiB takes 3 s on the hub link's 115200 baud.
_IMAGE_S = 6.0


def next_whole(link: HubClient | ArcClient, within_s: float = _IMAGE_S) -> Any:
    """Return the next image that arrives whole on a link and was not returned before."""
    return link.next_image(Deadline(within_s))


def open_with(image: Any, key: bytes) -> bytes:
    """Open an image with one key; raises SealError."""
    return sealed_image.unseal(image.header, image.wrapped, image.body, image.mac, key)


def unsealed(image: Any, keys: Keys) -> bytes:
    """Open an image with the image key of a key file."""
    return open_with(image, keys["image"])


def all_keys(keys: Keys) -> list[bytes]:
    """Return every key of a key file."""
    return list(keys.values())


def served_as(jpeg: bytes, served: Iterable[Served]) -> Served:
    """Return the camera's own copy of a picture; fails where it delivered no such one."""
    for copy in served:
        if copy.jpeg == jpeg:
            return copy
    raise AssertionError("the camera never delivered this picture")


def before(target: Target) -> int:
    """Return how many pictures the camera has delivered so far."""
    return len(target.served())
